//! A network's numbers moved towards another's, and kept within bounds.

use crate::{
    block::Block,
    error::{
        Result,
        setting::{check, check_range},
    },
    math,
    network::Network,
    simd::{self, Isa, Task},
    tensor::Role,
};
use bytemuck::must_cast_slice_mut;
use core::ops::RangeInclusive;
use fearless_simd::{f32x16, prelude::*};

/// Moves an arena towards another: `a <- a + tau (b - a)`. Counts of batches are taken over as they are.
pub fn lerp<N: Network>(arena: &mut [Block], other: &[Block], tau: f64) -> Result<()> {
    check_range("tau", tau, 0.0..=1.0, "from 0 to 1, such as 0.005")?;
    let (mut rest, mut others) = (arena, other);
    for tensor in N::TENSORS {
        let (numbers, theirs);
        (numbers, rest) = rest.split_at_mut(tensor.blocks.min(rest.len()));
        (theirs, others) = others.split_at(tensor.blocks.min(others.len()));
        // At 1 not even a NaN stays.
        if tensor.role == Role::Count || tau == 1.0 {
            numbers.copy_from_slice(theirs);
        } else {
            blend(numbers, theirs, tau);
        }
    }
    Ok(())
}

/// Moves numbers towards others by a share of the way, from 0 to 1. As `torch.lerp`, from the end that is nearer, so
/// that equal numbers stay as they are:
///
/// ```text
/// a <- a + share (b - a)              below a half
/// a <- b - (1 - share) (b - a)        from there on
/// ```
pub(crate) fn blend(numbers: &mut [Block], others: &[Block], share: f64) {
    let is_near = share < 0.5;
    let blend = Blend {
        numbers,
        others,
        is_near,
        part: if is_near { share } else { share - 1.0 } as f32,
    };
    simd::dispatch(simd::level(), blend);
}

/// Adds a part of the difference to what is near.
struct Blend<'a> {
    numbers: &'a mut [Block],
    others: &'a [Block],
    is_near: bool,
    part: f32,
}

impl Task for Blend<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let Self {
            numbers,
            others,
            is_near,
            part,
        } = self;
        s.vectorize(
            #[inline(always)]
            || {
                let part = f32x16::splat(s, part);
                for (number, other) in numbers.iter_mut().zip(others) {
                    let (a, b) = (number.load(s), other.load(s));
                    let near = if is_near { a } else { b };
                    number.store(math::flush(s, (b - a).mul_add(part, near)));
                }
            },
        );
    }
}

/// Brings every number that is learnt into a range. Padding stays zero.
pub fn clamp<N: Network>(arena: &mut [Block], range: RangeInclusive<f32>) -> Result<()> {
    let (&low, &high) = (range.start(), range.end());
    let expected = "a range from a number to one that is not below it, such as -0.01..=0.01";
    let found = f64::from(if low.is_nan() { low } else { high });
    check(low <= high, "clamp", found, expected)?;
    let numbers = must_cast_slice_mut::<Block, f32>(arena);
    let learnt = N::TENSORS.iter().filter(|tensor| tensor.learnt().is_some());
    for tensor in learnt {
        tensor.layout.visit(|place| {
            if let Some(number) = numbers.get_mut(place) {
                *number = math::flush_number(number.clamp(low, high));
            }
        });
    }
    Ok(())
}
