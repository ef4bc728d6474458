//! Forms compared with the memory that they view.
//!
//! What a form says of a sample is all that there is of it: rows, steps and scratch take up their buffer to the last float,
//! with the padding and the borders that it is planned with, and panels and cells their parameter to the last block. A value
//! under another shape is as large as before, so that its readers count other rows of it, but no fewer floats. `Blocks` says
//! nothing, and is the form of buffers alone. Whether a kernel divides the floats as its form says is rustc's to check: the
//! numbers are types.

use crate::call::{Form, View};
use crate::ids::{BufferId, JointId, TensorId, TransposedId};
use crate::memory::program::{Action, Crossing, Event, Place, Program};
use crate::place::layout::Layout;
use crate::storage::LANES;

/// The memory that a program does not lay out itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// Each parameter's name and blocks, in the order of the arena.
    pub tensors: Vec<(String, usize)>,
    /// The floats of each input where the caller has it.
    pub inputs: Vec<usize>,
}

impl Given {
    /// What a layout gives its programs.
    pub fn of(layout: &Layout) -> Self {
        let tensors = layout.tensors.iter();
        let inputs = layout.inputs.iter();
        Self {
            tensors: tensors
                .map(|tensor| (tensor.name.clone(), tensor.packing.blocks))
                .collect(),
            inputs: inputs
                .map(|input| layout.values[input.0].shape.iter().product())
                .collect(),
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

/// Whatever crosses between the caller and the program does so whole: as many numbers as the caller has, each of them inside
/// the buffer, and where the buffer has more, those become zero.
pub fn crossings(event: &Event, program: &Program, given: &Given) -> Result<(), String> {
    let (crossings, floats): (Vec<&Crossing>, &[usize]) = match &event.action {
        Action::Load(inputs) => (inputs.iter().collect(), &given.inputs),
        Action::Unload(outputs) => (outputs.iter().collect(), &[]),
        Action::Loss(answers) => {
            let each = answers.iter();
            let each = each.flat_map(|answer| std::iter::once(&answer.value).chain(&answer.delta));
            (each.collect(), &[])
        }
        _ => return Ok(()),
    };
    for (index, crossing) in crossings.into_iter().enumerate() {
        let Some(stored) = &crossing.stored else {
            continue;
        };
        let (name, room) = place(Place::Buffer(crossing.buffer), program, given)
            .ok_or_else(|| format!("`{}` sees what is not there", event.name))?;
        let region = &stored.region;
        let end = |first: usize, stride: fn(&(usize, usize, usize)) -> usize| {
            let axes = region.axes.iter();
            first + axes.map(|axis| (axis.0 - 1) * stride(axis)).sum::<usize>() + 1
        };
        let count = region.axes.iter().map(|axis| axis.0).product::<usize>();
        let whole = end(region.from, |axis| axis.1) == count
            && floats.get(index).is_none_or(|&floats| floats == count);
        let inside = end(region.to, |axis| axis.2) <= room && (stored.gaps || count == room);
        if !whole || !inside {
            return Err(format!(
                "`{}` copies not all of `{name}`, or more",
                event.name
            ));
        }
    }
    Ok(())
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
        Place::Joint(JointId(part)) => {
            let part = program.joint.parts.get(part)?;
            (&part.name, part.blocks)
        }
    };
    Some((name, blocks * LANES))
}

/// Callers hold floats, and what samples share is panels or cells.
fn suits(form: Form, memory: Place) -> bool {
    let shared = matches!(form, Form::Panels { .. } | Form::Cells(_));
    match memory {
        Place::Caller => matches!(form, Form::Floats { .. } | Form::Sequences { .. }),
        Place::Buffer(_) => !shared,
        Place::Tensor(_) | Place::Transposed(_) | Place::Joint(_) => shared,
    }
}
