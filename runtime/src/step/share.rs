//! Work that threads share: rayon's, where the feature `parallel` is on, and otherwise one thing after another.

#[cfg(feature = "parallel")]
use super::awake;
use super::cuts::Cuts;
use core::ops::Range;

/// Runs both, at the same time if another thread is free.
pub fn join(a: impl FnOnce() + Send, b: impl FnOnce() + Send) {
    let (mut a, mut b) = (Some(a), Some(b));
    let mut a = || {
        if let Some(a) = a.take() {
            a();
        }
    };
    let mut b = || {
        if let Some(b) = b.take() {
            b();
        }
    };
    both(&mut a, &mut b);
}

/// [`join`] for objects: rayon's code is compiled here, not in every user's crate.
fn both(a: &mut (dyn FnMut() + Send), b: &mut (dyn FnMut() + Send)) {
    #[cfg(feature = "parallel")]
    awake::join(a, b);
    #[cfg(not(feature = "parallel"))]
    {
        a();
        b();
    }
}

/// What is cut into stretches.
pub trait Cut: Send + Sized {
    /// The first `count` items, and the others.
    fn split(self, count: usize) -> (Self, Self);
}

impl<T: Send> Cut for &mut [T] {
    fn split(self, count: usize) -> (Self, Self) {
        self.split_at_mut(count)
    }
}

/// Weights and what is remembered of them.
impl<A: Cut, B: Cut> Cut for (A, B) {
    fn split(self, count: usize) -> (Self, Self) {
        let ((a, other_a), (b, other_b)) = (self.0.split(count), self.1.split(count));
        ((a, b), (other_a, other_b))
    }
}

/// Cuts something into stretches, and hands each to `f` with the number of its first item, at the same time as far as
/// threads are free.
pub fn stretches<C: Cut>(cuts: &dyn Cuts, whole: C, f: &(impl Fn(usize, C) + Sync)) {
    halves(cuts, 0..cuts.count(), 0, whole, f);
}

/// [`stretches`] for some of them, which begin with item `first`.
fn halves<C: Cut>(
    cuts: &dyn Cuts,
    some: Range<usize>,
    first: usize,
    whole: C,
    f: &(impl Fn(usize, C) + Sync),
) {
    if some.len() <= 1 {
        return f(first, whole);
    }
    let middle = some.start + some.len() / 2;
    let start = cuts.start(middle);
    let (left, right) = whole.split(start - first);
    join(
        || halves(cuts, some.start..middle, first, left, f),
        || halves(cuts, middle..some.end, start, right, f),
    );
}
