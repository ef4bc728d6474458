//! `MaxPool2d(kernel)`: the largest number of each window, channel by channel, as `torch.nn.MaxPool2d`.
//!
//! Padding never wins: it counts as minus infinity.

use super::{
    Call, Operator,
    window::{Padding, Window, image},
};
use crate::arguments::Arguments;

/// Pooling by maximum; its dilation is 1.
#[derive(Clone, Debug, PartialEq)]
pub struct MaxPool2d {
    /// Its window's size and movement.
    pub window: Window,
}

impl Operator for MaxPool2d {
    fn declare(arguments: &mut Arguments<'_>) -> Self {
        let kernel = arguments.pair("kernel");
        let stride = arguments.pair_or("stride", "kernel", kernel);
        let sides = arguments.pair_or_word("padding", |sides| sides, &[]);
        // A window must touch the image, or there is nothing to choose from.
        if sides.0 > kernel.0 / 2 || sides.1 > kernel.1 / 2 {
            arguments.reject("padding", "the padding of a pool is at most half its kernel");
        }
        Self { window: Window { kernel, stride, dilation: (1, 1), padding: Padding::symmetric(sides) } }
    }

    /// `[C, H, W]` gives `[C, H', W']`.
    fn infer(&self, call: &Call<'_>) -> Result<Vec<usize>, String> {
        let feed = call.inputs[0];
        let [channels, height, width] = image(call.layer, feed)?;
        let (height, width) = self.window.slide(call.layer, feed, (height, width))?;
        Ok(vec![channels, height, width])
    }

    /// One comparison for each number of a window.
    fn flops(&self, _inputs: &[&[usize]], output: &[usize]) -> u64 {
        let (height, width) = self.window.kernel;
        let each = (height as u64).saturating_mul(width as u64);
        output.iter().fold(each, |flops, &size| flops.saturating_mul(size as u64))
    }
}

impl super::lower::Lower for MaxPool2d {
    fn infer(&self, _: &crate::emit::site::Site<'_>) -> proc_macro2::TokenStream {
        quote::quote!(compile_error!("not yet");)
    }
    fn backward(&self, _: &crate::emit::site::Site<'_>) -> proc_macro2::TokenStream {
        quote::quote!(compile_error!("not yet");)
    }
}
