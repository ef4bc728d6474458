//! Against loops in f64, and gradients against differences of a loss.

use super::*;
use crate::simd::{self, Task};
use std::{println, vec::Vec};

/// Three rows that do not look alike; one is large enough for a plain e^x to overflow.
fn rows<const N: usize>() -> [[f64; N]; 3] {
    core::array::from_fn(|row| {
        core::array::from_fn(|i| {
            let noise = ((i * 37 + row * 11) % 23) as f64 / 8.0 - 1.5;
            if row == 2 { noise + 200.0 } else { noise }
        })
    })
}

/// Weights of a loss: L = sum c y.
fn weight(row: usize, i: usize) -> f64 {
    ((i * 5 + row * 3) % 7) as f64 - 2.5
}

fn softmax(x: &[f64]) -> Vec<f64> {
    let largest = x.iter().fold(f64::NEG_INFINITY, |m, &x| m.max(x));
    let powers: Vec<f64> = x.iter().map(|x| (x - largest).exp()).collect();
    let total: f64 = powers.iter().sum();
    powers.into_iter().map(|power| power / total).collect()
}

fn log_softmax(x: &[f64]) -> Vec<f64> {
    softmax(x).into_iter().map(f64::ln).collect()
}

/// dL/dx of L = sum c f(x), by central differences.
fn slope(f: fn(&[f64]) -> Vec<f64>, row: usize, x: &[f64]) -> Vec<f64> {
    let loss = |x: &[f64]| -> f64 {
        let y = f(x);
        y.iter().enumerate().map(|(i, y)| weight(row, i) * y).sum()
    };
    let step = 1e-5;
    let slope = |i: usize| {
        let (mut above, mut below) = (x.to_vec(), x.to_vec());
        above[i] += step;
        below[i] -= step;
        (loss(&above) - loss(&below)) / (2.0 * step)
    };
    (0..x.len()).map(slope).collect()
}

/// Rows of N numbers in P blocks, padding as given.
fn blocks<const N: usize, const P: usize>(
    padding: f32,
    number: impl Fn(usize, usize) -> f64,
) -> [[Block; P]; 3] {
    let mut rows = [[Block([padding; LANES]); P]; 3];
    for (row, blocks) in rows.iter_mut().enumerate() {
        for i in 0..N {
            blocks[i / LANES].0[i % LANES] = number(row, i) as f32;
        }
    }
    rows
}

struct Case<const N: usize, const P: usize>;

impl<const N: usize, const P: usize> Task for Case<N, P> {
    type Output = ();

    fn run<S: Isa>(self, s: S) {
        let numbers = rows::<N>();
        let x = blocks::<N, P>(0.0, |row, i| numbers[row][i]);
        let dy = blocks::<N, P>(0.0, weight);
        let what = |name: &str| std::format!("{name} of {N} on {:?}", S::SET);
        let close = |name: &str, found: &[[Block; P]; 3], expected: &dyn Fn(usize) -> Vec<f64>| {
            for (row, found) in found.iter().enumerate() {
                let expected = expected(row);
                for (i, &found) in bytemuck::must_cast_slice::<Block, f32>(found)
                    .iter()
                    .enumerate()
                {
                    let expected = expected.get(i).copied().unwrap_or(0.0);
                    let bound = 3e-6 * expected.abs().max(1.0);
                    let error = (f64::from(found) - expected).abs();
                    assert!(error <= bound, "{}: {found}, {expected}", what(name));
                }
            }
        };
        let twice = |gradient: Vec<f64>| gradient.into_iter().map(|g| 2.0 * g).collect();
        let dirty = [[Block([f32::NAN; LANES]); P]; 3];

        let (mut y, mut dx) = (dirty, dirty);
        forward::<S, N, P>(s, &x, &mut y);
        close("softmax", &y, &|row| softmax(&numbers[row]));
        backward::<S, N, P, false>(s, &y, &dy, &mut dx);
        close("its slope", &dx, &|row| slope(softmax, row, &numbers[row]));
        backward::<S, N, P, true>(s, &y, &dy, &mut dx);
        close("twice its slope", &dx, &|row| {
            twice(slope(softmax, row, &numbers[row]))
        });

        let (mut z, mut dx) = (dirty, dirty);
        log_forward::<S, N, P>(s, &x, &mut z);
        close("log softmax", &z, &|row| log_softmax(&numbers[row]));
        log_backward::<S, N, P, false>(s, &z, &dy, &mut dx);
        close("its slope", &dx, &|row| {
            slope(log_softmax, row, &numbers[row])
        });
        log_backward::<S, N, P, true>(s, &z, &dy, &mut dx);
        close("twice its slope", &dx, &|row| {
            twice(slope(log_softmax, row, &numbers[row]))
        });
        println!("{}", what("softmax"));
    }
}

#[test]
fn rows_follow_the_definition() {
    for level in simd::levels() {
        simd::dispatch(level, Case::<1, 1>);
        simd::dispatch(level, Case::<3, 1>);
        simd::dispatch(level, Case::<16, 1>);
        simd::dispatch(level, Case::<17, 2>);
        simd::dispatch(level, Case::<45, 3>);
    }
}
