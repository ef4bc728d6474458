//! Elementwise arithmetic between tensors of one storage, and its backward. Whatever is stored is flushed.

#[cfg(test)]
mod tests;

use crate::{block::Block, math, simd::Isa};
use fearless_simd::{f32x16, prelude::*};

/// z = f(x, y) over blocks.
#[inline(always)]
fn combine<S: Isa>(
    s: S,
    x: &[Block],
    y: &[Block],
    z: &mut [Block],
    f: impl Fn(f32x16<S>, f32x16<S>) -> f32x16<S>,
) {
    s.vectorize(
        #[inline(always)]
        || {
            for ((z, x), y) in z.iter_mut().zip(x).zip(y) {
                z.store(math::flush(s, f(x.load(s), y.load(s))));
            }
        },
    );
}

/// Stores a delta, or adds it to what others left.
#[inline(always)]
fn pass_on<S: Isa, const ADD: bool>(s: S, dx: &mut Block, gradient: f32x16<S>) {
    dx.store(math::flush(
        s,
        if ADD { dx.load(s) + gradient } else { gradient },
    ));
}

/// z = x + y.
pub fn add<S: Isa>(s: S, x: &[Block], y: &[Block], z: &mut [Block]) {
    combine(
        s,
        x,
        y,
        z,
        #[inline(always)]
        |x, y| x + y,
    );
}

/// z = x - y.
pub fn sub<S: Isa>(s: S, x: &[Block], y: &[Block], z: &mut [Block]) {
    combine(
        s,
        x,
        y,
        z,
        #[inline(always)]
        |x, y| x - y,
    );
}

/// y = c x, or y += c x if ADD: forward and backward of a product with a number.
pub fn scale<S: Isa, const ADD: bool>(s: S, x: &[Block], y: &mut [Block], factor: f32) {
    s.vectorize(
        #[inline(always)]
        || {
            let factor = f32x16::splat(s, factor);
            for (y, x) in y.iter_mut().zip(x) {
                pass_on::<S, ADD>(s, y, x.load(s) * factor);
            }
        },
    );
}

/// z = x y.
pub fn mul<S: Isa>(s: S, x: &[Block], y: &[Block], z: &mut [Block]) {
    combine(
        s,
        x,
        y,
        z,
        #[inline(always)]
        |x, y| x * y,
    );
}

/// The delta of a term that was added (`NEGATIVE`: subtracted): dx = dz.
pub fn term_backward<S: Isa, const NEGATIVE: bool, const ADD: bool>(
    s: S,
    dz: &[Block],
    dx: &mut [Block],
) {
    s.vectorize(
        #[inline(always)]
        || {
            let sign = f32x16::splat(s, if NEGATIVE { -1.0 } else { 1.0 });
            for (dx, dz) in dx.iter_mut().zip(dz) {
                pass_on::<S, ADD>(s, dx, dz.load(s) * sign);
            }
        },
    );
}

/// The delta of a factor: dx = y dz, where y is the other factor.
pub fn factor_backward<S: Isa, const ADD: bool>(s: S, y: &[Block], dz: &[Block], dx: &mut [Block]) {
    s.vectorize(
        #[inline(always)]
        || {
            for ((dx, y), dz) in dx.iter_mut().zip(y).zip(dz) {
                pass_on::<S, ADD>(s, dx, y.load(s) * dz.load(s));
            }
        },
    );
}
