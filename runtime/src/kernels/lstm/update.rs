//! The second phase of training: equations (8) to (10) of the module above.
//!
//! All functions take, chunk by chunk, what the first phase left of the batch's samples, and the part of a parameter
//! that begins at block `first` of its flat storage, as `dense::update` does.

use crate::{block::Block, kernels::dense, simd::Isa, update::Update};

/// Finishes the gradients (8) of `weight_ih` from chunks of x and dz.
pub fn update_input<
    'a,
    S: Isa,
    U: Update,
    const T: usize,
    const I: usize,
    const KS: usize,
    const P: usize,
>(
    s: S,
    u: &U,
    chunks: impl Iterator<Item = (&'a [[[f32; KS]; T]], &'a [[[Block; P]; T]])> + Clone,
    first: usize,
    weights: &mut [Block],
    state: &mut [U::State],
) {
    let rows = chunks.map(
        #[inline(always)]
        |(x, dz)| (x.as_flattened(), dz.as_flattened()),
    );
    dense::update::<S, U, I, KS, P>(s, u, rows, first, weights, state);
}

/// Finishes the gradients (9) of `weight_hh` from chunks of h and dz; a row of h is `F = 16 B` floats.
pub fn update_recurrent<
    'a,
    S: Isa,
    U: Update,
    const T: usize,
    const H: usize,
    const B: usize,
    const P: usize,
    const F: usize,
>(
    s: S,
    u: &U,
    chunks: impl Iterator<Item = (&'a [[[Block; B]; T]], &'a [[[Block; P]; T]])> + Clone,
    first: usize,
    weights: &mut [Block],
    state: &mut [U::State],
) {
    // The first step's h[-1] is zero, so that its dz meets nothing.
    let rows = chunks.flat_map(
        #[inline(always)]
        |(y, dz)| {
            y.iter().zip(dz).map(
                #[inline(always)]
                |(y, dz)| {
                    let h: &[[f32; F]] = bytemuck::must_cast_slice(y);
                    (&h[..T - 1], &dz[1..])
                },
            )
        },
    );
    dense::update::<S, U, H, F, P>(s, u, rows, first, weights, state);
}

/// Finishes the gradients (10) of `bias_ih` or `bias_hh` from chunks of dz.
pub fn update_bias<'a, S: Isa, U: Update, const T: usize, const P: usize>(
    s: S,
    u: &U,
    chunks: impl Iterator<Item = &'a [[[Block; P]; T]]> + Clone,
    first: usize,
    bias: &mut [Block],
    state: &mut [U::State],
) {
    let rows = chunks.map(
        #[inline(always)]
        |dz| dz.as_flattened(),
    );
    dense::update_bias::<S, U, P>(s, u, rows, first, bias, state);
}
