//! Arithmetic on tensors of which some are stretched: an axis of size 1 serves every index of the result's axis. One pass
//! over the result, in which nothing is copied.
//!
//! A *lane* axis is the one along which neighbours of the result are neighbours in memory: channels of an image, features of
//! a sequence. The other axes are walked from the outermost in memory; a stretched one has a stride of 0.
//!
//! ```text
//! z = x y, x: [C, H, W], y: [C, 1, 1]      lanes C, both full;   axes H, W: y's strides are 0
//! z = x y, x: [C, H, W], y: [1, H, W]      lanes C, x full;      y is one number for all lanes of a pixel
//! ```
//!
//! # Derivation
//!
//! Every element of a stretched operand enters all results along the stretched axes, so its delta is the sum of what it
//! would be for each of them. With z = f(x, y):
//!
//! ```text
//! z = x + y     dx = dz        dy = dz
//! z = x - y     dx = dz        dy = -dz
//! z = x y       dx = y dz      dy = x dz
//! z = x / y     dx = dz / y    dy = -(z / y) dz, as dz/dy = -x / y^2 = -(x / y) / y
//! z = a x + b   dx = a dz
//! z = a / x     dx = -(z / x) dz
//! ```
//!
//! The delta of a sum is that of each of its terms, of a mean that over their number. Those of a largest number that are as
//! large share its delta evenly, as `torch.amax` has it.
//!
//! The sum over stretched axes is taken in the order in which the deltas lie, cut every 4,096 positions, and neighbouring
//! positions of a long run are spread over up to four chains. So its order is a function of shapes and storages alone.

mod along;
mod each;
mod formula;
mod levels;
mod place;
#[cfg(test)]
mod tests;

pub use formula::{Combine, Term};
pub use place::{Axis, Lanes};

use crate::simd::compiled_here;
use along::{extremes, sums};
use each::{deltas, results};
pub(super) use place::{Memory, MemoryMut};

compiled_here! {
    /// z = f(x, y). Where `gaps` says so, everything between the results becomes zero.
    pub fn combine = results(
        a: Memory<'_>,
        b: Memory<'_>,
        z: MemoryMut<'_>,
        axes: &[Axis],
        lanes: Lanes,
        by: Combine,
        gaps: bool,
    );

    /// The delta of an operand that is not stretched, or more of it: `b` and `c` are what the term reads beside the result's
    /// delta `a`.
    pub fn delta = deltas(
        a: Memory<'_>,
        b: Memory<'_>,
        c: Memory<'_>,
        dx: MemoryMut<'_>,
        axes: &[Axis],
        lanes: Lanes,
        by: Term,
        gaps: bool,
        add: bool,
    );

    /// The sum of a term along the axes `summed`, over `divisor`, for each index of the axes `kept`; or more of it.
    pub fn sum = sums(
        a: Memory<'_>,
        b: Memory<'_>,
        c: Memory<'_>,
        dx: MemoryMut<'_>,
        kept: &[Axis],
        summed: &[Axis],
        lanes: Lanes,
        by: Term,
        divisor: f32,
        add: bool,
    );

    /// The largest number along the axes `summed`, for each index of the axes `kept`; the least if the `sign` is -1. NaN if
    /// one is.
    pub fn extreme = extremes(
        x: Memory<'_>,
        y: MemoryMut<'_>,
        kept: &[Axis],
        summed: &[Axis],
        lanes: Lanes,
        sign: f32,
    );
}
