//! What means, sums and extremes along axes have in common: their axes, their shapes, and how they are stored.

use super::broadcast::{self, Part};
use super::operator::Application;
use super::{length, positions};
use crate::arguments::Arguments;
use crate::call::{Call, Slot};
use crate::rt;
use crate::site::{Operand, Site};
use crate::storage::Storage;

/// The axes along which a tensor is reduced to one number.
#[derive(Clone, Debug, PartialEq)]
pub struct Reduction {
    /// The axes, or `None` for all.
    pub axes: Option<Vec<usize>>,
    /// Whether they stay, with a size of 1.
    pub keepdim: bool,
    /// The operand's shape with those sizes, once it is known.
    kept: Vec<usize>,
    /// Whether a length says how many steps count.
    pub has_length: bool,
}

impl Reduction {
    /// Reads `axis` and `keepdim`.
    pub fn declare(arguments: &mut Arguments<'_>) -> Self {
        Self {
            axes: arguments.optional_indices("axis"),
            keepdim: arguments.flag("keepdim", false),
            kept: Vec::new(),
            has_length: false,
        }
    }

    /// Whether an axis becomes one number.
    pub fn reduces(&self, axis: usize) -> bool {
        self.axes.as_ref().is_none_or(|axes| axes.contains(&axis))
    }

    /// The shape with a size of 1 along the axes.
    fn kept(&self, shape: &[usize]) -> Vec<usize> {
        let size = |(axis, &size): (usize, &usize)| if self.reduces(axis) { 1 } else { size };
        shape.iter().enumerate().map(size).collect()
    }

    /// The shape of what is left: one number, at least.
    pub fn infer(&self, call: &Application<'_>) -> Result<Vec<usize>, String> {
        let feed = call.inputs[0];
        let axes = self.axes.iter().flatten();
        for (index, axis) in axes.clone().enumerate() {
            if *axis >= feed.shape.len() {
                return Err(format!(
                    "`{}` reduces axis {axis}, but `{}` gives {:?}, whose last axis is {}; axes count from 0",
                    call.layer,
                    feed.from,
                    feed.shape,
                    feed.shape.len() - 1
                ));
            }
            if axes.clone().take(index).any(|other| other == axis) {
                return Err(format!(
                    "`{}` names axis {axis} twice; name each axis once",
                    call.layer
                ));
            }
        }
        length::check(call, length::OPERAND)?;
        if call.inputs.len() > length::OPERAND && self.axes.as_deref() != Some(&[0]) {
            return Err(format!(
                "`{}` takes a length of the steps of `{}`, which are its axis 0, and reduces others; write `axis = 0`",
                call.layer, feed.from
            ));
        }
        if self.keepdim {
            return Ok(self.kept(feed.shape));
        }
        let left = (0..feed.shape.len()).filter(|&axis| !self.reduces(axis));
        let left: Vec<_> = left.map(|axis| feed.shape[axis]).collect();
        Ok(if left.is_empty() { vec![1] } else { left })
    }

    /// Takes notice of the operand's shape.
    pub fn settle(&mut self, inputs: &[&[usize]]) {
        self.kept = self.kept(inputs[0]);
        // One step is all there is of one.
        self.has_length = inputs.len() > length::OPERAND && inputs[0][0] > 1;
    }

    /// How many numbers become one.
    pub fn count(&self, shape: &[usize]) -> f32 {
        let axes = shape.iter().enumerate();
        let reduced = axes.filter(|&(axis, _)| self.reduces(axis));
        reduced.map(|(_, &size)| size as f64).product::<f64>() as f32
    }

    /// Whether an operand is read as it lies.
    pub fn accepts(operand: Operand<'_>) -> bool {
        fits(operand.storage, operand.storage, operand.shape)
    }

    /// Whether it is read as it lies where a length may end it: step by step, or it is the length.
    pub fn accepts_of(&self, operand: Operand<'_>) -> bool {
        match (operand.index, self.has_length) {
            (length::OPERAND, _) => true,
            (_, true) => positions::accepts(operand),
            (_, false) => Self::accepts(operand),
        }
    }

    /// How the result is stored so that its lanes are those of the operand: as usual for its shape if that will do.
    pub fn gives(&self, x: &Storage, shape: &[usize]) -> Storage {
        let none = Default::default();
        let usual = Storage::natural(shape, none);
        let image = Storage::natural(&self.kept, none);
        let storages = [usual, image].into_iter();
        let mut fitting = storages.filter(|storage| fits(storage, x, &self.kept));
        fitting.next().unwrap_or_else(|| Storage::flat(&self.kept))
    }

    /// The result, or its delta, under the operand's axes.
    pub fn part<'a>(&'a self, slot: Slot, site: &Site<'a>) -> Part<'a> {
        Part {
            slot,
            storage: site.output(),
            shape: &self.kept,
        }
    }

    /// The sum over a divisor.
    pub fn sum(&self, site: &Site<'_>, divisor: f32) -> Vec<Call<Slot>> {
        let (x, y) = (Part::input(site, 0), self.part(Slot::Output, site));
        let one = (rt::TERM_SCALED, &[("factor", 1.0)][..]);
        let sum = broadcast::term(x.shape, x.storage, &y, &[x], (one, divisor), false);
        self.cut(vec![sum], divisor != 1.0)
    }

    /// Calls that end where a length says, if there is one.
    fn cut(&self, calls: Vec<Call<Slot>>, mean: bool) -> Vec<Call<Slot>> {
        match self.has_length {
            true => length::by_length(calls, mean),
            false => calls,
        }
    }

    /// The delta of each term of a sum over a divisor.
    pub fn spread(&self, site: &Site<'_>, divisor: f32) -> Vec<Call<Slot>> {
        let down = |add| {
            let (dy, dx) = (self.part(Slot::Delta, site), Part::input_delta(site, 0));
            let share = [("factor", 1.0 / divisor)];
            let share = (rt::TERM_SCALED, &share[..]);
            broadcast::term(dx.shape, dx.storage, &dx, &[dy], (share, 1.0), add)
        };
        self.cut(site.adds(0).map(down).into_iter().collect(), divisor != 1.0)
    }

    /// The largest number, or the least if the `sign` is -1.
    pub fn extreme(&self, site: &Site<'_>, sign: f32) -> Vec<Call<Slot>> {
        let (x, y) = (Part::input(site, 0), self.part(Slot::Output, site));
        self.cut(vec![broadcast::extreme(&x, &y, sign)], false)
    }

    /// The delta of an extreme, in equal shares to all that are as large: how many those are, what each of them gets, and who
    /// gets it.
    pub fn share(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let down = |add| {
            let (x, y) = (Part::input(site, 0), self.part(Slot::Output, site));
            let (dy, dx) = (self.part(Slot::Delta, site), Part::input_delta(site, 0));
            let equals = self.part(Slot::Own("equals"), site);
            let shares = self.part(Slot::Own("shares"), site);
            let count = ((rt::TERM_EQUAL, &[][..]), 1.0);
            let share = ((rt::TERM_SHARE, &[][..]), 1.0);
            let counted = broadcast::term(x.shape, x.storage, &equals, &[x, y], count, false);
            let divided = broadcast::combined(&[dy, equals], shares, (rt::COMBINE_QUOTIENT, &[]));
            let shared = broadcast::term(dx.shape, dx.storage, &dx, &[shares, x, y], share, add);
            [counted].into_iter().chain(divided).chain([shared])
        };
        self.cut(site.adds(0).into_iter().flat_map(down).collect(), false)
    }
}

/// Whether a value of this shape has a distance along every axis in a storage, and neighbouring lanes of another are
/// neighbours, or one number.
fn fits(storage: &Storage, lanes: &Storage, shape: &[usize]) -> bool {
    let lanes = broadcast::lane_axis(lanes, shape.len());
    let strides = storage.strides(shape);
    strides.is_some_and(|(_, strides)| shape[lanes] == 1 || strides[lanes] == 1)
}

/// Declares a reduction: all of it but its calls, `forward` and `backward`, is the same.
macro_rules! reduction {
    ($(#[$doc:meta])* $name:ident) => {
        use super::lower::Lower;
        use super::operator::{Application, Operator};
        use super::reduction::Reduction;
        use crate::arguments::Arguments;
        use crate::call::{Call, Slot};
        use crate::pace::{Pace, Timing};
        use crate::site::{Operand, Site};
        use crate::storage::{Border, Storage};

        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            /// Its axes.
            pub reduction: Reduction,
        }

        impl Operator for $name {
            fn declare(arguments: &mut Arguments<'_>) -> Self {
                Self {
                    reduction: Reduction::declare(arguments),
                }
            }

            fn takes_length(&self) -> bool {
                true
            }

            fn tokens(&self, operand: usize, inputs: &[&[usize]]) -> Option<[u32; 2]> {
                use super::length::{OPERAND, rows, tokens};
                tokens(operand, OPERAND, rows(inputs))
            }

            /// The axes are left out, or stay with a size of 1.
            fn infer(&self, call: &Application<'_>) -> Result<Vec<usize>, String> {
                self.reduction.infer(call)
            }

            fn pace(&self, timing: &Timing<'_>) -> Result<Pace, String> {
                match self.reduction.reduces(0) {
                    true => timing.refused("looks at all steps", "reduce another axis than the first, which is time"),
                    false => timing.alike_as(timing.inputs[0].shape),
                }
            }

            fn settle(&mut self, inputs: &[&[usize]]) {
                self.reduction.settle(inputs);
            }

            /// One operation for each number.
            fn flops(&self, inputs: &[&[usize]], _output: &[usize]) -> u64 {
                inputs[0].iter().product::<usize>() as u64
            }
        }

        impl Lower for $name {
            fn accepts(&self, operand: Operand<'_>) -> bool {
                self.reduction.accepts_of(operand)
            }

            fn gives(&self, inputs: &[&Storage], shape: &[usize], _border: Border) -> Storage {
                self.reduction.gives(inputs[0], shape)
            }

            fn infer(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
                forward(&self.reduction, site)
            }

            fn backward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
                backward(&self.reduction, site)
            }
        }
    };
}
pub(super) use reduction;
