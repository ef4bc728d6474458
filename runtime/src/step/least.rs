//! The least position that any thread has found.

use core::sync::atomic::{AtomicUsize, Ordering};

/// The least of some positions.
pub struct Least(AtomicUsize);

impl Least {
    /// None below `end` so far.
    pub fn new(end: usize) -> Self {
        Self(AtomicUsize::new(end))
    }

    /// Another position.
    #[inline]
    pub fn add(&self, position: usize) {
        #[cfg(target_has_atomic = "ptr")]
        self.0.fetch_min(position, Ordering::Relaxed);
        // A machine without compare-and-swap (a Cortex-M0) has no `std`, and so no threads that share a step.
        #[cfg(not(target_has_atomic = "ptr"))]
        self.0.store(self.get().min(position), Ordering::Relaxed);
    }

    /// The least.
    pub fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}
