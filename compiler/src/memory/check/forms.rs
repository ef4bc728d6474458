//! Forms compared with the memory that they view.
//!
//! What a form says of a sample is all that there is of it: rows, steps and scratch take up their buffer to the last float,
//! with the padding and the borders that it is planned with, and panels and cells their parameter to the last block. A value
//! under another shape is as large as before, so that its readers count other rows of it, but no fewer floats. `Blocks` says
//! nothing, and is the form of buffers alone. Whether a kernel divides the floats as its form says is rustc's to check: the
//! numbers are types. What crosses between the caller and the program does so whole.

use crate::call::{Form, View};
use crate::ids::{BufferId, JointId, KeptId, TensorId, TransposedId, ValueId};
use crate::memory::program::{Action, Crossing, Event, Place, Program, Stored};
use crate::place::layout::Layout;
use crate::storage::LANES;
use std::collections::BTreeSet;

/// The memory that a program does not lay out itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// Each parameter's name and blocks, in the order of the arena.
    pub tensors: Vec<(String, usize)>,
    /// The floats of each input where the caller has it.
    pub inputs: Vec<usize>,
    /// Whether each input is indices.
    pub tokens: Vec<bool>,
    /// The floats of each output likewise.
    pub outputs: Vec<usize>,
}

impl Given {
    /// What a layout gives its programs.
    pub fn of(layout: &Layout) -> Self {
        let tensors = layout.tensors.iter();
        let floats = |value: &ValueId| layout.values[value.0].shape.iter().product();
        let inputs = layout.inputs.iter();
        let tokens = inputs.map(|input| layout.values[input.0].tokens.is_some());
        Self {
            tensors: tensors
                .map(|tensor| (tensor.name.clone(), tensor.packing.blocks))
                .collect(),
            inputs: layout.inputs.iter().map(floats).collect(),
            tokens: tokens.collect(),
            outputs: layout.outputs.iter().map(floats).collect(),
        }
    }
}

/// Every form in a call or a gradient says as much as there is in the memory that it views.
pub fn forms(event: &Event, program: &Program, given: &Given) -> Result<(), String> {
    let Some(kernel) = event.action.kernel() else {
        return Ok(());
    };
    for (parameter, View { memory, form, .. }) in event.action.views() {
        let (name, floats) = place(*memory, program, given)
            .ok_or_else(|| format!("`{}` sees what is not there", event.name))?;
        let seen = format!("`{}` sees `{parameter}` as {form}", kernel.path);
        if !suits(*form, *memory) {
            return Err(format!("{seen}, which is no form of `{name}`"));
        }
        if form.floats().is_some_and(|seen| seen != floats) {
            let there = match form {
                Form::Floats { .. } | Form::Sequences { .. } => format!("{floats} floats"),
                _ => format!("{} blocks", floats / LANES),
            };
            return Err(format!("{seen}, but `{name}` has {there}"));
        }
    }
    Ok(())
}

/// Whatever crosses between the caller and the program does so whole: each number that the caller has, once, to a float of its
/// own inside the buffer, and where the buffer has more, those become zero.
pub fn crossings(event: &Event, program: &Program, given: &Given) -> Result<(), String> {
    let (inputs, outputs) = (given.inputs.iter(), given.outputs.iter());
    let crossings: Vec<(&Crossing, &usize)> = match &event.action {
        Action::Load(loaded) => loaded.iter().zip(inputs).collect(),
        Action::Slopes(taken) => {
            let floats = |part: usize| given.inputs.get(part).unwrap_or(&0);
            let taken = taken.iter();
            taken.map(|(part, taken)| (taken, floats(*part))).collect()
        }
        Action::Unload(unloaded) => unloaded.iter().zip(outputs).collect(),
        Action::Loss(answers) => {
            let values = answers.iter().map(|answer| &answer.value).zip(outputs);
            let deltas = answers.iter().zip(&given.outputs);
            let deltas =
                deltas.filter_map(|(answer, floats)| Some((answer.delta.as_ref()?, floats)));
            values.chain(deltas).collect()
        }
        _ => return Ok(()),
    };
    for (crossing, &floats) in crossings {
        let (name, room) = place(Place::Buffer(crossing.buffer), program, given)
            .ok_or_else(|| format!("`{}` sees what is not there", event.name))?;
        let whole = match &crossing.stored {
            None => floats.next_multiple_of(LANES) == room,
            Some(Stored { region, gaps }) => {
                let from = extent(region.axes.iter().map(|axis| (axis.0, axis.1)));
                let to = extent(region.axes.iter().map(|axis| (axis.0, axis.2)));
                let count = region.axes.iter().map(|axis| axis.0).product::<usize>();
                count == floats
                    && from.is_some_and(|from| region.from == 0 && from == floats)
                    && to.is_some_and(|to| region.to + to <= room && (*gaps || to == floats))
                    && (*gaps || floats == room)
            }
        };
        if !whole {
            return Err(format!(
                "`{}` copies not all of `{name}`, or more",
                event.name
            ));
        }
    }
    Ok(())
}

/// The floats from the first element to the last, of axes of some sizes and strides, if no two elements are one float.
fn extent(axes: impl Iterator<Item = (usize, usize)>) -> Option<usize> {
    let mut axes: Vec<_> = axes.filter(|axis| axis.0 != 1).collect();
    axes.sort_by_key(|axis| axis.1);
    axes.into_iter().try_fold(1, |extent, (size, stride)| {
        let last = size.checked_sub(1)? * stride;
        (stride >= extent).then_some(extent + last)
    })
}

/// What memory is called, and how many floats of it there are.
fn place<'a>(place: Place, program: &'a Program, given: &'a Given) -> Option<(&'a str, usize)> {
    let (name, blocks) = match place {
        Place::Caller => return Some(("the input", *given.inputs.first()?)),
        Place::Buffer(BufferId(buffer)) => {
            let buffer = program.buffers.get(buffer)?;
            (&buffer.name, buffer.blocks)
        }
        Place::Tensor(TensorId(tensor)) => {
            let (name, blocks) = given.tensors.get(tensor)?;
            (name, *blocks)
        }
        Place::Transposed(TransposedId(part)) => {
            let part = program.transposed.parts.get(part)?;
            (&part.name, part.blocks)
        }
        Place::Kept(KeptId(part)) => {
            let part = program.kept.parts.get(part)?;
            (&part.name, part.blocks)
        }
        Place::Joint(JointId(part)) => {
            let part = program.joint.parts.get(part)?;
            (&part.name, part.blocks)
        }
    };
    Some((name, blocks * LANES))
}

/// The buffers into which the caller's indices are loaded, all of which are loaded as such.
pub fn indices(program: &Program, given: &Given) -> Result<BTreeSet<Place>, String> {
    let mut loaded = BTreeSet::new();
    for event in &program.events {
        let Action::Load(inputs) = &event.action else {
            continue;
        };
        for (input, &is_token) in inputs.iter().zip(&given.tokens) {
            match (input.tokens.is_some(), is_token) {
                (true, true) => _ = loaded.insert(Place::Buffer(input.buffer)),
                (false, false) => {}
                _ => return Err(format!("`{}` takes indices for numbers", event.name)),
            }
        }
    }
    Ok(loaded)
}

/// What is loaded as indices is read as indices and never changed, and nothing else is read so.
pub fn tokens(event: &Event, loaded: &BTreeSet<Place>) -> Result<(), String> {
    for (
        parameter,
        View {
            memory,
            form,
            access,
        },
    ) in event.action.views()
    {
        let is_token = loaded.contains(memory);
        if matches!(form, Form::Tokens { .. }) != is_token {
            let name = &event.name;
            return Err(format!(
                "`{name}` sees `{parameter}` as {form}, which it is not"
            ));
        }
        if is_token && access.writes() {
            return Err(format!("`{}` writes over indices", event.name));
        }
    }
    Ok(())
}

/// Callers hold floats, and what samples share is panels or cells.
fn suits(form: Form, memory: Place) -> bool {
    let shared = matches!(form, Form::Panels { .. } | Form::Cells(_));
    match memory {
        Place::Caller => matches!(form, Form::Floats { .. } | Form::Sequences { .. }),
        Place::Buffer(_) | Place::Kept(_) => !shared,
        Place::Tensor(_) | Place::Transposed(_) | Place::Joint(_) => shared,
    }
}
