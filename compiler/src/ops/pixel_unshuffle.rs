//! `PixelUnshuffle(factor)`: squares of pixels become squares of channels, as `torch.nn.PixelUnshuffle`.
//!
//! ```text
//! y[c r^2 + i r + j][h][w] = x[c][h r + i][w r + j]
//! ```

use super::copying::Region;
use super::lower::Lower;
use super::operator::{Application, Operator};
use super::{pixel_shuffle, window};
use crate::arguments::Arguments;
use crate::site::{Operand, Site};

/// Makes an image smaller by a factor, of as many channels more.
#[derive(Clone, Debug, PartialEq)]
pub struct PixelUnshuffle {
    /// How many times as low and as narrow it becomes.
    pub factor: usize,
}

impl Operator for PixelUnshuffle {
    fn declare(arguments: &mut Arguments<'_>) -> Self {
        Self {
            factor: arguments.size("factor"),
        }
    }

    /// `[C, H r, W r]` gives `[C r^2, H, W]`.
    fn infer(&self, call: &Application<'_>) -> Result<Vec<usize>, String> {
        let (feed, r) = (call.inputs[0], self.factor);
        let [channels, height, width] = window::image(call.layer, feed)?;
        for (name, size) in [("height", height), ("width", width)] {
            if !size.is_multiple_of(r) {
                return Err(format!(
                    "`{}` cuts an image into squares of {r} * {r} pixels, but `{}` gives {:?}, and its {name} {size} is no \
                     multiple of {r}; choose a size that is",
                    call.layer, feed.from, feed.shape
                ));
            }
        }
        let channels = channels.saturating_mul(r).saturating_mul(r);
        Ok(vec![channels, height / r, width / r])
    }

    fn flops(&self, _inputs: &[&[usize]], _output: &[usize]) -> u64 {
        0
    }
}

impl Lower for PixelUnshuffle {
    fn accepts(&self, operand: Operand<'_>) -> bool {
        operand.storage.strides(operand.shape).is_some()
    }

    fn regions(&self, site: &Site<'_>) -> Vec<Region> {
        let x = (site.input(0), site.input_shape(0));
        vec![Region::moved(x, site.output(), |from, to| {
            let shape = site.output_shape();
            let small = [x.1[0], shape[1], shape[2]];
            let to = [to[0].stride, to[1].stride, to[2].stride];
            let axes = pixel_shuffle::squares(small, to, [from[0], from[1], from[2]], self.factor);
            let swapped = |(size, to, from)| (size, from, to);
            axes.into_iter().map(swapped).collect()
        })]
    }
}
