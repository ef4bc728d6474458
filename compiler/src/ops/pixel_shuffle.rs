//! `PixelShuffle(factor)`: squares of channels become squares of pixels, as `torch.nn.PixelShuffle` (Shi et al. 2016).
//!
//! ```text
//! y[c][h r + i][w r + j] = x[c r^2 + i r + j][h][w]
//! ```

use super::copying::Region;
use super::lower::Lower;
use super::operator::{Application, Operator};
use super::window;
use crate::arguments::Arguments;
use crate::site::{Operand, Site};

/// Makes an image larger by a factor, of as many channels fewer.
#[derive(Clone, Debug, PartialEq)]
pub struct PixelShuffle {
    /// How many times as high and as wide it becomes.
    pub factor: usize,
}

impl Operator for PixelShuffle {
    fn declare(arguments: &mut Arguments<'_>) -> Self {
        Self {
            factor: arguments.size("factor"),
        }
    }

    /// `[C r^2, H, W]` gives `[C, H r, W r]`.
    fn infer(&self, call: &Application<'_>) -> Result<Vec<usize>, String> {
        let (feed, r) = (call.inputs[0], self.factor);
        let [channels, height, width] = window::image(call.layer, feed)?;
        let square = r.saturating_mul(r);
        if !channels.is_multiple_of(square) {
            return Err(format!(
                "`{}` makes a pixel's square of {r} * {r} = {square} channels, but `{}` gives {:?}, and {channels} is no \
                 multiple of {square}; choose channels that are",
                call.layer, feed.from, feed.shape
            ));
        }
        let larger = |size: usize| size.saturating_mul(r);
        Ok(vec![channels / square, larger(height), larger(width)])
    }

    fn flops(&self, _inputs: &[&[usize]], _output: &[usize]) -> u64 {
        0
    }
}

impl Lower for PixelShuffle {
    fn accepts(&self, operand: Operand<'_>) -> bool {
        operand.storage.strides(operand.shape).is_some()
    }

    fn regions(&self, site: &Site<'_>) -> Vec<Region> {
        let x = (site.input(0), site.input_shape(0));
        vec![Region::moved(x, site.output(), |from, to| {
            let small = [site.output_shape()[0], x.1[1], x.1[2]];
            let to = [to[0].stride, to[1].stride, to[2].stride];
            squares(small, [from[0], from[1], from[2]], to, self.factor)
        })]
    }
}

/// The axes of both images, where the smaller, of so many channels in each of its squares, has those strides, and the
/// larger these: channels, rows and columns of squares, rows and columns within them.
pub fn squares(
    [channels, height, width]: [usize; 3],
    [channel, row, column]: [usize; 3],
    large: [usize; 3],
    factor: usize,
) -> Vec<(usize, usize, usize)> {
    vec![
        (channels, factor * factor * channel, large[0]),
        (height, row, factor * large[1]),
        (width, column, factor * large[2]),
        (factor, factor * channel, large[1]),
        (factor, channel, large[2]),
    ]
}
