//! What layers that act in training alone have in common: how they are scheduled, and which random bits belong to each
//! number of a sample.

use super::lower::Lower;
use super::operator::{Application, Operator};
use crate::arguments::Arguments;
use crate::call::{Argument, Call, Form, Slot};
use crate::pace::{Pace, Timing};
use crate::rt;
use crate::site::{Operand, Site};
use crate::storage::{Axis, LANES, Storage};

/// A layer that acts in training alone, number by number: inference skips it, the shape stays, and the result is stored
/// as the operand is.
pub trait Noise: Sized {
    /// Reads the declared arguments.
    fn declare(arguments: &mut Arguments<'_>) -> Self;

    /// The shape rule: any shape stays, unless there is an error.
    fn check(&self, call: &Application<'_>) -> Result<(), String> {
        let _ = call;
        Ok(())
    }

    /// Whether the kernel reads an operand as it is stored.
    fn accepts(&self, operand: Operand<'_>) -> bool {
        let _ = operand;
        true
    }

    /// The forward pass in training.
    fn forward(&self, site: &Site<'_>) -> Vec<Call<Slot>>;

    /// The backward pass.
    fn backward(&self, site: &Site<'_>) -> Vec<Call<Slot>>;
}

impl<N: Noise> Operator for N {
    fn declare(arguments: &mut Arguments<'_>) -> Self {
        Noise::declare(arguments)
    }

    fn infer(&self, call: &Application<'_>) -> Result<Vec<usize>, String> {
        self.check(call)?;
        Ok(call.inputs[0].shape.to_vec())
    }

    fn pace(&self, timing: &Timing<'_>) -> Result<Pace, String> {
        timing.alike()
    }

    fn flops(&self, _inputs: &[&[usize]], _output: &[usize]) -> u64 {
        0
    }
}

impl<N: Noise> Lower for N {
    fn only_trains(&self) -> bool {
        true
    }

    fn keeps_storage(&self) -> bool {
        true
    }

    fn accepts(&self, operand: Operand<'_>) -> bool {
        Noise::accepts(self, operand)
    }

    fn forward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        Noise::forward(self, site)
    }

    fn backward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        Noise::backward(self, site)
    }
}

/// What has random bits of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Every number.
    Number,
    /// A channel of an image, or a feature over all steps of a sequence.
    Channel,
    /// A sample.
    Sample,
}

/// An axis, and how far the indices of its neighbours are apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Strided {
    axis: Axis,
    index: usize,
}

impl Strided {
    /// A single thing.
    const ONE: Self = Self {
        axis: Axis { size: 1, stride: 0 },
        index: 0,
    };

    /// Whether `inner`, repeated, goes on without a gap in memory and in indices.
    fn continues(&self, inner: &Self) -> bool {
        self.axis.stride == inner.axis.size * inner.axis.stride
            && self.index == inner.axis.size * inner.index
    }
}

/// A call by which a layer makes noise: `y` of `x`, or more of it.
pub fn call(call: Call<Slot>, (x, y): (Slot, Slot), adds: Option<bool>) -> Call<Slot> {
    let call = call.read("x", x, Form::Blocks);
    match adds {
        Some(adds) => call.add("y", y, adds, Form::Blocks),
        None => call.write("y", y, Form::Blocks),
    }
}

/// What the random bits of a site are drawn from.
pub fn key(site: &Site<'_>) -> Argument<Slot> {
    let layer = site.draws as u32;
    Argument::Key { layer }
}

/// The numbers of a sample with the indices of their bits, as kernels take them.
pub fn numbers(site: &Site<'_>, unit: Unit) -> Argument<Slot> {
    let storage = site.output();
    if unit == Unit::Sample {
        let blocks = Argument::Number(storage.blocks());
        return Argument::Variant(rt::NUMBERS_AT_ONCE, vec![blocks]);
    }
    let (first, [groups, runs, numbers]) = walk(storage, unit);
    let ones = (groups, runs) == (Strided::ONE, Strided::ONE);
    let all = numbers.axis.size.div_ceil(LANES) == storage.blocks();
    if ones && first == 0 && all && numbers.index == 1 {
        return Argument::Variant(rt::NUMBERS_FLAT, vec![Argument::Number(numbers.axis.size)]);
    }
    let stride = |Strided { axis, index }: Strided| {
        let parts = [axis.size, axis.stride, index];
        Argument::Tuple(parts.map(Argument::Number).into())
    };
    let parts = vec![
        Argument::Number(storage.blocks()),
        Argument::Number(first),
        stride(groups),
        stride(runs),
        stride(numbers),
    ];
    Argument::Variant(rt::NUMBERS_WITHIN, parts)
}

/// The axis of a shape along which channels lie: the last of vectors and sequences, the first of all others.
fn channels(shape: &[usize]) -> usize {
    match shape.len() {
        3.. => 0,
        axes => axes.saturating_sub(1),
    }
}

/// Where the first number lies, and the axes from the outermost in memory to neighbouring floats: as few as will do,
/// each number with the index that its unit has in row-major order.
fn walk(storage: &Storage, unit: Unit) -> (usize, [Strided; 3]) {
    let (first, axes) = storage.axes();
    let index = |axis: usize| match unit {
        Unit::Number => storage.shape[axis + 1..].iter().product(),
        _ => usize::from(axis == channels(&storage.shape)),
    };
    let strided = |(axis, &lies): (usize, &Axis)| Strided {
        axis: lies,
        index: index(axis),
    };
    let axes = axes.iter().enumerate().map(strided);
    let mut axes: Vec<Strided> = axes.filter(|strided| strided.axis.size > 1).collect();
    axes.sort_by_key(|strided| std::cmp::Reverse(strided.axis.stride));
    // Neighbouring floats are at least one.
    if axes.last().is_none_or(|last| last.axis.stride != 1) {
        let axis = Axis { size: 1, stride: 1 };
        axes.push(Strided { axis, index: 0 });
    }
    let mut walk: Vec<Strided> = Vec::new();
    for inner in axes {
        match walk.last_mut() {
            Some(outer) if outer.continues(&inner) => {
                *outer = Strided {
                    axis: Axis {
                        size: outer.axis.size * inner.axis.size,
                        stride: inner.axis.stride,
                    },
                    index: inner.index,
                };
            }
            _ => walk.push(inner),
        }
    }
    let mut walk = walk.into_iter().rev();
    let mut next = || walk.next().unwrap_or(Strided::ONE);
    let (numbers, runs, groups) = (next(), next(), next());
    (first, [groups, runs, numbers])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::{Border, Form as Lies};

    const BORDER: Border = Border {
        top: 1,
        bottom: 2,
        left: 3,
        right: 1,
    };

    fn storages() -> Vec<Storage> {
        let of = |shape: &[usize], form| Storage {
            shape: shape.to_vec(),
            form,
        };
        let mut storages = Vec::new();
        for form in [
            Lies::Image(BORDER),
            Lies::Image(Border::default()),
            Lies::Planar(BORDER),
            Lies::Planar(Border::default()),
            Lies::Flat,
        ] {
            for shape in [
                [3, 4, 5],
                [1, 4, 5],
                [17, 1, 5],
                [2, 3, 1],
                [1, 1, 1],
                [32, 2, 2],
            ] {
                storages.push(of(&shape, form));
            }
        }
        for form in [Lies::Steps, Lies::Flat] {
            for shape in [[4, 5], [1, 5], [4, 1], [3, 17], [3, 16], [1, 1]] {
                storages.push(of(&shape, form));
            }
        }
        for shape in [
            &[20][..],
            &[1],
            &[2, 3, 4, 5],
            &[3, 1, 1, 17],
            &[1, 2, 1, 1],
        ] {
            storages.push(of(shape, Lies::Flat));
        }
        storages
    }

    /// What a walk passes: the place of each float, and its index.
    fn passed((first, walk): (usize, [Strided; 3])) -> Vec<(usize, usize)> {
        let mut all = vec![(first, 0)];
        for Strided { axis, index } in walk {
            let each = |&(place, at): &(usize, usize)| {
                (0..axis.size).map(move |step| (place + step * axis.stride, at + step * index))
            };
            all = all.iter().flat_map(each).collect();
        }
        all
    }

    #[test]
    fn a_walk_passes_each_number_once_in_the_order_of_memory() {
        for storage in storages() {
            for unit in [Unit::Number, Unit::Channel] {
                let (first, axes) = storage.axes();
                let mut expected = vec![(first, vec![])];
                for Axis { size, stride } in axes {
                    let each = |(place, at): &(usize, Vec<usize>)| {
                        let (place, at) = (*place, at.clone());
                        (0..size)
                            .map(move |step| (place + step * stride, [&at[..], &[step]].concat()))
                    };
                    expected = expected.iter().flat_map(each).collect();
                }
                let shape = &storage.shape;
                let index = |at: &[usize]| match unit {
                    Unit::Channel => at[channels(shape)],
                    _ => at
                        .iter()
                        .zip(shape)
                        .fold(0, |sum, (at, size)| sum * size + at),
                };
                let expected = expected.iter().map(|(place, at)| (*place, index(at)));
                let mut expected: Vec<_> = expected.collect();
                expected.sort_unstable();
                assert_eq!(passed(walk(&storage, unit)), expected, "{storage:?}");
            }
        }
    }

    #[test]
    fn axes_without_gaps_are_one() {
        let planar = Storage {
            shape: vec![3, 4, 5],
            form: Lies::Planar(Border::default()),
        };
        let (_, [groups, runs, numbers]) = walk(&planar, Unit::Number);
        assert_eq!([groups, runs], [Strided::ONE; 2]);
        assert_eq!((numbers.axis.size, numbers.index), (60, 1));
        let (_, [groups, runs, numbers]) = walk(&planar, Unit::Channel);
        assert_eq!((groups, runs.axis.size, runs.index), (Strided::ONE, 3, 1));
        assert_eq!((numbers.axis.size, numbers.index), (20, 0));
    }
}
