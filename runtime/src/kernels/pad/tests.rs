//! Against the definition on every storage, in numbers whose sums are exact.

use super::{Frame, Grid, Mode, backward, pad};
use crate::{
    block::{Block, LANES},
    simd::{self, Isa, Task},
};
use alloc::{vec, vec::Vec};
use bytemuck::{must_cast_slice, must_cast_slice_mut};

const MODES: [Mode; 5] = [
    Mode::Constant(0.0),
    Mode::Constant(-1.5),
    Mode::Reflect,
    Mode::Replicate,
    Mode::Circular,
];

/// What is padded: planes, rows, columns and numbers of an element, and the sides.
type Case = ([usize; 4], [usize; 4]);

const CASES: &[Case] = &[
    ([1, 4, 5, 17], [1, 2, 0, 3]),
    ([1, 3, 3, 16], [2, 2, 2, 2]),
    ([1, 2, 6, 3], [1, 0, 5, 1]),
    ([1, 1, 7, 20], [0, 0, 6, 2]),
    ([1, 1, 1, 1], [0, 0, 0, 0]),
    ([1, 1, 40, 1], [0, 0, 3, 39]),
    ([3, 4, 6, 1], [3, 1, 2, 5]),
    ([5, 1, 9, 1], [0, 0, 8, 0]),
];

/// How the elements of a side lie.
#[derive(Clone, Copy, Debug)]
enum Lies {
    /// Channels last in a border of one row and two columns.
    Image,
    /// Planes in such a border.
    Planar,
    /// Without gaps.
    Flat,
}

fn grid(lies: Lies, [planes, rows, columns, run]: [usize; 4]) -> Grid {
    let (border, column) = match lies {
        Lies::Image => (1, run.next_multiple_of(LANES)),
        Lies::Planar => (1, 1),
        Lies::Flat => (0, run),
    };
    let row = (columns + 4 * border) * column;
    let plane = (rows + 2 * border) * row;
    Grid {
        sample: (planes * plane).next_multiple_of(LANES),
        first: border * (row + 2 * column),
        plane,
        row,
        column,
    }
}

fn frame(([planes, rows, columns, run], sides): Case, from: Lies, to: Lies) -> Frame {
    let [top, bottom, left, right] = sides;
    let padded = [planes, top + rows + bottom, left + columns + right, run];
    Frame {
        planes,
        rows,
        columns,
        run,
        top,
        bottom,
        left,
        right,
        x: grid(from, [planes, rows, columns, run]),
        y: grid(to, padded),
    }
}

/// The places of all numbers of a grid, in the order of planes, rows, columns and runs.
fn numbers(grid: &Grid, [planes, rows, columns, run]: [usize; 4]) -> Vec<usize> {
    let mut places = Vec::new();
    for plane in 0..planes {
        for row in 0..rows {
            for column in 0..columns {
                let first = grid.begin(plane, row) + column * grid.column;
                places.extend(first..first + run);
            }
        }
    }
    places
}

/// The element that `r - b` means by the definition of the module.
fn meant(mode: Mode, inside: isize, size: isize) -> Option<isize> {
    let is_there = (0..size).contains(&inside);
    match mode {
        _ if is_there => Some(inside),
        Mode::Constant(_) => None,
        Mode::Replicate => Some(inside.clamp(0, size - 1)),
        Mode::Reflect => Some((size - 1) - ((size - 1) - inside.abs()).abs()),
        Mode::Circular => Some(inside.rem_euclid(size)),
    }
}

/// For each number of the result the one of the operand, both in order.
fn sources(frame: &Frame, mode: Mode) -> Vec<Option<usize>> {
    let mut sources = Vec::new();
    for plane in 0..frame.planes {
        for row in 0..frame.top + frame.rows + frame.bottom {
            for column in 0..frame.left + frame.columns + frame.right {
                let along = |at: usize, before: usize, size: usize| {
                    meant(mode, at as isize - before as isize, size as isize)
                };
                let row = along(row, frame.top, frame.rows);
                let column = along(column, frame.left, frame.columns);
                for number in 0..frame.run {
                    sources.push(row.zip(column).map(|(row, column)| {
                        let row = plane * frame.rows + row as usize;
                        (row * frame.columns + column as usize) * frame.run + number
                    }));
                }
            }
        }
    }
    sources
}

fn shape(frame: &Frame) -> [[usize; 4]; 2] {
    let rows = frame.top + frame.rows + frame.bottom;
    let columns = frame.left + frame.columns + frame.right;
    [
        [frame.planes, frame.rows, frame.columns, frame.run],
        [frame.planes, rows, columns, frame.run],
    ]
}

struct Padded<'a>(&'a [f32], &'a mut [Block], Frame, Mode);

impl Task for Padded<'_> {
    type Output = ();

    fn run<S: Isa>(self, s: S) {
        let Self(x, y, frame, mode) = self;
        pad(s, x, y, frame, mode);
    }
}

struct Gathered<'a>(&'a [Block], &'a mut [Block], Frame, Mode, bool);

impl Task for Gathered<'_> {
    type Output = ();

    fn run<S: Isa>(self, s: S) {
        let Self(dy, dx, frame, mode, add) = self;
        backward(s, dy, dx, frame, mode, add);
    }
}

/// Small whole numbers, at some places of two samples and zero elsewhere.
fn filled(grid: &Grid, places: &[usize]) -> Vec<Block> {
    let mut memory = vec![Block::ZERO; 2 * grid.sample / LANES];
    let floats = must_cast_slice_mut::<_, f32>(&mut memory);
    for sample in 0..2 {
        for (index, place) in places.iter().enumerate() {
            floats[sample * grid.sample + place] = ((index * 37 + sample * 11) % 19) as f32 - 9.0;
        }
    }
    memory
}

fn fits(mode: Mode, (sizes, sides): Case) -> bool {
    let most = match mode {
        Mode::Reflect => sizes.map(|size| size - 1),
        Mode::Circular => sizes,
        _ => return true,
    };
    let [top, bottom, left, right] = sides;
    top.max(bottom) <= most[1] && left.max(right) <= most[2]
}

fn judge(case: Case, (from, to): (Lies, Lies), mode: Mode) {
    let frame = frame(case, from, to);
    let [of_x, of_y] = shape(&frame);
    let (x_places, y_places) = (numbers(&frame.x, of_x), numbers(&frame.y, of_y));
    let sources = sources(&frame, mode);
    let x = filled(&frame.x, &x_places);
    let x = must_cast_slice::<_, f32>(&x);
    let dy = filled(&frame.y, &y_places);
    let old = filled(&frame.x, &x_places);
    let value = match mode {
        Mode::Constant(value) => value,
        _ => f32::NAN,
    };
    let mut padded = vec![0.0; 2 * frame.y.sample];
    let mut gathered = vec![0.0; 2 * frame.x.sample];
    for sample in 0..2 {
        for (place, source) in y_places.iter().zip(&sources) {
            let y = sample * frame.y.sample + place;
            padded[y] = value;
            if let Some(source) = source {
                let from = sample * frame.x.sample + x_places[*source];
                padded[y] = x[from];
                gathered[from] += must_cast_slice::<_, f32>(&dy)[y];
            }
        }
    }
    let summed = must_cast_slice::<_, f32>(&old).iter().zip(&gathered);
    let summed: Vec<f32> = summed.map(|(old, more)| old + more).collect();
    for level in simd::levels() {
        let here = (level, case, from, to, mode);
        let mut y = vec![Block([f32::NAN; LANES]); padded.len() / LANES];
        simd::dispatch(level, Padded(x, &mut y, frame, mode));
        assert_eq!(must_cast_slice::<_, f32>(&y), padded, "{here:?}");
        if matches!((from, to), (Lies::Flat, Lies::Planar)) && of_x[3] != 1 {
            continue;
        }
        let mut dx = vec![Block([f32::NAN; LANES]); gathered.len() / LANES];
        simd::dispatch(level, Gathered(&dy, &mut dx, frame, mode, false));
        assert_eq!(must_cast_slice::<_, f32>(&dx), gathered, "{here:?}");
        let mut dx = old.clone();
        simd::dispatch(level, Gathered(&dy, &mut dx, frame, mode, true));
        assert_eq!(must_cast_slice::<_, f32>(&dx), summed, "{here:?}");
    }
}

#[test]
fn every_mode_on_every_storage() {
    let lies = [
        (Lies::Image, Lies::Image),
        (Lies::Flat, Lies::Image),
        (Lies::Planar, Lies::Planar),
        (Lies::Flat, Lies::Planar),
        (Lies::Flat, Lies::Flat),
    ];
    let mut judged = 0;
    for &case in CASES {
        let [planes, _, _, run] = case.0;
        for (from, to) in lies {
            let whole = matches!(from, Lies::Image | Lies::Flat) && matches!(to, Lies::Image);
            let planar = run == 1 && !matches!(from, Lies::Image) && !matches!(to, Lies::Image);
            if !(planes == 1 && whole || planar) {
                continue;
            }
            for mode in MODES.into_iter().filter(|&mode| fits(mode, case)) {
                judge(case, (from, to), mode);
                judged += 1;
            }
        }
    }
    assert!(judged > 60, "{judged}");
}

/// The floats of steps of few features, one plane for each.
#[test]
fn steps_become_planes() {
    let (features, steps) = (3, 7);
    for mode in MODES {
        let mut frame = frame(
            ([features, 1, steps, 1], [0, 0, 2, 4]),
            Lies::Flat,
            Lies::Planar,
        );
        frame.x = Grid {
            sample: features * steps,
            first: 0,
            plane: 1,
            row: 0,
            column: features,
        };
        let x: Vec<f32> = (0..features * steps).map(|index| index as f32).collect();
        for level in simd::levels() {
            let mut y = vec![Block([f32::NAN; LANES]); frame.y.sample / LANES];
            simd::dispatch(level, Padded(&x, &mut y, frame, mode));
            let y = must_cast_slice::<_, f32>(&y);
            for feature in 0..features {
                for place in 0..2 + steps + 4 {
                    let expected = match (mode, meant(mode, place as isize - 2, steps as isize)) {
                        (_, Some(step)) => x[step as usize * features + feature],
                        (Mode::Constant(value), None) => value,
                        _ => unreachable!("other modes have an element for each place"),
                    };
                    let found = y[frame.y.begin(feature, 0) + place];
                    assert_eq!(found, expected, "{level:?} {mode:?} {feature} {place}");
                }
            }
        }
    }
}

/// Sums of more than 4,096 deltas are cut by position: 2^24 and ones that it would swallow one by one.
#[test]
fn long_sums_are_cut() {
    const MANY: usize = 3 * 4096;
    for sides in [[0, 0, MANY - 1, 0], [MANY - 1, 0, 0, 0]] {
        let frame = frame(([1, 1, 1, 16], sides), Lies::Image, Lies::Image);
        let [_, of_y] = shape(&frame);
        let mut dy = vec![Block::ZERO; frame.y.sample / LANES];
        let floats = must_cast_slice_mut::<_, f32>(&mut dy);
        for place in numbers(&frame.y, of_y) {
            floats[place] = 1.0;
        }
        let first = frame.y.begin(0, 0);
        floats[first] = 16_777_216.0;
        for level in simd::levels() {
            let mut dx = vec![Block::ZERO; frame.x.sample / LANES];
            simd::dispatch(level, Gathered(&dy, &mut dx, frame, Mode::Replicate, false));
            // The first chain loses its 4,095 ones, the others keep theirs.
            let found = must_cast_slice::<_, f32>(&dx)[frame.x.first];
            assert_eq!(found, 16_777_216.0 + 8192.0, "{level:?} {sides:?}");
        }
    }
}
