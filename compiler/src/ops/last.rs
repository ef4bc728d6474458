//! `Last`: the last step of a sequence, Keras' `return_sequences=False`, PyTorch's `output[:, -1]`; by `last(x, length
//! = n)` the last that counts.

use super::copying::{self, Region};
use super::operator::{Application, Operator};
use super::{length, lower::Lower, positions};
use crate::arguments::Arguments;
use crate::call::{Argument, Call, Form, Size, Slot};
use crate::pace::{Pace, Timing};
use crate::rt::kernels;
use crate::site::{Operand, Site};
use crate::storage::LANES;

kernels! {
    LAST = length::last(x, length, out y);
    LAST_BACKWARD = length::last_backward(s, dy, length, add dx, add);
}

/// Drops all steps but the last.
#[derive(Clone, Debug, PartialEq)]
pub struct Last {
    /// Whether a length says which step is the last.
    pub has_length: bool,
    /// Whether the axis of time stays, with a size of 1.
    pub keepdim: bool,
}

impl Last {
    /// The last step as a row.
    pub fn row() -> Self {
        Self {
            has_length: false,
            keepdim: true,
        }
    }
}

impl Operator for Last {
    fn declare(_arguments: &mut Arguments<'_>) -> Self {
        Self {
            has_length: false,
            keepdim: false,
        }
    }

    fn takes_length(&self) -> bool {
        true
    }

    fn tokens(&self, operand: usize, inputs: &[&[usize]]) -> Option<[u32; 2]> {
        length::tokens(operand, length::OPERAND, inputs)
    }

    /// `[T, F]` gives `[F]`, or `[1, F]`.
    fn infer(&self, call: &Application<'_>) -> Result<Vec<usize>, String> {
        let feed = call.inputs[0];
        length::check(call, length::OPERAND)?;
        match *feed.shape {
            [_, features] if self.keepdim => Ok(vec![1, features]),
            [_, features] => Ok(vec![features]),
            _ => {
                let repair = match feed.shape.len() {
                    1 => "leave it out, for there is one step only",
                    _ => "`Reshape` makes two axes of them",
                };
                Err(format!(
                    "`{}` takes the last step of a sequence [time, features], but `{}` gives {:?}, which has no time; {repair}",
                    call.layer, feed.from, feed.shape
                ))
            }
        }
    }

    /// The newest step is the last of those that are there; a length says of another.
    fn pace(&self, timing: &Timing<'_>) -> Result<Pace, String> {
        match timing.inputs.len() > length::OPERAND {
            true => timing.refused("takes the last of so many steps", "drop `length`"),
            false => Ok(Pace::Newest),
        }
    }

    /// One step is the last of one.
    fn settle(&mut self, inputs: &[&[usize]]) {
        self.has_length = inputs.len() > length::OPERAND && inputs[0][0] > 1;
    }

    fn flops(&self, _inputs: &[&[usize]], _output: &[usize]) -> u64 {
        0
    }
}

/// A call by the lengths of samples: those of a whole sequence, and of the step that is its last.
fn forms(site: &Site<'_>) -> [Form; 3] {
    let [steps, blocks] = positions::sizes(site);
    let length = Form::Tokens { tokens: LANES };
    [Form::Steps { steps, blocks }, length, Form::row(blocks)]
}

impl Lower for Last {
    fn accepts(&self, operand: Operand<'_>) -> bool {
        match (operand.index, self.has_length) {
            (length::OPERAND, _) => true,
            (_, true) => positions::accepts(operand),
            (_, false) => operand.storage.shape == operand.shape,
        }
    }

    /// Step T - 1 of [T, F].
    fn regions(&self, site: &Site<'_>) -> Vec<Region> {
        let (from, axes) = site.input(0).axes();
        let [steps, features] = axes[..] else {
            return Vec::new();
        };
        let axes = vec![(features.size, features.stride, 1)];
        vec![Region {
            from: from + (steps.size - 1) * steps.stride,
            to: 0,
            axes,
        }]
    }

    fn infer(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        if !self.has_length {
            return copying::forward(site, &self.regions(site));
        }
        let [x, length, y] = forms(site);
        let call = Call::of(&LAST, [])
            .read("x", Slot::Input(0), x)
            .read("length", Slot::Input(length::OPERAND), length)
            .write("y", Slot::Output, y);
        vec![call]
    }

    fn backward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        if !self.has_length {
            return copying::backward(site, &self.regions(site));
        }
        let down = |add| {
            let [dx, length, dy] = forms(site);
            let [steps, blocks] = positions::sizes(site).map(Size::Number);
            Call::of(&LAST_BACKWARD, [Size::Isa, steps, blocks])
                .read("dy", Slot::Delta, dy)
                .read("length", Slot::Input(length::OPERAND), length)
                .add("dx", Slot::InputDelta(0), add, dx)
                .with("add", Argument::Adds)
        };
        site.adds(0).map(down).into_iter().collect()
    }
}
