//! What the sums of windows are divided by.

use super::axis::Axis;
use core::ops::Range;

/// What each number of a window's mean is divided by: how many count, as their inverse.
pub struct Shared {
    axes: [Axis; 2],
    /// Windows of which all positions count.
    whole: [Range<usize>; 2],
    each: f32,
    pad: bool,
}

impl Shared {
    /// Those of a pool whose padding counts, or does not.
    pub fn new(axes: [Axis; 2], pad: bool) -> Self {
        let whole = axes.each_ref().map(|axis| axis.whole(pad));
        let [rows, columns] = axes.each_ref().map(Axis::longest);
        Self {
            axes,
            whole,
            each: 1.0 / (rows as f32 * columns as f32),
            pad,
        }
    }

    /// That of a window.
    #[inline(always)]
    pub fn of(&self, [row, column]: [usize; 2]) -> f32 {
        if self.whole[0].contains(&row) && self.whole[1].contains(&column) {
            return self.each;
        }
        self.apart([row, column])
    }

    fn apart(&self, window: [usize; 2]) -> f32 {
        let count = |axis: usize| self.axes[axis].counted(window[axis], self.pad) as f32;
        1.0 / (count(0) * count(1))
    }
}
