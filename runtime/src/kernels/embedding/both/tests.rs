//! `gather` and `update_both` beside sums in double precision.

use super::{Looked, attended, gather, looked, update_both};
use crate::{
    block::{Block, LANES},
    random,
    simd::{self, Isa, Task},
    update::{Consumer, Store, Stretch},
};
use fearless_simd::Level;
use std::{vec, vec::Vec};

const TOKENS: usize = 37;
const FEATURES: usize = 18;
const STRIDE: usize = 32;
const PANELS: usize = 3;
const BLOCKS: usize = 2;
const PADDING: usize = 5;

/// A number in -1..1.
fn noise(index: usize) -> f32 {
    (random::mix(index as u64) >> 40) as f32 / 8_388_608.0 - 1.0
}

#[test]
fn lanes_are_gathered_and_unknown_tokens_are_zeros() {
    let number = |token: usize, feature: usize| match token < TOKENS {
        true => (100 * token + feature) as f32,
        false => 0.0,
    };
    let table: [[Block; FEATURES]; PANELS] = core::array::from_fn(|panel| {
        core::array::from_fn(|feature| {
            Block(core::array::from_fn(|lane| {
                number(panel * LANES + lane, feature)
            }))
        })
    });
    let mut x = [[9_u32; 16]; 2];
    x[0][..3].copy_from_slice(&[36, 0, 37]);
    x[1][..3].copy_from_slice(&[17, 48, u32::MAX]);
    let mut y = [[Block([7.0; LANES]); BLOCKS]; 6];
    gather(&x, &table, &mut y, 3);
    for (row, token) in y.iter().zip([36, 0, 37, 17, 48, TOKENS]) {
        let numbers = row.iter().flat_map(|block| block.0).enumerate();
        for (feature, found) in numbers {
            let expected = if feature < FEATURES {
                number(token, feature)
            } else {
                0.0
            };
            assert_eq!(found, expected, "token {token}, feature {feature}");
        }
    }
}

/// Sequences of five tokens, and rows that attend.
struct Case {
    tokens: Vec<u32>,
    dy: Vec<Block>,
    x: Vec<[f32; STRIDE]>,
    dz: Vec<[Block; PANELS]>,
}

const STEPS: usize = 5;

impl Case {
    fn new(samples: usize) -> Self {
        let token = |index: usize| match index % LANES < STEPS {
            true => (random::mix(index as u64) % (TOKENS as u64 + 20)) as u32,
            false => 1,
        };
        let inside = |index: usize, count: usize, within: usize| match index % within < count {
            true => noise(index),
            false => 0.0,
        };
        let block = |index: usize, count: usize, within: usize| {
            Block(core::array::from_fn(|lane| {
                inside(index * LANES + lane, count, within)
            }))
        };
        let row = |row: usize| core::array::from_fn(|k| inside(row * STRIDE + k, FEATURES, STRIDE));
        let delta = |row: usize| {
            core::array::from_fn(|panel| block(row * PANELS + panel, TOKENS, PANELS * LANES))
        };
        Self {
            tokens: (0..samples * LANES).map(token).collect(),
            dy: (0..samples * STEPS * BLOCKS)
                .map(|index| block(index, FEATURES, BLOCKS * LANES))
                .collect(),
            x: (0..samples).map(row).collect(),
            dz: (0..samples).map(delta).collect(),
        }
    }

    /// The tokens, so many samples at a time.
    fn looked(&self, chunk: usize) -> impl Iterator<Item = Looked<'_>> + Clone {
        let deltas = self.dy.chunks(chunk * STEPS * BLOCKS);
        let chunks = self.tokens.chunks(chunk * LANES).zip(deltas);
        chunks.map(|(tokens, dy)| Looked {
            tokens,
            stride: LANES,
            steps: STEPS,
            dy,
        })
    }

    /// The gradients, finished in stretches of `cut` blocks.
    fn gradients(&self, level: Level, (chunk, cut): (usize, usize)) -> Vec<Block> {
        struct Update<'a>(&'a Case, usize, usize, &'a mut [Block]);
        impl Task for Update<'_> {
            type Output = ();

            #[inline(always)]
            fn run<S: Isa>(self, s: S) {
                let Self(case, chunk, first, gradients) = self;
                let mut none = vec![(); gradients.len()];
                let mut sink = Consumer::new(s, &Store, gradients, &mut none);
                let mut stretch = Stretch::new(&mut sink, first);
                let rows = case.x.chunks(chunk).zip(case.dz.chunks(chunk));
                let rows = (looked(case.looked(chunk)), attended(rows));
                update_both::<S, FEATURES, STRIDE, PANELS, BLOCKS, TOKENS, PADDING>(
                    s,
                    rows,
                    &mut stretch,
                );
            }
        }
        let mut gradients = vec![Block([f32::NAN; LANES]); FEATURES * PANELS];
        for (part, gradients) in gradients.chunks_mut(cut).enumerate() {
            simd::dispatch(level, Update(self, chunk, part * cut, gradients));
        }
        gradients
    }

    /// What they should be, and the sums of the absolute values of their terms.
    fn expected(&self, token: usize, feature: usize) -> [f64; 2] {
        let attended = self.x.iter().zip(&self.dz);
        let attended = attended
            .map(|(x, dz)| f64::from(x[feature]) * f64::from(dz[token / LANES].0[token % LANES]));
        let tokens = self
            .tokens
            .chunks(LANES)
            .flat_map(|tokens| &tokens[..STEPS]);
        let looked = tokens.zip(self.dy.chunks(BLOCKS)).map(|(&own, dy)| {
            let counts = own as usize == token && token != PADDING && token < TOKENS;
            if counts {
                f64::from(dy[feature / LANES].0[feature % LANES])
            } else {
                0.0
            }
        });
        attended.chain(looked).fold([0.0; 2], |[sum, size], term| {
            [sum + term, size + term.abs()]
        })
    }
}

#[test]
fn both_uses_add_their_terms() {
    // Three samples, and so many that sums have three chains.
    for samples in [3, 2000] {
        let case = Case::new(samples);
        for level in simd::levels() {
            let whole = case.gradients(level, (samples, FEATURES * PANELS));
            for (index, block) in whole.iter().enumerate() {
                for (lane, &found) in block.0.iter().enumerate() {
                    let (token, feature) = (index / FEATURES * LANES + lane, index % FEATURES);
                    let [expected, size] = case.expected(token, feature);
                    let error = (f64::from(found) - expected).abs();
                    assert!(
                        error <= 1e-6 * size,
                        "{level:?}: token {token}, feature {feature}"
                    );
                }
            }
            for cut in [(1, 7), (2, 54), (samples, 1)] {
                assert_eq!(whole, case.gradients(level, cut), "{level:?}: {cut:?}");
            }
        }
    }
}
