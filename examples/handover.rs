//! One thread trains, another answers meanwhile by the newest weights: it never waits, allocates or sees half of a
//! step.
//!
//! `cargo run --release --example handover`
#![forbid(unsafe_code)]

use kiln::{Publisher, Workspace, argmax, prelude::*};
use std::{
    error::Error,
    thread,
    time::{Duration, Instant},
};

model! {
    /// Tells which digit an 8 x 8 image shows.
    pub struct Digits(image: [1, 8, 8]) -> [10] {
        Flatten,
        hidden: Dense(64),
        Relu,
        logits: Dense(10),
    }
}

/// How often the answers are counted up.
const REPORT: Duration = Duration::from_millis(100);

/// The least share of right answers in the end.
const GOOD: f64 = 0.95;

fn main() -> Result<(), Box<dyn Error>> {
    let (train, test) = kiln::data::digits()?;
    let mut net = Digits::new(Seed(7));
    let mut publisher = Publisher::new();
    let mut reader = publisher.reader(&net);
    // Slowly, so that there is something to see: published are the weights of every tenth step.
    let mut trainer = Trainer::new(Sgd::new(0.004), CrossEntropy)
        .epochs(600)
        .threads(1)
        .quiet()
        .callback(publisher.every_steps(10));

    let mut questions = test.inputs().iter().zip(test.targets()).cycle();
    let mut workspace = Workspace::new(1);
    let begun = Instant::now();
    let history = thread::scope(|scope| {
        let training = scope.spawn(|| trainer.fit(&mut net, &train));
        while !training.is_finished() {
            let (first, since) = (reader.number(), Instant::now());
            let (mut answers, mut right) = (0_u32, 0_u32);
            while since.elapsed() < REPORT {
                for (image, label) in questions.by_ref().take(100) {
                    let logits = workspace.forward(reader.latest(), image);
                    answers += 1;
                    right += u32::from(argmax(&logits) == *label);
                }
            }
            println!(
                "{:4.1} s  {:7.0} answers a second by weights {first:>4} to {:>4}: {:5.1} % right",
                begun.elapsed().as_secs_f64(),
                f64::from(answers) / since.elapsed().as_secs_f64(),
                reader.number(),
                100.0 * f64::from(right) / f64::from(answers),
            );
        }
        training.join().map_err(|_| "training panicked")
    })??;

    // The last weights that were handed over are those that training ended with.
    let evaluation = kiln::evaluate(reader.latest(), &test, &CrossEntropy, 1)?;
    println!("{}", history.conclusion(&evaluation));
    if reader.latest().to_bytes()? != net.to_bytes()? {
        return Err("the reader has other weights than training left".into());
    }
    if evaluation.accuracy < Some(GOOD) {
        return Err("fewer answers are right than should be".into());
    }
    Ok(())
}
