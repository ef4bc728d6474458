//! What is written out.

use super::names::Names;
use crate::graph::Graph;
use crate::memory::{plan::Plan, program::Program};
use crate::place::layout::Layout;
use crate::timing::Schedule;

/// A network as a stream answers it.
pub struct Stream {
    /// The network of one step.
    pub graph: Graph,
    /// How its values run.
    pub schedule: Schedule,
    /// Schedule and plan.
    pub planned: (Program, Plan),
}

/// Everything known about a network when it is written out.
pub struct Model<'a> {
    /// What the user declared.
    pub graph: &'a Graph,
    /// Storages, stages and packings.
    pub layout: Layout,
    /// Inference: schedule and plan.
    pub inference: (Program, Plan),
    /// Training: schedule and plan.
    pub training: (Program, Plan),
    /// The step of a stream, if it is asked for.
    pub stream: Option<Stream>,
    /// What expansions call all places.
    pub names: Names,
    /// The arena in little-endian bytes, if it is compiled with weights.
    pub weights: Option<Vec<u8>>,
    /// The first layer that learns nothing from a sample alone.
    pub lonely: Option<String>,
}
