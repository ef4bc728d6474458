//! Lengths: of a sequence that is padded, the steps that count. What reads them gives what it would of a sequence that
//! is no longer, to the bit: it is the same kernel, whose axis of time ends earlier.

use super::operator::Application;
use crate::call::{Argument, Call, Form, Slot};
use crate::element::Element;
use crate::rt::kernels;
use crate::storage::LANES;

kernels! {
    SUM = length::sum(s, a, b, c, length, add dx, summed, lanes, by, mean, add);
    DELTA = length::delta(s, a, b, c, length, add dx, axes, lanes, by, mean, add);
    EXTREME = length::extreme(s, x, length, out y, summed, lanes, sign);
}

/// The operand that a length is, behind the one whose steps it counts, of what takes no others.
pub const OPERAND: usize = 1;

/// The lengths that are taken of an operand, if it is the `length`: those of a sequence.
pub fn tokens(operand: usize, length: usize, inputs: &[&[usize]]) -> Option<[u32; 2]> {
    let steps = inputs[0].first().copied().unwrap_or(1);
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
    let form = Form::Tokens { tokens: LANES };
    let length = Argument::read(Slot::Input(OPERAND), form);
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
