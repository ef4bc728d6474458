//! Cross-entropy with PyTorch's options.

use super::{
    plain::CrossEntropy,
    row::{Blend, check_probabilities, row},
};
use crate::{
    error::{Result, setting::check},
    loss::classes::{
        ClassWeights, Classes, Uniform, argmax, check_class_weights, check_no_ignored, hits,
        in_range, is_ignored, of_classes, weight_of,
    },
    loss::label::Label,
    simd::Isa,
};

/// [`CrossEntropy`] with PyTorch's options: what [`label_smoothing`](CrossEntropy::label_smoothing),
/// [`weight`](CrossEntropy::weight) and [`ignore_index`](CrossEntropy::ignore_index) give.
///
/// # Errors
///
/// As [`CrossEntropy`]; a smoothing that is not from 0 to 1, weights that are negative, not finite or all 0, and an ignored
/// label where targets are probabilities.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CrossEntropyWith<W = Uniform> {
    /// How much of the target is spread over all classes alike.
    pub label_smoothing: f64,
    /// The label that is left out.
    pub ignore_index: Option<i128>,
    /// How much each class counts.
    pub weight: W,
}

impl CrossEntropy {
    /// Without any option yet.
    pub(super) const PLAIN: CrossEntropyWith = CrossEntropyWith {
        label_smoothing: 0.0,
        ignore_index: None,
        weight: Uniform,
    };

    /// Spreads `smoothing`, from 0 to 1, of every target over all classes alike, so that logits need not grow for ever
    /// (Szegedy et al. 2016): 0.1 makes of a label 0.9 for its class and another 0.1 / N for each.
    pub fn label_smoothing(self, smoothing: f64) -> CrossEntropyWith {
        Self::PLAIN.label_smoothing(smoothing)
    }

    /// Multiplies the loss of each class by its weight, an array of one number for each class, or one that is lent. As in
    /// PyTorch, the mean of a batch of labels is divided by the sum of their weights; probabilities count 1 each.
    pub fn weight<W>(self, weight: W) -> CrossEntropyWith<W> {
        Self::PLAIN.weight(weight)
    }

    /// Leaves out samples, or steps of a sequence, that have this label, be it a class or not: they have no gradient, and
    /// count neither in the mean of a batch nor in the accuracy. PyTorch's default is -100; here no label is left out unless
    /// it is said.
    pub fn ignore_index(self, label: impl Label) -> CrossEntropyWith {
        Self::PLAIN.ignore_index(label)
    }
}

impl<W> CrossEntropyWith<W> {
    /// See [`CrossEntropy::label_smoothing`].
    pub fn label_smoothing(mut self, smoothing: f64) -> Self {
        self.label_smoothing = smoothing;
        self
    }

    /// See [`CrossEntropy::weight`].
    pub fn weight<V>(self, weight: V) -> CrossEntropyWith<V> {
        CrossEntropyWith {
            label_smoothing: self.label_smoothing,
            ignore_index: self.ignore_index,
            weight,
        }
    }

    /// See [`CrossEntropy::ignore_index`].
    pub fn ignore_index(mut self, label: impl Label) -> Self {
        self.ignore_index = Some(label.number());
        self
    }

    /// What is wrong with the numbers.
    fn check_numbers<const N: usize>(&self) -> Result<()>
    where
        W: ClassWeights<N>,
    {
        let smoothing = self.label_smoothing;
        let holds = (0.0..=1.0).contains(&smoothing);
        check(
            holds,
            "label_smoothing",
            smoothing,
            "from 0 to 1, such as 0.1",
        )?;
        check_class_weights::<N>(&self.weight)
    }

    /// What a row of logits should be, apart from the right class.
    #[inline(always)]
    fn blend<'a, const N: usize>(&'a self, probabilities: Option<&'a [f32; N]>) -> Blend<'a, N>
    where
        W: ClassWeights<N>,
    {
        Blend {
            weights: self.weight.each(),
            probabilities,
            kept: (1.0 - self.label_smoothing) as f32,
            spread: (self.label_smoothing / N.max(1) as f64) as f32,
        }
    }
}

of_classes! {
    [W] CrossEntropyWith<W>;
}

impl<T: Label, W: ClassWeights<N>, const N: usize> Classes<N, T> for CrossEntropyWith<W> {
    #[inline(always)]
    fn one<S: Isa>(
        &self,
        s: S,
        output: &[f32; N],
        target: &T,
        scale: f32,
        delta: &mut [f32; N],
    ) -> f32 {
        if is_ignored(self.ignore_index, *target) {
            return 0.0;
        }
        let blend = self.blend(None);
        let amount = blend.kept * weight_of(self.weight.each(), None, *target);
        let blend = (blend.spread != 0.0).then_some(blend);
        row(
            s,
            output,
            Some((target.class(), amount)),
            blend,
            scale,
            delta,
        )
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

    fn expects_logits(&self) -> bool {
        true
    }

    fn check_settings(&self) -> Result<()> {
        self.check_numbers::<N>()
    }

    fn check(&self, row: usize, _: usize, target: &T) -> Result<()> {
        in_range::<N>(row, self.ignore_index, *target)
    }
}

impl<W: ClassWeights<N>, const N: usize> Classes<N, [f32; N]> for CrossEntropyWith<W> {
    #[inline(always)]
    fn one<S: Isa>(
        &self,
        s: S,
        output: &[f32; N],
        target: &[f32; N],
        scale: f32,
        delta: &mut [f32; N],
    ) -> f32 {
        row(
            s,
            output,
            None,
            Some(self.blend(Some(target))),
            scale,
            delta,
        )
    }

    #[inline(always)]
    fn hits(&self, output: &[f32; N], target: &[f32; N]) -> bool {
        hits(output, Some(argmax(target)))
    }

    fn expects_logits(&self) -> bool {
        true
    }

    fn check_settings(&self) -> Result<()> {
        self.check_numbers::<N>()?;
        check_no_ignored(self.ignore_index)
    }

    fn check(&self, row: usize, step: usize, target: &[f32; N]) -> Result<()> {
        check_probabilities(row, step, target)
    }
}
