//! Softmax with cross-entropy in one kernel.
//!
//! For logits x and the right class t, with m = max x:
//!
//! ```text
//! loss  L = ln(sum_j e^(x_j - m)) - (x_t - m)
//! delta dL/dx_i = e^(x_i - m) / sum_j e^(x_j - m) - [i = t]
//! ```
//!
//! With probabilities y instead of one class (y_i = [i = t] for a label), class weights w and label smoothing e over N
//! classes, as PyTorch has it:
//!
//! ```text
//! q_i = w_i ((1 - e) y_i + e / N),  Q = sum_j q_j
//! loss  L = Q ln(sum_j e^(x_j - m)) - sum_j q_j (x_j - m)
//! delta dL/dx_i = Q e^(x_i - m) / sum_j e^(x_j - m) - q_i
//! ```
//!
//! of which all terms of L are 0 or more. A label counts w_t in the mean of its batch, probabilities count 1.

mod pixels;
mod with;

pub use with::CrossEntropyWith;

use super::{
    classes::{Classes, argmax, hits, in_range, of_classes},
    elementwise::check_numbers,
    label::Label,
};
use crate::{
    block::LANES,
    error::Result,
    math,
    simd::{Isa, chains::POSITIONS},
};
use fearless_simd::{f32x16, prelude::*};

/// `torch.nn.CrossEntropyLoss`: logits against the index of the right class, or against probabilities of all classes.
///
/// Outputs are `[f32; N]` with a label or `[f32; N]` as target, or sequences `[[f32; N]; T]` with T of these, whose loss is
/// the mean over the steps, or images `[[[f32; W]; H]; C]` with a label for each pixel, `[[_; W]; H]`. A label is an integer of any type; classes count from 0. Probabilities should add up to 1, which
/// is not checked. The loss is in nats: a guess among N equal logits costs ln N. Accuracy is how often the largest logit is
/// that of the right class, or of the most probable one.
///
/// A network that ends in `Softmax` takes it twice and learns badly: leave it out, and let the network give logits;
/// [`softmax`](super::softmax) makes them probabilities. A `LogSoftmax` at the end is harmless, since the logarithms of
/// probabilities are logits, too.
///
/// ```
/// use kiln::{CrossEntropy, Loss};
///
/// let logits = [0.5_f32, 3.0, -1.0];
/// assert_eq!(CrossEntropy.accuracy(&logits, &1), Some(1.0));
/// assert_eq!(CrossEntropy.accuracy(&logits, &[0.25, 0.75, 0.0]), Some(1.0));
/// let error = Loss::<[f32; 3], _>::check(&CrossEntropy, 7, &3_u8).unwrap_err();
/// assert!(error.to_string().starts_with("row 7 of the dataset: label 3"));
/// ```
///
/// [`label_smoothing`](Self::label_smoothing), [`weight`](Self::weight) and [`ignore_index`](Self::ignore_index) are
/// PyTorch's options:
///
/// ```
/// use kiln::{Adam, CrossEntropy, Trainer};
///
/// let loss = CrossEntropy.label_smoothing(0.1).weight([1.0, 4.0, 0.5]).ignore_index(-100);
/// let trainer = Trainer::new(Adam::default(), loss);
/// ```
///
/// # Errors
///
/// A label that is negative or not below N is [`Error::LabelOutOfRange`](crate::error::Error::LabelOutOfRange), found before
/// training, and so is a probability that is negative, infinite or NaN.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CrossEntropy;

/// Block `index` of a row, with `gap` in the lanes behind its end.
#[inline(always)]
fn block<S: Isa, const N: usize>(s: S, row: &[f32; N], index: usize, gap: f32) -> f32x16<S> {
    let (blocks, rest) = row.as_chunks::<LANES>();
    match blocks.get(index) {
        Some(&block) => f32x16::simd_from(s, block),
        None => {
            let mut padded = [gap; LANES];
            padded[..rest.len()].copy_from_slice(rest);
            f32x16::simd_from(s, padded)
        }
    }
}

/// Writes block `index` of a row.
#[inline(always)]
fn put<S: Isa, const N: usize>(value: f32x16<S>, row: &mut [f32; N], index: usize) {
    let (blocks, rest) = row.as_chunks_mut::<LANES>();
    match blocks.get_mut(index) {
        Some(block) => value.store_array(block),
        None => {
            let padded: [f32; LANES] = value.into();
            let count = rest.len();
            rest.copy_from_slice(&padded[..count]);
        }
    }
}

/// 1 for the lanes of block `index` that are part of a row, 0 behind its end.
#[inline(always)]
fn inside<const N: usize>(index: usize) -> [f32; LANES] {
    core::array::from_fn(|lane| f32::from(u8::from(index * LANES + lane < N)))
}

/// What the logits of a row should be, apart from the right class: q_i above.
#[derive(Clone, Copy)]
struct Blend<'a, const N: usize> {
    weights: Option<&'a [f32; N]>,
    /// Times `kept`, if the target is not a label.
    probabilities: Option<&'a [f32; N]>,
    /// 1 - e.
    kept: f32,
    /// e / N.
    spread: f32,
}

impl<const N: usize> Blend<'_, N> {
    /// Block `index` of q; 0 behind the end.
    #[inline(always)]
    fn block<S: Isa>(&self, s: S, index: usize) -> f32x16<S> {
        let spread = f32x16::splat(s, self.spread);
        let q = match self.probabilities {
            Some(probabilities) => {
                let kept = f32x16::splat(s, self.kept);
                block(s, probabilities, index, 0.0).mul_add(kept, spread)
            }
            None => spread,
        };
        match self.weights {
            Some(weights) => q * block(s, weights, index, 0.0),
            None if (index + 1) * LANES <= N => q,
            None => q * f32x16::simd_from(s, inside::<N>(index)),
        }
    }
}

/// Loss and delta of one row of logits, whose right class is given with its part of q, and the others by a blend.
#[inline(always)]
fn row<S: Isa, const N: usize>(
    s: S,
    logits: &[f32; N],
    right: Option<(Option<usize>, f32)>,
    blend: Option<Blend<'_, N>>,
    scale: f32,
    delta: &mut [f32; N],
) -> f32 {
    let blocks = N.div_ceil(LANES);
    let mut largest = f32x16::splat(s, f32::NEG_INFINITY);
    for index in 0..blocks {
        largest = math::maximum(s, largest, block(s, logits, index, f32::NEG_INFINITY));
    }
    let largest = math::largest_lane(largest);
    let m = f32x16::splat(s, largest);

    // e^(x - m) waits in the delta until its sum is known; the lanes behind the end are e^-inf = 0.
    let mut sum = 0.0;
    for piece in 0..blocks.div_ceil(POSITIONS) {
        let from = piece * POSITIONS;
        let mut sums = f32x16::splat(s, 0.0);
        for index in from..blocks.min(from + POSITIONS) {
            let power = math::share(s, block(s, logits, index, f32::NEG_INFINITY) - m);
            sums += power;
            put(power, delta, index);
        }
        let lanes: [f32; LANES] = sums.into();
        sum += lanes.into_iter().sum::<f32>();
    }

    // The sums of q and of -q (x - m).
    let (mut all, mut loss) = (0.0, 0.0);
    if let Some(blend) = &blend {
        let (q, costs) = spread(s, logits, largest, blend);
        (all, loss) = (q, costs);
    }
    if let Some((class, amount)) = right {
        all += f64::from(amount);
        match class.and_then(|class| logits.get(class)) {
            Some(logit) => loss -= f64::from(amount * (logit - largest)),
            None => loss = f64::NAN,
        }
    }
    let all = all as f32;

    let factor = f32x16::splat(s, scale * all / sum);
    for index in 0..blocks {
        let power = block(s, delta, index, 0.0);
        let share = power * factor;
        let share = match &blend {
            Some(blend) => share - blend.block(s, index) * f32x16::splat(s, scale),
            None => share,
        };
        put(share, delta, index);
    }
    if let Some((Some(class), amount)) = right
        && let Some(delta) = delta.get_mut(class)
    {
        *delta -= scale * amount;
    }
    (f64::from(all * libm::logf(sum)) + loss) as f32
}

/// The sums of q and of -q (x - m), where m is the largest logit.
#[inline(always)]
fn spread<S: Isa, const N: usize>(
    s: S,
    logits: &[f32; N],
    largest: f32,
    blend: &Blend<'_, N>,
) -> (f64, f64) {
    let m = f32x16::splat(s, largest);
    let blocks = N.div_ceil(LANES);
    let (mut all, mut costs) = (0.0, 0.0);
    for piece in 0..blocks.div_ceil(POSITIONS) {
        let from = piece * POSITIONS;
        let zero = f32x16::splat(s, 0.0);
        let (mut amounts, mut products) = (zero, zero);
        for index in from..blocks.min(from + POSITIONS) {
            let q = blend.block(s, index);
            let below = m - block(s, logits, index, largest);
            amounts += q;
            // What has no part costs nothing, be its logit -infinity.
            products += q.simd_eq(0.0).select(zero, q * below);
        }
        let (amounts, products): ([f32; LANES], [f32; LANES]) = (amounts.into(), products.into());
        all += f64::from(amounts.into_iter().sum::<f32>());
        costs += f64::from(products.into_iter().sum::<f32>());
    }
    (all, costs)
}

of_classes! {
    [] CrossEntropy;
}

impl<const N: usize, T: Label> Classes<N, T> for CrossEntropy {
    #[inline(always)]
    fn one<S: Isa>(
        &self,
        s: S,
        output: &[f32; N],
        target: &T,
        scale: f32,
        delta: &mut [f32; N],
    ) -> f32 {
        row(s, output, Some((target.class(), 1.0)), None, scale, delta)
    }

    #[inline(always)]
    fn weight(&self, _: &T) -> f32 {
        1.0
    }

    #[inline(always)]
    fn counts(&self, _: &T) -> bool {
        true
    }

    #[inline(always)]
    fn hits(&self, output: &[f32; N], target: &T) -> bool {
        hits(output, target.class())
    }

    fn expects_logits(&self) -> bool {
        true
    }

    fn check_settings(&self) -> Result<()> {
        Ok(())
    }

    fn check(&self, row: usize, _: usize, target: &T) -> Result<()> {
        in_range::<N>(row, None, *target)
    }
}

impl<const N: usize> Classes<N, [f32; N]> for CrossEntropy {
    #[inline(always)]
    fn one<S: Isa>(
        &self,
        s: S,
        output: &[f32; N],
        target: &[f32; N],
        scale: f32,
        delta: &mut [f32; N],
    ) -> f32 {
        let blend = Blend {
            weights: None,
            probabilities: Some(target),
            kept: 1.0,
            spread: 0.0,
        };
        row(s, output, None, Some(blend), scale, delta)
    }

    #[inline(always)]
    fn weight(&self, _: &[f32; N]) -> f32 {
        1.0
    }

    #[inline(always)]
    fn counts(&self, _: &[f32; N]) -> bool {
        true
    }

    #[inline(always)]
    fn hits(&self, output: &[f32; N], target: &[f32; N]) -> bool {
        hits(output, Some(argmax(target)))
    }

    fn expects_logits(&self) -> bool {
        true
    }

    fn check_settings(&self) -> Result<()> {
        Ok(())
    }

    fn check(&self, row: usize, step: usize, target: &[f32; N]) -> Result<()> {
        check_probabilities(row, step, target)
    }
}

/// Refuses probabilities that are negative or not finite.
fn check_probabilities<const N: usize>(row: usize, step: usize, target: &[f32; N]) -> Result<()> {
    let refuses = |number: f32| (number < 0.0).then_some("a probability, 0 or more");
    check_numbers(row, step * N, target, refuses)
}
