//! `forward` and `forward_one`.

use super::{Layer, noise};
use crate::{
    block::{Block, LANES},
    kernels::{
        activation::{Activation, Identity, Relu, Sigmoid},
        dense::{Start, forward, forward_one},
    },
    simd::{self, Isa, Task},
};
use core::marker::PhantomData;
use std::{format, vec::Vec};

/// f(start + x W) in f64, with a bound of the error that f32 may make before f, whose slope is at most one.
pub fn reference<const K: usize, const KS: usize, const N: usize, const P: usize>(
    layer: &Layer<K, KS, N, P>,
    start: impl Fn(usize, usize) -> f32,
    f: fn(f64) -> f64,
) -> Vec<[(f64, f64); N]> {
    let row = |row: usize| {
        core::array::from_fn(|n| {
            let start = f64::from(start(row, n));
            let terms = (0..K).map(|k| f64::from(layer.x[row][k]) * layer.weight(k, n));
            let size = terms.clone().map(f64::abs).sum::<f64>() + start.abs() + 1.0;
            (
                f(start + terms.sum::<f64>()),
                size * (K + 4) as f64 * f64::from(f32::EPSILON),
            )
        })
    };
    (0..layer.x.len()).map(row).collect()
}

pub fn assert_matches<const N: usize, const P: usize>(
    actual: &[[Block; P]],
    expected: &[[(f64, f64); N]],
    what: &str,
) {
    for (row, (actual, expected)) in actual.iter().zip(expected).enumerate() {
        let lanes = actual.iter().flat_map(|block| block.0);
        for (n, value) in lanes.enumerate() {
            let (exact, bound) = expected.get(n).copied().unwrap_or((0.0, 0.0));
            let error = (f64::from(value) - exact).abs();
            assert!(
                error <= bound,
                "{what}: row {row}, output {n}: {value} is not {exact}"
            );
        }
    }
}

/// [`forward`] or, with `ONE`, [`forward_one`], as a task.
struct Forward<
    'a,
    A,
    const ONE: bool,
    const K: usize,
    const KS: usize,
    const N: usize,
    const P: usize,
> {
    x: &'a [[f32; KS]],
    w: &'a [[Block; K]; P],
    start: Start<'a, P>,
    y: &'a mut [[Block; P]],
    activation: PhantomData<A>,
}

impl<
    A: Activation,
    const ONE: bool,
    const K: usize,
    const KS: usize,
    const N: usize,
    const P: usize,
> Task for Forward<'_, A, ONE, K, KS, N, P>
{
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        if ONE {
            for (x, y) in self.x.iter().zip(self.y) {
                forward_one::<S, A, K, KS, N, P>(s, x, self.w, self.start, y);
            }
        } else {
            forward::<S, A, K, KS, N, P>(s, self.x, self.w, self.start, self.y);
        }
    }
}

fn check_forward<A: Activation, const K: usize, const KS: usize, const N: usize, const P: usize>(
    f: fn(f64) -> f64,
    rows: usize,
) {
    let layer = Layer::<K, KS, N, P>::new(rows, (rows * 1000 + K) as u32);
    let lane = |blocks: &[Block; P], n: usize| blocks[n / LANES].0[n % LANES];
    for level in simd::levels() {
        let starts = [Start::Zero, Start::Bias(&layer.bias), Start::Add];
        for (case, start) in starts.into_iter().enumerate() {
            let expected = reference(
                &layer,
                |row, n| match start {
                    Start::Zero => 0.0,
                    Start::Bias(bias) => lane(bias, n),
                    Start::Add => lane(&layer.y[row], n),
                },
                f,
            );
            let what = format!("{level:?}, {rows} x {K} -> {N}, start {case}");
            let mut y = layer.y.clone();
            simd::dispatch(
                level,
                Forward::<A, false, K, KS, N, P> {
                    x: &layer.x,
                    w: &layer.w,
                    start,
                    y: &mut y,
                    activation: PhantomData,
                },
            );
            assert_matches(&y, &expected, &what);
            // Any cut of the rows gives the same bits.
            for cut in [1, rows / 2, rows - 1] {
                let mut again = layer.y.clone();
                for (x, y) in layer.x.chunks(cut.max(1)).zip(again.chunks_mut(cut.max(1))) {
                    simd::dispatch(
                        level,
                        Forward::<A, false, K, KS, N, P> {
                            x,
                            w: &layer.w,
                            start,
                            y,
                            activation: PhantomData,
                        },
                    );
                }
                assert_eq!(y, again, "{what}, cut by {cut}");
            }
            let mut one = layer.y.clone();
            simd::dispatch(
                level,
                Forward::<A, true, K, KS, N, P> {
                    x: &layer.x,
                    w: &layer.w,
                    start,
                    y: &mut one,
                    activation: PhantomData,
                },
            );
            assert_eq!(y, one, "{what}, one row");
        }
    }
}

#[test]
fn forward_matches_the_definition() {
    let sigmoid = |z: f64| 1.0 / (1.0 + (-z).exp());
    for rows in 1..=40 {
        check_forward::<Relu, 7, 7, 21, 2>(|z| z.max(0.0), rows);
        check_forward::<Sigmoid, 17, 32, 10, 1>(sigmoid, rows);
    }
    for rows in [1, 5, 13] {
        check_forward::<Identity, 1, 1, 1, 1>(|z| z, rows);
        check_forward::<Sigmoid, 2, 16, 16, 1>(sigmoid, rows);
        check_forward::<Identity, 3, 3, 33, 3>(|z| z, rows);
        check_forward::<Relu, 16, 16, 60, 4>(|z| z.max(0.0), rows);
        check_forward::<Identity, 31, 48, 80, 5>(|z| z, rows);
        check_forward::<Identity, 50, 64, 100, 7>(|z| z, rows);
        check_forward::<Sigmoid, 47, 47, 127, 8>(sigmoid, rows);
        check_forward::<Identity, 33, 33, 145, 10>(|z| z, rows);
    }
    // Deep enough that sums are parked, with a ragged last stretch.
    check_forward::<Relu, 2500, 2500, 40, 3>(|z| z.max(0.0), 9);
}

/// Every row alone, and in batches of every length: the sums of a layer are split in one way.
fn check_places<const K: usize, const N: usize, const P: usize>(lengths: &[usize]) {
    let layer = Layer::<K, K, N, P>::new(30, (K + N) as u32);
    for level in simd::levels() {
        let most = lengths.iter().copied().max().unwrap_or(0);
        for start in [Start::Bias(&layer.bias), Start::Add] {
            let mut alone = layer.y.clone();
            let one = Forward::<Relu, true, K, K, N, P> {
                x: &layer.x[30 - most..],
                w: &layer.w,
                start,
                y: &mut alone[30 - most..],
                activation: PhantomData,
            };
            simd::dispatch(level, one);
            for &rows in lengths {
                // The last rows, so that each stands at many places.
                let (x, alone) = (&layer.x[30 - rows..], &alone[30 - rows..]);
                let mut y = layer.y[30 - rows..].to_vec();
                let batch = Forward::<Relu, false, K, K, N, P> {
                    x,
                    w: &layer.w,
                    start,
                    y: &mut y,
                    activation: PhantomData,
                };
                simd::dispatch(level, batch);
                assert_eq!(y, alone, "{level:?}, {rows} x {K} -> {N}");
            }
        }
    }
}

/// Sizes around those at which a sum gets one more chain, for few outputs and many.
#[test]
fn a_row_has_the_same_bits_wherever_it_stands() {
    let all: Vec<usize> = (1..=30).collect();
    check_places::<7, 16, 1>(&all);
    check_places::<8, 10, 1>(&all);
    check_places::<19, 33, 3>(&all);
    check_places::<20, 20, 2>(&all);
    check_places::<33, 5, 1>(&all);
    check_places::<32, 80, 5>(&all);
    check_places::<65, 144, 9>(&all);
    let some = [1, 2, 5, 13];
    check_places::<1023, 16, 1>(&some);
    check_places::<1025, 33, 3>(&some);
    check_places::<2049, 112, 7>(&some[1..3]);
    check_places::<4099, 10, 1>(&some);
}

/// Products of one sign, of which one chain would lose some digits.
#[test]
fn long_sums_keep_their_digits() {
    const K: usize = 40_000;
    let mut noise = noise(5);
    let mut positive = || noise().abs() + 0.5;
    // On the heap from the start, for the stack of a test holds no such array.
    let x: Vec<f32> = (0..K).map(|_| positive()).collect();
    let w: Vec<Block> = (0..K)
        .map(|_| Block(core::array::from_fn(|_| positive())))
        .collect();
    for level in simd::levels() {
        let mut y = [[Block::ZERO]];
        let task = Forward::<Identity, false, K, K, 16, 1> {
            x: x.as_chunks().0,
            w: w.as_chunks().0.first_chunk().unwrap(),
            start: Start::Zero,
            y: &mut y,
            activation: PhantomData,
        };
        simd::dispatch(level, task);
        for (lane, &found) in y[0][0].0.iter().enumerate() {
            let products = x.iter().zip(&w);
            let products = products.map(|(&x, w)| f64::from(x) * f64::from(w.0[lane]));
            let exact: f64 = products.sum();
            let error = (f64::from(found) / exact - 1.0).abs();
            assert!(error < 1e-6, "{level:?}: {found} is not {exact}");
        }
    }
}
