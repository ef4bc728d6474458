//! Tensors of which some are stretched: how each lies under the axes of a result, as the kernels of `broadcast` take it.
//!
//! Shapes are aligned from their last axes, as in NumPy and PyTorch; an axis of size 1, or one that is missing in front,
//! serves every index of the result's. Axes that run on in everything that is read and written are one:
//!
//! ```text
//! [32, 8, 8] * [32, 1, 1], channels last      lanes: 32 channels     axes: 64 pixels, where the gate's stride is 0
//! [4, 3, 5, 7] * [4, 1, 1, 1], flat           lanes: 105 numbers     axes: 4
//! ```

use super::operator::Application;
use crate::call::{Access, Argument, Call, Form, Size, Slot, View};
use crate::rt::{self, Path, kernels};
use crate::site::{Operand, Site};
use crate::storage::{self, Border, LANES, Storage};

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

/// The axis of a result along which kernels take neighbours: channels of images, the last of all others.
pub fn lane_axis(storage: &Storage, rank: usize) -> usize {
    match storage.form {
        storage::Form::Image(_) if rank == 3 => 0,
        _ => rank - 1,
    }
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

/// A tensor that a kernel reads or writes.
#[derive(Clone, Copy)]
pub struct Part<'a> {
    /// Its memory.
    pub slot: Slot,
    /// How it lies there.
    pub storage: &'a Storage,
    /// Its shape.
    pub shape: &'a [usize],
}

impl<'a> Part<'a> {
    /// An operand of a site.
    pub fn input(site: &Site<'a>, operand: usize) -> Self {
        Self {
            slot: Slot::Input(operand),
            storage: site.input(operand),
            shape: site.input_shape(operand),
        }
    }

    /// Its delta.
    pub fn input_delta(site: &Site<'a>, operand: usize) -> Self {
        Self {
            slot: Slot::InputDelta(operand),
            ..Self::input(site, operand)
        }
    }

    /// The result of a site.
    pub fn output(site: &Site<'a>) -> Self {
        Self {
            slot: Slot::Output,
            storage: site.output(),
            shape: site.output_shape(),
        }
    }

    /// The result's delta.
    pub fn delta(site: &Site<'a>) -> Self {
        Self {
            slot: Slot::Delta,
            ..Self::output(site)
        }
    }

    /// Its first float, and the floats between neighbours along every axis of a result of shape `out`: 0 where it is
    /// stretched.
    fn under(&self, out: &[usize]) -> (usize, Vec<usize>) {
        let Some((first, own)) = self.storage.strides(self.shape) else {
            unreachable!("the layout brings operands into a storage that is accepted")
        };
        let missing = out.len() - self.shape.len();
        let stride = |axis: usize| match axis.checked_sub(missing) {
            Some(index) if self.shape[index] > 1 => own[index],
            _ => 0,
        };
        (first, (0..out.len()).map(stride).collect())
    }

    /// Memory, blocks of a sample and the first float.
    fn argument(&self, access: Access, first: usize) -> Argument<Slot> {
        let blocks = self.storage.blocks();
        let form = match self.slot {
            Slot::Own(_) => Form::Scratch(blocks),
            _ => Form::Blocks,
        };
        let view = View {
            memory: self.slot,
            access,
            form,
        };
        Argument::Tuple(vec![
            Argument::View(view),
            Argument::Number(blocks),
            Argument::Number(first),
        ])
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

/// An axis: its size, and floats between neighbours in what is written and in up to three tensors that are read.
type Strides = (usize, [usize; 4]);

/// How a kernel walks over a result.
struct Walk {
    /// Axes that what is written has, from the outermost in memory.
    kept: Vec<Strides>,
    /// Axes along which it is a sum.
    summed: Vec<Strides>,
    /// Neighbours, and whether each tensor has them or one number.
    lanes: (usize, [bool; 4]),
    /// Whether what is written has room for whole blocks.
    whole: bool,
    /// First floats: of what is written, and of what is read.
    first: [usize; 4],
    /// Whether floats of what is written are not among the results.
    gaps: bool,
}

impl Walk {
    /// The walk over all indices of shape `out`, with the lanes of a storage.
    fn of(out: &[usize], lies: &Storage, to: &Part<'_>, from: &[Part<'_>]) -> Self {
        let mut first = [0; 4];
        let mut strides = vec![[0; 4]; out.len()];
        for (index, part) in [to].into_iter().chain(from).enumerate() {
            let (begin, under) = part.under(out);
            first[index] = begin;
            for (axis, stride) in strides.iter_mut().zip(under) {
                axis[index] = stride;
            }
        }
        let missing = out.len() - to.shape.len();
        let is_summed = |axis: usize| {
            let own = axis.checked_sub(missing).map_or(1, |axis| to.shape[axis]);
            own == 1 && out[axis] > 1
        };
        let lane_axis = lane_axis(lies, out.len());
        let (mut kept, mut summed): (Vec<Strides>, Vec<Strides>) = (Vec::new(), Vec::new());
        for axis in (0..out.len()).filter(|&axis| axis != lane_axis && out[axis] > 1) {
            let list = if is_summed(axis) {
                &mut summed
            } else {
                &mut kept
            };
            list.push((out[axis], strides[axis]));
        }
        kept.sort_by_key(|(_, strides)| std::cmp::Reverse(strides[0]));
        summed.sort_by_key(|(_, strides)| std::cmp::Reverse(strides[1]));
        let (kept, summed) = (merge(kept), merge(summed));
        let count = out[lane_axis];
        let full = strides[lane_axis].map(|stride| stride == 1 && count > 1);
        let mut walk = Self {
            kept,
            summed,
            lanes: (count, full),
            whole: false,
            first,
            gaps: false,
        };
        let reads = from.len();
        // A sum over lanes is written as one number.
        walk.lanes.1[0] = !is_summed(lane_axis);
        walk.widen(reads);
        walk.finish(to.storage);
        walk
    }

    /// Makes lanes of axes that run on in everything.
    fn widen(&mut self, reads: usize) {
        let (count, full) = self.lanes;
        let continues = |strides: &[usize; 4]| {
            (1..=reads).all(|part| strides[part] == if full[part] { count } else { 0 })
        };
        if count == 1 {
            // A single lane is none: any axis may take its place whose neighbours are neighbours or one number.
            let near = |strides: &[usize; 4]| {
                let read = &strides[1..=reads];
                read.contains(&1) && read.iter().all(|&stride| stride <= 1)
            };
            let last = |list: &[Strides]| list.last().copied();
            if let Some((size, strides)) = last(&self.summed).filter(|(_, it)| near(it)) {
                self.summed.pop();
                self.lanes = (size, strides.map(|stride| stride == 1));
                self.lanes.1[0] = false;
                return self.widen(reads);
            }
            if let Some((size, strides)) = last(&self.kept).filter(|(_, it)| near(it) && it[0] == 1)
            {
                self.kept.pop();
                self.lanes = (size, strides.map(|stride| stride == 1));
                return self.widen(reads);
            }
            return;
        }
        let list = if full[0] {
            &mut self.kept
        } else {
            &mut self.summed
        };
        if let Some(&(size, strides)) = list.last()
            && continues(&strides)
            && (!full[0] || strides[0] == count)
        {
            list.pop();
            self.lanes.0 *= size;
            self.widen(reads);
        }
    }

    /// Finds whether whole blocks are written, and whether that is all there is.
    fn finish(&mut self, to: &Storage) {
        let aligned = |&(_, strides): &Strides| strides[0].is_multiple_of(LANES);
        self.whole = self.first[0].is_multiple_of(LANES) && self.kept.iter().all(aligned);
        let (count, full) = self.lanes;
        let run = match (full[0], self.whole) {
            (false, _) => 1,
            (true, true) => storage::padded(count),
            (true, false) => count,
        };
        let written = self.kept.iter().map(|(size, _)| size).product::<usize>() * run;
        self.gaps = written != to.floats();
    }

    fn lanes(&self) -> Argument<Slot> {
        let (count, full) = self.lanes;
        let flags = ["to", "a", "b", "c"].into_iter().zip(full);
        let flags = flags.map(|(name, full)| (name, Argument::Flag(full)));
        let count = [("count", Argument::Number(count))].into_iter();
        let whole = [("whole", Argument::Flag(self.whole))];
        Argument::Record(
            rt::BROADCAST_LANES,
            count.chain(flags).chain(whole).collect(),
        )
    }
}

/// Axes as kernels take them.
fn list(axes: &[Strides]) -> Argument<Slot> {
    let axis = |&(size, [to, a, b, c]): &Strides| {
        let fields = [("size", size), ("to", to), ("a", a), ("b", b), ("c", c)];
        let fields = fields.map(|(name, number)| (name, Argument::Number(number)));
        Argument::Record(rt::BROADCAST_AXIS, fields.into())
    };
    Argument::List(axes.iter().map(axis).collect())
}

/// Axes that run on in everything as one.
fn merge(axes: Vec<Strides>) -> Vec<Strides> {
    let mut merged: Vec<Strides> = Vec::new();
    for (size, strides) in axes {
        match merged.last_mut() {
            Some((outer, far)) if (0..4).all(|part| far[part] == size * strides[part]) => {
                *outer *= size;
                *far = strides;
            }
            _ => merged.push((size, strides)),
        }
    }
    merged
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
    let is_sum = to.shape.iter().product::<usize>() != out.iter().product();
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
