//! A convolution by its transpose, class by class of what it gives: the gradient of a convolution's input, and the forward
//! pass of a transposed convolution.
//!
//! Both spread each pixel of D over the pixels of X that a [`Stencil`] from X to D reads for it. Seen from X, every pixel
//! gathers from D through the taps of its class (`residue.rs`), which a panel holds in the order of the stencil: descending,
//! as positions in D ascend.

use super::{
    residue::{Residue, alike, covers},
    tiles::{Ends, Sums},
    together::{Batch, Together},
    walk::{Fixed, Given, Known, Reads, Walk, edges, panels_first},
};
use crate::{
    block::{Block, LANES},
    kernels::{
        image::{self, Image},
        stencil::{Along, Stencil},
    },
    simd::Isa,
    tile::{
        Edge,
        shape::{self, Extent, Shape},
    },
};
use bytemuck::NoUninit;
use core::marker::PhantomData;

/// What takes the sums of one class after another.
pub trait Begin {
    /// A class begins, whose first pixel of X is this.
    fn begin(&mut self, first: [usize; 2]);
}

/// The first block of the pixel of X that an output of a class is.
#[inline(always)]
pub fn pixel<C: Stencil, X: Image>(first: [usize; 2], [row, column]: [usize; 2]) -> usize {
    image::pixel::<X>(
        first[0] + row * C::STRIDE[0],
        first[1] + column * C::STRIDE[1],
    )
}

/// All classes of one sample `d`, laid out as D. Pixels of X that no tap reaches are left out.
#[inline(always)]
pub fn of_sample<
    S: Isa,
    C: Stencil,
    D: Image,
    X: Image,
    T: Ends<S> + Begin,
    const K: usize,
    const P: usize,
>(
    s: S,
    d: &[f32],
    w: &[[Block; K]; P],
    ends: &mut T,
) {
    const { Classes::<C, D, X>::check(K, P) };
    // Of parts, those before are left out.
    let d = if const { D::PARTS == 1 } {
        &d[..D::FLOATS]
    } else {
        d
    };
    if const { Classes::<C, D, X>::LONE } {
        let walk = Known(PhantomData::<Classes<C, D, X>>);
        return sums::<S, D, _, _, K, P>(s, walk, d, w, ends);
    }
    each::<C, D, X>(
        #[inline(always)]
        |row, column| {
            ends.begin([row.first, column.first]);
            let reads = Classes::<C, D, X>::reads(row, column);
            let walk = Given(reads, PhantomData::<Classes<C, D, X>>);
            sums::<S, D, _, _, K, P>(s, walk, d, w, ends);
        },
    );
}

/// All classes of samples side by side in tiles, at least as many as a tile has.
#[inline(always)]
pub fn of_samples<
    S: Isa,
    C: Stencil,
    D: Image,
    X: Image,
    T: Batch<S> + Begin,
    E: NoUninit,
    const K: usize,
    const P: usize,
>(
    s: S,
    d: &[E],
    w: &[[Block; K]; P],
    ends: &mut T,
) {
    const { Classes::<C, D, X>::check(K, P) };
    each::<C, D, X>(
        #[inline(always)]
        |row, column| {
            ends.begin([row.first, column.first]);
            S::tiled(Together::<S, Classes<C, D, X>, D, _, _, K, P> {
                s,
                reads: Classes::<C, D, X>::reads(row, column),
                x: d,
                w,
                ends,
                kind: PhantomData,
            });
        },
    );
}

/// Calls `f` for every class that some tap reaches.
#[inline(always)]
fn each<C: Stencil, D: Image, X: Image>(mut f: impl FnMut(Residue, Residue)) {
    for row in 0..C::STRIDE[0] {
        let row = Residue::of(const { Along::axis::<C, X, D>(0) }, row);
        for column in 0..C::STRIDE[1] {
            let column = Residue::of(const { Along::axis::<C, X, D>(1) }, column);
            if !row.is_empty() && !column.is_empty() {
                f(row, column);
            }
        }
    }
}

/// The sums of one class.
#[inline(always)]
fn sums<S: Isa, D: Image, L: Walk, T: Ends<S>, const K: usize, const P: usize>(
    s: S,
    walk: L,
    x: &[f32],
    w: &[[Block; K]; P],
    ends: &mut T,
) {
    S::tiled(Sums::<S, D, L, _, 1, 1, K, P> {
        s,
        walk,
        x,
        w,
        ends,
        image: PhantomData,
    });
}

/// The classes of X's pixels.
pub struct Classes<C, D, X>(PhantomData<(C, D, X)>);

impl<C: Stencil, D: Image, X: Image> Classes<C, D, X> {
    /// Rows and columns.
    const ALONG: [Along; 2] = [Along::axis::<C, X, D>(0), Along::axis::<C, X, D>(1)];

    /// Along rows and columns, whether all classes have as many pixels, and whether they have as many taps.
    const EACH: [[bool; 2]; 2] = [alike(Self::ALONG[0]), alike(Self::ALONG[1])];

    /// Panels of what a part of D gives.
    const PANELS: usize = (X::CHANNELS / D::PARTS).div_ceil(LANES);

    /// Whether every pixel is reached by some tap.
    pub const COVERS: bool = covers(Self::ALONG[0]) && covers(Self::ALONG[1]);

    /// The border of D is as wide as classes read, for panels of `depth` blocks, so many in all.
    const fn check(depth: usize, panels: usize) {
        assert!(depth == C::KERNEL[0] * C::KERNEL[1] * D::CHANNELS);
        assert!(panels == Self::PANELS);
        let [left, right] = Self::ALONG[1].border();
        assert!(left <= D::LEFT && D::LEFT + D::WIDTH + right <= D::COLUMNS);
        assert!(
            !Self::CLIP || D::TOP > 0,
            "a row of zeros stands in for rows out of reach"
        );
    }

    /// The reads of one class of rows and one of columns.
    #[inline(always)]
    const fn reads(row: Residue, column: Residue) -> Reads {
        let tap = D::CHANNELS;
        Reads {
            windows: [row.count, column.count],
            origin: [
                D::TOP as isize + row.origin,
                D::LEFT as isize + column.origin,
            ],
            stride: [1, 1],
            taps: [row.taps, column.taps],
            dilation: [row.dilation, column.dilation],
            panel: (row.tap * C::KERNEL[1] + column.tap) * tap,
            panel_step: [row.tap_step * C::KERNEL[1] * tap, column.tap_step * tap],
        }
    }

    /// The shape of the tiles, and whether the last of a row overlaps the one before it.
    pub const fn tiles<S: Isa>() -> (Shape, bool) {
        shape::best_either::<S>(Self::extent())
    }

    /// Whether no tile runs over the end of a row, unless it has whole rows.
    pub const fn is_regular<S: Isa>() -> bool {
        let (shape, overlaps) = Self::tiles::<S>();
        overlaps || Self::EACH[1][0] && shape::is_regular(Self::extent(), shape.windows)
    }

    /// Rows and columns of a class, at most, and at least one.
    pub const fn windows() -> [usize; 2] {
        let [rows, columns] = Self::ALONG;
        let [rows, columns] = [
            rows.reached().div_ceil(C::STRIDE[0]),
            columns.reached().div_ceil(C::STRIDE[1]),
        ];
        [
            if rows > 0 { rows } else { 1 },
            if columns > 0 { columns } else { 1 },
        ]
    }

    /// What tiles cover.
    const fn extent() -> Extent {
        let [rows, columns] = Self::windows();
        let taps = (C::KERNEL[0] * C::KERNEL[1]).div_ceil(C::STRIDE[0] * C::STRIDE[1]);
        Extent {
            windows: rows * columns,
            // Classes of a stride may differ in width.
            run: if Self::EACH[1][0] { columns } else { 1 },
            width: 1,
            panels: Self::PANELS,
            depth: taps * D::CHANNELS,
            edges: if Self::LONE {
                edges::<Self, D>()
            } else {
                [Edge::NONE; 2]
            },
            grid: Self::ALIKE[0],
        }
    }
}

impl<C: Stencil, D: Image, X: Image> Fixed for Classes<C, D, X> {
    const CLIP: bool = {
        let [above, below] = Self::ALONG[0].border();
        above > D::TOP || D::TOP + D::HEIGHT + below > D::ROWS
    };

    const LONE: bool = C::STRIDE[0] == 1 && C::STRIDE[1] == 1;

    const ALIKE: [bool; 2] = [
        Self::EACH[0][0] && Self::EACH[1][0],
        Self::EACH[0][1] && Self::EACH[1][1],
    ];

    const DESCENDS: bool = true;

    const TAPS: usize = C::KERNEL[0].div_ceil(C::STRIDE[0]);

    const DEPTH: usize = Self::TAPS * C::KERNEL[1].div_ceil(C::STRIDE[1]) * D::CHANNELS;

    const PANELS_FIRST: bool = panels_first(
        C::KERNEL[0] * C::KERNEL[1] * D::CHANNELS * X::CHANNELS.next_multiple_of(LANES),
        D::FLOATS,
    );

    const READS: Reads = Self::reads(
        Residue::of(Self::ALONG[0], 0),
        Residue::of(Self::ALONG[1], 0),
    );
}
