//! `infer_normal`.

use super::{
    Layer,
    forward::{assert_matches, reference},
    noise,
};
use crate::{
    block::{Block, LANES},
    kernels::{
        activation::{Declared, Identity, Relu, Sigmoid},
        dense::{Start, infer_normal},
    },
    simd::{self, Isa, Task},
};
use core::{array, marker::PhantomData};
use std::{format, vec, vec::Vec};

/// [`infer_normal`] as a task.
struct Normal<
    'a,
    A,
    const RESIDUAL: bool,
    const K: usize,
    const KS: usize,
    const N: usize,
    const P: usize,
> {
    layer: &'a Layer<K, KS, N, P>,
    lines: &'a [[Block; P]; 3],
    residual: &'a [[Block; P]],
    y: &'a mut [[Block; P]],
    activation: PhantomData<A>,
}

impl<
    A: Declared,
    const RESIDUAL: bool,
    const K: usize,
    const KS: usize,
    const N: usize,
    const P: usize,
> Task for Normal<'_, A, RESIDUAL, K, KS, N, P>
{
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let Layer { x, w, bias, .. } = self.layer;
        let (start, lines) = (Start::Bias(bias), self.lines.as_flattened());
        infer_normal::<S, A, RESIDUAL, K, KS, N, P>(s, x, w, start, lines, self.residual, self.y);
    }
}

/// f((x W + b - mean) scale + shift + residual) in f64, and the same of one row alone.
fn check<
    A: Declared,
    const RESIDUAL: bool,
    const K: usize,
    const KS: usize,
    const N: usize,
    const P: usize,
>(
    f: fn(f64) -> f64,
    rows: usize,
) {
    let mut layer = Layer::<K, KS, N, P>::new(rows, (rows * 100 + N) as u32);
    let mut noise = noise(6);
    // What lies in padding lanes of lines must not matter.
    let lines: [[Block; P]; 3] =
        array::from_fn(|_| array::from_fn(|_| Block(array::from_fn(|_| noise()))));
    let residual = core::mem::take(&mut layer.y);
    layer.y = vec![[Block([f32::NAN; LANES]); P]; rows];
    let lane = |blocks: &[Block; P], n: usize| f64::from(blocks[n / LANES].0[n % LANES]);
    let sums = reference(&layer, |_, n| lane(&layer.bias, n) as f32, |z| z);
    let expected = sums.iter().enumerate().map(|(row, sums)| {
        array::from_fn(|n| {
            let (sum, bound) = sums[n];
            let [mean, scale, shift] = [0, 1, 2].map(|place| lane(&lines[place], n));
            let added = if RESIDUAL {
                lane(&residual[row], n)
            } else {
                0.0
            };
            // No scale is beyond 1, so the sum's error does not grow; what is added has a few roundings of its own.
            let bound = bound + 4.0 * f64::from(f32::EPSILON);
            (f((sum - mean) * scale + shift + added), bound)
        })
    });
    let expected: Vec<[(f64, f64); N]> = expected.collect();
    for level in simd::levels() {
        let mut y = layer.y.clone();
        let task = Normal::<A, RESIDUAL, K, KS, N, P> {
            layer: &layer,
            lines: &lines,
            residual: if RESIDUAL { &residual } else { &[] },
            y: &mut y,
            activation: PhantomData,
        };
        simd::dispatch(level, task);
        let what = format!("{level:?}, {rows} x {K} -> {N}, residual {RESIDUAL}");
        assert_matches(&y, &expected, &what);
    }
}

fn check_all<const K: usize, const KS: usize, const N: usize, const P: usize>() {
    let sigmoid = |z: f64| 1.0 / (1.0 + (-z).exp());
    // One row has a kernel of its own.
    for rows in [1, 2, 7, 13] {
        check::<Identity, false, K, KS, N, P>(|z| z, rows);
        check::<Identity, true, K, KS, N, P>(|z| z, rows);
        check::<Relu, false, K, KS, N, P>(|z| z.max(0.0), rows);
        check::<Relu, true, K, KS, N, P>(|z| z.max(0.0), rows);
        check::<Sigmoid, false, K, KS, N, P>(sigmoid, rows);
        check::<Sigmoid, true, K, KS, N, P>(sigmoid, rows);
    }
}

#[test]
fn rows_are_normalised_as_they_are_answered() {
    check_all::<3, 16, 3, 1>();
    check_all::<20, 32, 3, 1>();
    check_all::<3, 3, 16, 1>();
    check_all::<16, 16, 20, 2>();
    check_all::<20, 20, 20, 2>();
    check_all::<1100, 1100, 20, 2>();
}
