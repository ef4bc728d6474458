//! Networks drawn from a seed, timed one measurement at a time.
//!
//! `just sweep SEED` builds and drives it. What stands on a line of the standard input is measured, and the answer is a line
//! of the standard output: seconds of a call.
//!
//! | line | answer |
//! | --- | --- |
//! | `describe` | the networks as JSON on lines of their own, and an empty line |
//! | `machine` | operations of one core and bytes from level 2, a second |
//! | `cost NETWORK` | operations of a sample, and numbers that are learnt |
//! | `one NETWORK 1` | a sample, on one thread |
//! | `batch NETWORK THREADS` | a batch, cut into a part for each thread |
//! | `train NETWORK THREADS` | a step of training |
#![forbid(unsafe_code)]

#[path = "../../networks/machine.rs"]
mod machine;
mod samples;

use kiln::{Loss, Optimizer, Result, data::Samples, flat::Floats, prelude::*};
use machine::{peak, reading, seconds};
#[allow(unused_imports, reason = "which losses are needed, the networks say")]
use samples::{Judge, cross_entropy, mse, noise};
use std::{hint::black_box, io};

include!(concat!(env!("OUT_DIR"), "/networks.rs"));

/// A network, and how it is measured.
struct Case {
    operations: u64,
    parameters: usize,
    measure: fn(Mode, usize) -> Result<f64>,
}

#[derive(Clone, Copy)]
enum Mode {
    One,
    Batch,
    Train,
}

#[allow(dead_code, reason = "which rules are needed, the networks say")]
fn sgd() -> Sgd {
    Sgd::new(1e-4)
}

#[allow(dead_code, reason = "which rules are needed, the networks say")]
fn adam() -> Adam {
    Adam::new(1e-5)
}

/// Numbers of inputs and targets that an epoch holds at most, unless one batch has more.
const MOST_NUMBERS: usize = 1 << 24;

/// Seconds of an epoch, about.
const EPOCH: f64 = 0.05;

/// Seconds of one call.
fn measure<N, T, L, O>(
    mode: Mode,
    threads: usize,
    batch: usize,
    (loss, targets): Judge<L, T>,
    optimizer: O,
) -> Result<f64>
where
    N: Model<Input: Floats, Output: Floats>,
    T: Clone + Send + Sync + 'static,
    L: Loss<N::Output, T>,
    O: Optimizer,
{
    let mut net = N::try_new(Seed(1))?;
    match mode {
        Mode::One => {
            let (inputs, mut output) = (noise::<N::Input>(1)?, kiln::zeroed::<N::Output>()?);
            Ok(seconds(|| {
                net.forward_into(black_box(&inputs[0]), black_box(&mut output))
            }))
        }
        Mode::Batch => {
            let (inputs, mut outputs) = (noise::<N::Input>(batch)?, noise::<N::Output>(batch)?);
            let share = batch.div_ceil(threads);
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            let pool = pool.unwrap_or_else(|error| panic!("{error}"));
            let answer = |inputs: &[N::Input], outputs: &mut [N::Output]| {
                if let Err(error) = net.forward_batch(black_box(inputs), black_box(outputs)) {
                    unreachable!("as many outputs as inputs, and {error}");
                }
            };
            let mut call = || {
                let parts = inputs.chunks(share).zip(outputs.chunks_mut(share));
                rayon::scope(|scope| {
                    for (inputs, outputs) in parts {
                        scope.spawn(move |_| answer(inputs, outputs));
                    }
                });
            };
            Ok(match threads {
                1 => seconds(|| answer(&inputs, &mut outputs)),
                _ => pool.install(|| seconds(&mut call)),
            })
        }
        Mode::Train => {
            let mut trainer = Trainer::new(optimizer, loss)
                .epochs(1)
                .batch(batch)
                .threads(threads)
                .quiet();
            let each = size_of::<N::Input>() + size_of::<T>();
            let most = (MOST_NUMBERS * size_of::<f32>() / each / batch).max(1);
            let mut epoch = |steps: usize| -> Result<f64> {
                let count = steps * batch;
                let data = Samples::new(noise::<N::Input>(count)?, targets(count)?)?;
                let history = trainer.fit(&mut net, &data)?;
                Ok(history.seconds / steps as f64)
            };
            let first = epoch(1)?;
            let steps = ((EPOCH / first) as usize).clamp(1, most);
            (0..3).try_fold(first, |best, _| Ok(epoch(steps)?.min(best)))
        }
    }
}

/// The answer to a line.
fn answer(line: &str) -> Option<String> {
    let words = line.split_whitespace().collect::<Vec<_>>();
    let case = |network: &str| CASES.get(network.parse::<usize>().ok()?);
    let mode = |word: &str| match word {
        "one" => Some(Mode::One),
        "batch" => Some(Mode::Batch),
        "train" => Some(Mode::Train),
        _ => None,
    };
    match words[..] {
        ["describe"] => Some(include_str!(concat!(env!("OUT_DIR"), "/networks.json")).into()),
        ["machine"] => Some(format!("{:e} {:e}", peak(), reading())),
        ["cost", network] => {
            let case = case(network)?;
            Some(format!("{} {}", case.operations, case.parameters))
        }
        [word, network, threads] => {
            let threads = threads
                .parse::<usize>()
                .ok()
                .filter(|&threads| threads > 0)?;
            match (case(network)?.measure)(mode(word)?, threads) {
                Ok(seconds) => Some(format!("{seconds:e}")),
                Err(error) => Some(format!("error: {error}")),
            }
        }
        _ => None,
    }
}

fn main() -> io::Result<()> {
    for line in io::stdin().lines() {
        match answer(&line?) {
            Some(answer) => println!("{answer}"),
            None => println!("error: not understood"),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{CASES, answer};

    #[test]
    fn networks_are_described_and_cost_what_they_say() {
        let description = answer("describe").expect("a question");
        assert_eq!(description.matches("\"name\"").count(), CASES.len());
        for (index, case) in CASES.iter().enumerate() {
            let cost = answer(&format!("cost {index}"));
            assert_eq!(
                cost,
                Some(format!("{} {}", case.operations, case.parameters))
            );
        }
    }

    #[test]
    fn other_lines_are_not_understood() {
        for line in [
            "",
            "one",
            "one 0",
            "one 0 0",
            "one 999 1",
            "two 0 1",
            "one 0 1 1",
            "cost -1",
        ] {
            assert_eq!(answer(line), None, "{line}");
        }
    }
}
