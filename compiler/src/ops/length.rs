//! Lengths: of a sequence that is padded, the steps that count. What reads them gives what it would of a sequence that
//! is no longer, to the bit: a reduction is the same kernel, whose axis of time ends earlier, and in a recurrence the
//! samples that are done wait for the others.

use super::operator::Application;
use crate::call::{Access, Argument, Call, Form, Slot, View};
use crate::element::Element;
use crate::rt::kernels;
use crate::storage::LANES;

kernels! {
    SUM = length::sum(s, a, b, c, length, add dx, summed, lanes, by, mean, add);
    DELTA = length::delta(s, a, b, c, length, add dx, axes, lanes, by, mean, add);
    EXTREME = length::extreme(s, x, length, out y, summed, lanes, sign);
}

/// The length's operand, where a layer has one other operand.
pub const OPERAND: usize = 1;

/// The rows of the first operand, which are steps.
pub fn rows(inputs: &[&[usize]]) -> usize {
    inputs[0].first().copied().unwrap_or(1)
}

/// The lengths that are taken of an operand, if it is the `length`: those of a sequence of so many steps.
pub fn tokens(operand: usize, length: usize, steps: usize) -> Option<[u32; 2]> {
    (operand == length).then(|| [1, u32::try_from(steps).unwrap_or(u32::MAX)])
}

/// Operand `length`, if there is one, is a `u32` alone, and counts the steps of a sequence.
pub fn check(call: &Application<'_>, length: usize) -> Result<(), String> {
    let (feed, length) = (call.inputs[0], call.inputs.get(length));
    match length {
        Some(length) if length.element != Element::Scalar => Err(format!(
            "`{}` takes a length that is one u32, but `{}` gives u32{:?}; declare `{}: u32`",
            call.layer, length.from, length.shape, length.from
        )),
        Some(length) if feed.shape.len() != 2 => Err(format!(
            "`{}` takes a length of a sequence [time, features], but `{}` gives {:?}, which has no steps that `{}` counts; \
             leave `length` out",
            call.layer, feed.from, feed.shape, length.from
        )),
        _ => Ok(()),
    }
}

/// The lengths of a batch, which are this operand: of each one number, and the rest of its block.
pub fn view(operand: usize) -> View<Slot> {
    View {
        memory: Slot::Input(operand),
        access: Access::Read,
        form: Form::Tokens { tokens: LANES },
    }
}

/// The same as an argument.
pub fn argument(operand: usize) -> Argument<Slot> {
    Argument::View(view(operand))
}

/// The same calls, of which each sample ends where its length says; `mean` where they divide by the number of steps.
pub fn by_length(calls: Vec<Call<Slot>>, mean: bool) -> Vec<Call<Slot>> {
    calls.into_iter().map(|call| cut(call, mean)).collect()
}

fn cut(call: Call<Slot>, mean: bool) -> Call<Slot> {
    let kernel = match *call.kernel.path.0 {
        [.., "sum"] => &SUM,
        [.., "delta"] => &DELTA,
        [.., "extreme"] => &EXTREME,
        // What has no steps.
        _ => return call,
    };
    let length = argument(OPERAND);
    let mut cut = Call::of(kernel, call.sizes);
    cut.adds = call.adds;
    for (_, name) in kernel.parameters.iter().filter(|(_, name)| *name != "s") {
        let same = call.arguments.iter().find(|(given, _)| given == name);
        let argument = match (*name, same) {
            ("length", _) => length.clone(),
            ("mean", _) => Argument::Flag(mean),
            (_, Some((_, argument))) => argument.clone(),
            (name, None) => unreachable!("`{name}` is what every such call has"),
        };
        cut = cut.with(name, argument);
    }
    cut
}
