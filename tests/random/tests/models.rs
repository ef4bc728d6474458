//! The models that the build script wrote, one test for each.
#![forbid(unsafe_code)]

use kiln_random_tests::{Case, judge};

include!(concat!(env!("OUT_DIR"), "/models.rs"));
