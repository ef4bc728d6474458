//! Tensors of which some are stretched: how each lies under the axes of a result, as the kernels of `broadcast` take it.
//!
//! Shapes are aligned from their last axes, as in NumPy and PyTorch; an axis of size 1, or one that is missing in front,
//! serves every index of the result's. Axes that run on in everything that is read and written are one:
//!
//! ```text
//! [32, 8, 8] * [32, 1, 1], channels last      lanes: 32 channels     axes: 64 pixels, where the gate's stride is 0
//! [4, 3, 5, 7] * [4, 1, 1, 1], flat           lanes: 105 numbers     axes: 4
//! ```

mod walk;

use super::operator::Application;
use crate::call::{Access, Argument, Call, Size, Slot};
use crate::rt::{Path, kernels};
use crate::site::{Operand, Site};
use crate::storage::{Border, Storage};
pub use walk::{Part, lane_axis};
use walk::{Walk, list};

kernels! {
    COMBINE = broadcast::combine(s, a, b, out z, axes, lanes, by, gaps);
    DELTA = broadcast::delta(s, a, b, c, add dx, axes, lanes, by, gaps, add);
    SUM = broadcast::sum(s, a, b, c, add dx, kept, summed, lanes, by, divisor, add);
    EXTREME = broadcast::extreme(s, x, out y, kept, summed, lanes, sign);
}

/// The shape to which two tensors are stretched.
pub fn shape(call: &Application<'_>) -> Result<Vec<usize>, String> {
    let [a, b] = [call.inputs[0].shape, call.inputs[1].shape];
    let rank = a.len().max(b.len());
    let stretch = |axis: usize| {
        let size = |shape| aligned(shape, axis, rank).unwrap_or(1);
        match (size(a), size(b)) {
            (1, other) => Ok(other),
            (one, other) if other == 1 || one == other => Ok(one),
            sizes => Err(unlike(call, axis, sizes)),
        }
    };
    (0..rank).map(stretch).collect()
}

/// Why two tensors cannot be stretched along an axis, and what to do.
fn unlike(call: &Application<'_>, axis: usize, (one, other): (usize, usize)) -> String {
    let [a, b] = [call.inputs[0], call.inputs[1]];
    let gate = of_channels(a.shape, b.shape).map(|shape| (b.from, shape));
    let gate = gate.or_else(|| of_channels(b.shape, a.shape).map(|shape| (a.from, shape)));
    let repair = match gate {
        Some((gate, shape)) => format!(
            "channels are the first axis of an image, so bring `{gate}` to {shape:?} by `reshape`"
        ),
        None => "bring one to the other's shape".to_string(),
    };
    let along = match a.shape.len() == b.shape.len() {
        true => "along",
        false => "aligned from the last, along",
    };
    format!(
        "`{}` takes two tensors of one shape, or of size 1 where they differ, but `{}` gives {:?} and `{}` gives {:?}, \
         {along} axis {axis} {one} and {other}; {repair}",
        call.layer, a.from, a.shape, b.from, b.shape
    )
}

/// The shape of a vector that has a number for each channel of an image.
fn of_channels(image: &[usize], vector: &[usize]) -> Option<Vec<usize>> {
    match (image, vector) {
        (&[channels, _, _], &[features]) if channels == features => Some(vec![channels, 1, 1]),
        _ => None,
    }
}

/// The size of axis `axis` of `rank` that a shape has, aligned from the last; `None` where it has no such axis.
fn aligned(shape: &[usize], axis: usize, rank: usize) -> Option<usize> {
    let own = (axis + shape.len()).checked_sub(rank)?;
    shape.get(own).copied()
}

/// Whether an operand of a result of `rank` axes is read as it lies: it has a distance along every axis, and neighbouring
/// lanes of the result are neighbours, or one number.
pub fn accepts(operand: Operand<'_>, rank: usize) -> bool {
    let lanes = if rank == 3 { 0 } else { rank - 1 };
    let Some((_, strides)) = operand.storage.strides(operand.shape) else {
        return false;
    };
    let Some(own) = (lanes + operand.shape.len()).checked_sub(rank) else {
        return true;
    };
    operand.shape[own] == 1 || strides[own] == 1
}

/// The storage of an operand that is not accepted.
pub fn wants(operand: Operand<'_>, rank: usize, border: Border) -> Storage {
    match rank {
        4.. => Storage::flat(operand.shape),
        _ => Storage::natural(operand.shape, border),
    }
}

/// What a kernel takes for a tensor that it does not read.
fn nothing() -> Argument<Slot> {
    let numbers = [Argument::Number(0), Argument::Number(0)];
    Argument::Tuple(
        [Argument::List(Vec::new())]
            .into_iter()
            .chain(numbers)
            .collect(),
    )
}

/// A function of numbers at one place: a variant of the runtime's, with its constants.
pub type By<'a> = (Path, &'a [(&'static str, f32)]);

/// The same as kernels take it.
fn by((path, constants): By<'_>) -> Argument<Slot> {
    let constant = |&(name, number): &(&'static str, f32)| (name, Argument::Float(number));
    match constants {
        [] => Argument::Variant(path, Vec::new()),
        _ => Argument::Record(path, constants.iter().map(constant).collect()),
    }
}

/// z = f(operands).
pub fn combine(site: &Site<'_>, f: By<'_>) -> Vec<Call<Slot>> {
    let operands = (0..site.inputs.len()).map(|operand| Part::input(site, operand));
    combined(&operands.collect::<Vec<_>>(), Part::output(site), f)
}

/// z = f(operands), which are any tensors.
pub fn combined(operands: &[Part<'_>], z: Part<'_>, f: By<'_>) -> Vec<Call<Slot>> {
    let walk = Walk::of(z.shape, z.storage, &z, operands);
    let read = |index: usize| reads(operands, &walk, index);
    vec![
        Call::of(&COMBINE, [Size::Isa])
            .with("a", read(0))
            .with("b", read(1))
            .with("z", z.argument(Access::Write, walk.first[0]))
            .with("axes", list(&walk.kept))
            .with("lanes", walk.lanes())
            .with("by", by(f))
            .with("gaps", Argument::Flag(walk.gaps)),
    ]
}

/// What a kernel takes for the tensor `index` of those that it reads.
fn reads(from: &[Part<'_>], walk: &Walk, index: usize) -> Argument<Slot> {
    match from.get(index) {
        Some(part) => part.argument(Access::Read, walk.first[index + 1]),
        None => nothing(),
    }
}

/// The delta of an operand, of a term of the result's delta and what else it reads.
pub fn delta(
    site: &Site<'_>,
    operand: usize,
    others: &[Part<'_>],
    f: By<'_>,
) -> Option<Call<Slot>> {
    let add = site.adds(operand)?;
    let (dz, dx) = (Part::delta(site), Part::input_delta(site, operand));
    let from: Vec<_> = [dz].iter().chain(others).copied().collect();
    Some(term(dz.shape, dz.storage, &dx, &from, (f, 1.0), add))
}

/// A term at each index of shape `out`, whose lanes are those of the storage `lies`; or, where what is written is stretched
/// there, the sum of them over a divisor.
pub fn term(
    out: &[usize],
    lies: &Storage,
    to: &Part<'_>,
    from: &[Part<'_>],
    (f, divisor): (By<'_>, f32),
    add: bool,
) -> Call<Slot> {
    let walk = Walk::of(out, lies, to, from);
    let is_sum = to.shape.iter().product::<usize>() != out.iter().product::<usize>();
    let kernel = if is_sum { &SUM } else { &DELTA };
    let call = Call::of(kernel, [Size::Isa])
        .adding(add)
        .with("a", reads(from, &walk, 0))
        .with("b", reads(from, &walk, 1))
        .with("c", reads(from, &walk, 2))
        .with("dx", to.argument(Access::adding(add), walk.first[0]));
    let call = match is_sum {
        true => call
            .with("kept", list(&walk.kept))
            .with("summed", list(&walk.summed))
            .with("lanes", walk.lanes())
            .with("by", by(f))
            .with("divisor", Argument::Float(divisor)),
        false => call
            .with("axes", list(&walk.kept))
            .with("lanes", walk.lanes())
            .with("by", by(f))
            .with("gaps", Argument::Flag(walk.gaps)),
    };
    call.with("add", Argument::Adds)
}

/// The largest number of `x` along the axes in which `y` has a size of 1, or the least if the `sign` is -1.
pub fn extreme(x: &Part<'_>, y: &Part<'_>, sign: f32) -> Call<Slot> {
    let walk = Walk::of(x.shape, x.storage, y, &[*x]);
    Call::of(&EXTREME, [Size::Isa])
        .with("x", x.argument(Access::Read, walk.first[1]))
        .with("y", y.argument(Access::Write, walk.first[0]))
        .with("kept", list(&walk.kept))
        .with("summed", list(&walk.summed))
        .with("lanes", walk.lanes())
        .with("sign", Argument::Float(sign))
}
