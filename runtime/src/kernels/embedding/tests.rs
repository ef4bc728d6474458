//! `forward` and `update` beside sums in double precision.

use super::{Looked, MOST, forward, update};
use crate::{
    block::{Block, LANES},
    random,
    simd::{self, Isa, Task},
    update::{Consumer, Store, Stretch},
};
use std::{vec, vec::Vec};

/// A number in -1..1.
fn noise(index: usize) -> f32 {
    (random::mix(index as u64) >> 40) as f32 / 8_388_608.0 - 1.0
}

#[test]
fn tokens_get_their_rows_and_unknown_ones_zeros() {
    let row = |number: f32| [Block([number; LANES]), Block([-number; LANES])];
    let table = [row(1.0), row(2.0), row(3.0)];
    // Two samples of three tokens; those that fill the block are not looked up.
    let mut x = [[1_u32; 16]; 2];
    x[0][..3].copy_from_slice(&[2, 0, 3]);
    x[1][..3].copy_from_slice(&[u32::MAX, 1, 1]);
    let mut y = [row(9.0); 6];
    forward(&x, &table, &mut y, 3);
    assert_eq!(
        y,
        [row(3.0), row(1.0), row(0.0), row(0.0), row(2.0), row(2.0)].map(zero)
    );
}

/// -0 as 0.
fn zero(row: [Block; 2]) -> [Block; 2] {
    row.map(|block| Block(block.0.map(|number| number + 0.0)))
}

/// Samples of `STEPS` tokens, in chunks of some.
struct Case<const B: usize> {
    vocabulary: usize,
    steps: usize,
    tokens: Vec<u32>,
    dy: Vec<[Block; B]>,
}

impl<const B: usize> Case<B> {
    fn new(samples: usize, steps: usize, vocabulary: usize, used: usize) -> Self {
        let stride = steps.next_multiple_of(LANES);
        let token = |index: usize| match index % stride < steps {
            true => (random::mix(index as u64) % used as u64) as u32,
            // What fills a block is no token.
            false => 1,
        };
        let block = |index: usize| Block(core::array::from_fn(|lane| noise(index * LANES + lane)));
        Self {
            vocabulary,
            steps,
            tokens: (0..samples * stride).map(token).collect(),
            dy: (0..samples * steps)
                .map(|row| core::array::from_fn(|index| block(row * B + index)))
                .collect(),
        }
    }

    /// The batch, `chunk` samples at a time.
    fn rows(&self, chunk: usize) -> impl Iterator<Item = Looked<'_>> + Clone {
        let stride = self.steps.next_multiple_of(LANES);
        let tokens = self.tokens.chunks(chunk * stride);
        let deltas = self.dy.chunks(chunk * self.steps);
        tokens.zip(deltas).map(move |(tokens, dy)| Looked {
            tokens,
            stride,
            steps: self.steps,
            dy: dy.as_flattened(),
        })
    }

    /// The gradients, finished in stretches of `cut` blocks.
    fn gradients<const PADDING: usize>(
        &self,
        level: fearless_simd::Level,
        (chunk, cut): (usize, usize),
    ) -> Vec<Block> {
        struct Update<'a, const B: usize, const PADDING: usize> {
            case: &'a Case<B>,
            chunk: usize,
            first: usize,
            gradients: &'a mut [Block],
        }
        impl<const B: usize, const PADDING: usize> Task for Update<'_, B, PADDING> {
            type Output = ();

            #[inline(always)]
            fn run<S: Isa>(self, s: S) {
                let mut none = vec![(); self.gradients.len()];
                let mut sink = Consumer::new(s, &Store, self.gradients, &mut none);
                let mut stretch = Stretch::new(&mut sink, self.first);
                update::<S, B, PADDING>(s, self.case.rows(self.chunk), &mut stretch);
            }
        }
        let mut gradients = vec![Block([f32::NAN; LANES]); self.vocabulary * B];
        for (part, gradients) in gradients.chunks_mut(cut).enumerate() {
            let task = Update::<B, PADDING> {
                case: self,
                chunk,
                first: part * cut,
                gradients,
            };
            simd::dispatch(level, task);
        }
        gradients
    }

    /// What they should be, and the sums of the absolute values of their terms.
    fn expected(&self, padding: usize) -> Vec<[f64; 2]> {
        let mut sums = vec![[0.0; 2]; self.vocabulary * B * LANES];
        let stride = self.steps.next_multiple_of(LANES);
        for (tokens, dy) in self.tokens.chunks(stride).zip(self.dy.chunks(self.steps)) {
            for (&token, dy) in tokens.iter().zip(dy) {
                let row = token as usize;
                if row >= self.vocabulary || row == padding {
                    continue;
                }
                let sums = &mut sums[row * B * LANES..][..B * LANES];
                let numbers = dy.iter().flat_map(|block| block.0).map(f64::from);
                for ([sum, size], number) in sums.iter_mut().zip(numbers) {
                    *sum += number;
                    *size += number.abs();
                }
            }
        }
        sums
    }

    fn check<const PADDING: usize>(&self, cuts: &[(usize, usize)]) {
        let expected = self.expected(PADDING);
        for level in simd::levels() {
            let all = self.vocabulary * B;
            let whole = self.gradients::<PADDING>(level, (self.dy.len(), all));
            let found = whole.iter().flat_map(|block| block.0);
            for (index, (found, &[expected, size])) in found.zip(&expected).enumerate() {
                let error = (f64::from(found) - expected).abs();
                assert!(error <= 1e-6 * size, "{level:?}: number {index}");
            }
            for &cut in cuts {
                assert_eq!(
                    whole,
                    self.gradients::<PADDING>(level, cut),
                    "{level:?}: {cut:?}"
                );
            }
        }
    }
}

#[test]
fn gradients_are_the_sums_of_the_deltas_of_a_token() {
    const NO: usize = usize::MAX;
    Case::<1>::new(5, 7, 20, 23).check::<NO>(&[(1, 1), (2, 3), (5, 20)]);
    Case::<3>::new(4, 40, 11, 11).check::<2>(&[(1, 1), (3, 5), (2, 33)]);
    // A token for each sample, and a row of more strips than one.
    Case::<9>::new(33, 1, 5, 5).check::<0>(&[(7, 4), (1, 45)]);
}

#[test]
fn rows_are_grouped_as_their_tokens_are_many() {
    const NO: usize = usize::MAX;
    // Fewer groups than tokens, rows of more tokens than a group holds, and chains of 4,096.
    Case::<1>::new(30, 100, 3000, 2500).check::<7>(&[(4, 1000), (30, 64)]);
    Case::<2>::new(50, 150, 3, 2).check::<NO>(&[(9, 1), (50, 4)]);
    const { assert!(50 * 150 / 2 > 2 * MOST) };
}
