//! What activations have in common: a function applied number by number, blocks in, blocks of the same storage out.

use crate::call::{Argument, Call, Form, Size, Slot};
use crate::rt::kernels;
use crate::site::{Activation, Operand, Site};

kernels! {
    FORWARD = activation::forward(s, x, out y, blocks, floats);
    BACKWARD = activation::backward(s, y, mut dy);
    BACKWARD_INTO = activation::backward_into(s, y, dy, add dx);
}

/// Declares an activation, a layer without arguments: all of it but the name is the same, and its arithmetic is the
/// runtime's type of that name.
macro_rules! activation {
    ($(#[$doc:meta])* $name:ident = $path:ident, keeps_zero = $keeps_zero:literal, floor = $floor:expr) => {
        use super::activation;
        use super::lower::Lower;
        use super::operator::{Application, Operator};
        use crate::arguments::Arguments;
        use crate::call::{Call, Slot};
        use crate::rt;
        use crate::site::{Activation, Operand, Site};
        use crate::storage::{Border, Storage};

        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name;

        /// Its arithmetic.
        const ACTIVATION: Activation = Activation {
            path: rt::$path,
            keeps_zero: $keeps_zero,
            floor: $floor,
        };

        impl Operator for $name {
            fn declare(_: &mut Arguments<'_>) -> Self {
                Self
            }

            /// Any shape stays.
            fn infer(&self, call: &Application<'_>) -> Result<Vec<usize>, String> {
                Ok(call.inputs[0].shape.to_vec())
            }
        }

        impl Lower for $name {
            fn as_activation(&self) -> Option<Activation> {
                Some(ACTIVATION)
            }

            fn keeps_storage(&self) -> bool {
                true
            }

            fn accepts(&self, operand: Operand<'_>) -> bool {
                activation::accepts(ACTIVATION, operand)
            }

            fn wants(&self, operand: Operand<'_>, _: Border) -> Storage {
                Storage::flat(operand.shape)
            }

            fn infer(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
                activation::forward(site, ACTIVATION)
            }

            fn backward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
                activation::backward(site, ACTIVATION)
            }
        }
    };
}
pub(super) use activation;

/// Any storage serves, unless f(0) is not 0 and gaps inside would fill up.
pub fn accepts(activation: Activation, operand: Operand<'_>) -> bool {
    activation.keeps_zero || !operand.storage.has_gaps() || operand.storage.is_contiguous()
}

/// y = f(x).
pub fn forward(site: &Site<'_>, activation: Activation) -> Vec<Call<Slot>> {
    let floats = site.output_shape().iter().product::<usize>();
    vec![
        Call::of(&FORWARD, [Size::Isa, activation.into()])
            .read("x", Slot::Input(0), Form::Blocks)
            .write("y", Slot::Output, Form::Blocks)
            .with("blocks", Argument::Number(site.output().blocks()))
            .with("floats", Argument::Number(floats)),
    ]
}

/// dx = f'(x) dy.
pub fn backward(site: &Site<'_>, activation: Activation) -> Vec<Call<Slot>> {
    let down = |add: bool| {
        let dx = Slot::InputDelta(0);
        Call::of(&BACKWARD_INTO, [Size::Isa, activation.into(), Size::Adds])
            .read("y", Slot::Output, Form::Blocks)
            .read("dy", Slot::Delta, Form::Blocks)
            .add("dx", dx, add, Form::Blocks)
    };
    site.adds(0).map(down).into_iter().collect()
}

/// Turns the result's delta into the delta before the absorbed activation, in place.
pub fn through(site: &Site<'_>) -> Option<Call<Slot>> {
    let activation = site.activation;
    (activation != Activation::IDENTITY).then(|| {
        Call::of(&BACKWARD, [Size::Isa, activation.into()])
            .read("y", Slot::Output, Form::Blocks)
            .modify("dy", Slot::Delta, Form::Blocks)
    })
}
