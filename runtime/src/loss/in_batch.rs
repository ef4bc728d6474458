//! A loss as the passes of a step hand it to a network: its deltas are those of the batch's mean.

use super::{
    sample::Loss,
    score::{MOST, Part, Score, Weights},
};
use crate::{
    error::{Error, Result},
    simd::Isa,
};

/// A loss whose deltas are multiplied by one over what all samples of a batch count.
pub struct InBatch<'a, L> {
    loss: &'a L,
    weights: Weights,
    /// One over the weight of the batch, for each part of the loss.
    scales: [f32; MOST],
}

impl<'a, L> InBatch<'a, L> {
    /// A loss of samples that count so much.
    pub fn new(loss: &'a L, weights: Weights) -> Self {
        Self {
            loss,
            weights,
            scales: weights.scales(),
        }
    }

    /// A part of a batch, which counts so much in the `whole` of it.
    pub fn within(loss: &'a L, weights: Weights, whole: &Weights) -> Self {
        Self {
            loss,
            weights,
            scales: whole.scales(),
        }
    }

    /// The loss of a sample.
    pub fn loss(&self) -> &L {
        self.loss
    }

    /// How much the samples count.
    pub fn weights(&self) -> &Weights {
        &self.weights
    }
}

impl<O, T, L: Loss<O, T>> Loss<O, T> for InBatch<'_, L> {
    const PARTS: usize = L::PARTS;

    #[inline(always)]
    fn row<S: Isa>(&self, s: S, output: &O, target: &T, scale: f32, delta: &mut O) -> f32 {
        self.loss.row(s, output, target, scale, delta)
    }

    #[inline(always)]
    fn judge<S: Isa>(
        &self,
        s: S,
        output: &O,
        target: &T,
        scales: &[f32],
        delta: &mut O,
        parts: &mut [Part],
    ) {
        let mut both = self.scales;
        for (both, scale) in both[..L::PARTS].iter_mut().zip(scales) {
            *both *= scale;
        }
        self.loss.judge(s, output, target, &both, delta, parts);
    }
}

/// Judges one output; `delta` comes zeroed, and is left the gradient times `scale`.
#[inline(always)]
pub fn score<S: Isa, O, T, L: Loss<O, T>>(
    s: S,
    loss: &L,
    output: &O,
    target: &T,
    scale: f32,
    delta: &mut O,
) -> Score {
    const {
        assert!(
            L::PARTS <= MOST,
            "a loss has a part for each output at most"
        )
    };
    let mut score = Score::default();
    let scales = [scale; MOST];
    loss.judge(s, output, target, &scales, delta, &mut score.parts);
    score
}

/// How much some samples count in their mean, added up in their order.
pub fn weigh<O, T, L: Loss<O, T>>(loss: &L, targets: &[T]) -> Weights {
    let mut weights = Weights::default();
    for target in targets {
        add(loss, target, &mut weights);
    }
    weights
}

/// Adds how much a sample counts.
pub fn add<O, T, L: Loss<O, T>>(loss: &L, target: &T, weights: &mut Weights) {
    const {
        assert!(
            L::PARTS <= MOST,
            "a loss has a part for each output at most"
        )
    };
    loss.weigh(target, &mut weights.0);
}

/// Refuses a target that the loss cannot use; `true` if it counts otherwise than 1.
///
/// # Errors
///
/// Whatever the loss says, and weights that are of no use.
pub fn check<O, T, L: Loss<O, T>>(loss: &L, row: usize, target: &T) -> Result<bool> {
    loss.check(row, target)?;
    let weights = weigh(loss, core::slice::from_ref(target));
    let weights = &weights.0[..L::PARTS];
    if let Some(&weight) = weights
        .iter()
        .find(|weight| !(0.0..=f64::MAX).contains(*weight))
    {
        return Err(Error::SampleWeight { row, weight });
    }
    Ok(weights.iter().any(|&weight| weight != 1.0))
}
