//! The models that the build script wrote, one test for each.
#![forbid(unsafe_code)]
#![allow(
    clippy::redundant_slicing,
    reason = "the generator slices whatever shape a part has"
)]

use kiln_random_tests::{Case, judge, stream};

include!(concat!(env!("OUT_DIR"), "/models.rs"));
