//! Regions that are transposed: which axes are planes and which are pixels, and in which order squares of 16 x 16 are copied.

use super::square::{few, part, square};
use crate::{
    block::{Block, LANES},
    simd::{HAS_VECTORS, Isa},
};
use bytemuck::must_cast_slice_mut;

/// One axis of a copied region.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Axis {
    /// Indices.
    pub size: usize,
    /// Floats between neighbours in the source.
    pub from: usize,
    /// Floats between neighbours in the target.
    pub to: usize,
}

/// The most axes that squares stand in.
const OUTER: usize = 6;

/// A region in which *pixels* are neighbours on one side, the near one, and *lanes* on the other, the far one.
#[derive(Clone, Copy)]
pub struct Squares {
    /// Pixels of a row, and rows that follow one another on the near side.
    columns: Span,
    rows: Span,
    /// Neighbours on the far side.
    lanes: Span,
    /// Whether the near side is the target.
    back: bool,
}

/// An axis by its sides.
#[derive(Clone, Copy)]
struct Span {
    size: usize,
    near: usize,
    far: usize,
}

impl Span {
    fn of(axis: Axis, back: bool) -> Self {
        let Axis { size, from, to } = axis;
        let (near, far) = if back { (to, from) } else { (from, to) };
        Self { size, near, far }
    }
}

/// Axes around squares.
#[derive(Clone, Copy, Default)]
pub struct Outer {
    axes: [Axis; OUTER],
    count: usize,
}

impl core::ops::Deref for Outer {
    type Target = [Axis];

    fn deref(&self) -> &[Axis] {
        &self.axes[..self.count]
    }
}

impl Squares {
    /// The squares of a region, and the axes around them, if there are neighbours along two axes.
    pub fn of(axes: &[Axis]) -> Option<(Self, Outer)> {
        let find = |is: &dyn Fn(&Axis) -> bool| axes.iter().position(is);
        let source = find(&|axis| axis.from == 1 && axis.to != 1 && axis.size > 1)?;
        let target = find(&|axis| axis.to == 1 && axis.from != 1 && axis.size > 1)?;
        let rows_of = |back: bool| {
            let pixels = if back { target } else { source };
            let pixels = Span::of(axes[pixels], back);
            find(&|axis| axis.size > 1 && Span::of(*axis, back).near == pixels.size)
                .filter(|&row| row != source && row != target)
        };
        // Without rows on either side a matrix is transposed: pixels are those that are longer than they are apart, planes.
        let back = match (rows_of(false), rows_of(true)) {
            (Some(_), _) => false,
            (None, Some(_)) => true,
            (None, None) => axes[target].from < axes[source].to,
        };
        let (pixels, lanes) = if back {
            (target, source)
        } else {
            (source, target)
        };
        let rows = rows_of(back);
        let mut outer = Outer::default();
        for (index, &axis) in axes.iter().enumerate() {
            if index != source && index != target && Some(index) != rows {
                *outer.axes.get_mut(outer.count)? = axis;
                outer.count += 1;
            }
        }
        let one = Span {
            size: 1,
            near: 0,
            far: 0,
        };
        let mut columns = Span::of(axes[pixels], back);
        let mut rows = rows.map_or(one, |row| Span::of(axes[row], back));
        if rows.far == columns.size * columns.far {
            columns.size *= rows.size;
            rows = one;
        }
        let squares = Self {
            columns,
            rows,
            lanes: Span::of(axes[lanes], back),
            back,
        };
        Some((squares, outer))
    }

    /// Copies the squares at every index of the axes around them.
    pub fn copy<S: Isa, const ADD: bool>(self, s: S, x: &[f32], y: &mut [f32], outer: &[Axis]) {
        match outer {
            [] => s.vectorize(
                #[inline(always)]
                || {
                    if self.back {
                        self.squares::<S, ADD, true>(s, x, y);
                    } else {
                        self.squares::<S, ADD, false>(s, x, y);
                    }
                },
            ),
            [axis, inner @ ..] => {
                for index in 0..axis.size {
                    let (x, y) = (&x[index * axis.from..], &mut y[index * axis.to..]);
                    self.copy::<S, ADD>(s, x, y, inner);
                }
            }
        }
    }

    /// Planes lie some pages apart, so some squares of sixteen planes pass before the next planes are begun; but few enough
    /// that what they touch on the far side is near when the next planes come to it.
    #[inline(always)]
    fn squares<S: Isa, const ADD: bool, const BACK: bool>(self, s: S, x: &[f32], y: &mut [f32]) {
        let pixels = self.columns.size * self.rows.size;
        if BACK && !ADD && pixels >= 2 * BAND {
            return self.runs(s, x, y, pixels);
        }
        let near = if BACK { y.as_ptr() } else { x.as_ptr() };
        let line = line(near, pixels, ADD);
        // The first square, and then those that begin where lines do.
        for (band, end) in bands(line, pixels) {
            for lane in (0..self.lanes.size).step_by(LANES) {
                let (lane, wide) = square_from::<ADD>(lane, self.lanes.size);
                for pixel in (band..end).step_by(LANES) {
                    let (pixel, deep) = square_from::<ADD>(pixel, pixels);
                    let near = (lane * self.lanes.near + pixel, self.lanes.near);
                    self.one::<S, ADD, BACK>(s, x, y, near, [pixel, deep], [lane, wide]);
                }
            }
        }
    }

    /// Squares whose target are long planes: some pixels of sixteen planes are brought together nearby, and then copied to
    /// each plane as a run.
    #[inline(always)]
    fn runs<S: Isa>(self, s: S, x: &[f32], y: &mut [f32], pixels: usize) {
        let mut near = [[0.0; BAND]; LANES];
        for first in (0..pixels).step_by(BAND) {
            let first = first.min(pixels - BAND);
            for lane in (0..self.lanes.size).step_by(LANES) {
                let (lane, wide) = square_from::<false>(lane, self.lanes.size);
                for pixel in (0..BAND).step_by(LANES) {
                    let near = must_cast_slice_mut(&mut near);
                    let at = [first + pixel, LANES];
                    self.one::<S, false, true>(s, x, near, (pixel, BAND), at, [lane, wide]);
                }
                for (index, run) in near[..wide].iter().enumerate() {
                    let first = (lane + index) * self.lanes.near + first;
                    y[first..first + BAND].copy_from_slice(run);
                }
            }
        }
    }

    /// One square, or the part of one.
    #[inline(always)]
    fn one<S: Isa, const ADD: bool, const BACK: bool>(
        self,
        s: S,
        x: &[f32],
        y: &mut [f32],
        near: (usize, usize),
        [pixel, deep]: [usize; 2],
        [lane, wide]: [usize; 2],
    ) {
        let (row, column) = (pixel / self.columns.size, pixel % self.columns.size);
        let far = row * self.rows.far + column * self.columns.far + lane;
        let step = self.columns.far;
        if deep < LANES || wide < LANES {
            let far = self.far(far, column, deep);
            let room = if BACK { x.len() } else { y.len() };
            if deep == LANES && far.iter().all(|far| far + LANES <= room) {
                few::<S, ADD, BACK>(s, x, y, near, far, wide);
            } else {
                part::<ADD, BACK>(x, y, near, far, [deep, wide]);
            }
        } else if column + LANES <= self.columns.size {
            square::<S, ADD, BACK>(
                s,
                x,
                y,
                near,
                #[inline(always)]
                |index| far + index * step,
            );
        } else {
            let far = self.far(far, column, LANES);
            square::<S, ADD, BACK>(
                s,
                x,
                y,
                near,
                #[inline(always)]
                |index| far[index],
            );
        }
    }

    /// Where some pixels begin on the far side, as many as `deep`, of which the first begins at `far` in some column.
    #[inline(always)]
    fn far(self, mut far: usize, mut column: usize, deep: usize) -> [usize; LANES] {
        let mut begins = [0; LANES];
        for begin in &mut begins[..deep] {
            *begin = far;
            far += self.columns.far;
            column += 1;
            if column == self.columns.size {
                far = far - column * self.columns.far + self.rows.far;
                column = 0;
            }
        }
        begins
    }
}

/// Pixels that pass over all planes together.
const BAND: usize = if HAS_VECTORS { 128 } else { LANES };

/// The pixel at which a line of the cache begins on the near side, where `near` is its first float; behind a square if that
/// is the first pixel. Planes are often a power of two apart, so that those of one square are in each other's way in the
/// level-1 cache, and a line that two squares share would come twice.
#[inline(always)]
fn line(near: *const f32, pixels: usize, once: bool) -> usize {
    match near.align_offset(size_of::<Block>()) {
        line @ 1..LANES if !once && pixels >= LANES => line,
        _ => LANES,
    }
}

/// The first square, and bands from there on.
#[inline(always)]
fn bands(line: usize, pixels: usize) -> impl Iterator<Item = (usize, usize)> {
    let bands = (line..pixels).step_by(BAND);
    core::iter::once((0, line)).chain(bands.map(move |band| (band, pixels.min(band + BAND))))
}

/// Where the square begins that holds index `first` of `size`, and how many of them it takes: the last square overlaps the
/// one before it, if nothing is added twice by that.
#[inline(always)]
fn square_from<const ADD: bool>(first: usize, size: usize) -> (usize, usize) {
    if !ADD && size >= LANES {
        (first.min(size - LANES), LANES)
    } else {
        (first, LANES.min(size - first))
    }
}
