//! What is known of a table when it is read.

use alloc::{string::String, vec::Vec};

/// A table as numbers.
#[derive(Default)]
pub struct Loaded {
    /// Inputs, one row behind another.
    pub inputs: Vec<f32>,
    /// Names of their columns.
    pub columns: Vec<String>,
    /// Targets that are numbers, one row behind another.
    pub targets: Vec<f32>,
    /// Targets that are classes.
    pub labels: Vec<usize>,
    /// Their names.
    pub classes: Vec<String>,
    /// Line of each row.
    pub lines: Vec<u64>,
    /// Rows that were left out.
    pub dropped: usize,
    /// What gaps were filled with.
    pub fills: Vec<(String, f32)>,
}
