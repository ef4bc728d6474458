//! `AdaptiveAvgPool2d(size)`: the mean of each of `size` windows that an image is cut into, as
//! `torch.nn.AdaptiveAvgPool2d`, for sizes that divide the image's.

use super::operator::{Application, Operator};
use super::{
    avg_pool2d,
    lower::Lower,
    window::{self, Window},
};
use crate::arguments::Arguments;
use crate::call::{Call, Slot};
use crate::site::{Operand, Site};

/// Pooling by mean to a size.
#[derive(Clone, Debug, PartialEq)]
pub struct AdaptiveAvgPool2d {
    /// Rows and columns of the result.
    pub size: (usize, usize),
}

impl Operator for AdaptiveAvgPool2d {
    fn declare(arguments: &mut Arguments<'_>) -> Self {
        Self {
            size: arguments.pair("size"),
        }
    }

    /// `[C, H, W]` gives `[C, rows, columns]`.
    fn infer(&self, call: &Application<'_>) -> Result<Vec<usize>, String> {
        let feed = call.inputs[0];
        let [channels, height, width] = window::image(call.layer, feed)?;
        let (rows, columns) = self.size;
        if height.is_multiple_of(rows) && width.is_multiple_of(columns) {
            return Ok(vec![channels, rows, columns]);
        }
        Err(format!(
            "`{}` cuts an image into {rows} x {columns} equal windows, but `{}` gives {:?}; choose sizes that divide {height} and {width}",
            call.layer, feed.from, feed.shape
        ))
    }

    /// An addition for each number.
    fn flops(&self, inputs: &[&[usize]], output: &[usize]) -> u64 {
        Window::of_parts(inputs[0], self.size).pool_flops(output)
    }
}

impl Lower for AdaptiveAvgPool2d {
    fn accepts(&self, operand: Operand<'_>) -> bool {
        avg_pool2d::accepts(operand)
    }

    fn infer(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        avg_pool2d::forward(
            site,
            &Window::of_parts(site.input_shape(0), self.size),
            false,
        )
    }

    fn backward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        avg_pool2d::backward(
            site,
            &Window::of_parts(site.input_shape(0), self.size),
            false,
        )
    }
}
