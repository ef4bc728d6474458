//! Takes noise off images of digits, and writes a picture of them before, with noise, and after.
//!
//! `cargo run --release --example denoise`, and with `-- --data DIR` on MNIST.
#![forbid(unsafe_code)]

#[allow(dead_code, reason = "its trainer is for classes")]
mod options;
mod picture;

use kiln::{
    Draw,
    data::{Images, Samples},
    flat,
    prelude::*,
};
use options::Options;
use picture::pgm;
use std::{env, error::Error, fs, path::Path};

model! {
    /// Convolutions halve the image twice; a transposed one doubles it, and then one behind an interpolation. On the way up each level also sees what came
    /// in at its size on the way down (Ronneberger et al. 2015). The answers are logits of the pixels.
    struct Denoiser<const SIDE: usize>(image: [1, SIDE, SIDE]) -> [1, SIDE, SIDE] {
        whole: { Conv2d(16, kernel = 3, padding = Same, padding_mode = Replicate), Relu },
        half: { Conv2d(24, kernel = 3, stride = 2, padding = Same), Relu },
        quarter: { Conv2d(32, kernel = 3, stride = 2, padding = Same), Relu, Conv2d(32, kernel = 3, padding = Same), Relu },
        to_half: { ConvTranspose2d(24, kernel = 4, stride = 2, padding = 1), Relu },
        to_whole: { Upsample(scale = 2, mode = Bilinear), Conv2d(16, kernel = 3, padding = Same), Relu },
        pixels: Conv2d(1, kernel = 3, padding = Same),

        forward {
            // Other noise at every step of training, and none in inference.
            let fine = whole(gaussian_noise(image, 0.5));
            let coarse = half(fine);
            let up = to_half(quarter(coarse));
            pixels(concat(to_whole(concat(up, coarse)), fine))
        }
    }

    pub type Digits = Denoiser<8>;
    pub type Mnist = Denoiser<28>;
}

/// The deviation of the noise, for pixels from 0 to 1; the network is trained with as much.
const NOISE: f64 = 0.5;

type Image<const SIDE: usize> = [[[f32; SIDE]; SIDE]; 1];

fn main() -> Result<(), Box<dyn Error>> {
    let mut picture = [("picture", None)];
    let is_mnist = env::args().any(|argument| argument.starts_with("--data"));
    let options = Options::parse(if is_mnist { 2 } else { 30 }, 32, &mut picture)?;
    let [(_, picture)] = picture;
    let picture = picture.unwrap_or_else(|| env::temp_dir().join("denoise.pgm"));

    if is_mnist {
        let (train, test) = kiln::data::mnist(&options.data)?;
        let train = train.first(options.limit)?;
        learn(Mnist::new, &train, &test, &options, &picture)
    } else {
        let (train, test) = kiln::data::digits()?;
        let train = train.first(options.limit)?;
        learn(Digits::new, &train, &test, &options, &picture)
    }
}

/// Trains a network, says how much noise it leaves, and writes the picture.
fn learn<N, const SIDE: usize>(
    new: fn(Seed) -> N,
    train: &Images<SIDE, SIDE>,
    test: &Images<SIDE, SIDE>,
    options: &Options,
    picture: &Path,
) -> Result<(), Box<dyn Error>>
where
    N: Model<Input = Image<SIDE>, Output = Image<SIDE>>,
{
    // What is to be drawn is what was there before the noise.
    let images = Samples::new(train.inputs(), train.inputs())?;
    let mut net = new(Seed(options.seed));
    println!("{}", net.summary());

    let epochs = options.epochs as f64;
    let mut trainer = Trainer::new(Adam::new(0.003), BinaryCrossEntropy)
        .epochs(options.epochs)
        .batch(options.batch)
        .threads(options.threads)
        .seed(Seed(options.seed))
        .schedule(move |epoch| 1.0 - epoch as f64 / epochs);
    let history = trainer.fit(&mut net, &images)?;
    let net = options.save(net, new(Seed(0)))?;

    let noisy = noisy(test.inputs(), options.seed);
    let mut restored = trainer.predict(&net, &noisy)?;
    for pixel in restored.iter_mut().flat_map(flat::numbers_mut) {
        *pixel = 1.0 / (1.0 + (-*pixel).exp());
    }
    println!(
        "the ratio of signal to noise rises from {:.1} dB to {:.1} dB after {} epochs in {:.1} s",
        decibels(test.inputs(), &noisy),
        decibels(test.inputs(), &restored),
        history.epochs.len(),
        history.seconds
    );

    // A column for each digit.
    let shown = picture::of_each_class(test.targets(), 2);
    let stacks = shown
        .map(|index| [&test.inputs()[index], &noisy[index], &restored[index]])
        .collect::<Vec<_>>();
    fs::write(picture, pgm(&stacks))?;
    println!(
        "from top to bottom before, with noise, and after: {}",
        picture.display()
    );
    Ok(())
}

/// Images with noise.
fn noisy<const SIDE: usize>(images: &[Image<SIDE>], seed: u64) -> Vec<Image<SIDE>> {
    let mut noisy = images.to_vec();
    for (row, image) in noisy.iter_mut().enumerate() {
        let draw = Draw::new(Seed(seed), 0, row);
        for (index, pixel) in flat::numbers_mut(image).iter_mut().enumerate() {
            *pixel += (NOISE * draw.normal(index as u64)) as f32;
        }
    }
    noisy
}

/// The ratio of signal to noise, of pixels from 0 to 1: -10 log10 of the mean squared error.
fn decibels<const SIDE: usize>(images: &[Image<SIDE>], others: &[Image<SIDE>]) -> f64 {
    let numbers = |images: &[Image<SIDE>]| {
        images
            .iter()
            .flat_map(flat::numbers)
            .copied()
            .collect::<Vec<_>>()
    };
    let (images, others) = (numbers(images), numbers(others));
    let pairs = images.iter().zip(&others);
    let squares = pairs.map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>();
    -10.0 * (squares / images.len() as f64).log10()
}
