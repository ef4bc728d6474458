//! What the cost model chooses, beside other choices.
//!
//! `cargo run --release -p kiln-choices`. For each network: microseconds of a sample in a batch on one thread, by how many rows pass
//! together, in inference, and in training with gradients finished over the whole batch and summed chunk by chunk. What
//! the model chooses is measured as any other choice; the least of three rounds counts. The machine should be idle.
#![forbid(unsafe_code)]

#[path = "../../networks/machine.rs"]
#[allow(
    dead_code,
    reason = "no figure is compared with the machine's limit here"
)]
mod machine;
#[path = "../../sweep/src/samples.rs"]
mod samples;

use kiln::{Loss, Result, data::Samples, flat::Floats, prelude::*};
use machine::seconds;
use samples::{Judge, cross_entropy, mse, noise};
use std::{collections::BTreeMap, hint::black_box};

include!(concat!(env!("OUT_DIR"), "/choices.rs"));

/// A network by one choice.
struct Case {
    network: &'static str,
    batch: usize,
    rows: Option<usize>,
    /// Rows that the expansion has, in inference and in training.
    has: [usize; 2],
    summed: Option<bool>,
    /// Seconds of a batch.
    infer: fn(usize) -> Result<f64>,
    train: fn(usize) -> Result<f64>,
}

fn infer<N: Model<Input: Floats, Output: Floats>>(batch: usize) -> Result<f64> {
    let net = N::try_new(Seed(1))?;
    let (inputs, mut outputs) = (noise::<N::Input>(batch)?, noise::<N::Output>(batch)?);
    Ok(seconds(|| {
        if let Err(error) = net.forward_batch(black_box(&inputs), black_box(&mut outputs)) {
            unreachable!("as many outputs as inputs, and {error}");
        }
    }))
}

fn train<N, T, L>(batch: usize, (loss, targets): Judge<L, T>) -> Result<f64>
where
    N: Model<Input: Floats>,
    T: Clone + Send + Sync + 'static,
    L: Loss<N::Output, T>,
{
    let mut net = N::try_new(Seed(1))?;
    let mut trainer = Trainer::new(Sgd::new(1e-4), loss)
        .epochs(1)
        .batch(batch)
        .threads(1)
        .quiet();
    let mut epoch = |steps: usize| -> Result<f64> {
        let count = steps * batch;
        let data = Samples::new(noise::<N::Input>(count)?, targets(count)?)?;
        Ok(trainer.fit(&mut net, &data)?.seconds / steps as f64)
    };
    let first = epoch(1)?;
    epoch(((0.03 / first) as usize).clamp(1, 64))
}

/// The rounds, of which the least counts.
const ROUNDS: usize = 3;

fn main() -> Result<()> {
    let mut found = BTreeMap::<(usize, &str), f64>::new();
    for _ in 0..ROUNDS {
        for (index, case) in CASES.iter().enumerate() {
            let mut keep = |kind, seconds: f64| {
                let least = found.entry((index, kind)).or_insert(f64::INFINITY);
                *least = least.min(seconds * 1e6 / case.batch as f64);
            };
            if case.summed != Some(true) {
                keep("infer", (case.infer)(case.batch)?);
            }
            keep("train", (case.train)(case.batch)?);
        }
    }
    let mut networks = CASES.iter().map(|case| case.network).collect::<Vec<_>>();
    networks.dedup();
    for network in networks {
        let cases = || {
            CASES
                .iter()
                .enumerate()
                .filter(|(_, case)| case.network == network)
        };
        println!(
            "\n{network}, batch {}: us a sample",
            cases().next().map_or(0, |(_, case)| case.batch)
        );
        let lines = [
            ("inference", "infer", Some(false)),
            ("training, over the batch", "train", Some(false)),
            ("training, summed", "train", Some(true)),
        ];
        for (name, kind, summed) in lines {
            let chosen = cases().find(|(_, case)| case.summed.is_none());
            let chosen = chosen.and_then(|(index, case)| {
                let rows = case.has[usize::from(kind == "train")];
                Some(format!("{rows}: {:.2}", found.get(&(index, kind))?))
            });
            let others = cases().filter(|(_, case)| case.summed == summed && case.rows.is_some());
            let others = others.map(|(index, case)| (case.rows, found.get(&(index, kind))));
            let texts =
                others.filter_map(|(rows, spent)| Some(format!("{}: {:.2}", rows?, spent?)));
            let texts = texts.collect::<Vec<_>>().join("   ");
            println!(
                "  {name:<26} chosen {}   {texts}",
                chosen.unwrap_or_default()
            );
        }
    }
    Ok(())
}
