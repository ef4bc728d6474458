//! What every activation is.

use fearless_simd::{Simd, f32x16};

/// A function of a number, and its derivative.
pub trait Function: Copy {
    /// Whether f(0) = 0, so that padding lanes stay zero by themselves.
    fn keeps_zero(self) -> bool {
        true
    }

    /// y = f(x), flushed; x need not be.
    fn apply<S: Simd>(self, s: S, x: f32x16<S>) -> f32x16<S>;

    /// dL/dx, flushed, from y = f(x) and dL/dy, which are. A function whose derivative needs its input is given x instead of
    /// y, flushed too.
    fn gradient<S: Simd>(self, s: S, from: f32x16<S>, dy: f32x16<S>) -> f32x16<S>;
}
