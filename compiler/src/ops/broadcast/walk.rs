//! Tensors under the axes of a result, and how a kernel walks over them.

use crate::call::{Access, Argument, Form, Slot, View};
use crate::rt;
use crate::site::Site;
use crate::storage::{self, LANES, Storage};

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
    pub fn argument(&self, access: Access, first: usize) -> Argument<Slot> {
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

/// The axis of a result along which kernels take neighbours: channels of images, the last of all others.
pub fn lane_axis(storage: &Storage, rank: usize) -> usize {
    match storage.form {
        storage::Form::Image(_) if rank == 3 => 0,
        _ => rank - 1,
    }
}

/// An axis: its size, and floats between neighbours in what is written and in up to three tensors that are read.
pub type Strides = (usize, [usize; 4]);

/// How a kernel walks over a result.
pub struct Walk {
    /// Axes that what is written has, from the outermost in memory.
    pub kept: Vec<Strides>,
    /// Axes along which it is a sum.
    pub summed: Vec<Strides>,
    /// Neighbours, and whether each tensor has them or one number.
    lanes: (usize, [bool; 4]),
    /// Whether what is written has room for whole blocks.
    whole: bool,
    /// First floats: of what is written, and of what is read.
    pub first: [usize; 4],
    /// Whether floats of what is written are not among the results.
    pub gaps: bool,
}

impl Walk {
    /// The walk over all indices of shape `out`, with the lanes of a storage.
    pub fn of(out: &[usize], lies: &Storage, to: &Part<'_>, from: &[Part<'_>]) -> Self {
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

    /// The lanes as kernels take them.
    pub fn lanes(&self) -> Argument<Slot> {
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
pub fn list(axes: &[Strides]) -> Argument<Slot> {
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
