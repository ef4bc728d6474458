//! The gradients of a batch's samples, one after another, in memory for one.
//!
//! A sample passes alone, with its place in the batch: so it meets the dropout that it meets in the batch. What is
//! transposed is transposed once.

use super::{
    chunks::Step,
    courses::Alike,
    finish::Kept,
    inputs::{Inputs, check_rows, check_targets, check_totals},
    passes::Passes,
    source::Given,
};
use crate::{
    block::Block,
    error::{Error, Found, Result},
    loss::{
        Loss,
        in_batch::{self, InBatch},
    },
    model::Model,
    network::Network,
    simd::{self, Isa, Task},
};
use core::{marker::PhantomData, num::NonZeroUsize};
use fearless_simd::{f32x16, prelude::*};

/// A sample as it was judged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged {
    /// Its place in the batch.
    pub row: usize,
    /// Its loss.
    pub loss: f64,
    /// How much it counts.
    pub weight: f64,
}

/// Computes the gradients of each sample's own mean loss, without penalties, in `gradients`, and hands them to `see`;
/// gives the mean of the losses.
pub fn each<N: Model, T: Sync, L: Loss<N::Output, T>>(
    passes: &mut Passes<'_, N>,
    step: Step<'_, L>,
    (parameters, gradients): (&[Block], &mut [Block]),
    (inputs, targets): (&[N::Input], &[T]),
    see: &mut dyn FnMut(Judged, &mut [Block]) -> Result<()>,
) -> Result<f64> {
    let loss = step.turn;
    if N::Network::JOINT_BLOCKS > 0 {
        return Err(Error::Setting {
            setting: "each_gradient",
            found: Found::Words("a network whose samples meet in training, as in `BatchNorm`"),
            expected: "one in which each sample has gradients of its own; leave such layers out",
        });
    }
    if L::SEES_BATCH {
        return Err(Error::Setting {
            setting: "each_gradient",
            found: Found::Words("a loss that sees the whole batch"),
            expected: "one that judges each sample, such as `Mse`",
        });
    }
    check_rows::<N>(passes.chunking.batch.get(), inputs.len())?;
    check_targets::<_, N::Output, _, L>(inputs, targets, loss)?;
    let source = Inputs::<N>::new(inputs);
    // The work of an update is that of one sample.
    passes.chunking.batch = NonZeroUsize::MIN;
    passes.transpose(parameters);
    let mut sum = 0.0;
    for row in 0..inputs.len() {
        let target = &targets[row..=row];
        let weights = in_batch::weigh::<N::Output, T, L>(loss, target);
        let judged = InBatch::new(loss, weights);
        let alone = Step {
            turn: &judged,
            seed: step.seed,
            step: step.step,
        };
        let mut kept = Kept::<N> {
            parameters,
            gradients: &mut gradients[..N::Network::LEARNT_BLOCKS],
            rules: &Alike,
            network: PhantomData,
        };
        let totals = passes.run_from(row, alone, &source, Given(target), &mut kept);
        source.judge()?;
        let loss = check_totals(&totals, judged.weights(), step.step)?;
        sum += loss;
        let weight = weights.mean(L::PARTS);
        see(Judged { row, loss, weight }, gradients)?;
    }
    Ok(sum / inputs.len() as f64)
}

/// Adds gradients to a sum of them.
pub fn add(sum: &mut [Block], gradients: &[Block]) {
    struct Add<'a>(&'a mut [Block], &'a [Block]);
    impl Task for Add<'_> {
        type Output = ();

        #[inline(always)]
        fn run<S: Isa>(self, s: S) {
            for (sum, gradient) in self.0.iter_mut().zip(self.1) {
                sum.store(sum.load(s) + gradient.load(s));
            }
        }
    }
    simd::dispatch(simd::level(), Add(sum, gradients));
}

/// Multiplies gradients by a factor.
pub fn scale(gradients: &mut [Block], factor: f32) {
    struct Scale<'a>(&'a mut [Block], f32);
    impl Task for Scale<'_> {
        type Output = ();

        #[inline(always)]
        fn run<S: Isa>(self, s: S) {
            let factor = f32x16::splat(s, self.1);
            for gradient in self.0 {
                gradient.store(gradient.load(s) * factor);
            }
        }
    }
    simd::dispatch(simd::level(), Scale(gradients, factor));
}
