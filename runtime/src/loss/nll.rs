//! Negative log-likelihood of log-probabilities: for the right class t of weight w_t, L = -w_t y_t.

use super::{
    classes::{
        ClassWeights, Classes, Uniform, check_class_weights, hits, in_range, is_ignored,
        of_classes, weight_of,
    },
    label::Label,
};
use crate::{error::Result, simd::Isa};

/// `torch.nn.NLLLoss`: log-probabilities, such as those of a network that ends in `LogSoftmax`, against the index of the
/// right class. Outputs and labels are those of [`CrossEntropy`](super::CrossEntropy), which takes logits instead; of
/// log-probabilities both are the same.
///
/// ```
/// use kiln::{Adam, Nll, Trainer};
///
/// let plain = Trainer::new(Adam::default(), Nll);
/// let unlike = Trainer::new(Adam::default(), Nll.weight([1.0, 4.0, 0.5]).ignore_index(255));
/// ```
///
/// # Errors
///
/// As [`CrossEntropy`](super::CrossEntropy).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Nll;

/// [`Nll`] with PyTorch's options: what [`weight`](Nll::weight) and [`ignore_index`](Nll::ignore_index) give.
///
/// # Errors
///
/// As [`Nll`]; weights that are negative, not finite or all 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NllWith<W = Uniform> {
    /// The label that is left out.
    pub ignore_index: Option<i128>,
    /// How much each class counts.
    pub weight: W,
}

impl Nll {
    /// Without any option yet.
    const PLAIN: NllWith = NllWith {
        ignore_index: None,
        weight: Uniform,
    };

    /// Multiplies the loss of each class by its weight; see [`CrossEntropy::weight`](super::CrossEntropy::weight).
    pub fn weight<W>(self, weight: W) -> NllWith<W> {
        Self::PLAIN.weight(weight)
    }

    /// Leaves out what has this label; see [`CrossEntropy::ignore_index`](super::CrossEntropy::ignore_index).
    pub fn ignore_index(self, label: impl Label) -> NllWith {
        Self::PLAIN.ignore_index(label)
    }
}

impl<W> NllWith<W> {
    /// See [`Nll::weight`].
    pub fn weight<V>(self, weight: V) -> NllWith<V> {
        NllWith {
            ignore_index: self.ignore_index,
            weight,
        }
    }

    /// See [`Nll::ignore_index`].
    pub fn ignore_index(mut self, label: impl Label) -> Self {
        self.ignore_index = Some(label.number());
        self
    }
}

of_classes! {
    [] Nll;
    [W] NllWith<W>;
}

impl<T: Label, const N: usize> Classes<N, T> for Nll {
    #[inline(always)]
    fn one<S: Isa>(
        &self,
        s: S,
        output: &[f32; N],
        target: &T,
        scale: f32,
        delta: &mut [f32; N],
    ) -> f32 {
        Self::PLAIN.one(s, output, target, scale, delta)
    }

    #[inline(always)]
    fn hits(&self, output: &[f32; N], target: &T) -> bool {
        hits(output, target.class())
    }

    fn check(&self, row: usize, _: usize, target: &T) -> Result<()> {
        in_range::<N>(row, None, *target)
    }
}

impl<T: Label, W: ClassWeights<N>, const N: usize> Classes<N, T> for NllWith<W> {
    #[inline(always)]
    fn one<S: Isa>(
        &self,
        _: S,
        output: &[f32; N],
        target: &T,
        scale: f32,
        delta: &mut [f32; N],
    ) -> f32 {
        if is_ignored(self.ignore_index, *target) {
            return 0.0;
        }
        let weight = weight_of(self.weight.each(), None, *target);
        let class = target.class().unwrap_or(usize::MAX);
        match (output.get(class), delta.get_mut(class)) {
            (Some(y), Some(delta)) => {
                *delta = -scale * weight;
                -weight * y
            }
            _ => f32::NAN,
        }
    }

    #[inline(always)]
    fn weight(&self, target: &T) -> f32 {
        weight_of(self.weight.each(), self.ignore_index, *target)
    }

    #[inline(always)]
    fn counts(&self, target: &T) -> bool {
        !is_ignored(self.ignore_index, *target)
    }

    #[inline(always)]
    fn hits(&self, output: &[f32; N], target: &T) -> bool {
        hits(output, target.class())
    }

    fn check_settings(&self) -> Result<()> {
        check_class_weights::<N>(&self.weight)
    }

    fn check(&self, row: usize, _: usize, target: &T) -> Result<()> {
        in_range::<N>(row, self.ignore_index, *target)
    }
}
