//! How long values live: what happens when, and which memory each value has meanwhile.

pub mod check;
pub mod crossing;
pub mod plan;
pub mod program;
pub mod rows;
pub mod schedule;
