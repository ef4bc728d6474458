//! `GlobalAvgPool`: the mean of each channel over the whole image, Keras' `GlobalAveragePooling2D`, PyTorch's
//! `x.mean((-2, -1))`.

use super::operator::{Application, Operator};
use super::{
    avg_pool2d,
    lower::Lower,
    window::{self, Padding, Window},
};
use crate::arguments::Arguments;
use crate::call::{Call, Slot};
use crate::site::{Operand, Site};

/// Pooling by mean over all pixels.
#[derive(Clone, Debug, PartialEq)]
pub struct GlobalAvgPool;

impl Operator for GlobalAvgPool {
    fn declare(_: &mut Arguments<'_>) -> Self {
        Self
    }

    /// `[C, H, W]` gives `[C]`.
    fn infer(&self, call: &Application<'_>) -> Result<Vec<usize>, String> {
        let [channels, ..] = window::image(call.layer, call.inputs[0])?;
        Ok(vec![channels])
    }

    /// An addition for each number.
    fn flops(&self, inputs: &[&[usize]], _output: &[usize]) -> u64 {
        avg_pool2d::additions((1, 1), inputs[0])
    }
}

impl Lower for GlobalAvgPool {
    fn accepts(&self, operand: Operand<'_>) -> bool {
        avg_pool2d::accepts(operand)
    }

    fn infer(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        avg_pool2d::forward(site, &whole(site), false)
    }

    fn backward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        avg_pool2d::backward(site, &whole(site), false)
    }
}

/// A window as large as the image.
fn whole(site: &Site<'_>) -> Window {
    let kernel = match *site.input_shape(0) {
        [_, height, width] => (height, width),
        _ => unreachable!("shape rules let only images pass"),
    };
    Window {
        kernel,
        stride: kernel,
        dilation: (1, 1),
        padding: Padding::symmetric((0, 0)),
    }
}
