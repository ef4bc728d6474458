//! What arithmetic on two tensors of one shape has in common: they are stored alike, and blocks are combined.

use super::operator::Application;
use crate::call::{Call, Form, Size, Slot};
use crate::rt::{Kernel, kernels};
use crate::site::{Operand, Site};
use crate::storage::{self, Border, Storage};

kernels! {
    TERM_BACKWARD = arithmetic::term_backward(s, dz, add dx);
}

/// Declares an operator that combines two tensors of one shape, number by number; its back end is written by hand.
macro_rules! pair {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name;

        impl crate::ops::operator::Operator for $name {
            fn declare(_: &mut crate::arguments::Arguments<'_>) -> Self {
                Self
            }

            fn arity(&self) -> (usize, usize) {
                (2, 2)
            }

            /// Twice one shape gives it again.
            fn infer(
                &self,
                call: &crate::ops::operator::Application<'_>,
            ) -> Result<Vec<usize>, String> {
                crate::ops::pair::same_shape(call)
            }
        }
    };
}
pub(super) use pair;

/// The one shape of two operands; shapes are never stretched to fit.
pub fn same_shape(call: &Application<'_>) -> Result<Vec<usize>, String> {
    let (a, b) = (call.inputs[0], call.inputs[1]);
    if a.shape == b.shape {
        return Ok(a.shape.to_vec());
    }
    Err(format!(
        "`{}` takes two tensors of one shape, but `{}` gives {:?} and `{}` gives {:?}; bring one to the other's shape",
        call.layer, a.from, a.shape, b.from, b.shape
    ))
}

/// The second operand must be stored like the first; the first must be such that a copy can follow it.
pub fn accepts(operand: Operand<'_>) -> bool {
    match operand.index {
        0 => operand.storage.shape == operand.shape || operand.storage.form == storage::Form::Flat,
        _ => operand.storage == operand.first,
    }
}

/// Storage for an operand that is not accepted.
pub fn wants(operand: Operand<'_>, border: Border) -> Storage {
    match operand.index {
        0 => Storage::natural(operand.shape, border),
        _ => operand.first.clone(),
    }
}

/// z = f(x, y).
pub fn combine(kernel: &'static Kernel) -> Vec<Call<Slot>> {
    vec![
        Call::of(kernel, [Size::Isa])
            .read("x", Slot::Input(0), Form::Blocks)
            .read("y", Slot::Input(1), Form::Blocks)
            .write("z", Slot::Output, Form::Blocks),
    ]
}

/// The delta of a term of a sum.
pub fn term(site: &Site<'_>, operand: usize, negative: bool) -> Option<Call<Slot>> {
    let add = site.adds(operand)?;
    let sizes = [Size::Isa, negative.into(), Size::Adds];
    let dx = Slot::InputDelta(operand);
    let call = Call::of(&TERM_BACKWARD, sizes).read("dz", Slot::Delta, Form::Blocks);
    Some(call.add("dx", dx, add, Form::Blocks))
}
