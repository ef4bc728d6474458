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

/// Every kernel over one row that the stack does not hold, as a task; gives softmax, its slope, log softmax, its slope.
struct Wide<'a, const N: usize, const P: usize> {
    x: &'a [[Block; P]],
    dy: &'a [[Block; P]],
}

impl<const N: usize, const P: usize> Task for Wide<'_, N, P> {
    type Output = [Vec<Block>; 4];

    fn run<S: Isa>(self, s: S) -> Self::Output {
        let mut found = core::array::from_fn(|_| std::vec![Block([f32::NAN; LANES]); P]);
        let [y, dx, z, dz] = found.each_mut().map(|row| row.as_chunks_mut().0);
        forward::<S, N, P>(s, self.x, y);
        backward::<S, N, P, false>(s, y, self.dy, dx);
        log_forward::<S, N, P>(s, self.x, z);
        log_backward::<S, N, P, false>(s, z, self.dy, dz);
        found
    }
}

/// More classes than the lanes of one chain hold, in numbers of one sign.
#[test]
fn sums_over_many_classes_keep_their_digits() {
    const P: usize = 6251;
    const N: usize = 16 * P - 5;
    let row = |f: &dyn Fn(usize) -> f32| -> Vec<Block> {
        let number = |at| if at < N { f(at) } else { 0.0 };
        (0..P)
            .map(|p| Block(core::array::from_fn(|lane| number(p * LANES + lane))))
            .collect()
    };
    let x = row(&|at| (at * 37 % 101) as f32 / 64.0 - 0.5);
    let dy = row(&|at| (at * 41 % 103) as f32 / 64.0 + 0.5);
    let wide = |row: &[Block]| -> Vec<f64> {
        let numbers = row.iter().flat_map(|block| block.0);
        numbers.take(N).map(f64::from).collect()
    };
    let (numbers, slopes) = (wide(&x), wide(&dy));
    let y = softmax(&numbers);
    let shared: f64 = y.iter().zip(&slopes).map(|(y, dy)| y * dy).sum();
    let total: f64 = slopes.iter().sum();
    for level in simd::levels() {
        let (x, dy) = (x.as_chunks().0, dy.as_chunks().0);
        let found = simd::dispatch(level, Wide::<N, P> { x, dy });
        let found = found.each_ref().map(|row| wide(row));
        for at in 0..N {
            let share = y[at] * total;
            // What a difference keeps is measured by what it is the difference of.
            let expected = [
                (y[at], y[at]),
                (y[at] * (slopes[at] - shared), y[at] * shared),
                (y[at].ln(), y[at].ln()),
                (slopes[at] - share, slopes[at] + share),
            ];
            for (what, (found, (exact, size))) in found.iter().zip(expected).enumerate() {
                let error = (found[at] - exact).abs() / size.abs();
                assert!(
                    error < 3e-6,
                    "{level:?}, {what}, {at}: {} is not {exact}",
                    found[at]
                );
            }
        }
    }
}
