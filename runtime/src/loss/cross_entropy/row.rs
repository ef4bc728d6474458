//! Loss and delta of one row of logits.

use crate::{
    block::LANES,
    error::Result,
    loss::elementwise::check_numbers,
    math,
    simd::{Isa, chains::POSITIONS},
};
use fearless_simd::{f32x16, prelude::*};

/// Block `index` of a row, with `gap` in the lanes behind its end.
#[inline(always)]
fn block<S: Isa, const N: usize>(s: S, row: &[f32; N], index: usize, gap: f32) -> f32x16<S> {
    let (blocks, rest) = row.as_chunks::<LANES>();
    match blocks.get(index) {
        Some(&block) => f32x16::simd_from(s, block),
        None => {
            let mut padded = [gap; LANES];
            padded[..rest.len()].copy_from_slice(rest);
            f32x16::simd_from(s, padded)
        }
    }
}

/// Writes block `index` of a row.
#[inline(always)]
fn put<S: Isa, const N: usize>(value: f32x16<S>, row: &mut [f32; N], index: usize) {
    let (blocks, rest) = row.as_chunks_mut::<LANES>();
    match blocks.get_mut(index) {
        Some(block) => value.store_array(block),
        None => {
            let padded: [f32; LANES] = value.into();
            let count = rest.len();
            rest.copy_from_slice(&padded[..count]);
        }
    }
}

/// 1 for the lanes of block `index` that are part of a row, 0 behind its end.
#[inline(always)]
fn inside<const N: usize>(index: usize) -> [f32; LANES] {
    core::array::from_fn(|lane| f32::from(u8::from(index * LANES + lane < N)))
}

/// What the logits of a row should be, apart from the right class: q_i above.
#[derive(Clone, Copy)]
pub struct Blend<'a, const N: usize> {
    /// Of the classes, if they differ.
    pub weights: Option<&'a [f32; N]>,
    /// Times `kept`, if the target is not a label.
    pub probabilities: Option<&'a [f32; N]>,
    /// 1 - e.
    pub kept: f32,
    /// e / N.
    pub spread: f32,
}

impl<const N: usize> Blend<'_, N> {
    /// Block `index` of q; 0 behind the end.
    #[inline(always)]
    fn block<S: Isa>(&self, s: S, index: usize) -> f32x16<S> {
        let spread = f32x16::splat(s, self.spread);
        let q = match self.probabilities {
            Some(probabilities) => {
                let kept = f32x16::splat(s, self.kept);
                block(s, probabilities, index, 0.0).mul_add(kept, spread)
            }
            None => spread,
        };
        match self.weights {
            Some(weights) => q * block(s, weights, index, 0.0),
            None if (index + 1) * LANES <= N => q,
            None => q * f32x16::simd_from(s, inside::<N>(index)),
        }
    }
}

/// Loss and delta of one row of logits, whose right class is given with its part of q, and the others by a blend.
#[inline(always)]
pub fn row<S: Isa, const N: usize>(
    s: S,
    logits: &[f32; N],
    right: Option<(Option<usize>, f32)>,
    blend: Option<Blend<'_, N>>,
    scale: f32,
    delta: &mut [f32; N],
) -> f32 {
    let blocks = N.div_ceil(LANES);
    let mut largest = f32x16::splat(s, f32::NEG_INFINITY);
    for index in 0..blocks {
        largest = math::maximum(s, largest, block(s, logits, index, f32::NEG_INFINITY));
    }
    let largest = math::largest_lane(largest);
    let m = f32x16::splat(s, largest);

    // e^(x - m) waits in the delta until its sum is known; the lanes behind the end are e^-inf = 0.
    let mut sum = 0.0;
    for piece in 0..blocks.div_ceil(POSITIONS) {
        let from = piece * POSITIONS;
        let mut sums = f32x16::splat(s, 0.0);
        for index in from..blocks.min(from + POSITIONS) {
            let power = math::share(s, block(s, logits, index, f32::NEG_INFINITY) - m);
            sums += power;
            put(power, delta, index);
        }
        let lanes: [f32; LANES] = sums.into();
        sum += lanes.into_iter().sum::<f32>();
    }

    // The sums of q and of -q (x - m).
    let (mut all, mut loss) = (0.0, 0.0);
    if let Some(blend) = &blend {
        let (q, costs) = spread(s, logits, largest, blend);
        (all, loss) = (q, costs);
    }
    if let Some((class, amount)) = right {
        all += f64::from(amount);
        match class.and_then(|class| logits.get(class)) {
            Some(logit) => loss -= f64::from(amount * (logit - largest)),
            None => loss = f64::NAN,
        }
    }
    let all = all as f32;

    let factor = f32x16::splat(s, scale * all / sum);
    for index in 0..blocks {
        let power = block(s, delta, index, 0.0);
        let share = power * factor;
        let share = match &blend {
            Some(blend) => share - blend.block(s, index) * f32x16::splat(s, scale),
            None => share,
        };
        put(share, delta, index);
    }
    if let Some((Some(class), amount)) = right
        && let Some(delta) = delta.get_mut(class)
    {
        *delta -= scale * amount;
    }
    (f64::from(all * libm::logf(sum)) + loss) as f32
}

/// The sums of q and of -q (x - m), where m is the largest logit.
#[inline(always)]
fn spread<S: Isa, const N: usize>(
    s: S,
    logits: &[f32; N],
    largest: f32,
    blend: &Blend<'_, N>,
) -> (f64, f64) {
    let m = f32x16::splat(s, largest);
    let blocks = N.div_ceil(LANES);
    let (mut all, mut costs) = (0.0, 0.0);
    for piece in 0..blocks.div_ceil(POSITIONS) {
        let from = piece * POSITIONS;
        let zero = f32x16::splat(s, 0.0);
        let (mut amounts, mut products) = (zero, zero);
        for index in from..blocks.min(from + POSITIONS) {
            let q = blend.block(s, index);
            let below = m - block(s, logits, index, largest);
            amounts += q;
            // What has no part costs nothing, be its logit -infinity.
            products += q.simd_eq(0.0).select(zero, q * below);
        }
        let (amounts, products): ([f32; LANES], [f32; LANES]) = (amounts.into(), products.into());
        all += f64::from(amounts.into_iter().sum::<f32>());
        costs += f64::from(products.into_iter().sum::<f32>());
    }
    (all, costs)
}

/// Refuses probabilities that are negative or not finite.
pub fn check_probabilities<const N: usize>(
    row: usize,
    step: usize,
    target: &[f32; N],
) -> Result<()> {
    let refuses = |number: f32| (number < 0.0).then_some("a probability, 0 or more");
    check_numbers(row, step * N, target, refuses)
}
