//! What repacking, slicing, concatenating and taking the last step have in common: strided copies of regions.

use crate::call::{Access, Argument, Call, Form, Size, Slot, View};
use crate::rt::{self, kernels};
use crate::site::Site;
use crate::storage::{Axis, Storage, merged};

kernels! {
    STRIDED_COPY = copy::strided(s, x, add y, axes, clear, add);
    COPY_BESIDE = copy::strided(s, x, mut y, axes, clear, add);
}

/// Elements copied from an operand to the result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// First float in the operand.
    pub from: usize,
    /// First float in the result.
    pub to: usize,
    /// Indices, floats apart in the operand, floats apart in the result; the outermost axis first.
    pub axes: Vec<(usize, usize, usize)>,
}

impl Region {
    /// All elements of one storage into another of as many elements.
    pub fn whole(from: &Storage, to: &Storage) -> Self {
        let ((from, from_axes), (to, to_axes)) = (from.axes(), to.axes());
        let axes =
            refine(&from_axes, &to_axes).expect("layouts are flat, or factor the same shape");
        Self {
            from,
            to,
            axes: runs_last(axes),
        }
    }

    /// The same elements the other way.
    pub fn back(&self) -> Self {
        let axes = self.axes.iter();
        Self {
            from: self.to,
            to: self.from,
            axes: axes.map(|&(size, from, to)| (size, to, from)).collect(),
        }
    }

    /// All elements of `x` into `y`, along axes that are named by their size and strides there and here.
    pub fn moved(
        (x, x_shape): (&Storage, &[usize]),
        y: &Storage,
        axes: impl FnOnce(&[usize], &[Axis]) -> Vec<(usize, usize, usize)>,
    ) -> Self {
        let Some((from, strides)) = x.strides(x_shape) else {
            unreachable!("the layout brings operands into a storage that is accepted")
        };
        let (to, y_axes) = y.axes();
        let mut axes = axes(&strides, &y_axes);
        axes.retain(|&(size, ..)| size > 1);
        axes.sort_by_key(|&(_, _, to)| std::cmp::Reverse(to));
        Self {
            from,
            to,
            axes: runs_last(axes),
        }
    }

    /// Its axes, as the kernels of copies take them.
    pub fn arguments<M>(&self) -> Argument<M> {
        let axis = |&(size, from, to): &(usize, usize, usize)| {
            let fields = [("size", size), ("from", from), ("to", to)];
            let fields = fields.map(|(name, number)| (name, Argument::Number(number)));
            Argument::Record(rt::COPY_AXIS, fields.into())
        };
        Argument::List(self.axes.iter().map(axis).collect())
    }

    /// `count` indices of one axis, beginning at `from_index` there and `to_index` here; all of every other axis.
    pub fn along(
        axis: usize,
        count: usize,
        (from, from_index): (&Storage, usize),
        (to, to_index): (&Storage, usize),
    ) -> Self {
        let ((from, from_axes), (to, to_axes)) = (from.axes(), to.axes());
        let mut axes = from_axes
            .iter()
            .zip(&to_axes)
            .map(|(from, to)| (from.size, from.stride, to.stride))
            .collect::<Vec<_>>();
        axes[axis].0 = count;
        Self {
            from: from + from_index * from_axes[axis].stride,
            to: to + to_index * to_axes[axis].stride,
            axes: runs_last(axes),
        }
    }
}

/// The same axes, of which the one whose neighbours are neighbours on both sides comes last, grown by those that continue it:
/// the kernel copies it as a run.
fn runs_last(mut axes: Vec<(usize, usize, usize)>) -> Vec<(usize, usize, usize)> {
    let neighbours = |&(size, from, to): &(usize, usize, usize)| size > 1 && (from, to) == (1, 1);
    let Some(run) = axes.iter().position(neighbours) else {
        return axes;
    };
    let (mut length, ..) = axes.remove(run);
    let continues = |axes: &[(usize, usize, usize)], length: usize| {
        axes.iter()
            .position(|&(_, from, to)| (from, to) == (length, length))
    };
    while let Some(next) = continues(&axes, length) {
        length *= axes.remove(next).0;
    }
    axes.push((length, 1, 1));
    axes
}

/// Axes of two storages cut so that both have the same sizes; `None` where their sizes interleave.
fn refine(from: &[Axis], to: &[Axis]) -> Option<Vec<(usize, usize, usize)>> {
    let (mut from, mut to) = (merged(from), merged(to));
    let mut refined = Vec::new();
    loop {
        match (from.pop(), to.pop()) {
            (None, None) => break,
            (Some(axis), other) if axis.size == 1 => to.extend(other),
            (other, Some(axis)) if axis.size == 1 => from.extend(other),
            (Some(a), Some(b)) => {
                let size = a.size.min(b.size);
                if !a.size.is_multiple_of(size) || !b.size.is_multiple_of(size) {
                    return None;
                }
                refined.push((size, a.stride, b.stride));
                let rest = |axis: Axis| {
                    (axis.size > size).then(|| Axis {
                        size: axis.size / size,
                        stride: axis.stride * size,
                    })
                };
                from.extend(rest(a));
                to.extend(rest(b));
            }
            _ => return None,
        }
    }
    refined.reverse();
    Some(refined)
}

/// Whether `from` can be copied into `to` in one go.
pub fn fits(from: &Storage, to: &Storage) -> bool {
    refine(&from.axes().1, &to.axes().1).is_some()
}

/// Copies every operand's region into the result, whose gaps become zero.
pub fn forward(site: &Site<'_>, regions: &[Region]) -> Vec<Call<Slot>> {
    let each = |(operand, region): (usize, &Region)| {
        let clear = operand == 0 && (regions.len() > 1 || site.output().has_gaps());
        let x = side(
            (Slot::Input(operand), Access::Read),
            site.input(operand),
            region.from,
        );
        let y = |access| side((Slot::Output, access), site.output(), region.to);
        let axes = region.arguments();
        match operand {
            0 => copy(x, y, axes, clear, false),
            _ => beside(x, y(Access::Modify), axes),
        }
    };
    regions.iter().enumerate().map(each).collect()
}

/// Copies every region of the delta back to its operand, or adds it where others have written.
pub fn backward(site: &Site<'_>, regions: &[Region]) -> Vec<Call<Slot>> {
    let each = |(operand, region): (usize, &Region)| {
        let (add, back) = (site.adds(operand)?, region.back());
        let dy = side((Slot::Delta, Access::Read), site.output(), back.from);
        let dx = |access| {
            let dx = (Slot::InputDelta(operand), access);
            side(dx, site.input(operand), back.to)
        };
        Some(copy(dy, dx, back.arguments(), !add, add))
    };
    regions.iter().enumerate().filter_map(each).collect()
}

/// Copies a region of `x` to `y`, whose other numbers become zero if it is to `clear`; or adds it.
fn copy(
    x: Argument<Slot>,
    y: impl Fn(Access) -> Argument<Slot>,
    axes: Argument<Slot>,
    clear: bool,
    add: bool,
) -> Call<Slot> {
    Call::of(&STRIDED_COPY, [Size::Isa])
        .adding(add)
        .with("x", x)
        .with("y", y(Access::adding(add)))
        .with("axes", axes)
        .with("clear", Argument::Flag(clear))
        .with("add", Argument::Adds)
}

/// Copies a region of `x` to `y`, whose other numbers stay.
fn beside(x: Argument<Slot>, y: Argument<Slot>, axes: Argument<Slot>) -> Call<Slot> {
    Call::of(&COPY_BESIDE, [Size::Isa])
        .with("x", x)
        .with("y", y)
        .with("axes", axes)
        .with("clear", Argument::Flag(false))
        .with("add", Argument::Flag(false))
}

/// One side of a copy: its memory, its blocks per sample and its first float.
fn side((memory, access): (Slot, Access), storage: &Storage, first: usize) -> Argument<Slot> {
    let view = View {
        memory,
        access,
        form: Form::Blocks,
    };
    let (blocks, first) = (Argument::Number(storage.blocks()), Argument::Number(first));
    Argument::Tuple(vec![Argument::View(view), blocks, first])
}
