//! Any bytes as a checkpoint or the file of a descent: none makes a trainer or a descent panic, and none is taken for
//! another run.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    kiln_fuzz::checkpoints::resume(data);
    kiln_fuzz::checkpoints::descend(data);
});
