//! Where values cross between the caller and a program: straight into the storage that kernels read, and out of the one that
//! they wrote.
//!
//! ```text
//! image --copy_0--> image, channels last --conv--> y, channels last --copy_1--> y, flat
//! ```
//!
//! The caller's array is copied anyhow, so the copies that the layout made are left out: the image is loaded into the storage
//! of `copy_0`, and the answer is taken from that of `conv`; a loss gives the delta of `y` back the same way.

use crate::ids::ValueId;
use crate::memory::program::Stored;
use crate::ops::copying::Region;
use crate::place::fuse::Stage;
use crate::place::layout::Layout;
use std::collections::BTreeSet;

/// A value that the caller gives or takes, as the program stores it.
#[derive(Clone, Debug)]
pub struct Cross {
    /// The value in the program.
    pub value: ValueId,
    /// How it is stored, unless it is flat.
    pub stored: Option<Stored>,
    /// The least and the greatest index that is taken, where it is indices.
    pub tokens: Option<[u32; 2]>,
}

impl Cross {
    /// How a value of the caller's crosses: as itself, or as `other`, with which a copy would exchange it.
    fn of(layout: &Layout, value: ValueId, other: Option<ValueId>) -> Self {
        let storage = |value: ValueId| &layout.values[value.0].storage;
        let stored = other.map(|other| Stored {
            region: Region::whole(storage(value), storage(other)),
            gaps: storage(other).has_gaps(),
        });
        Self {
            value: other.unwrap_or(value),
            stored,
            tokens: layout.values[value.0].tokens,
        }
    }
}

/// The crossings of a layout.
#[derive(Clone, Debug, Default)]
pub struct Crossings {
    /// The inputs in order.
    pub entering: Vec<Cross>,
    /// The outputs in order.
    pub leaving: Vec<Cross>,
    /// The stages that are copies between both sides, and happen as values cross.
    pub copies: BTreeSet<usize>,
}

impl Crossings {
    /// Finds the copies whose one side is the caller's alone.
    pub fn of(layout: &Layout) -> Self {
        let mut crossings = Self::default();
        for &input in &layout.inputs {
            let copy = entering(layout, input);
            let copied = copy.map(|copy| layout.stages[copy].output);
            crossings.entering.push(Cross::of(layout, input, copied));
            crossings.copies.extend(copy);
        }
        let roots = layout.outputs.iter().map(|&output| root(layout, output));
        let mut taken = roots.collect::<BTreeSet<_>>();
        for &output in &layout.outputs {
            let copy = leaving(layout, output).filter(|copy| {
                let source = root(layout, layout.stages[*copy].inputs[0]);
                // What two outputs are taken from has a delta to which only one of them gives the first term.
                !crossings.copies.contains(copy) && taken.insert(source)
            });
            let source = copy.map(|copy| layout.stages[copy].inputs[0]);
            crossings.leaving.push(Cross::of(layout, output, source));
            crossings.copies.extend(copy);
        }
        crossings
    }
}

fn root(layout: &Layout, value: ValueId) -> ValueId {
    layout.values[value.0].root
}

/// The stages that read a root, as often as they do.
fn readers(layout: &Layout, of: ValueId) -> impl Iterator<Item = usize> {
    let stages = layout.stages.iter().enumerate();
    stages.flat_map(move |(index, stage)| {
        let reads = move |input: &&ValueId| root(layout, **input) == of;
        stage.inputs.iter().filter(reads).map(move |_| index)
    })
}

/// The copy that is all that becomes of an input.
fn entering(layout: &Layout, input: ValueId) -> Option<usize> {
    let mut readers = readers(layout, input);
    let (copy, other) = (readers.next()?, readers.next());
    let is_output = |&output: &ValueId| root(layout, output) == input;
    let alone = other.is_none() && !layout.outputs.iter().any(is_output);
    (alone && layout.stages[copy].op.lower().is_copy()).then_some(copy)
}

/// The copy that makes an output and nothing else.
fn leaving(layout: &Layout, output: ValueId) -> Option<usize> {
    let output = root(layout, output);
    let gives = |stage: &Stage| stage.output == output;
    let copy = layout.stages.iter().position(gives)?;
    let alone = readers(layout, output).next().is_none();
    (alone && layout.stages[copy].op.lower().is_copy()).then_some(copy)
}
