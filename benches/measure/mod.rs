//! What benchmarks of kernels share: numbers, and how calls are timed.

mod median;

use kiln::rt::Block;
pub use median::median;
use std::time::Instant;

/// Numbers of no order from -1 to 1.
pub fn numbers(blocks: usize, seed: u32) -> Vec<Block> {
    let number = |index: usize| {
        let hash = (index as u32 + seed).wrapping_mul(0x9e37_79b9);
        let hash = (hash ^ hash >> 15).wrapping_mul(0x85eb_ca6b);
        (hash >> 8) as f32 / 8_388_608.0 - 1.0
    };
    let block = |index| Block(std::array::from_fn(|lane| number(index * 16 + lane)));
    (0..blocks).map(block).collect()
}

/// Seconds of a call.
pub fn time(mut call: impl FnMut()) -> f64 {
    call();
    let start = Instant::now();
    for _ in 0..50 {
        call();
    }
    start.elapsed().as_secs_f64() / 50.0
}
