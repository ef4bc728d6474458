//! Against loops in f64 over all indices, on every instruction set: results, deltas and sums, in storages of every kind.

use super::{Axis, Combine, Lanes, Term, combine, delta, extreme, sum};
use crate::{
    block::{Block, LANES},
    simd::{self, Isa, Task},
};
use std::{collections::BTreeMap, println, vec, vec::Vec};

/// A tensor under the axes of a result: rows, columns, lanes; the last apart or one number. Numbers it does not hold are
/// infinite, so that whatever they enter is seen.
#[derive(Clone)]
struct Held {
    memory: Vec<Block>,
    blocks: usize,
    first: usize,
    strides: [usize; 3],
}

const SAMPLES: usize = 2;

impl Held {
    /// One that has each of three axes or is stretched along it, in a border of a row and a column; `whole` pads lanes to
    /// blocks.
    fn new(sizes: [usize; 3], has: [bool; 3], whole: bool, factor: usize) -> Self {
        let own = |axis: usize| if has[axis] { sizes[axis] } else { 1 };
        let lanes = match whole {
            true => own(2).next_multiple_of(LANES),
            false => own(2),
        };
        let row = (own(1) + 1) * lanes;
        let floats = (own(0) + 1) * row;
        let blocks = floats.div_ceil(LANES);
        let stride = |axis: usize, stride: usize| if has[axis] { stride } else { 0 };
        let strides = [stride(0, row), stride(1, lanes), stride(2, 1)];
        let mut held = Self {
            memory: vec![Block([f32::INFINITY; LANES]); SAMPLES * blocks],
            blocks,
            first: row,
            strides,
        };
        let mut next = factor;
        for sample in 0..SAMPLES {
            for index in indices([own(0), own(1), own(2)]) {
                next = next * 37 % 1009;
                let sign = if next.is_multiple_of(2) { 1.0 } else { -1.0 };
                *held.at_mut(sample, index) = sign * (0.5 + next as f32 / 700.0);
            }
        }
        held
    }

    fn place(&self, sample: usize, index: [usize; 3]) -> usize {
        let strides = self.strides.iter().zip(index);
        let within = strides.map(|(stride, index)| stride * index).sum::<usize>();
        sample * self.blocks * LANES + self.first + within
    }

    fn at_mut(&mut self, sample: usize, index: [usize; 3]) -> &mut f32 {
        let place = self.place(sample, index);
        &mut self.memory[place / LANES].0[place % LANES]
    }

    fn at(&self, sample: usize, index: [usize; 3]) -> f64 {
        let place = self.place(sample, index);
        f64::from(self.memory[place / LANES].0[place % LANES])
    }

    fn read(&self) -> (&[Block], usize, usize) {
        (&self.memory, self.blocks, self.first)
    }
}

fn indices([rows, columns, lanes]: [usize; 3]) -> impl Iterator<Item = [usize; 3]> {
    (0..rows).flat_map(move |row| {
        (0..columns).flat_map(move |column| (0..lanes).map(move |lane| [row, column, lane]))
    })
}

/// Rows and columns as kernels take them, one after the other if they are kept.
fn axes(sizes: [usize; 3], to: &Held, from: [&Held; 3], kept: impl Fn(usize) -> bool) -> Vec<Axis> {
    let [a, b, c] = from;
    let axis = |axis: usize| Axis {
        size: sizes[axis],
        to: to.strides[axis],
        a: a.strides[axis],
        b: b.strides[axis],
        c: c.strides[axis],
    };
    (0..2).filter(|&axis| kept(axis)).map(axis).collect()
}

fn lanes(count: usize, to: &Held, from: [&Held; 3], whole: bool) -> Lanes {
    let [a, b, c] = from.map(|held| held.strides[2] == 1);
    Lanes {
        count,
        to: to.strides[2] == 1,
        a,
        b,
        c,
        whole,
    }
}

/// What each function is of numbers at one place.
fn forward(by: Combine, x: f64, y: f64) -> f64 {
    match by {
        Combine::Sum => x + y,
        Combine::Difference => x - y,
        Combine::Product => x * y,
        Combine::Quotient => x / y,
        Combine::Line { factor, offset } => f64::from(factor) * x + f64::from(offset),
        Combine::Over { numerator } => f64::from(numerator) / x,
    }
}

fn backward(by: Term, dz: f64, b: f64, c: f64) -> f64 {
    match by {
        Term::Scaled { factor } => f64::from(factor) * dz,
        Term::Product => dz * b,
        Term::Quotient => dz / b,
        Term::Divisor => -b / c * dz,
        Term::Equal => f64::from(u8::from(dz == b)),
        Term::Share => f64::from(u8::from(b == c)) * dz,
    }
}

const COMBINES: [Combine; 6] = [
    Combine::Sum,
    Combine::Difference,
    Combine::Product,
    Combine::Quotient,
    Combine::Line {
        factor: -0.5,
        offset: 3.0,
    },
    Combine::Over { numerator: 2.5 },
];

const TERMS: [Term; 6] = [
    Term::Scaled { factor: -2.0 },
    Term::Product,
    Term::Quotient,
    Term::Divisor,
    Term::Equal,
    Term::Share,
];

struct Case {
    sizes: [usize; 3],
    /// Whether all tensors are padded to whole blocks, or none.
    whole: bool,
}

/// Every way in which a tensor of three axes may be stretched.
fn ways() -> impl Iterator<Item = [bool; 3]> {
    (0..8).map(|bits| [bits & 1 == 0, bits & 2 == 0, bits & 4 == 0])
}

/// The index in a tensor that is stretched in some way.
fn own(way: [bool; 3], all: [usize; 3]) -> [usize; 3] {
    core::array::from_fn(|axis| if way[axis] { all[axis] } else { 0 })
}

fn assert_close(found: f64, expected: f64, largest: f64, what: &str) {
    let bound = 1e-5 * expected.abs() + 1e-6 * largest;
    assert!(
        (found - expected).abs() <= bound,
        "{what}: {found} is not {expected}"
    );
}

impl Case {
    fn results<S: Isa>(&self, s: S) {
        let Self { sizes, whole } = *self;
        for (way, by) in ways().flat_map(|way| COMBINES.map(|by| (way, by))) {
            let x = Held::new(sizes, way, whole, 5);
            let y = Held::new(sizes, way.map(|has| !has), whole, 11);
            let mut z = Held::new(sizes, [true; 3], whole, 3);
            let axes = axes(sizes, &z, [&x, &y, &y], |_| true);
            let lanes = lanes(sizes[2], &z, [&x, &y, &y], whole);
            let (blocks, first) = (z.blocks, z.first);
            combine(
                s,
                x.read(),
                y.read(),
                (&mut z.memory, blocks, first),
                &axes,
                lanes,
                by,
                true,
            );
            let mut there = 0.0;
            for sample in 0..SAMPLES {
                for index in indices(sizes) {
                    let expected = forward(by, x.at(sample, index), y.at(sample, index));
                    let what = std::format!("{by:?} of {way:?} on {:?}", S::SET);
                    assert_close(z.at(sample, index), expected, 1.0, &what);
                    there += z.at(sample, index);
                }
            }
            let all = z.memory.iter().flat_map(|block| block.0).map(f64::from);
            assert!((all.sum::<f64>() - there).abs() < 1e-3, "gaps are zero");
        }
    }

    fn deltas<S: Isa>(&self, s: S) {
        let Self { sizes, whole } = *self;
        let cases = ways().flat_map(|way| TERMS.map(|by| (way, by)));
        for ((way, by), add) in cases.flat_map(|case| [(case, false), (case, true)]) {
            let dz = Held::new(sizes, [true; 3], whole, 7);
            let b = Held::new(sizes, [true, false, true], whole, 11);
            let c = Held::new(sizes, [false, true, false], whole, 13);
            let mut dx = Held::new(sizes, way, whole, 3);
            let before = dx.clone();
            let from = [&dz, &b, &c];
            let lanes = lanes(sizes[2], &dx, from, whole);
            let kept = axes(sizes, &dx, from, |axis| way[axis]);
            let summed = axes(sizes, &dx, from, |axis| !way[axis]);
            let (blocks, first) = (dx.blocks, dx.first);
            let to = (&mut dx.memory[..], blocks, first);
            let divisor = match way {
                [true, true, true] => {
                    delta(
                        s,
                        dz.read(),
                        b.read(),
                        c.read(),
                        to,
                        &kept,
                        lanes,
                        by,
                        true,
                        add,
                    );
                    1.0
                }
                _ => {
                    let (dz, b, c) = (dz.read(), b.read(), c.read());
                    sum(s, dz, b, c, to, &kept, &summed, lanes, by, 4.0, add);
                    4.0
                }
            };
            for sample in 0..SAMPLES {
                let mut sums = BTreeMap::new();
                for all in indices(sizes) {
                    let [dz, b, c] = from.map(|held| held.at(sample, all));
                    let term = backward(by, dz, b, c) / divisor;
                    let (total, size) = sums.entry(own(way, all)).or_insert((0.0, 0.0));
                    (*total, *size) = (*total + term, *size + term.abs());
                }
                for (index, (mut total, size)) in sums {
                    if add {
                        total += before.at(sample, index);
                    }
                    let what = std::format!("{by:?} for {way:?} of {sizes:?} on {:?}", S::SET);
                    assert_close(dx.at(sample, index), total, size, &what);
                }
            }
        }
    }
}

impl Case {
    /// The largest and the least, which are exact, and NaN where one is.
    fn extremes<S: Isa>(&self, s: S) {
        let Self { sizes, whole } = *self;
        for (way, sign) in ways().flat_map(|way| [(way, 1.0), (way, -1.0)]) {
            let mut x = Held::new(sizes, [true; 3], whole, 7);
            *x.at_mut(1, sizes.map(|size| size - 1)) = f32::NAN;
            let mut y = Held::new(sizes, way, whole, 3);
            let from = [&x, &x, &x];
            let lanes = lanes(sizes[2], &y, from, whole);
            let kept = axes(sizes, &y, from, |axis| way[axis]);
            let summed = axes(sizes, &y, from, |axis| !way[axis]);
            let (blocks, first) = (y.blocks, y.first);
            let to = (&mut y.memory[..], blocks, first);
            extreme(s, x.read(), to, &kept, &summed, lanes, sign);
            for sample in 0..SAMPLES {
                let mut extremes = BTreeMap::new();
                for all in indices(sizes) {
                    let value = f64::from(sign) * x.at(sample, all);
                    let so_far = extremes.entry(own(way, all)).or_insert(f64::NEG_INFINITY);
                    if value > *so_far || value.is_nan() {
                        *so_far = value;
                    }
                }
                for (index, expected) in extremes {
                    let found = f64::from(sign) * y.at(sample, index);
                    assert!(
                        found == expected || found.is_nan() && expected.is_nan(),
                        "{way:?} of {sizes:?} on {:?}: {found} is not {expected}",
                        S::SET
                    );
                }
            }
        }
    }
}

impl Task for Case {
    type Output = ();

    fn run<S: Isa>(self, s: S) {
        self.results(s);
        self.deltas(s);
        self.extremes(s);
        println!("{:?} on {:?}", self.sizes, S::SET);
    }
}

#[test]
fn whatever_is_stretched() {
    for level in simd::levels() {
        for (sizes, whole) in [
            ([3, 4, 18], true),
            ([3, 4, 18], false),
            ([2, 5, 16], true),
            ([1, 1, 1], true),
            ([1, 7, 3], false),
            ([2, 2, 33], false),
            ([1, 2, 150], true),
            ([2, 19, 18], true),
            ([1, 33, 18], false),
        ] {
            simd::dispatch(level, Case { sizes, whole });
        }
    }
}

struct Long;

impl Task for Long {
    type Output = [f32; 3];

    /// Three sums of 2^24 and many ones: a chain of f32 adds none of them.
    fn run<S: Isa>(self, s: S) -> [f32; 3] {
        let by = Term::Scaled { factor: 1.0 };
        let none: (&[Block], usize, usize) = (&[], 0, 0);
        let numbers = ONES;
        let mut x = vec![Block([1.0; LANES]); numbers / LANES];
        x[0].0[0] = (1 << 24) as f32;
        let mut sums = [0.0; 3];
        let lanes = |count: usize, full: bool| Lanes {
            count,
            to: false,
            a: full,
            b: false,
            c: false,
            whole: true,
        };
        let run = |size: usize, a: usize| Axis {
            size,
            a,
            ..Axis::default()
        };
        let ways: [(&[Axis], Lanes); 3] = [
            (&[], lanes(numbers, true)),
            (&[run(numbers, 1)], lanes(1, false)),
            (&[run(numbers / 2, 2), run(2, 1)], lanes(1, false)),
        ];
        for (total, (summed, lanes)) in sums.iter_mut().zip(ways) {
            let mut y = [Block::ZERO];
            let from = (&x[..], numbers / LANES, 0);
            sum(
                s,
                from,
                none,
                none,
                (&mut y, 1, 0),
                &[],
                summed,
                lanes,
                by,
                1.0,
                false,
            );
            *total = y[0].0[0];
        }
        sums
    }
}

/// Numbers of a long sum.
const ONES: usize = 1 << 16;

#[test]
fn long_sums_lose_no_more_than_a_chain() {
    for total in simd::dispatch(simd::level(), Long) {
        let ones = total - (1 << 24) as f32;
        assert!(
            ones >= (ONES - 4096 - 4) as f32 && ones <= (ONES + 4) as f32,
            "{ones}"
        );
    }
}
