//! What softmax and its logarithm have in common: every row of the last axis is normalised on its own.

use super::operator::Application;
use crate::call::{Call, Form, Size, Slot};
use crate::rt::Kernel;
use crate::site::{Operand, Site};
use crate::storage::LANES;

/// Declares a layer that normalises rows: all of it but the kernels, `FORWARD` and `BACKWARD`, is the same.
macro_rules! normalised {
    ($(#[$doc:meta])* $name:ident) => {
        use super::lower::Lower;
        use super::normalised;
        use super::operator::{Application, Operator};
        use crate::arguments::Arguments;
        use crate::call::{Call, Slot};
        use crate::site::{Operand, Site};

        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name;

        impl Operator for $name {
            fn declare(_: &mut Arguments<'_>) -> Self {
                Self
            }

            /// `[N]` or `[T, N]` stays.
            fn infer(&self, call: &Application<'_>) -> Result<Vec<usize>, String> {
                normalised::shape(call)
            }

            fn pace(&self, timing: &crate::pace::Timing<'_>) -> Result<crate::pace::Pace, String> {
                timing.features()
            }

            /// A maximum, a difference, an exponential, a sum, and a quotient or another difference.
            fn flops(&self, _inputs: &[&[usize]], output: &[usize]) -> u64 {
                output
                    .iter()
                    .fold(5, |flops, &size| flops.saturating_mul(size as u64))
            }
        }

        impl Lower for $name {
            fn accepts(&self, operand: Operand<'_>) -> bool {
                normalised::accepts(operand)
            }

            fn infer(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
                normalised::forward(site, &FORWARD)
            }

            fn backward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
                normalised::backward(site, &BACKWARD)
            }
        }
    };
}
pub(super) use normalised;

/// The shape of rows that are normalised each on its own: a vector, or a sequence step by step.
pub fn shape(call: &Application<'_>) -> Result<Vec<usize>, String> {
    let feed = call.inputs[0];
    match *feed.shape {
        [_] | [_, _] => Ok(feed.shape.to_vec()),
        _ => Err(format!(
            "`{}` takes a vector [N] or a sequence [T, N], but `{}` gives {:?}; put `Flatten` before it, which gives {}",
            call.layer,
            feed.from,
            feed.shape,
            feed.shape.iter().product::<usize>()
        )),
    }
}

/// Whether a vector, or every step of a sequence, begins a block.
pub fn accepts(operand: Operand<'_>) -> bool {
    let begins_a_block = |(_, stride): (usize, usize)| stride.is_multiple_of(LANES);
    operand.storage.shape == operand.shape && operand.storage.rows().is_some_and(begins_a_block)
}

/// Numbers per row, blocks per row, and the form of the rows.
fn row(site: &Site<'_>) -> (usize, usize, Form) {
    let n = *site.output_shape().last().unwrap_or(&1);
    let (rows, blocks) = (site.rows(0), n.div_ceil(LANES));
    (n, blocks, Form::Rows { rows, blocks })
}

/// y = f(row of x).
pub fn forward(site: &Site<'_>, kernel: &'static Kernel) -> Vec<Call<Slot>> {
    let (n, p, form) = row(site);
    vec![
        Call::of(kernel, [Size::Isa, n.into(), p.into()])
            .read("x", Slot::Input(0), form)
            .write("y", Slot::Output, form),
    ]
}

/// dx from a row of y and dy.
pub fn backward(site: &Site<'_>, kernel: &'static Kernel) -> Vec<Call<Slot>> {
    let (n, p, form) = row(site);
    let down = |add: bool| {
        let dx = Slot::InputDelta(0);
        Call::of(kernel, [Size::Isa, n.into(), p.into(), Size::Adds])
            .read("y", Slot::Output, form)
            .read("dy", Slot::Delta, form)
            .add("dx", dx, add, form)
    };
    site.adds(0).map(down).into_iter().collect()
}
