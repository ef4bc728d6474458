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

kernels! {
    LAST = length::last(x, length, steps, out y);
    LAST_BACKWARD = length::last_backward(s, dy, length, steps, add dx, add);
}

/// Drops all steps but the last.
#[derive(Clone, Debug, PartialEq)]
pub struct Last {
    /// Whether a length says which step is the last.
    pub has_length: bool,
    /// Whether the axis of time stays, with a size of 1.
    pub keepdim: bool,
    /// Rows behind the steps, which are none.
    pub behind: usize,
}

impl Last {
    /// The last step as a row, of steps that so many rows follow.
    pub fn row(behind: usize) -> Self {
        Self {
            has_length: false,
            keepdim: true,
            behind,
        }
    }

    /// How many of the operand's rows are steps.
    fn steps(&self, rows: usize) -> usize {
        rows.saturating_sub(self.behind)
    }

    /// The same as an argument.
    fn steps_of(&self, site: &Site<'_>) -> Argument<Slot> {
        Argument::Number(self.steps(site.input_shape(0)[0]))
    }
}

impl Operator for Last {
    fn declare(_arguments: &mut Arguments<'_>) -> Self {
        Self {
            has_length: false,
            keepdim: false,
            behind: 0,
        }
    }

    fn takes_length(&self) -> bool {
        true
    }

    fn tokens(&self, operand: usize, inputs: &[&[usize]]) -> Option<[u32; 2]> {
        let steps = self.steps(length::rows(inputs));
        length::tokens(operand, length::OPERAND, steps)
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

    /// One row is the last of one.
    fn settle(&mut self, inputs: &[&[usize]]) {
        self.has_length = inputs.len() > length::OPERAND && inputs[0][0] > 1;
    }

    fn flops(&self, _inputs: &[&[usize]], _output: &[usize]) -> u64 {
        0
    }
}

/// A call by the lengths of samples: the forms of a whole sequence, and of the step that is its last.
fn forms(site: &Site<'_>) -> [Form; 2] {
    let [steps, blocks] = positions::sizes(site);
    [Form::Steps { steps, blocks }, Form::row(blocks)]
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
        let [x, y] = forms(site);
        let call = Call::of(&LAST, [])
            .read("x", Slot::Input(0), x)
            .with("length", length::argument(length::OPERAND))
            .with("steps", self.steps_of(site))
            .write("y", Slot::Output, y);
        vec![call]
    }

    fn backward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        if !self.has_length {
            return copying::backward(site, &self.regions(site));
        }
        let down = |add| {
            let [dx, dy] = forms(site);
            let [steps, blocks] = positions::sizes(site).map(Size::Number);
            Call::of(&LAST_BACKWARD, [Size::Isa, steps, blocks])
                .read("dy", Slot::Delta, dy)
                .with("length", length::argument(length::OPERAND))
                .with("steps", self.steps_of(site))
                .add("dx", Slot::InputDelta(0), add, dx)
                .with("add", Argument::Adds)
        };
        site.adds(0).map(down).into_iter().collect()
    }
}
