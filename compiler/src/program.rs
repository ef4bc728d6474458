//! What a schedule is: which buffers exist, and which event reads and writes which.

use crate::graph::ValueId;
use crate::layout::Layout;

/// What a program is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Forward alone, buffers reused as soon as they are read for the last time.
    Inference,
    /// Forward, loss, backward, update.
    Training,
}

/// Index into [`Program::buffers`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BufferId(pub usize);

/// Memory that one sample needs for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Buffer {
    /// What it holds, for messages.
    pub name: String,
    /// Blocks per sample.
    pub blocks: usize,
}

/// One kernel call, seen from memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// Buffers whose contents must still be there.
    pub reads: Vec<BufferId>,
    /// Buffers that hold something from here on.
    pub writes: Vec<BufferId>,
}

/// What a stage calls a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// An operand.
    Input(usize),
    /// The result.
    Output,
    /// Left by training forward.
    Saved(usize),
    /// Left by backward.
    Kept(usize),
    /// Inference's scratch.
    Scratch(usize),
    /// The result's delta.
    Delta,
    /// An operand's delta.
    InputDelta(usize),
}

/// A stage's buffers.
#[derive(Clone, Debug, Default)]
pub struct Bindings {
    /// Left by training forward.
    pub saved: Vec<BufferId>,
    /// Left by backward.
    pub kept: Vec<BufferId>,
    /// Inference's scratch.
    pub scratch: Vec<BufferId>,
    /// Whether each operand's delta is asked for, and if so whether it is added to what others left.
    pub adds: Vec<Option<bool>>,
    /// Whether the stage's backward runs at all.
    pub backward: bool,
    /// First block of each transposed weight in the transposed arena.
    pub transposed: Vec<usize>,
    /// Whether this stage refreshes them: the first one of its layer.
    pub transposes: bool,
}

/// The schedule of one mode.
#[derive(Clone, Debug)]
pub struct Program {
    /// What it is for.
    pub mode: Mode,
    /// All buffers.
    pub buffers: Vec<Buffer>,
    /// All events in order.
    pub events: Vec<Event>,
    /// The root of each value in this mode.
    pub roots: Vec<ValueId>,
    /// Each root's buffer; `None` where inference reads the caller's memory.
    pub values: Vec<Option<BufferId>>,
    /// Each root's delta.
    pub deltas: Vec<Option<BufferId>>,
    /// Each stage's buffers; `None` for stages this mode skips.
    pub stages: Vec<Option<Bindings>>,
    /// Blocks of the transposed arena.
    pub transposed_blocks: usize,
    /// Whether inference reads the only input where the caller has it.
    pub direct: bool,
}

impl Program {
    /// The buffer a stage calls `slot`.
    pub fn buffer(&self, layout: &Layout, stage: usize, slot: Slot) -> Option<BufferId> {
        let bindings = self.stages[stage].as_ref()?;
        let root = |value: ValueId| self.roots[value.0].0;
        match slot {
            Slot::Input(operand) => self.values[root(layout.stages[stage].inputs[operand])],
            Slot::Output => self.values[root(layout.stages[stage].output)],
            Slot::Saved(index) => bindings.saved.get(index).copied(),
            Slot::Kept(index) => bindings.kept.get(index).copied(),
            Slot::Scratch(index) => bindings.scratch.get(index).copied(),
            Slot::Delta => self.deltas[root(layout.stages[stage].output)],
            Slot::InputDelta(operand) => self.deltas[root(layout.stages[stage].inputs[operand])],
        }
    }

    /// Adds a buffer.
    pub fn add(&mut self, name: String, blocks: usize) -> BufferId {
        self.buffers.push(Buffer { name, blocks });
        BufferId(self.buffers.len() - 1)
    }
}
