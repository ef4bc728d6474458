//! Orthogonal matrices, made of normal numbers where they lie.
//!
//! Saxe et al. 2014, `torch.nn.init.orthogonal_`: Q of the QR decomposition of a matrix of normal numbers, with signs
//! such that R's diagonal is positive. Gram and Schmidt's process gives that Q: each vector is made 1 long, and is then
//! taken off all later ones,
//!
//! ```text
//! v_j = v_j / |v_j|        v_i = v_i - (v_i . v_j) v_j   for i > j
//! ```
//!
//! The vectors are the rows of the matrix, or its columns where they are fewer. Numbers are rounded to `f32` in
//! between, which leaves vectors askew that are near each other at first; a second round sees vectors that are nearly
//! orthogonal, and leaves errors of a rounding (Giraud et al. 2005).
//!
//! Sixteen vectors are taken off sixteen others before the next come, so that both stay near. Sums are in double
//! precision and have one order, which depends on the layout alone: every machine has the same bits.

use crate::{
    block::LANES,
    layout::{Axis, Layout},
    math::flush_number,
    simd::{self, Isa, Task},
};
use fearless_simd::Level;

/// Makes a matrix of normal numbers orthogonal, and multiplies it by `gain`. A vector is one row.
pub fn orthogonalize(
    level: Level,
    numbers: &mut [f32],
    (shape, layout): (&[usize], Layout),
    gain: f32,
) {
    let (rows, columns) = halves(shape, layout.axes);
    let (vectors, along) = match count(rows) <= count(columns) {
        true => (rows, columns),
        false => (columns, rows),
    };
    let matrix = Matrix {
        offset: layout.offset,
        vectors,
        along,
    };
    simd::dispatch(
        level,
        Orthogonalize {
            numbers: &mut *numbers,
            matrix,
        },
    );
    layout.visit(|place| numbers[place] = flush_number(numbers[place] * gain));
}

/// The axes of the rows, a shape's first, and those of the columns.
fn halves(shape: &[usize], axes: &'static [Axis]) -> (&'static [Axis], &'static [Axis]) {
    let rows = match shape {
        [rows, _, ..] => *rows,
        _ => 1,
    };
    let mut split = 0;
    while split < axes.len() && count(&axes[..split]) < rows {
        split += 1;
    }
    axes.split_at(split)
}

/// Indices of all axes together.
fn count(axes: &[Axis]) -> usize {
    axes.iter().map(|axis| axis.size).product()
}

/// Vectors that are seen together: as many sums as registers hold.
const TOGETHER: usize = 8;

/// Up to sixteen places, from `at` on and `stride` apart.
#[derive(Clone, Copy)]
struct Run {
    at: usize,
    len: usize,
    stride: usize,
}

impl Run {
    /// The numbers, and zeros behind them.
    #[inline(always)]
    fn load(self, numbers: &[f32]) -> [f64; LANES] {
        if let (1, LANES, Some(run)) = (self.stride, self.len, numbers[self.at..].first_chunk()) {
            return run.map(f64::from);
        }
        let mut run = [0.0; LANES];
        for (index, number) in run[..self.len].iter_mut().enumerate() {
            *number = f64::from(numbers[self.at + index * self.stride]);
        }
        run
    }

    #[inline(always)]
    fn store(self, numbers: &mut [f32], run: [f64; LANES]) {
        if let (1, LANES, Some(place)) =
            (self.stride, self.len, numbers[self.at..].first_chunk_mut())
        {
            *place = run.map(|number| number as f32);
            return;
        }
        for (index, number) in run[..self.len].iter().enumerate() {
            numbers[self.at + index * self.stride] = *number as f32;
        }
    }
}

/// What no axes are as one.
const ONE: Axis = Axis {
    size: 1,
    stride: 1,
    block_stride: LANES,
};

/// All places of some axes, in runs along the last of them.
#[inline(always)]
fn runs(offset: usize, axes: &[Axis]) -> impl Iterator<Item = Run> {
    let (last, outer) = axes.split_last().unwrap_or((&ONE, &[]));
    (0..count(outer)).flat_map(move |index| {
        let (mut at, mut rest) = (offset, index);
        for axis in outer.iter().rev() {
            at += axis.step(rest % axis.size);
            rest /= axis.size;
        }
        let firsts = (0..last.size).step_by(LANES);
        firsts.map(move |first| Run {
            at: at + first / LANES * last.block_stride,
            len: LANES.min(last.size - first),
            stride: last.stride,
        })
    })
}

/// A matrix as vectors of numbers.
#[derive(Clone, Copy)]
struct Matrix {
    offset: usize,
    vectors: &'static [Axis],
    along: &'static [Axis],
}

struct Orthogonalize<'a> {
    numbers: &'a mut [f32],
    matrix: Matrix,
}

impl Task for Orthogonalize<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let Self { numbers, matrix } = self;
        s.vectorize(
            #[inline(always)]
            || {
                for _ in 0..2 {
                    let groups = || runs(matrix.offset, matrix.vectors);
                    for (index, group) in groups().enumerate() {
                        for lane in 0..group.len {
                            let own = group.at + lane * group.stride;
                            normalize(numbers, own, matrix.along);
                            take_off(numbers, own, group, lane + 1, matrix.along);
                        }
                        for later in groups().skip(index + 1) {
                            take_off_all(numbers, group, later, matrix.along);
                        }
                    }
                }
            },
        );
    }
}

/// Takes the vector at `own`, which is 1 long, off those of a group from number `first` on.
#[inline(always)]
fn take_off(numbers: &mut [f32], own: usize, group: Run, first: usize, along: &[Axis]) {
    match group.stride {
        1 => take_off_beside(numbers, [own], group, first, along),
        stride => {
            let place = |lane: usize| group.at + lane * stride;
            let mut lane = first;
            while lane + TOGETHER <= group.len {
                let others: [usize; TOGETHER] = core::array::from_fn(|other| place(lane + other));
                take_off_apart(numbers, own, others, along);
                lane += TOGETHER;
            }
            for lane in lane..group.len {
                take_off_apart(numbers, own, [place(lane)], along);
            }
        }
    }
}

/// Takes the vectors of a group off those of a later one.
#[inline(always)]
fn take_off_all(numbers: &mut [f32], group: Run, later: Run, along: &[Axis]) {
    let place = |lane: usize| group.at + lane * group.stride;
    let mut lane = 0;
    // They are orthogonal already, so that several may go at once.
    while later.stride == 1 && lane + TOGETHER <= group.len {
        let own: [usize; TOGETHER] = core::array::from_fn(|other| place(lane + other));
        take_off_beside(numbers, own, later, 0, along);
        lane += TOGETHER;
    }
    for lane in lane..group.len {
        take_off(numbers, place(lane), later, 0, along);
    }
}

/// [`take_off`] of vectors that lie side by side, all at once.
#[inline(always)]
fn take_off_beside<const N: usize>(
    numbers: &mut [f32],
    own: [usize; N],
    group: Run,
    first: usize,
    along: &[Axis],
) {
    let mut parts = [[0.0; LANES]; N];
    for run in runs(0, along) {
        for index in 0..run.len {
            let place = run.at + index * run.stride;
            let others = Run {
                at: group.at + place,
                ..group
            };
            let others = others.load(numbers);
            for (parts, own) in parts.iter_mut().zip(own) {
                let number = f64::from(numbers[own + place]);
                for (part, other) in parts.iter_mut().zip(others) {
                    *part += number * other;
                }
            }
        }
    }
    for parts in &mut parts {
        parts[..first].fill(0.0);
    }
    for run in runs(0, along) {
        for index in 0..run.len {
            let place = run.at + index * run.stride;
            let others = Run {
                at: group.at + place,
                ..group
            };
            let mut changed = others.load(numbers);
            for (parts, own) in parts.iter().zip(own) {
                let number = f64::from(numbers[own + place]);
                for (other, part) in changed.iter_mut().zip(parts) {
                    *other -= part * number;
                }
            }
            others.store(numbers, changed);
        }
    }
}

/// [`take_off`] of some vectors that lie apart.
#[inline(always)]
fn take_off_apart<const N: usize>(
    numbers: &mut [f32],
    own: usize,
    others: [usize; N],
    along: &[Axis],
) {
    let of = |vector: usize, run: Run| Run {
        at: vector + run.at,
        ..run
    };
    let mut parts = [[0.0; LANES]; N];
    for run in runs(0, along) {
        let own = of(own, run).load(numbers);
        for (part, other) in parts.iter_mut().zip(others) {
            let other = of(other, run).load(numbers);
            for (part, (own, other)) in part.iter_mut().zip(own.iter().zip(other)) {
                *part += own * other;
            }
        }
    }
    let parts = parts.map(|part| part.iter().sum::<f64>());
    for run in runs(0, along) {
        let own = of(own, run).load(numbers);
        for (part, other) in parts.into_iter().zip(others) {
            let mut changed = of(other, run).load(numbers);
            for (other, own) in changed.iter_mut().zip(own) {
                *other -= part * own;
            }
            of(other, run).store(numbers, changed);
        }
    }
}

/// Makes a vector 1 long. One of zeros, which normal numbers are not, stays.
#[inline(always)]
fn normalize(numbers: &mut [f32], own: usize, along: &[Axis]) {
    let mut squares = [0.0; LANES];
    for run in runs(own, along) {
        for (square, number) in squares.iter_mut().zip(run.load(numbers)) {
            *square += number * number;
        }
    }
    let length = libm::sqrt(squares.iter().sum());
    if length > 0.0 {
        for run in runs(own, along) {
            run.store(numbers, run.load(numbers).map(|number| number / length));
        }
    }
}

#[cfg(test)]
mod tests;
