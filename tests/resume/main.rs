//! A run that was resumed has the bits of one that never stopped; a checkpoint of another run is refused.
#![forbid(unsafe_code)]

#[path = "../../fuzz/src/checkpoints.rs"]
mod checkpoints;
mod descents;
mod files;
mod fuzzed;
#[path = "../numbers/mod.rs"]
mod numbers;
mod rules;
mod run;
mod settings;
mod streams;
