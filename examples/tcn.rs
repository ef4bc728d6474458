//! The amplifier of `amp`, learnt by causal convolutions: ten of 16 channels, whose dilations double, hear 2,046 samples
//! of the past, and a stream keeps them in rings.
//!
//! `cargo run --release --example tcn`; `-- --wav FILE --out FILE` plays a recording of your own.
#![forbid(unsafe_code)]

#[allow(dead_code, reason = "its trainer is for classes")]
mod options;
mod signal;

use kiln::prelude::*;
use kiln::{Loss, simd::Isa};
use options::Options;
use std::error::Error;

model! {
    block Layer<const DILATION: usize>(x) {
        conv: Conv1d(16, 3, padding = Causal, dilation = DILATION),
        Tanh,
    }

    /// WaveNet's stack without its gates (van den Oord et al. 2016).
    #[kiln(stream)]
    struct Tcn(audio: [4096, 1]) -> [4096, 1] {
        layers: {
            Layer<1>, Layer<2>, Layer<4>, Layer<8>, Layer<16>, Layer<32>, Layer<64>, Layer<128>, Layer<256>, Layer<512>,
        },
        mix: Conv1d(1, 1),
    }
}

/// Samples that a window needs before it is judged: as far as the convolutions reach back.
const PAST: usize = 2046;

/// The mean squared error of what has heard its past.
struct Settled;

impl<const T: usize> Loss<[[f32; 1]; T], [[f32; 1]; T]> for Settled {
    #[inline(always)]
    fn row<S: Isa>(
        &self,
        _: S,
        y: &[[f32; 1]; T],
        t: &[[f32; 1]; T],
        scale: f32,
        delta: &mut [[f32; 1]; T],
    ) -> f32 {
        let share = 1.0 / (T - PAST) as f32;
        let mut sum = 0.0;
        for (([y], [t]), [delta]) in y.iter().zip(t).zip(delta).skip(PAST) {
            sum += (y - t) * (y - t);
            *delta = scale * share * 2.0 * (y - t);
        }
        share * sum
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut files = [("wav", None), ("out", None)];
    let options = Options::parse(40, 8, &mut files)?;
    let [(_, wav), (_, out)] = files;

    let dry = signal::guitar(20, options.seed);
    let wet = signal::amplifier(&dry);
    let windows = signal::windows((&dry, &wet), options.batch, |audio| audio)?;
    let mut net = Tcn::new(Seed(options.seed));
    println!("{}", net.summary());
    let epochs = options.epochs as f64;
    let mut trainer = Trainer::new(Adam::new(4e-3), Settled)
        .epochs(options.epochs)
        .batch(options.batch)
        .threads(options.threads)
        .schedule(move |epoch| 1.0 - 0.95 * epoch as f64 / epochs);
    trainer.fit(&mut net, &windows)?;
    let net = options.save(net, Tcn::new(Seed(0)))?;

    // A signal that it never heard.
    let dry = match &wav {
        Some(file) => signal::read(file)?,
        None => signal::guitar(10, options.seed + 1),
    };
    let played = signal::play(&net, &dry, out.as_deref())?;
    if wav.is_none() {
        let error = signal::error_to_signal(&played, &signal::amplifier(&dry), PAST);
        println!(
            "error to signal: {:.2} % ({:.1} dB)",
            100.0 * error,
            10.0 * error.log10()
        );
    }
    Ok(())
}
