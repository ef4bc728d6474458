//! Layers of a user's own, sample by sample, and the sums of what they leave. What they write is flushed, as all is that is
//! multiplied later; the gradients of parameters are sums and stay.

use crate::{
    block::Block,
    custom::{CustomLayer, Operands, array, array_mut, blocks},
    math,
    simd::Isa,
    value::Nested,
};
use bytemuck::must_cast_slice_mut;

/// Forward: every sample's `y`, and what is kept of it.
#[inline(never)]
pub fn forward<S: Isa, C, X: Operands, P: Operands, Y: Nested, K: Operands>(
    s: S,
    x: X::Memory<'_>,
    parameters: P::Memory<'_>,
    y: &mut [Block],
    mut kept: K::MemoryMut<'_>,
) where
    C: CustomLayer<X, P, Y, K>,
{
    for row in 0..y.len() / blocks::<Y>().max(1) {
        K::each(&mut kept, row, &mut |kept| kept.fill(Block::ZERO));
        let here = &mut y[row * blocks::<Y>()..][..blocks::<Y>()];
        here.fill(Block::ZERO);
        let (x, parameters) = (X::refs(&x, row), P::refs(&parameters, 0));
        C::forward(x, parameters, array_mut(here, 0), K::muts(&mut kept, row));
        flush(s, here);
        K::each(&mut kept, row, &mut |kept| flush(s, kept));
    }
}

/// Backward: every sample's deltas of the inputs, and what it adds to the gradients of the parameters.
#[inline(never)]
#[expect(clippy::too_many_arguments, reason = "called by expansions")]
pub fn backward<S: Isa, C, X: Operands, P: Operands, Y: Nested, K: Operands>(
    s: S,
    x: X::Memory<'_>,
    parameters: P::Memory<'_>,
    y: &[Block],
    kept: K::Memory<'_>,
    dy: &[Block],
    mut dx: X::MemoryMut<'_>,
    mut dp: P::MemoryMut<'_>,
) where
    C: CustomLayer<X, P, Y, K>,
{
    for row in 0..dy.len() / blocks::<Y>().max(1) {
        X::each(&mut dx, row, &mut |dx| dx.fill(Block::ZERO));
        P::each(&mut dp, row, &mut |dp| dp.fill(Block::ZERO));
        let (y, dy) = (array(y, row), array(dy, row));
        let seen = (X::refs(&x, row), P::refs(&parameters, 0), y, dy);
        let (kept, dx_here) = (K::refs(&kept, row), X::muts(&mut dx, row));
        C::backward(seen, kept, dx_here, P::muts(&mut dp, row));
        X::each(&mut dx, row, &mut |dx| flush(s, dx));
    }
}

/// Replaces tiny numbers.
#[inline(always)]
fn flush<S: Isa>(s: S, blocks: &mut [Block]) {
    math::flush_all(s, must_cast_slice_mut::<Block, f32>(blocks));
}
