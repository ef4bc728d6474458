//! How far a fit has come.

use super::{history::History, stopping::Watch};
use crate::{
    error::{Error, Found, Result},
    loss::Totals,
};
use alloc::{format, vec::Vec};

/// How far a fit has come: what it needs to go on, besides the weights and what is kept between fits.
#[derive(Clone, Debug, Default)]
pub struct Fit {
    /// The epochs that have ended.
    pub history: History,
    /// The one that is under way.
    pub open: Open,
    /// Early stopping's best.
    pub early: Watch,
    /// The best of the checkpoints.
    #[cfg(feature = "files")]
    pub best: Watch,
    /// The order of its steps; none before the first.
    pub plan: Option<Plan>,
}

/// An epoch that is under way.
#[derive(Clone, Debug, PartialEq)]
pub struct Open {
    /// Samples visited.
    pub position: usize,
    /// Steps begun.
    pub taken: usize,
    /// What they gave.
    pub sum: Totals,
    /// Mean loss of each step, where that is kept.
    pub steps: Vec<f64>,
    /// The learning rate of the last one.
    pub learning_rate: f64,
    /// Seconds spent.
    pub seconds: f64,
}

impl Default for Open {
    fn default() -> Self {
        Self {
            position: 0,
            taken: 0,
            // Those of the first step say of how many parts.
            sum: Totals::none(0),
            steps: Vec::new(),
            learning_rate: 0.0,
            seconds: 0.0,
        }
    }
}

/// What decides which samples a step has. A fit that goes on must have that of its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Samples of an epoch; 0 where they come from a stream.
    pub samples: usize,
    /// Samples of a stream's buffer; 0 where they do not come from one.
    pub buffer: usize,
    /// Samples of a batch.
    pub batch: usize,
    /// Batches of a step.
    pub accumulate: usize,
    /// Seed of the order.
    pub seed: u64,
    /// Whether there is another order in each epoch.
    pub shuffle: bool,
    /// Parts of the loss.
    pub parts: usize,
}

impl Fit {
    /// Goes on by a plan, or begins; refused, it is as it was.
    pub fn follow(&mut self, plan: Plan) -> Result<()> {
        let before = *self.plan.get_or_insert(plan);
        let differs = |setting, found: Found| {
            Err(Error::Setting {
                setting,
                found,
                expected: "as it was when the fit began that goes on here; `reset` begins anew instead, with the weights that there are",
            })
        };
        let text = |found: &dyn core::fmt::Debug, before: &dyn core::fmt::Debug| {
            Found::Text(format!("{found:?}, where it was {before:?}"))
        };
        match (plan.buffer, before.buffer) {
            (0, 1..) => {
                return differs("data", Found::Words("a dataset, where it was a stream"));
            }
            (1.., 0) => {
                return differs("data", Found::Words("a stream, where it was a dataset"));
            }
            (now, then) if now != then => return differs("buffer", text(&now, &then)),
            _ => {}
        }
        if plan.samples != before.samples {
            return differs("Dataset::len", text(&plan.samples, &before.samples));
        }
        if plan.batch != before.batch {
            return differs("batch", text(&plan.batch, &before.batch));
        }
        if plan.accumulate != before.accumulate {
            return differs("accumulate", text(&plan.accumulate, &before.accumulate));
        }
        if plan.parts != before.parts {
            let parts = |count| format!("of {count} parts");
            return differs("loss", text(&parts(plan.parts), &parts(before.parts)));
        }
        if plan.seed != before.seed {
            return differs("seed", text(&plan.seed, &before.seed));
        }
        if plan.shuffle != before.shuffle {
            return differs("shuffle", text(&plan.shuffle, &before.shuffle));
        }
        Ok(())
    }
}
