//! Noise from the normal distribution, as Keras' `GaussianNoise` and `GaussianDropout` while training. With z normal,
//! of mean 0 and variance 1, and a deviation d:
//!
//! ```text
//! noise      y = x + d z        dx = dy
//! dropout    y = x (1 + d z)    dx = (1 + d z) dy       d = sqrt(p / (1 - p)), as much as dropout's (Srivastava et al. 2014)
//! ```
//!
//! Each z is a function of its key and index, by [`math::normal`]: it is computed again in backward, so nothing is
//! stored.

use super::numbers::Numbers;
use crate::{
    block::Block,
    math,
    random::{self, Key},
    simd::{Isa, compiled_here},
};
use fearless_simd::{f32x16, prelude::*};

compiled_here! {
    /// y = x + d z; its backward is a copy.
    pub fn noise = noise_on(x: &[Block], y: &mut [Block], numbers: Numbers, deviation: f32, key: Key);
    /// y = x (1 + d z), or y += that: forward, and backward over deltas. Padding stays zero, for no z is infinite.
    pub fn multiply = multiply_on(
        x: &[Block], y: &mut [Block], numbers: Numbers, deviation: f32, key: Key, add: bool,
    );
}

fn noise_on<S: Isa>(
    s: S,
    x: &[Block],
    y: &mut [Block],
    numbers: Numbers,
    deviation: f32,
    key: Key,
) {
    s.vectorize(
        #[inline(always)]
        || {
            let deviation = f32x16::splat(s, deviation);
            numbers.change::<S, f32x16<S>, false>(
                s,
                (x, y),
                (key, true),
                #[inline(always)]
                |row, index| math::normal(s, random::bits(s, row, index)) * deviation,
                #[inline(always)]
                |noise, x, _| math::flush(s, x + noise),
            );
        },
    );
}

fn multiply_on<S: Isa>(
    s: S,
    x: &[Block],
    y: &mut [Block],
    numbers: Numbers,
    deviation: f32,
    key: Key,
    add: bool,
) {
    match add {
        true => multiplied::<S, true>(s, (x, y), numbers, deviation, key),
        false => multiplied::<S, false>(s, (x, y), numbers, deviation, key),
    }
}

fn multiplied<S: Isa, const ADD: bool>(
    s: S,
    values: (&[Block], &mut [Block]),
    numbers: Numbers,
    deviation: f32,
    key: Key,
) {
    s.vectorize(
        #[inline(always)]
        || {
            let deviation = f32x16::splat(s, deviation);
            numbers.change::<S, f32x16<S>, ADD>(
                s,
                values,
                (key, false),
                #[inline(always)]
                |row, index| math::normal(s, random::bits(s, row, index)) * deviation + 1.0,
                #[inline(always)]
                |factor, x, y| math::flush(s, if ADD { y + x * factor } else { x * factor }),
            );
        },
    );
}

#[cfg(test)]
mod tests;
