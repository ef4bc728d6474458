//! Losses that work number by number, and the one loop that all of them share.

use super::sample::Loss;
use crate::{
    block::LANES,
    error::{Error, Result},
    simd::Isa,
    value::{Nested, Value, floats, floats_mut},
};
use fearless_simd::{f32x16, prelude::*};

/// Blocks whose values are summed in f32; the sums of such pieces are added in f64, so that outputs of any size keep their
/// digits.
const PIECE: usize = 4096 / LANES;

/// A loss that compares an output with a target number by number; both are of one type, a number or any nested array. Its
/// value is the mean over all numbers of an output. One of one's own states what it makes of sixteen numbers:
///
/// ```
/// use kiln::{Elementwise, Loss, simd::{Isa, vectors::*}};
///
/// /// ln cosh(y - t), whose slope is tanh(y - t); here by |d| + ln(1 + e^(-2 |d|)) - ln 2, lane by lane.
/// struct LogCosh;
///
/// impl Elementwise for LogCosh {
///     #[inline(always)]
///     fn at<S: Isa>(&self, s: S, y: f32x16<S>, t: f32x16<S>) -> [f32x16<S>; 2] {
///         let difference: [f32; 16] = (y - t).into();
///         let value = difference.map(|d| d.abs() + (-2.0 * d.abs()).exp().ln_1p() - 2_f32.ln());
///         let slope = difference.map(f32::tanh);
///         [f32x16::simd_from(s, value), f32x16::simd_from(s, slope)]
///     }
/// }
///
/// assert!(LogCosh.check(0, &[[0.5_f32; 4]; 3]).is_ok());
/// assert_eq!(LogCosh.accuracy(&[0.5_f32], &[0.5]), None);
/// ```
pub trait Elementwise: Send + Sync {
    /// Whether the loss is the sum over all numbers of an output, and not their mean.
    const SUM: bool = false;

    /// The loss of each of sixteen numbers, and its slope by the output. Implement with `#[inline(always)]`.
    fn at<S: Isa>(&self, s: S, output: f32x16<S>, target: f32x16<S>) -> [f32x16<S>; 2];

    /// Whether an output is as good as right, for losses that know what that means.
    fn is_right(&self, output: f32, target: f32) -> Option<bool> {
        let _ = (output, target);
        None
    }

    /// What a target must be, if this one is of no use. NaN and infinity are refused in any case.
    fn refuses(&self, target: f32) -> Option<&'static str> {
        let _ = target;
        None
    }

    /// Refuses settings that make no sense, as [`Loss::check_settings`].
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] with the first such setting.
    fn check_settings(&self) -> Result<()> {
        Ok(())
    }
}

impl<O: Nested, L: Elementwise> Loss<O, O> for L {
    #[inline(always)]
    fn row<S: Isa>(&self, s: S, output: &O, target: &O, scale: f32, delta: &mut O) -> f32 {
        let (outputs, targets) = (floats(output), floats(target));
        let count = if L::SUM { 1 } else { outputs.len().max(1) };
        let factor = scale * (1.0 / count as f32);
        let sum = each(
            s,
            outputs,
            targets,
            floats_mut(delta),
            factor,
            #[inline(always)]
            |_, y, t| self.at(s, y, t),
        );
        (sum / count as f64) as f32
    }

    #[inline(always)]
    fn accuracy(&self, output: &O, target: &O) -> Option<f32> {
        share_right(floats(output), floats(target), |output, target| {
            self.is_right(output, target)
        })
    }

    fn check_settings(&self) -> Result<()> {
        Elementwise::check_settings(self)
    }

    fn check(&self, row: usize, target: &O) -> Result<()> {
        check_numbers(row, 0, target, |number| self.refuses(number))
    }
}

/// Visits outputs and targets in blocks of sixteen, each with the index of its first number; leaves the slopes times
/// `factor` as deltas, and gives the sum of the values.
#[inline(always)]
pub(super) fn each<S: Isa>(
    s: S,
    outputs: &[f32],
    targets: &[f32],
    deltas: &mut [f32],
    factor: f32,
    at: impl Fn(usize, f32x16<S>, f32x16<S>) -> [f32x16<S>; 2],
) -> f64 {
    let (blocks, rest) = outputs.as_chunks::<LANES>();
    let (target_blocks, target_rest) = targets.as_chunks::<LANES>();
    let (delta_blocks, delta_rest) = deltas.as_chunks_mut::<LANES>();
    let factor = f32x16::splat(s, factor);
    let (mut sum, mut index) = (0.0, 0);
    let pieces = blocks.chunks(PIECE).zip(target_blocks.chunks(PIECE));
    for ((blocks, targets), deltas) in pieces.zip(delta_blocks.chunks_mut(PIECE)) {
        let mut values = f32x16::splat(s, 0.0);
        for ((y, t), delta) in blocks.iter().zip(targets).zip(deltas) {
            let [value, slope] = at(index, f32x16::simd_from(s, *y), f32x16::simd_from(s, *t));
            values += value;
            (slope * factor).store_array(delta);
            index += LANES;
        }
        let lanes: [f32; LANES] = values.into();
        sum += f64::from(lanes.into_iter().sum::<f32>());
    }
    if !rest.is_empty() {
        let (mut y, mut t) = ([0.0; LANES], [0.0; LANES]);
        y[..rest.len()].copy_from_slice(rest);
        t[..target_rest.len()].copy_from_slice(target_rest);
        let [value, slope] = at(index, f32x16::simd_from(s, y), f32x16::simd_from(s, t));
        let (value, slope): ([f32; LANES], [f32; LANES]) = (value.into(), (slope * factor).into());
        sum += f64::from(value[..rest.len()].iter().sum::<f32>());
        delta_rest.copy_from_slice(&slope[..rest.len()]);
    }
    sum
}

/// The share of numbers that are as good as right, if the loss knows what that means.
#[inline(always)]
pub(super) fn share_right(
    outputs: &[f32],
    targets: &[f32],
    is_right: impl Fn(f32, f32) -> Option<bool>,
) -> Option<f32> {
    let mut right = 0_usize;
    for (&output, &target) in outputs.iter().zip(targets) {
        right += usize::from(is_right(output, target)?);
    }
    (!outputs.is_empty()).then(|| right as f32 / outputs.len() as f32)
}

/// Refuses a target that is not finite, or of which a number is of no use; its numbers are counted from `first`.
pub(super) fn check_numbers<T: Nested>(
    row: usize,
    first: usize,
    target: &T,
    refuses: impl Fn(f32) -> Option<&'static str>,
) -> Result<()> {
    if let Some(index) = target.first_not_finite() {
        return Err(Error::NanTarget {
            row,
            index: first + index,
        });
    }
    for (index, &number) in floats(target).iter().enumerate() {
        if let Some(expected) = refuses(number) {
            return Err(Error::TargetNumber {
                row,
                index: first + index,
                found: f64::from(number),
                expected,
            });
        }
    }
    Ok(())
}
