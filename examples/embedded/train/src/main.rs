//! Trains what the microcontroller is compiled with: `cargo run --release -p train --target HOST`.
#![forbid(unsafe_code)]

use kiln::{data::Samples, prelude::*, schedule::Cosine};
use std::f32::consts::TAU;

model! {
    /// A sine over one turn.
    pub struct Sine(x: [1]) -> [1] { Dense(16), Relu, Dense(16), Relu, Dense(1) }

    /// How fast a noisy signal swings, frame by frame.
    pub struct Pitch(signal: [64, 1]) -> [64, 1] { gru: Gru(12), fc: Dense(1) }
}

/// Numbers from -1 to 1 that depend on their index alone.
fn noise(index: usize) -> f32 {
    let bits = (index as u32).wrapping_add(1).wrapping_mul(0x9E37_79B9);
    let bits = (bits ^ (bits >> 15)).wrapping_mul(0x85EB_CA6B);
    ((bits ^ (bits >> 13)) >> 8) as f32 / 8_388_608.0 - 1.0
}

/// A swing of some frequency and phase, with noise, and its frequency in every frame.
fn swing(sample: usize) -> ([[f32; 1]; 64], [[f32; 1]; 64]) {
    let [frequency, phase] = [0.5 + 0.45 * noise(2 * sample), TAU * noise(2 * sample + 1)];
    let at = |t: usize| {
        [(frequency * t as f32 + phase).sin() + 0.1 * noise(1_000_000 + 64 * sample + t)]
    };
    (core::array::from_fn(at), [[frequency]; 64])
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let turn: Vec<[f32; 1]> = (0..1000).map(|i| [i as f32 / 1000.0 * TAU]).collect();
    let sines: Vec<_> = turn.iter().map(|[x]| [x.sin()]).collect();
    let data = Samples::new(turn, sines)?;
    let mut net = Sine::new(Seed(5));
    let mut trainer = Trainer::new(Adam::new(0.01), Mse)
        .epochs(600)
        .schedule(Cosine::new(600 * 32))
        .quiet();
    let history = trainer.fit(&mut net, &data)?;
    println!(
        "sine: mean squared error {:.6}",
        history.epochs.last().map_or(f64::NAN, |it| it.loss)
    );
    net.save("weights/sine.safetensors")?;

    let (signals, pitches): (Vec<_>, Vec<_>) = (0..4000).map(swing).unzip();
    let data = Samples::new(signals, pitches)?;
    let mut net = Pitch::new(Seed(1));
    let mut trainer = Trainer::new(Adam::new(0.01), Mse)
        .epochs(30)
        .schedule(Cosine::new(30 * 125))
        .quiet();
    let history = trainer.fit(&mut net, &data)?;
    println!(
        "pitch: mean squared error {:.6}",
        history.epochs.last().map_or(f64::NAN, |it| it.loss)
    );
    net.save("weights/pitch.safetensors")?;

    // Ten images of the digits that no network here was trained on: 64 pixels from 0 to 16, and the digit.
    let (_, test) = kiln::data::digits()?;
    let images = test.inputs().iter().zip(test.targets()).take(10);
    let image = |([rows], &label): (&[[[f32; 8]; 8]; 1], &usize)| {
        let pixels = rows.as_flattened().iter().map(|pixel| (16.0 * pixel) as u8);
        pixels.chain([label as u8]).collect::<Vec<u8>>()
    };
    std::fs::write(
        "weights/digits.bin",
        images.flat_map(image).collect::<Vec<u8>>(),
    )?;
    Ok(())
}
