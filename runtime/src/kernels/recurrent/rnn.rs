//! The plain recurrence of Elman (1990), as `torch.nn.RNN` defines it: h\[t\] = f(z), whose one gate is h itself.
//!
//! ```text
//! f = tanh    dz = dh (1 - h^2)         (1)
//! f = relu    dz = dh if h > 0, else 0  (2)
//! ```

use super::{
    cell::{Cell, Deltas, Next, Units},
    functions::{Exact, Fast, Functions},
};
use crate::{
    block::Block,
    kernels::activation::{Relu, function::Function},
    math::{self, flush},
    simd::Isa,
};
use core::marker::PhantomData;
use fearless_simd::{f32x16, prelude::*};

/// h = tanh(z). Nothing is kept beside it.
#[derive(Clone, Copy, Debug)]
pub struct RnnTanh<F = Exact>(PhantomData<F>);

/// [`RnnTanh`] with [`Fast`] functions.
pub type FastRnnTanh = RnnTanh<Fast>;

/// h = max(z, 0). Nothing is kept beside it.
#[derive(Clone, Copy, Debug)]
pub struct RnnRelu;

/// What a step of the one gate leaves.
#[inline(always)]
fn step<S: Isa>(h: f32x16<S>, before: Units<S>) -> Next<S, 1> {
    Next {
        gates: [h],
        units: Units { h, c: before.c },
    }
}

impl<F: Functions> Cell<1> for RnnTanh<F> {
    const UNITS: usize = 4;

    #[inline(always)]
    fn next<S: Isa>(s: S, [z]: [f32x16<S>; 1], _: [f32x16<S>; 1], before: Units<S>) -> Next<S, 1> {
        step(F::tanh(s, flush(s, z)), before)
    }

    /// Equation (1).
    #[inline(always)]
    fn back<S: Isa, const W: usize>(
        s: S,
        [gate]: &mut [Block; 1],
        _: &mut [Block; W],
        _: usize,
        deltas: Deltas<S>,
    ) -> f32x16<S> {
        let h = gate.load(s);
        let slope = (-h).mul_add(h, f32x16::splat(s, 1.0));
        gate.store(flush(s, flush(s, deltas.h) * slope));
        deltas.carried
    }
}

impl Cell<1> for RnnRelu {
    const UNITS: usize = 4;

    #[inline(always)]
    fn next<S: Isa>(s: S, [z]: [f32x16<S>; 1], _: [f32x16<S>; 1], before: Units<S>) -> Next<S, 1> {
        step(math::rectify(s, z), before)
    }

    /// Equation (2).
    #[inline(always)]
    fn back<S: Isa, const W: usize>(
        s: S,
        [gate]: &mut [Block; 1],
        _: &mut [Block; W],
        _: usize,
        deltas: Deltas<S>,
    ) -> f32x16<S> {
        gate.store(Relu.gradient(s, gate.load(s), flush(s, deltas.h)));
        deltas.carried
    }
}
