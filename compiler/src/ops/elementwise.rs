//! What activations, arithmetic and softmax have in common: blocks in, blocks of the same storage out.

use super::Call;
use super::lower::Operand;
use crate::emit::site::Site;
use crate::fuse::Activation;
use crate::program::Slot;
use crate::rt;
use crate::storage::{Border, Form, LANES, Storage};
use proc_macro2::TokenStream;
use quote::quote;

/// Declares an activation, a layer without arguments: all of it but the name is the same, and its arithmetic is the
/// runtime's type of that name.
macro_rules! activation {
    ($(#[$doc:meta])* $name:ident, keeps_zero = $keeps_zero:literal) => {
        use super::lower::{Lower, Operand, Uses};
        use super::{Call, Operator, elementwise};
        use crate::arguments::Arguments;
        use crate::emit::site::Site;
        use crate::fuse::Activation;
        use crate::storage::{Border, Storage};
        use proc_macro2::TokenStream;

        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name;

        /// Its arithmetic.
        const ACTIVATION: Activation = Activation {
            name: stringify!($name),
            keeps_zero: $keeps_zero,
        };

        impl Operator for $name {
            fn declare(_: &mut Arguments<'_>) -> Self {
                Self
            }

            /// Any shape stays.
            fn infer(&self, call: &Call<'_>) -> Result<Vec<usize>, String> {
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
                elementwise::accepts(ACTIVATION, operand)
            }

            fn wants(&self, operand: Operand<'_>, _: Border) -> Storage {
                Storage::flat(operand.shape)
            }

            fn uses(&self) -> Uses {
                Uses {
                    backward_output: true,
                    ..Uses::default()
                }
            }

            fn infer(&self, site: &Site<'_>) -> TokenStream {
                elementwise::forward(site, ACTIVATION)
            }

            fn backward(&self, site: &Site<'_>) -> TokenStream {
                elementwise::backward(site, ACTIVATION)
            }
        }
    };
}
pub(super) use activation;

/// Declares an operator that combines two tensors of one shape, number by number; its back end is written by hand.
macro_rules! pair {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name;

        impl crate::ops::Operator for $name {
            fn declare(_: &mut crate::arguments::Arguments<'_>) -> Self {
                Self
            }

            fn arity(&self) -> (usize, usize) {
                (2, 2)
            }

            /// Twice one shape gives it again.
            fn infer(&self, call: &crate::ops::Call<'_>) -> Result<Vec<usize>, String> {
                crate::ops::elementwise::same_shape(call)
            }
        }
    };
}
pub(super) use pair;

/// Any storage serves, unless f(0) is not 0 and gaps inside would fill up.
pub fn accepts(activation: Activation, operand: Operand<'_>) -> bool {
    activation.keeps_zero || !operand.storage.has_gaps() || operand.storage.is_contiguous()
}

/// y = f(x).
pub fn forward(site: &Site<'_>, activation: Activation) -> TokenStream {
    let (path, activation) = (rt::activate(), rt::activation(activation.name));
    let blocks = site.output().blocks();
    let floats = site.output_shape().iter().product::<usize>();
    let body = quote!(#path::<S, #activation>(s, x, y, #blocks, #floats););
    site.step(&[("x", Slot::Input(0)), ("y", Slot::Output)], &body)
}

/// dx = f'(x) dy.
pub fn backward(site: &Site<'_>, activation: Activation) -> TokenStream {
    let Some(add) = site.adds(0) else {
        return TokenStream::new();
    };
    let (path, activation) = (rt::activation_into(), rt::activation(activation.name));
    let body = quote!(#path::<S, #activation, #add>(s, y, dy, dx););
    site.step(
        &[
            ("y", Slot::Output),
            ("dy", Slot::Delta),
            ("dx", Slot::InputDelta(0)),
        ],
        &body,
    )
}

/// The one shape of two operands; shapes are never stretched to fit.
pub fn same_shape(call: &Call<'_>) -> Result<Vec<usize>, String> {
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
pub fn accepts_pair(operand: Operand<'_>) -> bool {
    match operand.index {
        0 => operand.storage.shape == operand.shape || operand.storage.form == Form::Flat,
        _ => operand.storage == operand.first,
    }
}

/// Storage for an operand that is not accepted.
pub fn wants_pair(operand: Operand<'_>, border: Border) -> Storage {
    match operand.index {
        0 => Storage::natural(operand.shape, border),
        _ => operand.first.clone(),
    }
}

/// z = f(x, y).
pub fn combine(site: &Site<'_>, path: &TokenStream) -> TokenStream {
    let names = [
        ("x", Slot::Input(0)),
        ("y", Slot::Input(1)),
        ("z", Slot::Output),
    ];
    site.step(&names, &quote!(#path::<S>(s, x, y, z);))
}

/// The delta of a term of a sum.
pub fn term(site: &Site<'_>, operand: usize, negative: bool) -> Option<TokenStream> {
    let add = site.adds(operand)?;
    let path = rt::term_backward();
    let body = quote!(#path::<S, #negative, #add>(s, dz, dx););
    Some(site.step(
        &[("dz", Slot::Delta), ("dx", Slot::InputDelta(operand))],
        &body,
    ))
}

/// Declares a layer that normalises rows: all of it but the kernels is the same.
macro_rules! over_rows {
    ($(#[$doc:meta])* $name:ident, $forward:ident, $backward:ident) => {
        use super::lower::{Lower, Operand, Uses};
        use super::{Call, Operator, elementwise};
        use crate::arguments::Arguments;
        use crate::emit::site::Site;
        use crate::rt;
        use proc_macro2::TokenStream;

        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name;

        impl Operator for $name {
            fn declare(_: &mut Arguments<'_>) -> Self {
                Self
            }

            /// `[N]` or `[T, N]` stays.
            fn infer(&self, call: &Call<'_>) -> Result<Vec<usize>, String> {
                elementwise::rows_shape(call)
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
                elementwise::accepts_rows(operand)
            }

            fn uses(&self) -> Uses {
                Uses {
                    backward_output: true,
                    ..Uses::default()
                }
            }

            fn infer(&self, site: &Site<'_>) -> TokenStream {
                elementwise::rows_forward(site, &rt::$forward())
            }

            fn backward(&self, site: &Site<'_>) -> TokenStream {
                elementwise::rows_backward(site, &rt::$backward())
            }
        }
    };
}
pub(super) use over_rows;

/// The shape of rows that are normalised each on its own: a vector, or a sequence step by step.
pub fn rows_shape(call: &Call<'_>) -> Result<Vec<usize>, String> {
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
pub fn accepts_rows(operand: Operand<'_>) -> bool {
    operand.storage.shape == operand.shape
        && operand
            .storage
            .rows()
            .is_some_and(|(_, stride)| stride.is_multiple_of(LANES))
}

/// Numbers per row and blocks per row.
fn row(site: &Site<'_>) -> (usize, usize) {
    let n = *site.output_shape().last().unwrap_or(&1);
    (n, n.div_ceil(LANES))
}

/// y = f(row of x).
pub fn rows_forward(site: &Site<'_>, path: &TokenStream) -> TokenStream {
    let ((n, p), blocks, blocks_mut) = (row(site), rt::blocks(), rt::blocks_mut());
    let body = quote!(#path::<S, #n, #p>(s, #blocks::<#p>(x), #blocks_mut::<#p>(y)););
    site.step(&[("x", Slot::Input(0)), ("y", Slot::Output)], &body)
}

/// dx from a row of y and dy.
pub fn rows_backward(site: &Site<'_>, path: &TokenStream) -> TokenStream {
    let Some(add) = site.adds(0) else {
        return TokenStream::new();
    };
    let ((n, p), blocks, blocks_mut) = (row(site), rt::blocks(), rt::blocks_mut());
    let body = quote! {
        #path::<S, #n, #p, #add>(s, #blocks::<#p>(y), #blocks::<#p>(dy), #blocks_mut::<#p>(dx));
    };
    site.step(
        &[
            ("y", Slot::Output),
            ("dy", Slot::Delta),
            ("dx", Slot::InputDelta(0)),
        ],
        &body,
    )
}
