//! Orthogonality of matrices in every layout there is, against the same numbers in double precision.

use super::{
    super::{normal, normal_of},
    orthogonalize,
};
use crate::{
    layout::{Axis, Layout},
    random, simd,
    tensor::Init,
};
use alloc::{vec, vec::Vec};
use fearless_simd::Level;

const fn axis(size: usize, stride: usize, block_stride: usize) -> Axis {
    Axis {
        size,
        stride,
        block_stride,
    }
}

/// Axes of a tensor that has `size` outputs in panels of so many blocks.
const fn lanes(size: usize, blocks: usize) -> Axis {
    axis(size, 1, 16 * blocks)
}

const fn plain(size: usize, stride: usize) -> Axis {
    axis(size, stride, 16 * stride)
}

/// A shape and a layout of it.
struct Case {
    shape: &'static [usize],
    offset: usize,
    axes: &'static [Axis],
}

const CASES: &[Case] = &[
    // Row-major, as a layer of one's own has it: fewer rows, fewer columns, and as many.
    Case {
        shape: &[18, 40],
        offset: 3,
        axes: &[plain(18, 40), plain(40, 1)],
    },
    Case {
        shape: &[40, 18],
        offset: 3,
        axes: &[plain(40, 18), plain(18, 1)],
    },
    Case {
        shape: &[33, 33],
        offset: 0,
        axes: &[plain(33, 33), plain(33, 1)],
    },
    Case {
        shape: &[6, 1],
        offset: 0,
        axes: &[plain(6, 1), plain(1, 1)],
    },
    Case {
        shape: &[1, 6],
        offset: 0,
        axes: &[plain(1, 6), plain(6, 1)],
    },
    // Sixteen outputs beside each other, as `Dense` has them.
    Case {
        shape: &[18, 2],
        offset: 64,
        axes: &[lanes(18, 2), plain(2, 16)],
    },
    Case {
        shape: &[34, 40],
        offset: 0,
        axes: &[lanes(34, 40), plain(40, 16)],
    },
    // Behind an image whose pixels lie a block apart.
    Case {
        shape: &[35, 18],
        offset: 16,
        axes: &[lanes(35, 60), plain(2, 16), plain(3, 16 * 10), plain(3, 32)],
    },
    // Four gates of twenty units, from 7 and from 90 inputs.
    Case {
        shape: &[80, 7],
        offset: 0,
        axes: &[plain(4, 7 * 16), lanes(20, 28), plain(7, 16)],
    },
    Case {
        shape: &[80, 90],
        offset: 0,
        axes: &[plain(4, 90 * 16), lanes(20, 360), plain(90, 16)],
    },
    // A convolution from 2 channels by 3 x 3.
    Case {
        shape: &[20, 2, 3, 3],
        offset: 0,
        axes: &[lanes(20, 18), plain(2, 16), plain(3, 96), plain(3, 32)],
    },
    Case {
        shape: &[17, 2, 3, 3],
        offset: 0,
        axes: &[lanes(17, 18), plain(2, 16), plain(3, 96), plain(3, 32)],
    },
    Case {
        shape: &[30],
        offset: 0,
        axes: &[lanes(30, 1)],
    },
];

/// The matrix in row-major order, and what lay around it.
fn made(level: Level, case: &Case, gain: f32) -> (Vec<f64>, Vec<f32>) {
    let layout = Layout {
        offset: case.offset,
        axes: case.axes,
    };
    let mut numbers = vec![0.0; layout.extent()];
    let mut generator = random::stream(7, 0);
    layout.visit(|place| numbers[place] = normal_of(Init::Orthogonal(gain), &mut generator));
    orthogonalize(level, &mut numbers, (case.shape, layout), gain);
    let mut matrix = Vec::new();
    layout.visit(|place| {
        matrix.push(f64::from(numbers[place]));
        numbers[place] = 0.0;
    });
    (matrix, numbers)
}

/// The vectors of a row-major matrix, rows or columns.
fn vectors(shape: &[usize], matrix: &[f64]) -> Vec<Vec<f64>> {
    let rows = if shape.len() > 1 { shape[0] } else { 1 };
    let columns = matrix.len() / rows;
    let at = |row: usize, column: usize| matrix[row * columns + column];
    match rows <= columns {
        true => (0..rows)
            .map(|row| (0..columns).map(|column| at(row, column)).collect())
            .collect(),
        false => (0..columns)
            .map(|column| (0..rows).map(|row| at(row, column)).collect())
            .collect(),
    }
}

fn product(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[test]
fn rows_or_columns_are_orthonormal() {
    for (case, gain) in CASES.iter().zip([1.0, 0.5, 1.4].into_iter().cycle()) {
        let (matrix, around) = made(simd::level(), case, gain);
        let shape = case.shape;
        assert!(around.iter().all(|&number| number == 0.0), "{shape:?}");
        let (vectors, square) = (vectors(shape, &matrix), f64::from(gain).powi(2));
        for (i, a) in vectors.iter().enumerate() {
            for (j, b) in vectors.iter().enumerate() {
                let expected = if i == j { square } else { 0.0 };
                let found = product(a, b);
                let error = (found - expected).abs();
                assert!(error < 1e-6 * square, "{shape:?}, {i}, {j}: {found}");
            }
        }
    }
}

/// Gram and Schmidt's process on the same numbers, which gives the Q of which R's diagonal is positive.
#[test]
fn signs_are_those_of_a_positive_diagonal() {
    for case in CASES {
        let mut generator = random::stream(7, 0);
        let count = case.shape.iter().product::<usize>();
        let numbers = (0..count).map(|_| f64::from(normal(&mut generator)));
        let mut expected = vectors(case.shape, &numbers.collect::<Vec<_>>());
        for i in 0..expected.len() {
            let (before, own) = expected.split_at_mut(i);
            for other in before.iter().chain(&*before) {
                let part = product(&own[0], other);
                own[0]
                    .iter_mut()
                    .zip(other)
                    .for_each(|(x, y)| *x -= part * y);
            }
            let length = product(&own[0], &own[0]).sqrt();
            own[0].iter_mut().for_each(|x| *x /= length);
        }
        let found = vectors(case.shape, &made(simd::level(), case, 1.0).0);
        for (x, y) in found.concat().into_iter().zip(expected.concat()) {
            // The last vectors of a square are what is left of numbers a hundred times as large.
            assert!((x - y).abs() < 2e-5, "{:?}: {x}, {y}", case.shape);
        }
    }
}

/// Far more vectors than there are in any test of a network.
#[test]
fn large_matrices_are_orthogonal() {
    const SIZE: usize = 200;
    const SQUARE: Case = Case {
        shape: &[SIZE, SIZE],
        offset: 0,
        axes: &[lanes(SIZE, SIZE), plain(SIZE, 16)],
    };
    let vectors = vectors(SQUARE.shape, &made(simd::level(), &SQUARE, 1.0).0);
    for (i, a) in vectors.iter().enumerate() {
        for b in &vectors[..i] {
            assert!(product(a, b).abs() < 1e-6);
        }
    }
}

/// The same bits on every instruction set.
#[test]
fn every_machine_makes_the_same() {
    let case = &CASES[6];
    let expected = made(simd::level(), case, 1.0).0;
    for level in simd::levels() {
        assert_eq!(made(level, case, 1.0).0, expected, "{level:?}");
    }
}
