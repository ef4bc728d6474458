use super::{Axis, enter, leave, strided};
use crate::{
    block::{Block, LANES},
    math::flush_number,
    simd::{self, Isa, Task},
};
use bytemuck::{must_cast_slice, must_cast_slice_mut};
use std::{vec, vec::Vec};

/// A copy of two samples, as kernel and by the definition.
struct Copy<'a> {
    x: &'a [Block],
    y: &'a mut [Block],
    from: usize,
    to: usize,
    axes: &'a [Axis],
    clear: bool,
    add: bool,
}

impl Task for Copy<'_> {
    type Output = ();

    fn run<S: Isa>(self, s: S) {
        let (x_blocks, y_blocks) = (self.x.len() / 2, self.y.len() / 2);
        let (x, y) = ((self.x, x_blocks, self.from), (self.y, y_blocks, self.to));
        strided(s, x, y, self.axes, self.clear, self.add);
    }
}

impl Copy<'_> {
    fn by_definition(self) {
        let (x_floats, y_floats) = (self.x.len() / 2 * LANES, self.y.len() / 2 * LANES);
        let (x, y) = (
            must_cast_slice::<_, f32>(self.x),
            must_cast_slice_mut::<_, f32>(self.y),
        );
        if self.clear {
            y.fill(0.0);
        }
        let count = self.axes.iter().map(|axis| axis.size).product::<usize>();
        for sample in 0..2 {
            for index in 0..count {
                let (mut rest, mut from, mut to) = (index, self.from, self.to);
                for axis in self.axes.iter().rev() {
                    from += rest % axis.size * axis.from;
                    to += rest % axis.size * axis.to;
                    rest /= axis.size;
                }
                let y = &mut y[sample * y_floats + to];
                let x = x[sample * x_floats + from];
                *y = if self.add { flush_number(*y + x) } else { x };
            }
        }
    }
}

fn blocks(floats: usize, scale: f32) -> Vec<Block> {
    let blocks = floats.div_ceil(LANES);
    let mut memory = vec![Block::ZERO; 2 * blocks];
    for (index, x) in must_cast_slice_mut::<_, f32>(&mut memory)
        .iter_mut()
        .enumerate()
    {
        *x = scale * (index as f32 + 1.0);
    }
    memory
}

/// Copies there, back and added, on every instruction set, and compares with the definition.
#[track_caller]
fn holds(axes: &[[usize; 3]], from: usize, to: usize) {
    let end = |first: usize, side: usize| {
        let last = axes.iter().map(|axis| (axis[0] - 1) * axis[side]);
        first + last.sum::<usize>() + 1
    };
    let x = blocks(end(from, 1), 1.0);
    let y = blocks(end(to, 2), -3.0);
    let axes = axes
        .iter()
        .map(|&[size, from, to]| Axis { size, from, to })
        .collect::<Vec<_>>();
    for level in simd::levels() {
        for (clear, add) in [(false, false), (true, false), (false, true)] {
            let (mut found, mut wanted) = (y.clone(), y.clone());
            let copy = |y| Copy {
                x: &x,
                y,
                from,
                to,
                axes: &axes,
                clear,
                add,
            };
            simd::dispatch(level, copy(&mut found));
            copy(&mut wanted).by_definition();
            assert_eq!(found, wanted, "{axes:?}, clear {clear}, add {add}");
        }
    }
}

/// `[C][H][W]` into `[H][W][C]` with a border, and back.
#[track_caller]
fn image(channels: usize, height: usize, width: usize, border: usize) {
    let column = channels.next_multiple_of(LANES);
    let row = (width + 2 * border) * column;
    let first = border * row + border * column;
    let planes = [
        [channels, height * width, 1],
        [height, width, row],
        [width, 1, column],
    ];
    holds(&planes, 0, first);
    let back = planes.map(|[size, from, to]| [size, to, from]);
    holds(&back, first, 0);
    if border == 0 {
        holds(
            &[[channels, height * width, 1], [height * width, 1, column]],
            0,
            0,
        );
    }
}

#[test]
fn images_of_all_sizes_change_their_storage() {
    for channels in [1, 3, 15, 16, 17, 31, 40] {
        for (height, width) in [(1, 1), (1, 16), (4, 4), (3, 5), (7, 7), (5, 18), (15, 19)] {
            for border in 0..2 {
                image(channels, height, width, border);
            }
        }
    }
}

#[test]
fn other_regions_are_copied_too() {
    // A matrix transposed into a narrow stride.
    holds(&[[4, 1, 3], [3, 16, 1]], 0, 2);
    // Runs, single numbers, every other number.
    holds(&[[100, 1, 1]], 3, 5);
    holds(&[[1, 1, 1]], 3, 5);
    holds(&[[20, 2, 1]], 1, 0);
    holds(&[[20, 1, 2]], 1, 0);
    holds(&[], 1, 0);
    // Planes of planes: squares stand in other axes.
    holds(
        &[[2, 2000, 3000], [3, 500, 1000], [18, 25, 1], [20, 1, 40]],
        1,
        7,
    );
    holds(
        &[[2, 3000, 2000], [3, 1000, 500], [18, 1, 25], [20, 40, 1]],
        7,
        1,
    );
    // More axes than squares stand in.
    let deep = [[2, 2000, 2000], [2, 1000, 1000], [2, 500, 500]];
    let deeper = [[2, 250, 250], [2, 120, 120], [2, 60, 60], [2, 30, 30]];
    let square = [[5, 1, 5], [5, 5, 1]];
    holds(&[&deep[..], &deeper, &square].concat(), 0, 0);
}

/// A sample that enters an image in a border, and leaves it.
struct Crossing<'a> {
    x: &'a [f32],
    image: &'a mut [Block],
    back: &'a mut [f32],
    first: usize,
    axes: &'a [Axis],
    finite: &'a mut bool,
}

impl Task for Crossing<'_> {
    type Output = ();

    fn run<S: Isa>(self, s: S) {
        let Self {
            x,
            image,
            back,
            first,
            axes,
            finite,
        } = self;
        enter(s, x, image, first, axes, true, finite);
        let axes = axes.iter().map(|&Axis { size, from, to }| Axis {
            size,
            from: to,
            to: from,
        });
        leave(s, image, first, back, &axes.collect::<Vec<_>>());
    }
}

/// Planes of a caller's, at any distance from the begin of a line, cross both ways.
#[track_caller]
fn crosses(channels: usize, height: usize, width: usize, skew: usize) {
    let column = channels.next_multiple_of(LANES);
    let row = (width + 2) * column;
    let floats = channels * height * width;
    let axis = |size, from, to| Axis { size, from, to };
    let axes = [
        axis(channels, height * width, 1),
        axis(height, width, row),
        axis(width, 1, column),
    ];
    let first = row + column;
    for (special, stored, sound) in [
        (1.5, 1.5, true),
        (1e-30, 0.0, true),
        (f32::INFINITY, f32::INFINITY, false),
    ] {
        let mut memory = (0..skew + floats)
            .map(|index| index as f32 + 1.0)
            .collect::<Vec<_>>();
        memory[skew + floats / 2] = special;
        let x = &memory[skew..];
        let mut wanted = x.to_vec();
        wanted[floats / 2] = stored;
        for level in simd::levels() {
            let mut image = vec![Block([f32::NAN; LANES]); (height + 2) * row / LANES];
            let mut back = vec![0.0; floats];
            let mut finite = true;
            let crossing = Crossing {
                x,
                image: &mut image,
                back: &mut back,
                first,
                axes: &axes,
                finite: &mut finite,
            };
            simd::dispatch(level, crossing);
            assert_eq!((&back, finite), (&wanted, sound));
            let stored = must_cast_slice::<_, f32>(&image);
            let sum = |floats: &[f32]| floats.iter().map(|&x| f64::from(x)).sum::<f64>();
            assert_eq!(sum(stored), sum(&wanted), "gaps are zero");
        }
    }
}

#[test]
fn samples_cross_and_lose_what_is_tiny() {
    for (channels, height, width) in [(1, 5, 5), (3, 17, 17), (10, 6, 9), (21, 16, 16), (40, 3, 3)]
    {
        for skew in [0, 1, 4] {
            crosses(channels, height, width, skew);
        }
    }
}

#[test]
fn what_is_added_counts_as_zero_where_it_is_tiny() {
    let x = [Block([1e-30; LANES]), Block([1.0; LANES])];
    let mut y = [Block([0.0; LANES]); 2];
    let axes = [Axis {
        size: LANES,
        from: 1,
        to: 1,
    }];
    for level in simd::levels() {
        simd::dispatch(
            level,
            Copy {
                x: &x,
                y: &mut y,
                from: 0,
                to: 0,
                axes: &axes,
                clear: true,
                add: true,
            },
        );
        assert_eq!(y, [Block::ZERO, Block([1.0; LANES])]);
    }
}
