//! `transpose`, `update` and `update_bias`.

use super::{Layer, noise};
use crate::{
    block::{Block, LANES},
    kernels::{
        activation::Identity,
        dense::{Start, forward, transpose, update, update_bias},
    },
    simd::{self, Isa, Task},
    update::{Consumer, Store, Stretch, Update},
};
use fearless_simd::{Level, Simd, f32x16, prelude::*};
use std::{vec, vec::Vec};

/// [`transpose`] as a task.
struct Transpose<'a, const K: usize, const N: usize, const P: usize> {
    w: &'a [[Block; K]; P],
    first: usize,
    wt: &'a mut [[Block; N]],
}

impl<const K: usize, const N: usize, const P: usize> Task for Transpose<'_, K, N, P> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        transpose(s, self.w, self.first, self.wt);
    }
}

fn check_transpose<const K: usize, const N: usize, const P: usize>() {
    let layer = Layer::<K, K, N, P>::new(0, 9);
    let panels = K.div_ceil(LANES);
    for level in simd::levels() {
        for cut in 1..=panels {
            let mut wt = vec![[Block([f32::NAN; LANES]); N]; panels];
            for (part, wt) in wt.chunks_mut(cut).enumerate() {
                let first = part * cut;
                simd::dispatch(
                    level,
                    Transpose {
                        w: &layer.w,
                        first,
                        wt,
                    },
                );
            }
            for (q, panel) in wt.iter().enumerate() {
                for (n, block) in panel.iter().enumerate() {
                    for (lane, &value) in block.0.iter().enumerate() {
                        let k = q * LANES + lane;
                        let expected = if k < K { layer.weight(k, n) } else { 0.0 };
                        assert_eq!(
                            f64::from(value),
                            expected,
                            "{level:?}: input {k}, output {n}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn transpose_exchanges_inputs_and_outputs() {
    check_transpose::<1, 1, 1>();
    check_transpose::<16, 16, 1>();
    check_transpose::<17, 10, 1>();
    check_transpose::<32, 48, 3>();
    check_transpose::<50, 35, 3>();
    check_transpose::<40, 130, 9>();
}

/// dx = dz W^T by [`transpose`] and [`forward`], as a task.
struct InputGradient<'a, const K: usize, const N: usize, const P: usize, const Q: usize> {
    w: &'a [[Block; K]; P],
    dz: &'a [[f32; 48]],
    dx: &'a mut [[Block; Q]],
}

impl<const K: usize, const N: usize, const P: usize, const Q: usize> Task
    for InputGradient<'_, K, N, P, Q>
{
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let mut wt = [[Block::ZERO; N]; Q];
        transpose(s, self.w, 0, &mut wt);
        forward::<S, Identity, N, 48, K, Q>(s, self.dz, &wt, Start::Zero, self.dx);
    }
}

/// The loss sum(z * c) has dz = c; its slope along each input is taken by differences of the product itself, which
/// are exact up to rounding because the product is linear.
#[test]
fn input_gradient_is_the_slope() {
    const K: usize = 21;
    const N: usize = 37;
    let layer = Layer::<K, K, N, 3>::new(11, 3);
    let dz: &[[f32; 48]] = bytemuck::must_cast_slice(&layer.y);
    for level in simd::levels() {
        let mut dx = vec![[Block::ZERO; 2]; 11];
        simd::dispatch(
            level,
            InputGradient::<K, N, 3, 2> {
                w: &layer.w,
                dz,
                dx: &mut dx,
            },
        );
        for (row, dx) in dx.iter().enumerate() {
            for k in 0..2 * LANES {
                let slope = |n: usize| {
                    let loss = |x: f64| x * layer.weight(k, n) * f64::from(dz[row][n]);
                    (loss(0.5) - loss(-0.5)) / 1.0
                };
                let expected = if k < K { (0..N).map(slope).sum() } else { 0.0 };
                let error = f64::from(dx[k / LANES].0[k % LANES]) - expected;
                assert!(error.abs() < 1e-5, "{level:?}: row {row}, input {k}");
            }
        }
    }
}

/// A rule with a state: momentum, so that a block updated twice or not at all is seen.
struct Momentum;

impl Update for Momentum {
    type State = [Block; 1];

    #[inline(always)]
    fn apply<S: Simd>(
        &self,
        s: S,
        gradient: f32x16<S>,
        weight: &mut Block,
        state: &mut [Block; 1],
    ) {
        let velocity = state[0].load(s) * f32x16::splat(s, 0.5) + gradient;
        state[0].store(velocity);
        weight.store(weight.load(s) - velocity * f32x16::splat(s, 0.25));
    }
}

/// [`update`] and [`update_bias`] in parts of `cut` blocks, over rows in chunks of `chunk`, as a task.
struct Step<'a, U: Update, const KS: usize, const K: usize, const P: usize> {
    u: &'a U,
    x: &'a [[f32; KS]],
    dz: &'a [[Block; P]],
    chunk: usize,
    cut: usize,
    w: &'a mut [[Block; K]; P],
    w_state: &'a mut [U::State],
    b: &'a mut [Block; P],
    b_state: &'a mut [U::State],
}

impl<U: Update, const KS: usize, const K: usize, const P: usize> Task for Step<'_, U, KS, K, P> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let rows = self.x.chunks(self.chunk).zip(self.dz.chunks(self.chunk));
        let parts = self.w.as_flattened_mut().chunks_mut(self.cut);
        for (i, (w, state)) in parts.zip(self.w_state.chunks_mut(self.cut)).enumerate() {
            let mut sink = Consumer::new(s, self.u, w, state);
            let mut stretch = Stretch::new(&mut sink, i * self.cut);
            update::<S, K, KS, P>(s, rows.clone(), &mut stretch);
        }
        let parts = self.b.chunks_mut(self.cut);
        for (i, (b, state)) in parts.zip(self.b_state.chunks_mut(self.cut)).enumerate() {
            let dz = self.dz.chunks(self.chunk);
            let mut sink = Consumer::new(s, self.u, b, state);
            update_bias::<S, P>(s, dz, &mut Stretch::new(&mut sink, i * self.cut));
        }
    }
}

fn check_update<const K: usize, const KS: usize, const N: usize, const P: usize>(rows: usize) {
    let layer = Layer::<K, KS, N, P>::new(rows, (rows * 77 + K) as u32);
    let dz = &layer.y;
    for level in simd::levels() {
        let mut w = layer.w.clone();
        let mut b = layer.bias;
        let task = Step {
            u: &Store,
            x: &layer.x,
            dz,
            chunk: rows,
            cut: K * P,
            w: &mut w,
            w_state: &mut vec![(); K * P],
            b: &mut b,
            b_state: &mut [(); P],
        };
        simd::dispatch(level, task);
        for n in 0..P * LANES {
            let delta = |row: usize| f64::from(dz[row][n / LANES].0[n % LANES]);
            let close = |actual: f32, terms: &dyn Fn(usize) -> f64, what: &str| {
                let sum: f64 = (0..rows).map(terms).sum();
                let size: f64 = (0..rows).map(|row| terms(row).abs()).sum();
                let error = (f64::from(actual) - sum).abs();
                let bound = size * (rows + 2) as f64 * f64::from(f32::EPSILON);
                assert!(
                    error <= bound,
                    "{level:?}, {rows} x {K} -> {N}, {what} of output {n}"
                );
            };
            for k in 0..K {
                let term = |row: usize| f64::from(layer.x[row][k]) * delta(row);
                close(w[n / LANES][k].0[n % LANES], &term, "weight");
            }
            close(b[n / LANES].0[n % LANES], &delta, "bias");
        }

        // Two steps with a state, under every cut of weights and chunk of rows: the same bits.
        let mut noise = noise(4);
        let mut cuts = vec![(rows, K * P)];
        cuts.extend([(1, 1), (rows.div_ceil(2), K + 1), (3, 5)]);
        cuts.push((7, 1 + (noise().abs() * (K * P) as f32) as usize));
        let mut results: Vec<Vec<Block>> = vec![];
        for (chunk, cut) in cuts {
            let (mut w, mut b) = (layer.w.clone(), layer.bias);
            let mut w_state = vec![[Block::ZERO]; K * P];
            let mut b_state = [[Block::ZERO]; P];
            for _ in 0..2 {
                let task = Step {
                    u: &Momentum,
                    x: &layer.x,
                    dz,
                    chunk,
                    cut,
                    w: &mut w,
                    w_state: &mut w_state,
                    b: &mut b,
                    b_state: &mut b_state,
                };
                simd::dispatch(level, task);
            }
            let all = [
                w.as_flattened(),
                &b,
                w_state.as_flattened(),
                b_state.as_flattened(),
            ];
            results.push(all.concat());
        }
        for other in &results[1..] {
            assert_eq!(&results[0], other, "{level:?}, {rows} x {K} -> {N}");
        }
    }
}

#[test]
fn update_finishes_every_gradient_once() {
    for rows in 1..=12 {
        check_update::<7, 7, 21, 2>(rows);
    }
    for rows in [1, 8, 33, 70] {
        check_update::<1, 1, 1, 1>(rows);
        check_update::<50, 64, 10, 1>(rows);
        check_update::<23, 32, 144, 9>(rows);
    }
    // Two stripes of inputs, of an odd number of panels and an even one.
    check_update::<200, 200, 40, 3>(20);
    check_update::<200, 200, 60, 4>(20);
    check_update::<200, 200, 75, 5>(20);
    // More than one chain.
    check_update::<3, 3, 70, 5>(4100);
}

/// Whole layers are finished from copies, and small parts of them are not: the cuts compare both.
#[test]
fn gradients_of_wide_layers_have_the_same_bits_from_copies() {
    check_update::<70, 1024, 60, 4>(5);
    check_update::<70, 1024, 60, 4>(50);
    check_update::<200, 1024, 140, 9>(100);
    check_update::<64, 64, 1024, 64>(49);
}

/// Gradients of numbers of one sign over `pieces` times 4,000 rows, against f64; and the same bits from any chunks.
fn check_long(level: Level, pieces: usize) {
    const ROWS: usize = 4000;
    let mut layer = Layer::<1, 1, 16, 1>::new(ROWS, 8);
    for (x, dz) in layer.x.iter_mut().zip(&mut layer.y) {
        x[0] = x[0].abs();
        dz[0].0 = dz[0].0.map(f32::abs);
    }
    let (x, dz) = (&layer.x, &layer.y);
    let gradients = |chunk, pieces| {
        let task = Long {
            x,
            dz,
            chunk,
            pieces,
        };
        simd::dispatch(level, task)
    };
    let (weight, bias) = gradients(ROWS, pieces);
    let close = |found: f32, terms: &dyn Fn(usize) -> f64| {
        let exact = (0..ROWS).map(terms).sum::<f64>() * pieces as f64;
        let error = (f64::from(found) / exact - 1.0).abs();
        assert!(error < 3e-6, "{level:?}, {pieces}: {found} is not {exact}");
    };
    for lane in 0..LANES {
        let delta = |row: usize| f64::from(dz[row][0].0[lane]);
        close(weight.0[lane], &|row| f64::from(x[row][0]) * delta(row));
        close(bias.0[lane], &delta);
    }
    assert_eq!(gradients(ROWS, 4), gradients(999, 4), "{level:?}");
}

/// The gradients of a layer of one input over rows that repeat, as a task.
struct Long<'a> {
    x: &'a [[f32; 1]],
    dz: &'a [[Block; 1]],
    chunk: usize,
    pieces: usize,
}

impl Task for Long<'_> {
    type Output = (Block, Block);

    #[inline(always)]
    fn run<S: Isa>(self, s: S) -> (Block, Block) {
        let chunks = self.x.chunks(self.chunk).zip(self.dz.chunks(self.chunk));
        let rows = (0..self.pieces).flat_map(|_| chunks.clone());
        let (mut weight, mut bias) = ([Block::ZERO], [Block::ZERO]);
        let state = &mut [()];
        let mut sink = Consumer::new(s, &Store, &mut weight, state);
        update::<S, 1, 1, 1>(s, rows.clone(), &mut Stretch::new(&mut sink, 0));
        let state = &mut [()];
        let mut sink = Consumer::new(s, &Store, &mut bias, state);
        let dz = rows.map(|(_, dz)| dz);
        update_bias::<S, 1>(s, dz, &mut Stretch::new(&mut sink, 0));
        (weight[0], bias[0])
    }
}

#[test]
fn gradients_over_four_million_rows_keep_their_digits() {
    for (index, level) in simd::levels().enumerate() {
        // The best set is the fastest.
        check_long(level, if index == 0 { 1000 } else { 25 });
    }
}
