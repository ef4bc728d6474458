//! How the pixels over which a gradient is summed are cut: into parts of one chain, and pieces that stay near the core.

use super::sums::Sums;
use crate::{
    kernels::image::Image,
    simd::{HAS_VECTORS, Isa, chains::POSITIONS},
};

/// Pixels whose deltas are brought near together: 8 KiB of a level-1 cache, and enough of them that a tile's sums are seldom
/// loaded and stored. A machine without vectors has less stack than others have cache.
pub const PIECE: usize = if HAS_VECTORS { 128 } else { 16 };

/// A part of an output.
#[derive(Clone, Copy)]
pub struct Part {
    /// The first row and column.
    pub at: [usize; 2],
    /// Rows and columns.
    pub size: [usize; 2],
}

impl Part {
    /// All of an output.
    #[inline(always)]
    const fn whole<D: Image>() -> Self {
        Self {
            at: [0, 0],
            size: [D::HEIGHT, D::WIDTH],
        }
    }

    /// The part of this number, where an area that begins at `at` is cut into parts of some size.
    #[inline(always)]
    fn of(index: usize, [rows, columns]: [usize; 2], at: [usize; 2], area: [usize; 2]) -> Self {
        let across = area[1].div_ceil(columns);
        let [row, column] = [index / across * rows, index % across * columns];
        Self {
            at: [at[0] + row, at[1] + column],
            size: [rows.min(area[0] - row), columns.min(area[1] - column)],
        }
    }

    /// How many parts of some size an area is cut into.
    #[inline(always)]
    const fn count([rows, columns]: [usize; 2], area: [usize; 2]) -> usize {
        area[0].div_ceil(rows) * area[1].div_ceil(columns)
    }

    /// Rows and columns of the parts of at most `most` pixels, into which an output is cut: some whole rows, or a piece of
    /// one.
    const fn most<D: Image>(most: usize) -> [usize; 2] {
        if D::WIDTH > most {
            [1, most]
        } else if D::WIDTH * D::HEIGHT > most {
            [most / D::WIDTH, D::WIDTH]
        } else {
            [D::HEIGHT, D::WIDTH]
        }
    }

    /// Rows and columns of a part that belongs to one chain.
    const fn chained<D: Image>() -> [usize; 2] {
        Self::most::<D>(POSITIONS)
    }

    /// Rows and columns of a part that is brought near together.
    const fn near<D: Image>() -> [usize; 2] {
        Self::most::<D>(PIECE)
    }

    /// Samples that are brought near together; 0 if one alone has too many pixels.
    const fn together<D: Image>() -> usize {
        PIECE / (D::HEIGHT * D::WIDTH)
    }

    /// Its columns: a constant wherever no row is cut.
    #[inline(always)]
    pub const fn columns<D: Image>(self) -> usize {
        if const { Self::near::<D>()[1] == D::WIDTH } {
            D::WIDTH
        } else {
            self.size[1]
        }
    }
}

/// Calls `add` for every piece of the samples, which lie chunk by chunk, with pixels laid out as G: for several samples at
/// once where they are small. Chains end where the sums have no room for a part.
#[inline(always)]
pub fn pieces<'a, S: Isa, G: Image, X: 'a, D: 'a>(
    s: S,
    samples: impl Iterator<Item = (&'a [X], &'a [D])>,
    sums: &mut Sums<'_>,
    mut add: impl FnMut(&'a [X], &'a [D], Part, &mut Sums<'_>),
) {
    for (x, delta) in samples {
        let mut sample = 0;
        while sample < x.len() {
            for part in 0..Part::count(const { Part::chained::<G>() }, [G::HEIGHT, G::WIDTH]) {
                let part = Part::of(
                    part,
                    const { Part::chained::<G>() },
                    [0, 0],
                    [G::HEIGHT, G::WIDTH],
                );
                let positions = part.size[0] * part.size[1];
                sums.reserve(s, positions);
                let mut end = sample + 1;
                let whole = const { Part::together::<G>() > 0 };
                while whole
                    && end < x.len()
                    && end - sample < const { Part::together::<G>() }
                    && sums.chain.has_room(positions)
                {
                    sums.reserve(s, positions);
                    end += 1;
                }
                let samples = sample..end;
                for piece in 0..Part::count(const { Part::near::<G>() }, part.size) {
                    let piece = if whole {
                        Part::whole::<G>()
                    } else {
                        Part::of(piece, const { Part::near::<G>() }, part.at, part.size)
                    };
                    add(&x[samples.clone()], &delta[samples.clone()], piece, sums);
                }
                if whole {
                    sample = end - 1;
                }
            }
            sample += 1;
        }
    }
}
