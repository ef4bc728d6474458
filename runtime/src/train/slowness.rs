//! A word to those who train without optimization.
//!
//! A program cannot see its optimization level, and assertions may be on in a fast build. So a short loop is timed,
//! instantiated in the user's own crate as the kernels are.

use crate::{model::Model, network::Network};
use core::hint::black_box;
use std::{
    io::{self, Write},
    sync::Once,
    time::Instant,
};

/// Says once in a process that the build is slow, if it is, and what to do.
pub fn warn<N: Model>() {
    static ONCE: Once = Once::new();
    if cfg!(debug_assertions) {
        ONCE.call_once(|| {
            if is_slow::<N>() {
                // A closed stream is no reason to panic, as `eprintln!` would.
                let _ = writeln!(
                    io::stderr(),
                    "kiln: this build is not optimized, and training takes some hundred times as long as it could.\n\
                     Build with `--release`, or add to Cargo.toml:\n\n    [profile.dev]\n    opt-level = 3\n"
                );
            }
        });
    }
}

/// Whether simple iterators take more than three nanoseconds an element.
fn is_slow<N: Model>() -> bool {
    const COUNT: usize = 4096;
    let numbers = [N::Network::PARAMETER_BLOCKS as u32; COUNT];
    let timing = |_| {
        let start = Instant::now();
        let sum = black_box(&numbers)
            .iter()
            .zip(numbers.iter().rev())
            .map(|(a, b)| a ^ b)
            .fold(0, u32::wrapping_add);
        black_box(sum);
        start.elapsed().as_nanos()
    };
    (0..4).map(timing).min().unwrap_or(0) > 3 * COUNT as u128
}
