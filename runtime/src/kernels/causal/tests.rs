//! Steps compared with a naive convolution over the whole sequence, with the same order of sums.

use super::{steps, windows};
use crate::{
    block::{Block, LANES},
    kernels::activation::Identity,
    simd::{self, Isa, Task},
};
use alloc::{vec, vec::Vec};

/// Three channels in rows of sixteen floats, twenty outputs, kernel 3 at every second of the frames before.
const C: usize = 3;
const TAPS: usize = 3;
const DILATION: usize = 2;
const LEFT: usize = (TAPS - 1) * DILATION;
const K: usize = TAPS * C;
const N: usize = 20;
const STEPS: usize = 23;

fn number(index: usize) -> f32 {
    ((index * 7919 + 13) % 1021) as f32 / 512.0 - 1.0
}

/// Frames in blocks of a size, answered and seen.
struct Blocks<'a> {
    x: &'a [[f32; LANES]],
    w: &'a [[Block; K]; 2],
    b: &'a [Block; 2],
    size: usize,
}

impl Task for Blocks<'_> {
    type Output = (Vec<[Block; 2]>, Vec<[Block; 1]>);

    fn run<S: Isa>(self, s: S) -> Self::Output {
        let nan = Block([f32::NAN; LANES]);
        let (mut y, mut seen) = (vec![[nan; 2]; STEPS], vec![[nan; 1]; STEPS * TAPS]);
        let mut rings = [[Block::ZERO; 1]; 2];
        let [ring, other] = &mut rings;
        for first in (0..STEPS).step_by(self.size) {
            let last = STEPS.min(first + self.size);
            let (x, clock) = (&self.x[first..last], first as u64);
            let y = &mut y[first..last];
            steps::<S, Identity, C, LANES, 1, TAPS, DILATION, 1, LEFT, K, N, 2>(
                s, x, self.w, self.b, clock, ring, y,
            );
            let seen = &mut seen[first * TAPS..last * TAPS];
            windows::<S, C, LANES, 1, TAPS, DILATION, 1, LEFT, 1>(s, x, clock, other, seen);
        }
        (y, seen)
    }
}

#[test]
fn steps_are_those_of_the_whole_sequence() {
    let mut x = vec![[0.0; LANES]; STEPS];
    for (t, frame) in x.iter_mut().enumerate() {
        for (c, x) in frame[..C].iter_mut().enumerate() {
            *x = number(t * C + c);
        }
    }
    let w: [[Block; K]; 2] = core::array::from_fn(|p| {
        core::array::from_fn(|k| {
            Block(core::array::from_fn(|l| match p * LANES + l < N {
                true => number(k * N + p * LANES + l),
                false => 0.0,
            }))
        })
    });
    let b = [w[0][0], w[1][1]];
    let at = |t: usize, v: usize, c: usize| match (t + v * DILATION).checked_sub(LEFT) {
        Some(t) => x[t][c],
        None => 0.0,
    };
    for level in simd::levels() {
        for size in [1, 2, 3, 5, 8, 11, STEPS] {
            let blocks = Blocks {
                x: &x,
                w: &w,
                b: &b,
                size,
            };
            let (y, seen) = simd::dispatch(level, blocks);
            for t in 0..STEPS {
                for o in 0..2 * LANES {
                    let (p, l) = (o / LANES, o % LANES);
                    let products = (0..TAPS).flat_map(|v| (0..C).map(move |c| (v, c)));
                    let exact = products.fold(f64::from(b[p].0[l]), |sum, (v, c)| {
                        sum + f64::from(at(t, v, c)) * f64::from(w[p][v * C + c].0[l])
                    });
                    let exact = if o < N { exact } else { 0.0 };
                    let found = f64::from(y[t][p].0[l]);
                    assert!(
                        (found - exact).abs() < 1e-5,
                        "step {t}, output {o}: {found} for {exact}"
                    );
                }
                for v in 0..TAPS {
                    let frame = seen[t * TAPS + v][0].0;
                    let expected: [f32; LANES] =
                        core::array::from_fn(|c| if c < C { at(t, v, c) } else { 0.0 });
                    assert_eq!(frame, expected, "window {t}, tap {v}");
                }
            }
        }
    }
}
