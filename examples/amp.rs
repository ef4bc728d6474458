//! An amplifier as a plug-in has it: an LSTM of 40 units learns a distortion from a signal and what became of it, and then
//! plays, one sample at a time.
//!
//! `cargo run --release --example amp`; `-- --wav FILE --out FILE` plays a recording of your own.
#![forbid(unsafe_code)]

#[allow(dead_code, reason = "its trainer is for classes")]
mod options;
mod signal;

use kiln::{First, prelude::*};
use options::Options;
use std::error::Error;

model! {
    /// What learns: pieces of a long signal, each of which goes on where the one before ended.
    #[kiln(carry(h, c))]
    struct Taught(audio: [256, 1], h: [1, 40], c: [1, 40]) -> ([256, 1], [1, 40], [1, 40]) {
        lstm: Lstm(40),
        fc: Dense(1),
        forward {
            let (steps, hidden, cell) = lstm(audio, h, c);
            (fc(steps), hidden, cell)
        }
    }

    /// What plays, by the same weights.
    #[kiln(stream)]
    struct Amp(audio: [256, 1]) -> [256, 1] {
        lstm: Lstm(40),
        fc: Dense(1),
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut files = [("wav", None), ("out", None)];
    let options = Options::parse(60, 48, &mut files)?;
    let [(_, wav), (_, out)] = files;

    let dry = signal::guitar(20, options.seed);
    let wet = signal::amplifier(&dry);
    let windows = signal::windows((&dry, &wet), options.batch, |audio| {
        (audio, [[0.0; 40]], [[0.0; 40]])
    })?;
    let mut net = Taught::new(Seed(options.seed));
    println!("{}", net.summary());
    let epochs = options.epochs as f64;
    let mut trainer = Trainer::new(Adam::new(4e-3), First(Mse))
        .epochs(options.epochs)
        .batch(options.batch)
        .threads(options.threads)
        .clip_norm(1.0)
        .schedule(move |epoch| 1.0 - 0.95 * epoch as f64 / epochs);
    trainer.fit(&mut net, &windows)?;
    let net = options.save(net, Taught::new(Seed(0)))?;

    let mut amp = Amp::new(Seed(0));
    amp.parameters_mut().copy_from(&net.parameters())?;
    // A signal that it never heard.
    let dry = match &wav {
        Some(file) => signal::read(file)?,
        None => signal::guitar(10, options.seed + 1),
    };
    let played = signal::play(&amp, &dry, out.as_deref())?;
    if wav.is_none() {
        let error = signal::error_to_signal(&played, &signal::amplifier(&dry), 1000);
        println!(
            "error to signal: {:.2} % ({:.1} dB)",
            100.0 * error,
            10.0 * error.log10()
        );
    }
    Ok(())
}
