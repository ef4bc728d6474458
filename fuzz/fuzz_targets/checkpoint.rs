//! Any bytes as a checkpoint: none makes a trainer panic, and none is taken for another run.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    kiln_fuzz::checkpoints::resume(data);
});
