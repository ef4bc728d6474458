//! Squeezes images of digits through a few numbers, draws them again, and writes a picture of both.
//!
//! `cargo run --release --example autoencoder`, and with `-- --data DIR` on MNIST.
#![forbid(unsafe_code)]

#[allow(dead_code, reason = "its trainer is for classes")]
mod options;
mod picture;

use kiln::{
    data::{Images, Samples},
    flat,
    prelude::*,
};
use options::Options;
use picture::pgm;
use std::{env, error::Error, fs, path::Path};

model! {
    /// An hourglass: CODE numbers must do to draw the image again. Its answers are logits of the pixels.
    struct Hourglass<const SIDE: usize, const HIDDEN: usize, const CODE: usize>(image: [1, SIDE, SIDE])
        -> [1, SIDE, SIDE]
    {
        encoder: { Flatten, Dense(HIDDEN), Relu, Dense(CODE) },
        decoder: { Dense(HIDDEN), Relu, Dense(SIDE * SIDE), Reshape(1, SIDE, SIDE) },
    }

    pub type Digits = Hourglass<8, 128, 10>;
    pub type Mnist = Hourglass<28, 256, 24>;
}

type Image<const SIDE: usize> = [[[f32; SIDE]; SIDE]; 1];

fn main() -> Result<(), Box<dyn Error>> {
    let mut picture = [("picture", None)];
    let options = Options::parse(60, 32, &mut picture)?;
    let [(_, picture)] = picture;
    let picture = picture.unwrap_or_else(|| env::temp_dir().join("autoencoder.pgm"));

    if env::args().any(|argument| argument.starts_with("--data")) {
        let (train, test) = kiln::data::mnist(&options.data)?;
        let train = train.first(options.limit)?;
        learn(Mnist::new, &train, &test, &options, &picture)
    } else {
        let (train, test) = kiln::data::digits()?;
        let train = train.first(options.limit)?;
        learn(Digits::new, &train, &test, &options, &picture)
    }
}

/// Trains a network, says how well it draws, and writes the picture.
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
    // What is to be drawn is what is seen.
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

    let mut drawn = trainer.predict(&net, test.inputs())?;
    for pixel in drawn.iter_mut().flat_map(flat::numbers_mut) {
        *pixel = 1.0 / (1.0 + (-*pixel).exp());
    }
    println!(
        "{:.1} % of the test images' variance is drawn after {} epochs in {:.1} s",
        100.0 * explained(test.inputs(), &drawn),
        history.epochs.len(),
        history.seconds
    );

    // A column for each digit.
    let shown = picture::of_each_class(test.targets(), 3);
    let pairs = shown
        .map(|index| [&test.inputs()[index], &drawn[index]])
        .collect::<Vec<_>>();
    fs::write(picture, pgm(&pairs))?;
    println!(
        "originals above what the network drew: {}",
        picture.display()
    );
    Ok(())
}

/// The share of the pixels' variance that the drawn images have: 0 for those that show the mean image alone.
fn explained<const SIDE: usize>(images: &[Image<SIDE>], drawn: &[Image<SIDE>]) -> f64 {
    let (mut errors, mut variance) = (0.0, 0.0);
    for y in 0..SIDE {
        for x in 0..SIDE {
            let pixels = || images.iter().map(|[image]| f64::from(image[y][x]));
            let mean = pixels().sum::<f64>() / images.len() as f64;
            variance += pixels().map(|pixel| (pixel - mean).powi(2)).sum::<f64>();
            let drawn = drawn.iter().map(|[image]| f64::from(image[y][x]));
            errors += pixels()
                .zip(drawn)
                .map(|(pixel, drawn)| (pixel - drawn).powi(2))
                .sum::<f64>();
        }
    }
    1.0 - errors / variance
}
