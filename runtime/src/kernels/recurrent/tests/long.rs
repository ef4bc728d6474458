//! Sums of more terms than one chain holds.

use super::*;
use crate::{
    kernels::dense,
    simd::{Isa, Task},
    update::{Consumer, Store, Stretch},
};
use std::{vec, vec::Vec};

/// Numbers of one sign, between 0.01 and 1.01.
fn number(at: usize) -> f32 {
    ((at * 37) % 101) as f32 / 101.0 + 0.01
}

fn near(what: &str, found: f32, exact: f64) {
    let error = (f64::from(found) / exact - 1.0).abs();
    assert!(error < 3e-6, "{what}: {found} is not {exact}");
}

/// `update` and [`dense::update`] over rows that repeat, as a task.
struct Long<'a> {
    x: &'a [[f32; 3]],
    dz: &'a [[Block; 4]],
    chunk: usize,
}

impl Task for Long<'_> {
    type Output = [[Block; 12]; 2];

    fn run<S: Isa>(self, s: S) -> Self::Output {
        let chunks = self.x.chunks(self.chunk).zip(self.dz.chunks(self.chunk));
        let rows = (0..10).flat_map(|_| chunks.clone());
        let mut results = [[Block::ZERO; 12]; 2];
        let [here, dense] = &mut results;
        let (state, other) = (&mut [(); 12], &mut [(); 12]);
        let mut sink = Consumer::new(s, &Store, here, state);
        update::<S, 3, 3, 4, 4, 4>(s, rows.clone(), &mut Stretch::new(&mut sink, 0));
        let mut sink = Consumer::new(s, &Store, dense, other);
        dense::update::<S, 3, 3, 4>(s, rows, &mut Stretch::new(&mut sink, 0));
        results
    }
}

/// More rows than two chains of a gradient hold: the chains are those of a Dense layer.
#[test]
fn long_batches() {
    let x: Vec<[f32; 3]> = (0..999)
        .map(|row| core::array::from_fn(|k| number(row * 3 + k)))
        .collect();
    let delta =
        |row: usize, p: usize| Block(core::array::from_fn(|l| number(row * 64 + p * 16 + l)));
    let dz: Vec<[Block; 4]> = (0..999)
        .map(|row| core::array::from_fn(|p| delta(row, p)))
        .collect();
    for level in simd::levels() {
        let gradients = |chunk| {
            let (x, dz) = (&x[..], &dz[..]);
            simd::dispatch(level, Long { x, dz, chunk })
        };
        let [here, dense] = gradients(999);
        assert_eq!(here, dense, "{level:?}");
        assert_eq!([here, dense], gradients(70), "{level:?}: cut otherwise");
    }
}

/// [`update`] of one input and one block of units over rows that repeat, as a task.
struct Repeated<'a> {
    x: &'a [[f32; 1]],
    dz: &'a [[Block; 4]],
    repeats: usize,
}

impl Task for Repeated<'_> {
    type Output = [Block; 4];

    fn run<S: Isa>(self, s: S) -> Self::Output {
        let mut gradients = [Block::ZERO; 4];
        let state = &mut [(); 4];
        let mut sink = Consumer::new(s, &Store, &mut gradients, state);
        let rows = (0..self.repeats).map(|_| (self.x, self.dz));
        update::<S, 1, 1, 4, 4, 4>(s, rows, &mut Stretch::new(&mut sink, 0));
        gradients
    }
}

/// Samples times steps come to a million.
#[test]
fn gradients_over_a_million_positions_keep_their_digits() {
    const ROWS: usize = 1999;
    // No short period: chains of the same numbers round alike, and their errors add up.
    let mut state = 1_u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32
    };
    let x: Vec<[f32; 1]> = (0..ROWS).map(|_| [noise()]).collect();
    let mut delta = || Block(core::array::from_fn(|_| noise()));
    let dz: Vec<[Block; 4]> = (0..ROWS)
        .map(|_| core::array::from_fn(|_| delta()))
        .collect();
    for (index, level) in simd::levels().enumerate() {
        // The best set is the fastest.
        let repeats = if index == 0 { 501 } else { 25 };
        let (x, dz) = (&x[..], &dz[..]);
        let found = simd::dispatch(level, Repeated { x, dz, repeats });
        for p in 0..4 {
            for lane in 0..LANES {
                let products = x.iter().zip(dz);
                let products = products.map(|(x, dz)| f64::from(x[0]) * f64::from(dz[p].0[lane]));
                let exact = products.sum::<f64>() * repeats as f64;
                near(&std::format!("{level:?}"), found[p].0[lane], exact);
            }
        }
    }
}

/// `backward` of two steps, as a task.
struct Wide<'a, const B: usize, const P: usize, const N: usize> {
    recurrent: &'a [[Block; N]; B],
    cells: &'a mut [[[Block; B]; 2]],
    dy: &'a [[[Block; B]; 2]],
    gates: &'a mut [[[Block; P]; 2]],
}

impl<const B: usize, const P: usize, const N: usize> Task for Wide<'_, B, P, N> {
    type Output = ();

    fn run<S: Isa>(self, s: S) {
        let mut carried = vec![Block::ZERO; 2 * B * self.gates.len()];
        backward::<S, Lstm, 2, 2, 1040, B, P, N, 4, B>(
            s,
            self.recurrent,
            None,
            Order::default(),
            self.dy,
            self.gates,
            Some(self.cells),
            None,
            None,
            &mut carried,
        );
    }
}

/// Beyond 1,024 units, the sum over all gates is several chains.
#[test]
fn sums_over_many_units_are_joined() {
    const B: usize = 65;
    const P: usize = 4 * B;
    const N: usize = 16 * P;
    // Not an array of arrays, for the stack of a test holds no such array.
    let recurrent: Vec<Block> = (0..N * B)
        .map(|at| Block(core::array::from_fn(|l| number(at * 31 + l * l))))
        .collect();
    let recurrent: &[[Block; N]; B] = recurrent.as_chunks().0.try_into().unwrap();
    let (half, one) = (Block([0.5; LANES]), Block([1.0; LANES]));
    let mut cells = vec![[[one; B]; 2]; 2];
    let dy: Vec<[[Block; B]; 2]> = (0..2)
        .map(|row| {
            let block = |at| Block(core::array::from_fn(|l| number(row * 7 + at * 5 + l)));
            [
                core::array::from_fn(block),
                core::array::from_fn(|at| block(at + B)),
            ]
        })
        .collect();
    for level in simd::levels() {
        let mut backward = |rows: core::ops::Range<usize>| {
            let mut gates = vec![[[half; P]; 2]; rows.len()];
            let wide = Wide {
                recurrent,
                cells: &mut cells[rows.clone()],
                dy: &dy[rows],
                gates: &mut gates,
            };
            simd::dispatch(level, wide);
            gates
        };
        let together = backward(0..2);
        assert_eq!(together[1], backward(1..2)[0], "{level:?}: alone");
        for (dz, dy) in together.iter().zip(&dy) {
            let later: &[f32; N] = bytemuck::must_cast_ref(&dz[1]);
            for unit in (0..16 * B).step_by(13) {
                let (block, lane) = (unit / LANES, unit % LANES);
                let products = later.iter().zip(&recurrent[block]);
                let products = products.map(|(&dz, w)| f64::from(dz) * f64::from(w.0[lane]));
                let exact = f64::from(dy[0][block].0[lane]) + products.sum::<f64>();
                // The output gate's delta is dh o tanh(c) (1 - o).
                let delta = dz[0][4 * block + 3].0[lane];
                let what = std::format!("{level:?}, unit {unit}");
                near(&what, delta, exact * 0.25 * 1_f64.tanh());
            }
        }
    }
}
