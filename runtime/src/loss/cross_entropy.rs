//! Softmax with cross-entropy in one kernel.
//!
//! For logits x and the right class t, with m = max x:
//!
//! ```text
//! loss  L = ln(sum_j e^(x_j - m)) - (x_t - m)
//! delta dL/dx_i = e^(x_i - m) / sum_j e^(x_j - m) - [i = t]
//! ```

use super::{label::Label, sample::Loss};
use crate::{
    block::LANES,
    error::{Error, Result},
    math,
    simd::{Isa, chains::POSITIONS},
};
use fearless_simd::{f32x16, prelude::*};

/// `torch.nn.CrossEntropyLoss`: logits against the index of the right class.
///
/// Outputs are `[f32; N]` with a label as target, or sequences `[[f32; N]; T]` with labels `[_; T]`, whose loss is the mean
/// over the steps. A label is an integer of any type; classes count from 0. The loss is in nats: a guess among N equal
/// logits costs ln N. Accuracy is how often the largest logit is that of the right class.
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
/// let error = Loss::<[f32; 3], _>::check(&CrossEntropy, 7, &3_u8).unwrap_err();
/// assert!(error.to_string().starts_with("row 7 of the dataset: label 3"));
/// ```
///
/// # Errors
///
/// A label that is negative or not below N is [`Error::LabelOutOfRange`], found before training.
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

/// Loss and delta of one row of logits.
#[inline(always)]
fn row<S: Isa, const N: usize>(
    s: S,
    logits: &[f32; N],
    target: Option<usize>,
    scale: f32,
    delta: &mut [f32; N],
) -> f32 {
    let target = target.unwrap_or(usize::MAX);
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

    let factor = f32x16::splat(s, scale / sum);
    for index in 0..blocks {
        let power = block(s, delta, index, 0.0);
        put(power * factor, delta, index);
    }
    match (logits.get(target), delta.get_mut(target)) {
        (Some(logit), Some(delta)) => {
            *delta -= scale;
            libm::logf(sum) - (logit - largest)
        }
        _ => f32::NAN,
    }
}

/// Index of the largest number, the first one among equals; 0 where there is none. NaN counts as the largest, as for
/// `torch.argmax`.
///
/// ```
/// assert_eq!(kiln::argmax(&[0.1, 0.7, 0.2]), 1);
/// ```
pub fn argmax(numbers: &[f32]) -> usize {
    let mut best = (0, f32::NEG_INFINITY);
    for (index, &number) in numbers.iter().enumerate() {
        if number.is_nan() {
            return index;
        }
        if number > best.1 {
            best = (index, number);
        }
    }
    best.0
}

/// Whether the largest logit is that of the right class; where one is NaN there is no answer, so that none is right.
fn hits(logits: &[f32], target: Option<usize>) -> bool {
    let answer = argmax(logits);
    Some(answer) == target && logits.get(answer).is_some_and(|logit| !logit.is_nan())
}

/// Refuses labels that no logit stands for.
fn in_range<const N: usize>(row: usize, label: impl Label) -> Result<()> {
    if label.class().is_some_and(|class| class < N) {
        return Ok(());
    }
    Err(Error::LabelOutOfRange {
        row,
        label: label.number(),
        classes: N,
    })
}

impl<T: Label, const N: usize> Loss<[f32; N], T> for CrossEntropy {
    #[inline(always)]
    fn row<S: Isa>(
        &self,
        s: S,
        output: &[f32; N],
        target: &T,
        scale: f32,
        delta: &mut [f32; N],
    ) -> f32 {
        row(s, output, target.class(), scale, delta)
    }

    #[inline(always)]
    fn accuracy(&self, output: &[f32; N], target: &T) -> Option<f32> {
        Some(f32::from(u8::from(hits(output, target.class()))))
    }

    fn expects_logits(&self) -> bool {
        true
    }

    fn check(&self, row: usize, target: &T) -> Result<()> {
        in_range::<N>(row, *target)
    }
}

impl<L: Label, const N: usize, const T: usize> Loss<[[f32; N]; T], [L; T]> for CrossEntropy {
    #[inline(always)]
    fn row<S: Isa>(
        &self,
        s: S,
        output: &[[f32; N]; T],
        target: &[L; T],
        scale: f32,
        delta: &mut [[f32; N]; T],
    ) -> f32 {
        let steps = T.max(1) as f32;
        let mut sum = 0.0;
        for ((output, &target), delta) in output.iter().zip(target).zip(delta) {
            sum += f64::from(row(s, output, target.class(), scale / steps, delta));
        }
        (sum / f64::from(steps)) as f32
    }

    #[inline(always)]
    fn accuracy(&self, output: &[[f32; N]; T], target: &[L; T]) -> Option<f32> {
        let hits = output
            .iter()
            .zip(target)
            .filter(|(output, target)| self::hits(*output, target.class()));
        Some(hits.count() as f32 / T.max(1) as f32)
    }

    fn expects_logits(&self) -> bool {
        true
    }

    fn check(&self, row: usize, target: &[L; T]) -> Result<()> {
        target
            .iter()
            .try_for_each(|&label| in_range::<N>(row, label))
    }
}
