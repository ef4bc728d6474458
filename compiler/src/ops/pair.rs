//! What arithmetic on two tensors has in common. Where they have one shape they are stored alike, and blocks are combined;
//! otherwise one is stretched, or both are.

use crate::call::{Call, Form, Size, Slot};
use crate::rt::{Kernel, kernels};
use crate::site::{Operand, Site};
use crate::storage::{self, Border, Storage};

kernels! {
    TERM_BACKWARD = arithmetic::term_backward(s, dz, add dx);
}

/// Declares an operator that combines two tensors number by number. What is written by hand: `ONE_SHAPE`, the kernel for
/// tensors that are stored alike, if there is one, and `delta_of_one_shape`, the call that goes back through it; `COMBINE`,
/// the function for all others, and the `term` of an operand's delta with what it reads beside the result's.
macro_rules! pair {
    ($(#[$doc:meta])* $name:ident $(, is_sum = $is_sum:literal)?) => {
        use crate::ops::{broadcast, pair};

        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            /// How many axes the result has, unless both operands are combined as they lie.
            pub stretched: Option<usize>,
        }

        impl crate::ops::operator::Operator for $name {
            fn declare(_: &mut crate::arguments::Arguments<'_>) -> Self {
                Self { stretched: None }
            }

            fn arity(&self) -> (usize, usize) {
                (2, 2)
            }

            /// Sizes of 1, and axes that are missing in front, are stretched.
            fn infer(
                &self,
                call: &crate::ops::operator::Application<'_>,
            ) -> Result<Vec<usize>, String> {
                broadcast::shape(call)
            }

            fn pace(
                &self,
                timing: &crate::pace::Timing<'_>,
            ) -> Result<crate::pace::Pace, String> {
                timing.alike()
            }

            fn settle(&mut self, inputs: &[&[usize]]) {
                let rank = inputs.iter().map(|shape| shape.len()).max();
                let alike = ONE_SHAPE.is_some() && inputs[0] == inputs[1];
                self.stretched = rank.filter(|_| !alike);
            }
        }

        impl crate::ops::lower::Lower for $name {
            fn keeps_storage(&self) -> bool {
                self.stretched.is_none()
            }

            fn accepts(&self, operand: Operand<'_>) -> bool {
                match self.stretched {
                    Some(rank) => broadcast::accepts(operand, rank),
                    None => pair::accepts(operand),
                }
            }

            fn wants(&self, operand: Operand<'_>, border: Border) -> Storage {
                match self.stretched {
                    Some(rank) => broadcast::wants(operand, rank, border),
                    None => pair::wants(operand, border),
                }
            }

            $(
                fn is_sum(&self) -> bool {
                    $is_sum && self.stretched.is_none()
                }
            )?

            fn infer(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
                match (ONE_SHAPE, self.stretched) {
                    (Some(kernel), None) => pair::combine(kernel),
                    _ => broadcast::combine(site, (COMBINE, &[])),
                }
            }

            fn backward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
                let delta = |operand| match self.stretched {
                    None => delta_of_one_shape(site, operand),
                    Some(_) => {
                        let (by, others) = term(site, operand);
                        broadcast::delta(site, operand, &others, by)
                    }
                };
                (0..2).filter_map(delta).collect()
            }
        }
    };
}
pub(super) use pair;

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
