//! Any bytes as a file: no reader panics, takes memory that the file does not hold, or gives what it may not.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    kiln_fuzz::readers::read(data);
});
