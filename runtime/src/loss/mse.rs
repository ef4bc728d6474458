//! Mean squared error.
//!
//! For outputs y and targets t of n numbers: L = 1/n sum (y_i - t_i)^2 and dL/dy_i = 2/n (y_i - t_i).

use super::Loss;
use crate::{
    block::LANES,
    error::{Error, Result},
    simd::Isa,
    value::{Nested, Value, floats, floats_mut},
};
use fearless_simd::{f32x16, prelude::*};

/// `torch.nn.MSELoss`: the mean over all numbers of an output, which may be any nested array.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mse;

impl<O: Nested> Loss<O> for Mse {
    type Target = O;

    #[inline(always)]
    fn row<S: Isa>(&self, s: S, output: &O, target: &O, scale: f32, delta: &mut O) -> f32 {
        let (outputs, targets) = (floats(output), floats(target));
        let share = 1.0 / outputs.len().max(1) as f32;
        let factor = 2.0 * scale * share;

        let (blocks, rest) = outputs.as_chunks::<LANES>();
        let (target_blocks, target_rest) = targets.as_chunks::<LANES>();
        let (delta_blocks, delta_rest) = floats_mut(delta).as_chunks_mut::<LANES>();
        let mut squares = f32x16::splat(s, 0.0);
        for ((y, t), delta) in blocks.iter().zip(target_blocks).zip(delta_blocks) {
            let difference = f32x16::simd_from(s, *y) - f32x16::simd_from(s, *t);
            squares = difference.mul_add(difference, squares);
            (difference * f32x16::splat(s, factor)).store_array(delta);
        }
        let lanes: [f32; LANES] = squares.into();
        let mut sum: f32 = lanes.into_iter().sum();
        for ((y, t), delta) in rest.iter().zip(target_rest).zip(delta_rest) {
            let difference = y - t;
            sum += difference * difference;
            *delta = difference * factor;
        }
        sum * share
    }

    fn check(&self, row: usize, target: &O) -> Result<()> {
        match target.first_not_finite() {
            Some(index) => Err(Error::NanTarget { row, index }),
            None => Ok(()),
        }
    }
}
