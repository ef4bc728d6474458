//! What passes back beyond the recurrence: to its inputs, and to a state that was given.

use crate::{
    block::{Block, LANES},
    kernels::{
        activation::Identity,
        dense::{self, Start},
    },
    math::flush,
    simd::Isa,
};
use fearless_simd::{f32x16, prelude::*};

/// Equation (2) for all samples and steps at once: `dx = dz W_ih^T`, or `dx += dz W_ih^T` if `ADD`.
///
/// `input` is the transposed `weight_ih` (`dense::transpose`), `Q = ceil(I / 16)` the blocks of a row of dx.
pub fn input_gradient<
    S: Isa,
    const T: usize,
    const I: usize,
    const P: usize,
    const N: usize,
    const Q: usize,
    const ADD: bool,
>(
    s: S,
    gates: &[[[Block; P]; T]],
    input: &[[Block; N]; Q],
    dx: &mut [[[Block; Q]; T]],
) {
    const { assert!(N == P * LANES) };
    let dz: &[[f32; N]] = bytemuck::must_cast_slice(gates.as_flattened());
    let start = if ADD { Start::Add } else { Start::Zero };
    dense::forward::<S, Identity, N, N, I, Q>(s, dz, input, start, dx.as_flattened_mut());
}

/// Hands the delta of a given state on: `d = delta`, or `d += delta` if `ADD`.
pub fn initial_gradient<S: Isa, const B: usize, const ADD: bool>(
    s: S,
    delta: &[[Block; B]],
    d: &mut [[Block; B]],
) {
    s.vectorize(
        #[inline(always)]
        || {
            let pairs = d.as_flattened_mut().iter_mut().zip(delta.as_flattened());
            for (d, delta) in pairs {
                let before = if ADD {
                    d.load(s)
                } else {
                    f32x16::splat(s, 0.0)
                };
                d.store(flush(s, before + delta.load(s)));
            }
        },
    );
}
