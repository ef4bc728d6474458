//! Elementwise activations, fused into the contraction before them.
//!
//! Each derivative is written in terms of the output y, so that nothing but y is saved for backward. Magnitudes below
//! 2^-63 count as zero (see [`math::flush`]): x is a sum, y and the deltas are numbers that were flushed. NaN stays NaN.

#[cfg(test)]
mod tests;

use crate::{block::Block, math, simd::Isa};
use bytemuck::must_cast_slice_mut;
use fearless_simd::{Simd, f32x16, prelude::*};

/// Which function an activation is, for kernels that are told by value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// [`Identity`]
    Identity,
    /// [`Relu`]
    Relu,
    /// [`Sigmoid`]
    Sigmoid,
    /// [`Tanh`]
    Tanh,
}

/// Evaluates an expression in which `$A` is the type of a kind.
macro_rules! of_kind {
    ($kind:expr, $A:ident => $body:expr) => {
        match $kind {
            $crate::kernels::activation::Kind::Identity => {
                type $A = $crate::kernels::activation::Identity;
                $body
            }
            $crate::kernels::activation::Kind::Relu => {
                type $A = $crate::kernels::activation::Relu;
                $body
            }
            $crate::kernels::activation::Kind::Sigmoid => {
                type $A = $crate::kernels::activation::Sigmoid;
                $body
            }
            $crate::kernels::activation::Kind::Tanh => {
                type $A = $crate::kernels::activation::Tanh;
                $body
            }
        }
    };
}
pub(crate) use of_kind;

/// An elementwise function and its derivative.
pub trait Activation {
    /// Whether f(0) = 0, so that padding lanes stay zero by themselves.
    const KEEPS_ZERO: bool;
    /// y = f(x), flushed; x need not be.
    fn apply<S: Simd>(s: S, x: f32x16<S>) -> f32x16<S>;
    /// dL/dx, flushed, from y = f(x) and dL/dy, which are.
    fn gradient<S: Simd>(s: S, y: f32x16<S>, dy: f32x16<S>) -> f32x16<S>;
}

/// An activation that a network may declare.
pub trait Declared: Activation {
    /// Which one it is.
    const KIND: Kind;
}

impl Declared for Identity {
    const KIND: Kind = Kind::Identity;
}

impl Declared for Relu {
    const KIND: Kind = Kind::Relu;
}

impl Declared for Sigmoid {
    const KIND: Kind = Kind::Sigmoid;
}

impl Declared for Tanh {
    const KIND: Kind = Kind::Tanh;
}

/// y = x.
pub struct Identity;
/// y = x for sums that other sums begin with: not flushed.
pub struct Unfinished;
/// y = max(x, 0), which is +0 for -0; the derivative at 0 is 0, and where y is NaN dy passes, as PyTorch has it.
pub struct Relu;
/// y = 1 / (1 + e^-x); dy/dx = y (1 - y).
pub struct Sigmoid;
/// y = tanh x; dy/dx = 1 - y^2.
pub struct Tanh;

impl Activation for Identity {
    const KEEPS_ZERO: bool = true;

    #[inline(always)]
    fn apply<S: Simd>(s: S, x: f32x16<S>) -> f32x16<S> {
        math::flush(s, x)
    }

    #[inline(always)]
    fn gradient<S: Simd>(_: S, _: f32x16<S>, dy: f32x16<S>) -> f32x16<S> {
        dy
    }
}

impl Activation for Unfinished {
    const KEEPS_ZERO: bool = true;

    #[inline(always)]
    fn apply<S: Simd>(_: S, x: f32x16<S>) -> f32x16<S> {
        x
    }

    #[inline(always)]
    fn gradient<S: Simd>(_: S, _: f32x16<S>, dy: f32x16<S>) -> f32x16<S> {
        dy
    }
}

impl Activation for Relu {
    const KEEPS_ZERO: bool = true;

    #[inline(always)]
    fn apply<S: Simd>(s: S, x: f32x16<S>) -> f32x16<S> {
        math::rectify(s, x)
    }

    #[inline(always)]
    fn gradient<S: Simd>(s: S, y: f32x16<S>, dy: f32x16<S>) -> f32x16<S> {
        let zero = f32x16::splat(s, 0.0);
        y.simd_le(zero).select(zero, dy)
    }
}

impl Activation for Sigmoid {
    const KEEPS_ZERO: bool = false;

    #[inline(always)]
    fn apply<S: Simd>(s: S, x: f32x16<S>) -> f32x16<S> {
        math::flush(s, math::sigmoid(s, math::flush(s, x)))
    }

    #[inline(always)]
    fn gradient<S: Simd>(s: S, y: f32x16<S>, dy: f32x16<S>) -> f32x16<S> {
        // y (1 - y) is 0 or at least 2^-63: no product is subnormal.
        math::flush(s, dy * (y * (f32x16::splat(s, 1.0) - y)))
    }
}

impl Activation for Tanh {
    const KEEPS_ZERO: bool = true;

    #[inline(always)]
    fn apply<S: Simd>(s: S, x: f32x16<S>) -> f32x16<S> {
        // The tanh of a flushed number is one.
        math::tanh(s, math::flush(s, x))
    }

    #[inline(always)]
    fn gradient<S: Simd>(s: S, y: f32x16<S>, dy: f32x16<S>) -> f32x16<S> {
        math::flush(s, dy * (f32x16::splat(s, 1.0) - y * y))
    }
}

/// y = f(x) over rows of `blocks`, of which the first `floats` floats are numbers and the rest padding.
pub fn forward<S: Isa, A: Activation>(
    s: S,
    x: &[Block],
    y: &mut [Block],
    blocks: usize,
    floats: usize,
) {
    s.vectorize(
        #[inline(always)]
        || {
            for (y, x) in y.iter_mut().zip(x) {
                y.store(A::apply(s, x.load(s)));
            }
            if !A::KEEPS_ZERO {
                for row in y.chunks_exact_mut(blocks) {
                    must_cast_slice_mut::<Block, f32>(row)[floats..].fill(0.0);
                }
            }
        },
    );
}

/// Turns the delta of an activation's output into the delta of its input, in place.
pub fn backward<S: Isa, A: Activation>(s: S, y: &[Block], dy: &mut [Block]) {
    s.vectorize(
        #[inline(always)]
        || {
            for (dy, y) in dy.iter_mut().zip(y) {
                dy.store(A::gradient(s, y.load(s), dy.load(s)));
            }
        },
    );
}

/// dx = f'(x) dy, or dx += f'(x) dy.
pub fn backward_into<S: Isa, A: Activation, const ADD: bool>(
    s: S,
    y: &[Block],
    dy: &[Block],
    dx: &mut [Block],
) {
    s.vectorize(
        #[inline(always)]
        || {
            for ((dx, dy), y) in dx.iter_mut().zip(dy).zip(y) {
                let gradient = A::gradient(s, y.load(s), dy.load(s));
                dx.store(if ADD {
                    math::flush(s, dx.load(s) + gradient)
                } else {
                    gradient
                });
            }
        },
    );
}
