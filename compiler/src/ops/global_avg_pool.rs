//! `GlobalAvgPool`: the mean of each channel over the whole image, Keras' `GlobalAveragePooling2D`, PyTorch's
//! `x.mean((-2, -1))`.

use super::operator::{Application, Operator};
use super::{
    avg_pool2d,
    lower::Lower,
    window::{self, Window},
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
    fn flops(&self, inputs: &[&[usize]], output: &[usize]) -> u64 {
        Window::of_parts(inputs[0], (1, 1)).pool_flops(output)
    }
}

impl Lower for GlobalAvgPool {
    fn accepts(&self, operand: Operand<'_>) -> bool {
        avg_pool2d::accepts(operand)
    }

    fn infer(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        avg_pool2d::forward(site, &Window::of_parts(site.input_shape(0), (1, 1)), false)
    }

    fn backward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        avg_pool2d::backward(site, &Window::of_parts(site.input_shape(0), (1, 1)), false)
    }
}
