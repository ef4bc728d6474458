//! The hinge of several classes: for outputs x of N classes and the right one t of weight w_t,
//!
//! ```text
//! L = w_t / N sum over i that are not t of max(0, margin - x_t + x_i)^p,   p = 1 or 2
//! ```

use super::{
    classes::{ClassWeights, Classes, Uniform, check_class_weights, hits, in_range, of_classes},
    hinge::check_margin,
    label::Label,
};
use crate::{error::Result, simd::Isa};

/// `torch.nn.MultiMarginLoss`: the right class's output is to be above all others by `margin` (Crammer and Singer 2001).
/// Outputs and labels are those of [`CrossEntropy`](super::CrossEntropy), without a softmax.
///
/// ```
/// use kiln::MultiMargin;
///
/// let plain = MultiMargin::default(); // a margin of 1
/// let other = MultiMargin::new(0.5).squared().weight([1.0, 4.0, 0.5]);
/// ```
///
/// # Errors
///
/// A label of no class, found before training; a margin that is not finite, weights that are negative, not finite or all 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MultiMargin<W = Uniform> {
    /// How far the right class's output should be above the others.
    pub margin: f64,
    /// Whether what is missing is squared: PyTorch's p = 2.
    pub squared: bool,
    /// What the loss of each class is multiplied by.
    pub weight: W,
}

impl MultiMargin {
    /// A loss with a margin.
    pub fn new(margin: f64) -> Self {
        Self {
            margin,
            squared: false,
            weight: Uniform,
        }
    }
}

impl Default for MultiMargin {
    /// PyTorch's default, a margin of 1.
    fn default() -> Self {
        Self::new(1.0)
    }
}

impl<W> MultiMargin<W> {
    /// Squares what an output lacks: PyTorch's p = 2.
    pub fn squared(mut self) -> Self {
        self.squared = true;
        self
    }

    /// Multiplies the loss of each class by its weight. As in PyTorch, the mean is divided by the number of samples all the
    /// same.
    pub fn weight<V>(self, weight: V) -> MultiMargin<V> {
        MultiMargin {
            margin: self.margin,
            squared: self.squared,
            weight,
        }
    }
}

of_classes! {
    [W] MultiMargin<W>;
}

impl<T: Label, W: ClassWeights<N>, const N: usize> Classes<N, T> for MultiMargin<W> {
    #[inline(always)]
    fn one<S: Isa>(
        &self,
        _: S,
        output: &[f32; N],
        target: &T,
        scale: f32,
        delta: &mut [f32; N],
    ) -> f32 {
        let class = target.class().unwrap_or(usize::MAX);
        let Some(right) = output.get(class) else {
            return f32::NAN;
        };
        let weight = self.weight.each().map_or(1.0, |weights| weights[class]) / N as f32;
        let (factor, missing) = (scale * weight, self.margin as f32 - right);
        let (mut sum, mut slopes) = (0.0, 0.0);
        for (index, (x, delta)) in output.iter().zip(delta.iter_mut()).enumerate() {
            let short = missing + x;
            // NaN is neither.
            if index == class || short <= 0.0 {
                continue;
            }
            let (value, slope) = match self.squared {
                true => (short * short, 2.0 * short),
                false => (short, 1.0),
            };
            sum += f64::from(value);
            slopes += f64::from(slope);
            *delta = slope * factor;
        }
        delta[class] = (-slopes * f64::from(factor)) as f32;
        (sum * f64::from(weight)) as f32
    }

    #[inline(always)]
    fn hits(&self, output: &[f32; N], target: &T) -> bool {
        hits(output, target.class())
    }

    fn check_settings(&self) -> Result<()> {
        check_margin(self.margin)?;
        check_class_weights::<N>(&self.weight)
    }

    fn check(&self, row: usize, _: usize, target: &T) -> Result<()> {
        in_range::<N>(row, None, *target)
    }
}
