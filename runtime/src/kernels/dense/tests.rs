//! Every kernel against loops in f64, against another implementation, and against itself under every cut.

mod backward;
mod forward;
mod normal;
mod oracle;

use crate::block::{Block, LANES};
use std::{boxed::Box, vec, vec::Vec};

/// Numbers in -1..1 that depend on the seed alone.
fn noise(seed: u32) -> impl FnMut() -> f32 {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    }
}

/// A layer's operands, with zero padding where a stored value has it.
struct Layer<const K: usize, const KS: usize, const N: usize, const P: usize> {
    x: Vec<[f32; KS]>,
    w: Box<[[Block; K]; P]>,
    bias: [Block; P],
    y: Vec<[Block; P]>,
}

impl<const K: usize, const KS: usize, const N: usize, const P: usize> Layer<K, KS, N, P> {
    fn new(rows: usize, seed: u32) -> Self {
        let mut noise = noise(seed);
        let mut output = || -> [Block; P] {
            let mut blocks = [Block::ZERO; P];
            for n in 0..N {
                blocks[n / LANES].0[n % LANES] = noise();
            }
            blocks
        };
        let mut w: Box<[[Block; K]; P]> = vec![[Block::ZERO; K]; P].try_into().unwrap();
        for k in 0..K {
            for (panel, weights) in w.iter_mut().zip(output()) {
                panel[k] = weights;
            }
        }
        let bias = output();
        let y = (0..rows).map(|_| output()).collect();
        // What lies between the rows of x must not matter.
        let x = (0..rows)
            .map(|_| core::array::from_fn(|k| if k < K { noise() } else { f32::NAN }))
            .collect();
        Self { x, w, bias, y }
    }

    fn weight(&self, k: usize, n: usize) -> f64 {
        f64::from(self.w[n / LANES][k].0[n % LANES])
    }
}
