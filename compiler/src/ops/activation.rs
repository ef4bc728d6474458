//! What activations have in common: a function applied number by number, blocks in, blocks of the same storage out.

use super::image::pixels as of_storage;
use crate::call::{self, Argument, Call, Size, Slot};
use crate::rt::{Kernel, kernels};
use crate::site::{Activation, Operand, Site};
use crate::storage::{Form, Storage};

kernels! {
    FORWARD = activation::forward(s, x, out y, pixels);
    STEP = activation::step(s, x, out y, pixels);
    BACKWARD = activation::backward(s, from, mut dy);
    BACKWARD_INTO = activation::backward_into(s, from, dy, add dx);
}

/// Makes a layer of an activation, a type with `declared(arguments)` and `activation(&self)`: all else is the same, and its
/// arithmetic is the runtime's.
macro_rules! layer {
    ($name:ident) => {
        impl $crate::ops::operator::Operator for $name {
            fn declare(arguments: &mut $crate::arguments::Arguments<'_>) -> Self {
                Self::declared(arguments)
            }

            /// Any shape stays.
            fn infer(
                &self,
                call: &$crate::ops::operator::Application<'_>,
            ) -> Result<Vec<usize>, String> {
                Ok(call.inputs[0].shape.to_vec())
            }

            fn pace(
                &self,
                timing: &$crate::pace::Timing<'_>,
            ) -> Result<$crate::pace::Pace, String> {
                timing.alike()
            }
        }

        impl $crate::ops::lower::Lower for $name {
            fn as_activation(&self) -> Option<$crate::site::Activation> {
                Some(self.activation())
            }

            fn keeps_storage(&self) -> bool {
                true
            }

            fn accepts(&self, operand: $crate::site::Operand<'_>) -> bool {
                $crate::ops::activation::accepts(self.activation(), operand)
            }

            fn wants(
                &self,
                operand: $crate::site::Operand<'_>,
                _: $crate::storage::Border,
            ) -> $crate::storage::Storage {
                $crate::storage::Storage::flat(operand.shape)
            }

            fn infer(
                &self,
                site: &$crate::site::Site<'_>,
            ) -> Vec<$crate::call::Call<$crate::call::Slot>> {
                $crate::ops::activation::forward(site, self.activation())
            }

            fn step(
                &self,
                site: &$crate::site::Site<'_>,
            ) -> Vec<$crate::call::Call<$crate::call::Slot>> {
                $crate::ops::activation::step(site, self.activation())
            }

            fn backward(
                &self,
                site: &$crate::site::Site<'_>,
            ) -> Vec<$crate::call::Call<$crate::call::Slot>> {
                $crate::ops::activation::backward(site, self.activation())
            }
        }
    };
}
pub(super) use layer;

/// Any storage serves, unless f(0) is not 0 and gaps inside would fill up that no pixel has.
pub fn accepts(activation: Activation, operand: Operand<'_>) -> bool {
    let storage = operand.storage;
    let has_pixels = matches!(storage.form, Form::Steps | Form::Image(_));
    activation.keeps_zero || has_pixels || !storage.has_gaps() || storage.is_contiguous()
}

/// y = f(x).
pub fn forward(site: &Site<'_>, activation: Activation) -> Vec<Call<Slot>> {
    applied(site, activation, &FORWARD)
}

/// y = f(x) of the frames of a step.
pub fn step(site: &Site<'_>, activation: Activation) -> Vec<Call<Slot>> {
    applied(site, activation, &STEP)
}

fn applied(site: &Site<'_>, activation: Activation, kernel: &'static Kernel) -> Vec<Call<Slot>> {
    vec![
        Call::of(kernel, [Size::Isa, activation.into()])
            .read("x", Slot::Input(0), call::Form::Blocks)
            .write("y", Slot::Output, call::Form::Blocks)
            .with("pixels", pixels(site.output())),
    ]
}

/// dx = f'(x) dy.
pub fn backward(site: &Site<'_>, activation: Activation) -> Vec<Call<Slot>> {
    let from = match activation.reads_input {
        true => Slot::Input(0),
        false => Slot::Output,
    };
    let down = |add: bool| {
        let dx = Slot::InputDelta(0);
        Call::of(&BACKWARD_INTO, [Size::Isa, activation.into(), Size::Adds])
            .read("from", from, call::Form::Blocks)
            .read("dy", Slot::Delta, call::Form::Blocks)
            .add("dx", dx, add, call::Form::Blocks)
    };
    site.adds(0).map(down).into_iter().collect()
}

/// Where the numbers of a value lie: one pixel of as many channels where they lie side by side.
fn pixels(storage: &Storage) -> Argument<Slot> {
    match storage.form {
        Form::Steps | Form::Image(_) => of_storage(storage),
        Form::Flat | Form::Planar(_) => {
            of_storage(&Storage::flat(&[storage.shape.iter().product()]))
        }
    }
}

/// Turns the result's delta into the delta before the absorbed activation, in place.
pub fn through(site: &Site<'_>) -> Option<Call<Slot>> {
    let activation = site.activation;
    (activation != Activation::IDENTITY).then(|| {
        Call::of(&BACKWARD, [Size::Isa, activation.into()])
            .read("from", Slot::Output, call::Form::Blocks)
            .modify("dy", Slot::Delta, call::Form::Blocks)
    })
}

/// A parameter of an activation: as all numbers, below 2^-63 it counts as 0.
pub fn settled(number: f64) -> f32 {
    let number = number as f32;
    match number.abs() < TINY {
        true => 0.0,
        false => number,
    }
}

/// 2^-63.
const TINY: f32 = 1.0 / (1_u64 << 63) as f32;
