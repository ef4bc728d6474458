//! Mean squared error.
//!
//! For outputs y and targets t of n numbers: L = 1/n sum (y_i - t_i)^2 and dL/dy_i = 2/n (y_i - t_i).

use super::sample::Loss;
use crate::{
    block::LANES,
    error::{Error, Result},
    math,
    simd::Isa,
    value::{Nested, Value, floats, floats_mut},
};
use fearless_simd::{f32x16, prelude::*};

/// Blocks whose squares are summed in f32; the sums of such pieces are added in f64, so that outputs of any size keep their
/// digits.
const PIECE: usize = 4096 / LANES;

/// `torch.nn.MSELoss`: the mean of (y - t)^2 over all numbers of an output, which may be any nested array; the target has
/// its shape. The loss is in the square of the targets' unit, and has no accuracy.
///
/// ```
/// use kiln::{Loss, Mse};
///
/// assert!(Mse.check(0, &[[1.0_f32, 2.0], [3.0, 4.0]]).is_ok());
/// let error = Mse.check(7, &[[1.0, 2.0], [3.0, f32::NAN]]).unwrap_err();
/// assert!(error.to_string().starts_with("row 7 of the dataset: number 3 of the target"));
/// ```
///
/// # Errors
///
/// A target that holds NaN or infinity is [`Error::NanTarget`], found before training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mse;

impl<O: Nested> Loss<O, O> for Mse {
    #[inline(always)]
    fn row<S: Isa>(&self, s: S, output: &O, target: &O, scale: f32, delta: &mut O) -> f32 {
        let (outputs, targets) = (floats(output), floats(target));
        let share = 1.0 / outputs.len().max(1) as f32;
        let factor = 2.0 * scale * share;

        let (blocks, rest) = outputs.as_chunks::<LANES>();
        let (target_blocks, target_rest) = targets.as_chunks::<LANES>();
        let (delta_blocks, delta_rest) = floats_mut(delta).as_chunks_mut::<LANES>();
        let mut sum = 0.0;
        let pieces = blocks.chunks(PIECE).zip(target_blocks.chunks(PIECE));
        for ((blocks, targets), deltas) in pieces.zip(delta_blocks.chunks_mut(PIECE)) {
            let mut squares = f32x16::splat(s, 0.0);
            for ((y, t), delta) in blocks.iter().zip(targets).zip(deltas) {
                // Flushed, since it is squared.
                let difference =
                    math::flush(s, f32x16::simd_from(s, *y) - f32x16::simd_from(s, *t));
                squares = difference.mul_add(difference, squares);
                (difference * f32x16::splat(s, factor)).store_array(delta);
            }
            let lanes: [f32; LANES] = squares.into();
            sum += f64::from(lanes.into_iter().sum::<f32>());
        }
        for ((y, t), delta) in rest.iter().zip(target_rest).zip(delta_rest) {
            let difference = math::flush_number(y - t);
            sum += f64::from(difference * difference);
            *delta = difference * factor;
        }
        (sum / outputs.len().max(1) as f64) as f32
    }

    fn check(&self, row: usize, target: &O) -> Result<()> {
        match target.first_not_finite() {
            Some(index) => Err(Error::NanTarget { row, index }),
            None => Ok(()),
        }
    }
}
