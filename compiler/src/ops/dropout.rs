//! `Dropout(p)`: while training, zeroes each number with probability p and scales the others by 1 / (1 - p)
//! (Srivastava et al. 2014), as `torch.nn.Dropout`; otherwise it does nothing.

use super::lower::{Lower, Operand};
use super::{Call, Operator};
use crate::arguments::Arguments;
use crate::emit::site::Site;
use crate::program::Slot;
use crate::rt;
use proc_macro2::TokenStream;
use quote::quote;

/// Zeroes at random while training.
#[derive(Clone, Debug, PartialEq)]
pub struct Dropout {
    /// The probability of a zero, from 0 to 1.
    pub p: f64,
}

impl Operator for Dropout {
    fn declare(arguments: &mut Arguments<'_>) -> Self {
        Self {
            p: arguments.probability("p"),
        }
    }

    /// Any shape stays.
    fn infer(&self, call: &Call<'_>) -> Result<Vec<usize>, String> {
        Ok(call.inputs[0].shape.to_vec())
    }

    fn flops(&self, _inputs: &[&[usize]], _output: &[usize]) -> u64 {
        0
    }
}

impl Lower for Dropout {
    fn only_trains(&self) -> bool {
        true
    }

    fn keeps_storage(&self) -> bool {
        true
    }

    fn accepts(&self, _: Operand<'_>) -> bool {
        true
    }

    fn forward(&self, site: &Site<'_>) -> TokenStream {
        let (path, key) = (rt::dropout_forward(), self.key(site));
        let (_, blocks) = site.place(Slot::Output);
        let p = self.p as f32;
        site.step(
            &[("x", Slot::Input(0)), ("y", Slot::Output)],
            &quote!(#path::<S>(s, x, y, #blocks, #p, #key);),
        )
    }

    /// The mask is drawn again, so nothing was saved.
    fn backward(&self, site: &Site<'_>) -> TokenStream {
        let Some(add) = site.adds(0) else {
            return TokenStream::new();
        };
        let (path, key) = (rt::dropout_backward(), self.key(site));
        let (_, blocks) = site.place(Slot::Delta);
        let p = self.p as f32;
        let body = quote!(#path::<S, #add>(s, dy, dx, #blocks, #p, #key););
        site.step(&[("dy", Slot::Delta), ("dx", Slot::InputDelta(0))], &body)
    }
}

impl Dropout {
    /// What the mask is a function of, but for the element.
    fn key(&self, site: &Site<'_>) -> TokenStream {
        let layer = site.index as u32;
        quote!(rt::Key { seed, step, layer: #layer, first_sample: first })
    }
}
