//! `MaxPool2d(kernel)`: the largest number of each window, channel by channel, as `torch.nn.MaxPool2d`.
//!
//! Padding never wins: it counts as minus infinity.

use super::lower::{Geometry, Lower, Operand};
use super::{
    Call, Operator,
    window::{self, Padding, Window},
};
use crate::emit::image;
use crate::emit::site::Site;
use crate::fuse::Pooling;
use crate::program::Slot;
use crate::storage::Form;
use crate::{arguments::Arguments, rt};
use proc_macro2::TokenStream;
use quote::quote;

/// Pooling by maximum; its dilation is 1.
#[derive(Clone, Debug, PartialEq)]
pub struct MaxPool2d {
    /// Its window's size and movement.
    pub window: Window,
}

/// The most positions of a window.
const POSITIONS: usize = 1 << 16;

impl Operator for MaxPool2d {
    fn declare(arguments: &mut Arguments<'_>) -> Self {
        let kernel = arguments.pair("kernel");
        // Which position of a window has won is kept in two bytes.
        let positions = kernel.0.saturating_mul(kernel.1);
        if positions > POSITIONS {
            arguments.reject(
                "kernel",
                format!(
                    "a window has at most {POSITIONS} positions; pool twice, first by a smaller one"
                ),
            );
        }
        let stride = arguments.pair_or("stride", "kernel", kernel);
        let sides = arguments.pair_or_word("padding", |sides| sides, &[]);
        // A window must touch the image, or there is nothing to choose from.
        if sides.0 > kernel.0 / 2 || sides.1 > kernel.1 / 2 {
            let (height, width) = (kernel.0 / 2, kernel.1 / 2);
            arguments.reject(
                "padding",
                format!(
                    "the padding of a pool is at most half its kernel, here ({height}, {width})"
                ),
            );
        }
        Self {
            window: Window {
                kernel,
                stride,
                dilation: (1, 1),
                padding: Padding::symmetric(sides),
            },
        }
    }

    /// `[C, H, W]` gives `[C, H', W']`.
    fn infer(&self, call: &Call<'_>) -> Result<Vec<usize>, String> {
        let feed = call.inputs[0];
        let [channels, height, width] = window::image(call.layer, feed)?;
        let (height, width) = self.window.slide(call.layer, feed, (height, width))?;
        Ok(vec![channels, height, width])
    }

    /// One comparison for each number of a window.
    fn flops(&self, _inputs: &[&[usize]], output: &[usize]) -> u64 {
        let (height, width) = self.window.kernel;
        let each = (height as u64).saturating_mul(width as u64);
        output
            .iter()
            .fold(each, |flops, &size| flops.saturating_mul(size as u64))
    }
}

impl Lower for MaxPool2d {
    fn as_pooling(&self) -> Option<Pooling> {
        let Window {
            kernel,
            stride,
            padding,
            ..
        } = self.window;
        Some(Pooling {
            kernel,
            stride,
            padding: (padding.top, padding.left),
        })
    }

    fn accepts(&self, operand: Operand<'_>) -> bool {
        operand.storage.shape == operand.shape && matches!(operand.storage.form, Form::Image(_))
    }

    /// Which position of each window won.
    fn saved(&self, geometry: &Geometry<'_>) -> Vec<usize> {
        vec![image::winner_blocks(geometry.output, self.window.kernel)]
    }

    fn infer(&self, site: &Site<'_>) -> TokenStream {
        let (x, y, taps) = (
            image::layout(site.input(0)),
            image::layout(site.output()),
            image::taps(&self.window),
        );
        let (xs, ys) = (site.input(0).blocks(), site.output().blocks());
        let (path, blocks, blocks_mut) = (rt::max_pool2d_forward(), rt::blocks(), rt::blocks_mut());
        let body = quote! {
            #path::<S, #taps, #x, #y, #xs, #ys>(s, #blocks::<#xs>(x), #blocks_mut::<#ys>(y));
        };
        site.step(&[("x", Slot::Input(0)), ("y", Slot::Output)], &body)
    }

    fn forward(&self, site: &Site<'_>) -> TokenStream {
        let (x, y, taps) = (
            image::layout(site.input(0)),
            image::layout(site.output()),
            image::taps(&self.window),
        );
        let (xs, ys, ws) = (
            site.input(0).blocks(),
            site.output().blocks(),
            image::blocks(site, Slot::Saved(0)),
        );
        let (path, blocks, blocks_mut) = (rt::max_pool2d_winners(), rt::blocks(), rt::blocks_mut());
        let body = quote! {
            #path::<S, #taps, #x, #y, #xs, #ys, #ws>(
                s, #blocks::<#xs>(x), #blocks_mut::<#ys>(y), #blocks_mut::<#ws>(winners),
            );
        };
        site.step(
            &[
                ("x", Slot::Input(0)),
                ("y", Slot::Output),
                ("winners", Slot::Saved(0)),
            ],
            &body,
        )
    }

    fn backward(&self, site: &Site<'_>) -> TokenStream {
        let Some(add) = site.adds(0) else {
            return TokenStream::new();
        };
        let (x, y, taps) = (
            image::layout(site.input(0)),
            image::layout(site.output()),
            image::taps(&self.window),
        );
        let (xs, ys, ws) = (
            site.input(0).blocks(),
            site.output().blocks(),
            image::blocks(site, Slot::Saved(0)),
        );
        let (path, blocks, blocks_mut) =
            (rt::max_pool2d_backward(), rt::blocks(), rt::blocks_mut());
        let body = quote! {
            #path::<S, #taps, #y, #x, #add, #ys, #ws, #xs>(
                s, #blocks::<#ys>(dy), #blocks::<#ws>(winners), #blocks_mut::<#xs>(dx),
            );
        };
        site.step(
            &[
                ("dy", Slot::Delta),
                ("winners", Slot::Saved(0)),
                ("dx", Slot::InputDelta(0)),
            ],
            &body,
        )
    }
}
