//! MobileNetV2 of Sandler et al. 2018: inverted residuals, whose convolutions in the middle take each channel by itself.
//!
//! `cargo run --release --example mobilenet -- --data DIR` trains a small network of these blocks on MNIST; DIR holds its
//! four files. With `--torch FILE` the network is torchvision's `mobilenet_v2`, which takes its weights by name from what
//! `safetensors.torch.save_file(model.state_dict(), FILE)` has saved, and says what an image shows: `--image FILE`, a
//! binary PPM of 96 x 96 pixels, or a grey one without it.
#![forbid(unsafe_code)]

mod network;
#[path = "../options/mod.rs"]
mod options;

use kiln::prelude::*;
use network::{MobileNetV2, Small};
use options::Options;
use std::{error::Error, fs, path::Path, time::Instant};

/// Pixels on a side of a photograph.
const SIDE: usize = 96;

/// A photograph by channels.
type Image = [[[f32; SIDE]; SIDE]; 3];

fn main() -> Result<(), Box<dyn Error>> {
    let mut files = [("torch", None), ("image", None)];
    let options = Options::parse(4, 64, &mut files)?;
    let [(_, torch), (_, image)] = files;
    if let Some(weights) = torch {
        return answer(&weights, image.as_deref());
    }
    if image.is_some() {
        return Err("`--image` is for the weights of `--torch FILE`".into());
    }
    let (train, test) = kiln::data::mnist(&options.data)?;
    let train = train.first(options.limit)?;
    let mut net = Small::new(Seed(options.seed));
    println!("{}", net.summary());
    let mut trainer = options.trainer();
    let history = trainer.fit(&mut net, &train)?;
    println!("{}", history.conclusion(&trainer.evaluate(&net, &test)?));
    options.save(net, Small::new(Seed(0)))?;
    Ok(())
}

/// Says what torchvision's network sees in an image.
fn answer(weights: &Path, image: Option<&Path>) -> Result<(), Box<dyn Error>> {
    let net = MobileNetV2::open(weights)?;
    let pixels = match image {
        Some(file) => pixels(&fs::read(file)?)?,
        None => vec![128; 3 * SIDE * SIDE],
    };
    let image = normalised(&pixels);
    let start = Instant::now();
    let logits = net.forward(&image);
    let spent = start.elapsed();
    let mut classes: Vec<usize> = (0..logits.len()).collect();
    classes.sort_by(|&a, &b| logits[b].total_cmp(&logits[a]));
    for class in &classes[..5] {
        println!("class {class:>4}  {:8.3}", logits[*class]);
    }
    println!("{:.2} ms", spent.as_secs_f64() * 1e3);
    Ok(())
}

/// The bytes of a binary PPM of the right size, red, green and blue of each pixel.
fn pixels(file: &[u8]) -> Result<Vec<u8>, String> {
    let header = format!("P6\n{SIDE} {SIDE}\n255\n");
    match file.strip_prefix(header.as_bytes()) {
        Some(pixels) if pixels.len() == 3 * SIDE * SIDE => Ok(pixels.to_vec()),
        _ => Err(format!(
            "an image is a binary PPM of {SIDE} x {SIDE} pixels, which begins {header:?}"
        )),
    }
}

/// Numbers as torchvision's weights expect them: less the mean of ImageNet's colours, by their deviation.
fn normalised(pixels: &[u8]) -> Image {
    let (mean, deviation) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);
    std::array::from_fn(|channel| {
        std::array::from_fn(|row| {
            std::array::from_fn(|column| {
                let byte = pixels[(row * SIDE + column) * 3 + channel];
                (f32::from(byte) / 255.0 - mean[channel]) / deviation[channel]
            })
        })
    })
}
