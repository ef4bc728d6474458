//! Cross-entropy without any option.

use super::row::{Blend, check_probabilities, row};
use crate::{
    error::Result,
    loss::classes::{Classes, argmax, hits, in_range, of_classes},
    loss::label::Label,
    simd::Isa,
};

/// `torch.nn.CrossEntropyLoss`: logits against the index of the right class, or against probabilities of all classes.
///
/// Outputs are `[f32; N]` with a label or `[f32; N]` as target, or sequences `[[f32; N]; T]` with T of these, whose loss is
/// the mean over the steps, or images `[[[f32; W]; H]; C]` with a label for each pixel, `[[_; W]; H]`. A label is an integer of any type; classes count from 0. Probabilities should add up to 1, which
/// is not checked. The loss is in nats: a guess among N equal logits costs ln N. Accuracy is how often the largest logit is
/// that of the right class, or of the most probable one.
///
/// A network that ends in `Softmax` takes it twice and learns badly: leave it out, and let the network give logits;
/// [`softmax`](crate::loss::softmax) makes them probabilities. A `LogSoftmax` at the end is harmless, since the logarithms of
/// probabilities are logits, too.
///
/// ```
/// use kiln::{CrossEntropy, Loss};
///
/// let logits = [0.5_f32, 3.0, -1.0];
/// assert_eq!(CrossEntropy.accuracy(&logits, &1), Some(1.0));
/// assert_eq!(CrossEntropy.accuracy(&logits, &[0.25, 0.75, 0.0]), Some(1.0));
/// let error = Loss::<[f32; 3], _>::check(&CrossEntropy, 7, &3_u8).unwrap_err();
/// assert!(error.to_string().starts_with("row 7 of the dataset: label 3"));
/// ```
///
/// [`label_smoothing`](Self::label_smoothing), [`weight`](Self::weight) and [`ignore_index`](Self::ignore_index) are
/// PyTorch's options:
///
/// ```
/// use kiln::{Adam, CrossEntropy, Trainer};
///
/// let loss = CrossEntropy.label_smoothing(0.1).weight([1.0, 4.0, 0.5]).ignore_index(-100);
/// let trainer = Trainer::new(Adam::default(), loss);
/// ```
///
/// # Errors
///
/// A label that is negative or not below N is [`Error::LabelOutOfRange`](crate::error::Error::LabelOutOfRange), found before
/// training, and so is a probability that is negative, infinite or NaN.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CrossEntropy;

of_classes! {
    [] CrossEntropy;
}

impl<const N: usize, T: Label> Classes<N, T> for CrossEntropy {
    #[inline(always)]
    fn one<S: Isa>(
        &self,
        s: S,
        output: &[f32; N],
        target: &T,
        scale: f32,
        delta: &mut [f32; N],
    ) -> f32 {
        row(s, output, Some((target.class(), 1.0)), None, scale, delta)
    }

    #[inline(always)]
    fn hits(&self, output: &[f32; N], target: &T) -> bool {
        hits(output, target.class())
    }

    fn expects_logits(&self) -> bool {
        true
    }

    fn check(&self, row: usize, _: usize, target: &T) -> Result<()> {
        in_range::<N>(row, None, *target)
    }
}

impl<const N: usize> Classes<N, [f32; N]> for CrossEntropy {
    #[inline(always)]
    fn one<S: Isa>(
        &self,
        s: S,
        output: &[f32; N],
        target: &[f32; N],
        scale: f32,
        delta: &mut [f32; N],
    ) -> f32 {
        let blend = Blend {
            weights: None,
            probabilities: Some(target),
            kept: 1.0,
            spread: 0.0,
        };
        row(s, output, None, Some(blend), scale, delta)
    }

    #[inline(always)]
    fn hits(&self, output: &[f32; N], target: &[f32; N]) -> bool {
        hits(output, Some(argmax(target)))
    }

    fn expects_logits(&self) -> bool {
        true
    }

    fn check(&self, row: usize, step: usize, target: &[f32; N]) -> Result<()> {
        check_probabilities(row, step, target)
    }
}
