//! Any bytes as a declaration: `compile` neither panics nor overflows the stack, and takes no longer than it may.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    kiln_fuzz::judge::compile_in_bounds(data);
});
