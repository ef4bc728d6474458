//! Where the tiles of a convolution are.

#![allow(
    clippy::needless_range_loop,
    reason = "indices as in the formulas; adapters and closures cost rustc several functions each, in every kernel"
)]

use core::ops::Range;

/// A tile: its windows, counted row by row, and its panels.
pub(super) struct Place<const Q: usize> {
    pub windows: [[usize; 2]; Q],
    /// The windows that are stored: those before them another tile has, those after them repeat the last.
    pub valid: Range<usize>,
    pub panel: usize,
    /// Panels that another tile has.
    pub stored: usize,
}

impl<const Q: usize> Place<Q> {
    /// Tiles of rows of windows, whose last overlaps the one before it, or goes on into the next row.
    #[inline(always)]
    pub fn count([height, width]: [usize; 2], overlaps: bool) -> usize {
        if overlaps {
            height * width.div_ceil(Q)
        } else {
            (height * width).div_ceil(Q)
        }
    }

    /// A tile of a group of N panels, of P in all: for some past the last stand others before them. `regular` says that no
    /// tile goes on into the next row, unless it has whole rows.
    #[inline(always)]
    pub fn of<const N: usize, const P: usize>(
        [height, width]: [usize; 2],
        [regular, overlaps]: [bool; 2],
        tile: usize,
        group: usize,
    ) -> Self {
        let (first, known) = if overlaps {
            let (row, column) = (tile / width.div_ceil(Q), tile % width.div_ceil(Q) * Q);
            let known = (column + Q).saturating_sub(width);
            (row * width + column - known, known)
        } else {
            (tile * Q, 0)
        };
        let valid = known..Q.min(height * width - first);
        let mut windows = [[first / width, first % width]; Q];
        for q in 1..Q {
            let [row, column] = windows[q - 1];
            windows[q] = if regular && Q > width {
                [first / width + q / width, q % width]
            } else if regular || column + 1 < width {
                [row, column + 1]
            } else if q < valid.end {
                [row + 1, 0]
            } else {
                [row, column]
            };
        }
        let panel = if const { P.is_multiple_of(N) } {
            group * N
        } else {
            (group * N).min(P - N)
        };
        Self {
            windows,
            valid,
            panel,
            stored: group * N - panel,
        }
    }
}
