//! Limits of the weights that come into an output, held after every update.
//!
//! Srivastava et al. 2014, Keras' `MaxNorm`, `torch.renorm`: weights whose norm exceeds the limit are multiplied by
//! `limit / (norm + 1e-7)`; all others keep their bits. Sums of squares are in double precision and in one order, and
//! every output is one thread's, so that neither threads nor instruction sets make a difference.

use super::{cuts::Even, share::stretches};
use crate::{
    block::{Block, LANES},
    math,
    network::Network,
    simd::{self, Isa, Task},
    tensor::{Limit, Tensor, Units},
    update::{Rules, Ruling},
};
use bytemuck::must_cast_slice_mut;
use fearless_simd::{Level, f32x16, prelude::*};

/// Holds the limits of what was just updated: all that is learnt, or what is updated after a pass. What is frozen keeps
/// its bits. `parts` is how many threads share a tensor.
#[inline(always)]
pub fn hold<N: Network, U>(
    level: Level,
    rules: &dyn Rules<U>,
    pass: Option<usize>,
    parts: usize,
    weights: &mut [Block],
) {
    if const { N::LIMITS.is_empty() } {
        return;
    }
    let is_held = |first, tensor: &Tensor| {
        pass.is_none_or(|pass| tensor.is_updated_after(pass))
            && !matches!(rules.of(first).0, Ruling::Frozen)
    };
    hold_all(level, (N::TENSORS, N::LIMITS), &is_held, parts, weights);
}

/// Holds the limits of tensors that `is_held` says, which is told where they begin.
fn hold_all(
    level: Level,
    (tensors, limits): (&[Tensor], &[Limit]),
    is_held: &dyn Fn(usize, &Tensor) -> bool,
    parts: usize,
    weights: &mut [Block],
) {
    let (mut first, mut rest) = (0, limits.iter().peekable());
    for (index, tensor) in tensors.iter().enumerate() {
        let here = first..first + tensor.blocks;
        if let Some(limit) = rest.next_if(|limit| limit.tensor == index)
            && is_held(first, tensor)
            && let Some(weights) = weights.get_mut(here.clone())
        {
            hold_one(level, *limit, parts, weights);
        }
        first = here.end;
    }
}

/// Holds the limit of one tensor.
fn hold_one(level: Level, limit: Limit, parts: usize, weights: &mut [Block]) {
    let norm = limit.norm;
    match limit.units {
        Units::Lanes { blocks } => {
            let cuts = Even::new(weights.len(), blocks, parts);
            stretches(&cuts, weights, &|_, weights: &mut [Block]| {
                simd::dispatch(
                    level,
                    Panels {
                        weights,
                        blocks,
                        norm,
                    },
                );
            });
        }
        Units::Rows { numbers } => {
            // Not worth a fork: a layer of one's own has few parameters.
            let weights = must_cast_slice_mut::<Block, f32>(weights);
            for row in weights.chunks_exact_mut(numbers.max(1)) {
                let squares = row.iter().map(|&x| f64::from(x) * f64::from(x));
                let factor = factor(squares.sum(), norm);
                if factor != 1.0 {
                    for number in row {
                        *number = math::flush_number(*number * factor);
                    }
                }
            }
        }
    }
}

/// What weights are multiplied by, the sum of whose squares is this. A NaN among them stays what it is.
#[inline(always)]
fn factor(squares: f64, limit: f32) -> f32 {
    let (norm, limit) = (libm::sqrt(squares), f64::from(limit));
    if norm > limit {
        (limit / (norm + 1e-7)) as f32
    } else {
        1.0
    }
}

/// Panels of sixteen outputs, each `blocks` long.
struct Panels<'a> {
    weights: &'a mut [Block],
    blocks: usize,
    norm: f32,
}

impl Task for Panels<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        s.vectorize(
            #[inline(always)]
            || {
                for panel in self.weights.chunks_exact_mut(self.blocks.max(1)) {
                    let mut squares = [0.0; LANES];
                    for block in &*panel {
                        for (square, number) in squares.iter_mut().zip(block.0) {
                            let number = f64::from(number);
                            *square += number * number;
                        }
                    }
                    let factors = squares.map(|squares| factor(squares, self.norm));
                    if factors == [1.0; LANES] {
                        continue;
                    }
                    let factors = f32x16::simd_from(s, factors);
                    for block in panel {
                        block.store(math::flush(s, block.load(s) * factors));
                    }
                }
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::{Limit, Units, hold_one};
    use crate::{
        block::{Block, LANES},
        simd,
    };
    use alloc::{vec, vec::Vec};

    /// Numbers of many sizes.
    fn weights(blocks: usize) -> Vec<Block> {
        let number = |i: usize| ((i * 37 % 101) as f32 - 50.0) * [0.002, 0.03, 0.5][i % 3];
        let block = |b: usize| Block(core::array::from_fn(|lane| number(b * LANES + lane)));
        (0..blocks).map(block).collect()
    }

    /// What `torch.renorm` gives of these numbers.
    fn renorm(numbers: Vec<f32>, limit: f64) -> Vec<f64> {
        let numbers = numbers.into_iter().map(f64::from);
        let norm = numbers.clone().map(|x| x * x).sum::<f64>().sqrt();
        let factor = if norm > limit {
            limit / (norm + 1e-7)
        } else {
            1.0
        };
        numbers.map(|x| x * factor).collect()
    }

    fn assert_close(found: &[f32], expected: &[f64]) {
        for (&found, &expected) in found.iter().zip(expected) {
            let error = (f64::from(found) - expected).abs();
            assert!(error <= 2e-7 * expected.abs(), "{found}, {expected}");
        }
    }

    #[test]
    fn outputs_in_lanes_are_limited() {
        const PANEL: usize = 70;
        for level in simd::levels() {
            for limit in [0.3_f32, 5.0, 60.0, 1e9] {
                let before = weights(5 * PANEL);
                let held = |parts| {
                    let mut weights = before.clone();
                    let units = Units::Lanes { blocks: PANEL };
                    let limit = Limit {
                        tensor: 0,
                        units,
                        norm: limit,
                    };
                    hold_one(level, limit, parts, &mut weights);
                    weights
                };
                let after = held(1);
                assert_eq!(after, held(3));
                for (before, after) in before.chunks(PANEL).zip(after.chunks(PANEL)) {
                    for lane in 0..LANES {
                        let column = |panel: &[Block]| -> Vec<f32> {
                            panel.iter().map(|block| block.0[lane]).collect()
                        };
                        let (before, after) = (column(before), column(after));
                        assert_close(&after, &renorm(before.clone(), f64::from(limit)));
                        let norm = after.iter().map(|x| f64::from(x * x)).sum::<f64>().sqrt();
                        assert!(norm <= f64::from(limit) * (1.0 + 1e-6));
                        // What is within the limit keeps its bits.
                        let norm = before.iter().map(|x| f64::from(x * x)).sum::<f64>().sqrt();
                        assert!(norm > f64::from(limit) * 0.999 || before == after);
                    }
                }
            }
        }
    }

    #[test]
    fn rows_are_limited() {
        for numbers in [1, 7, 16, 40] {
            let before = weights(5);
            let mut after = before.clone();
            let limit = Limit {
                tensor: 0,
                units: Units::Rows { numbers },
                norm: 2.0,
            };
            hold_one(simd::level(), limit, 2, &mut after);
            let flat = |blocks: &[Block]| blocks.iter().flat_map(|block| block.0).collect();
            let (before, after): (Vec<f32>, Vec<f32>) = (flat(&before), flat(&after));
            let rows = before
                .chunks_exact(numbers)
                .zip(after.chunks_exact(numbers));
            for (before, after) in rows {
                assert_close(after, &renorm(before.to_vec(), 2.0));
            }
        }
    }

    #[test]
    fn what_is_not_finite_is_left_to_be_found() {
        let units = Units::Lanes { blocks: 2 };
        let limit = Limit {
            tensor: 0,
            units,
            norm: 1.0,
        };
        let mut weights = vec![Block([3.0; LANES]), Block([4.0; LANES])];
        (weights[0].0[2], weights[1].0[5]) = (f32::NAN, f32::INFINITY);
        hold_one(simd::level(), limit, 1, &mut weights);
        assert!(weights[0].0[2].is_nan() && weights[1].0[5].is_nan());
        assert_eq!((weights[1].0[2], weights[0].0[5]), (4.0, 0.0));
        assert!((weights[0].0[0] - 0.6).abs() < 1e-6 && (weights[1].0[0] - 0.8).abs() < 1e-6);
    }
}
