//! What losses of classes have in common: one row of outputs against one target, and sequences of them.

use super::{label::Label, setting::check_weights};
use crate::{
    error::{Error, Found, Result},
    simd::Isa,
};

mod sealed {
    pub trait Sealed {}
}

impl sealed::Sealed for Uniform {}

impl<const N: usize> sealed::Sealed for [f32; N] {}

impl<const N: usize> sealed::Sealed for &[f32; N] {}

/// Every class counts the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Uniform;

/// How much each of N classes counts: all the same ([`Uniform`]), or one number each, as `[f32; N]` or lent.
pub trait ClassWeights<const N: usize>: sealed::Sealed + Copy + Send + Sync {
    /// The weights, if they differ.
    fn each(&self) -> Option<&[f32; N]>;
}

impl<const N: usize> ClassWeights<N> for Uniform {
    #[inline(always)]
    fn each(&self) -> Option<&[f32; N]> {
        None
    }
}

impl<const N: usize> ClassWeights<N> for [f32; N] {
    #[inline(always)]
    fn each(&self) -> Option<&[f32; N]> {
        Some(self)
    }
}

impl<const N: usize> ClassWeights<N> for &[f32; N] {
    #[inline(always)]
    fn each(&self) -> Option<&[f32; N]> {
        Some(self)
    }
}

/// Refuses class weights of no use.
pub fn check_class_weights<const N: usize>(weights: &impl ClassWeights<N>) -> Result<()> {
    let weights = weights.each();
    weights.map_or(Ok(()), |weights| check_weights("weight", weights))
}

/// Judges N outputs, one for each class, against a target. A vector is one row, a sequence several.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot compare an output of classes with a target `{Target}`",
    note = "a target is a label, which is any integer; `CrossEntropy` also takes as many probabilities as there are classes",
    note = "class weights are an array of one number for each class"
)]
pub trait Classes<const N: usize, Target>: Send + Sync {
    /// The loss of a row; leaves `scale` times its gradient in `delta`, which comes zeroed.
    fn one<S: Isa>(
        &self,
        s: S,
        output: &[f32; N],
        target: &Target,
        scale: f32,
        delta: &mut [f32; N],
    ) -> f32;

    /// How much the row counts in the mean loss.
    #[inline(always)]
    fn weight(&self, target: &Target) -> f32 {
        let _ = target;
        1.0
    }

    /// Whether the row is judged at all.
    #[inline(always)]
    fn counts(&self, target: &Target) -> bool {
        let _ = target;
        true
    }

    /// Whether the row's largest output is that of the right class.
    fn hits(&self, output: &[f32; N], target: &Target) -> bool;

    /// See [`Loss::expects_logits`](super::Loss::expects_logits).
    fn expects_logits(&self) -> bool {
        false
    }

    /// See [`Loss::check_settings`](super::Loss::check_settings).
    fn check_settings(&self) -> Result<()> {
        Ok(())
    }

    /// Refuses the target of step `step` of row `row`.
    fn check(&self, row: usize, step: usize, target: &Target) -> Result<()>;
}

/// Implements [`Loss`](super::Loss) for what judges classes: of vectors, and of sequences, whose steps are averaged.
macro_rules! of_classes {
    ($([$($weights:ident)?] $loss:ty;)*) => {$(
        impl<Target, $($weights,)? const N: usize> $crate::loss::sample::Loss<[f32; N], Target> for $loss
        where
            Self: $crate::loss::classes::Classes<N, Target>,
        {
            #[inline(always)]
            fn row<S: $crate::simd::Isa>(
                &self,
                s: S,
                output: &[f32; N],
                target: &Target,
                scale: f32,
                delta: &mut [f32; N],
            ) -> f32 {
                self.one(s, output, target, scale, delta)
            }

            #[inline(always)]
            fn sample_weight(&self, target: &Target) -> f32 {
                $crate::loss::classes::Classes::<N, Target>::weight(self, target)
            }

            #[inline(always)]
            fn accuracy(&self, output: &[f32; N], target: &Target) -> Option<f32> {
                Some(f32::from(u8::from(self.hits(output, target))))
            }

            #[inline(always)]
            fn accuracy_weight(&self, target: &Target) -> f32 {
                let counts = $crate::loss::classes::Classes::<N, Target>::counts(self, target);
                f32::from(u8::from(counts))
            }

            fn expects_logits(&self) -> bool {
                $crate::loss::classes::Classes::<N, Target>::expects_logits(self)
            }

            fn check_settings(&self) -> $crate::error::Result<()> {
                $crate::loss::classes::Classes::<N, Target>::check_settings(self)
            }

            fn check(&self, row: usize, target: &Target) -> $crate::error::Result<()> {
                $crate::loss::classes::Classes::<N, Target>::check(self, row, 0, target)
            }
        }

        impl<Target, $($weights,)? const N: usize, const T: usize>
            $crate::loss::sample::Loss<[[f32; N]; T], [Target; T]> for $loss
        where
            Self: $crate::loss::classes::Classes<N, Target>,
        {
            #[inline(always)]
            fn row<S: $crate::simd::Isa>(
                &self,
                s: S,
                output: &[[f32; N]; T],
                target: &[Target; T],
                scale: f32,
                delta: &mut [[f32; N]; T],
            ) -> f32 {
                let steps = T.max(1) as f32;
                let mut sum = 0.0;
                for ((output, target), delta) in output.iter().zip(target).zip(delta) {
                    sum += f64::from(self.one(s, output, target, scale / steps, delta));
                }
                (sum / f64::from(steps)) as f32
            }

            #[inline(always)]
            fn sample_weight(&self, target: &[Target; T]) -> f32 {
                let weights = target.iter().map(|target| {
                    f64::from($crate::loss::classes::Classes::<N, Target>::weight(self, target))
                });
                (weights.sum::<f64>() / T.max(1) as f64) as f32
            }

            #[inline(always)]
            fn accuracy(&self, output: &[[f32; N]; T], target: &[Target; T]) -> Option<f32> {
                let (mut hits, mut count) = (0_usize, 0_usize);
                for (output, target) in output.iter().zip(target) {
                    if $crate::loss::classes::Classes::<N, Target>::counts(self, target) {
                        hits += usize::from(self.hits(output, target));
                        count += 1;
                    }
                }
                Some(hits as f32 / count.max(1) as f32)
            }

            #[inline(always)]
            fn accuracy_weight(&self, target: &[Target; T]) -> f32 {
                let counts = |target: &&Target| $crate::loss::classes::Classes::<N, Target>::counts(self, target);
                target.iter().filter(counts).count() as f32 / T.max(1) as f32
            }

            fn expects_logits(&self) -> bool {
                $crate::loss::classes::Classes::<N, Target>::expects_logits(self)
            }

            fn check_settings(&self) -> $crate::error::Result<()> {
                $crate::loss::classes::Classes::<N, Target>::check_settings(self)
            }

            fn check(&self, row: usize, target: &[Target; T]) -> $crate::error::Result<()> {
                target.iter().enumerate().try_for_each(|(step, target)| {
                    $crate::loss::classes::Classes::<N, Target>::check(self, row, step, target)
                })
            }
        }
    )*};
}
pub(super) use of_classes;

/// Whether a label is the one that is left out.
#[inline(always)]
pub fn is_ignored(ignore_index: Option<i128>, label: impl Label) -> bool {
    ignore_index.is_some_and(|ignored| ignored == label.number())
}

/// How much a label's row counts: its class's weight, or nothing where it is left out. A label of no class counts 1, for it
/// is refused, and its loss is NaN.
#[inline(always)]
pub fn weight_of<const N: usize>(
    weights: Option<&[f32; N]>,
    ignore_index: Option<i128>,
    label: impl Label,
) -> f32 {
    if is_ignored(ignore_index, label) {
        return 0.0;
    }
    match (weights, label.class()) {
        (Some(weights), Some(class)) => weights.get(class).copied().unwrap_or(1.0),
        _ => 1.0,
    }
}

/// Refuses labels that no output stands for, unless they are left out.
pub fn in_range<const N: usize>(
    row: usize,
    ignore_index: Option<i128>,
    label: impl Label,
) -> Result<()> {
    if label.class().is_some_and(|class| class < N) || is_ignored(ignore_index, label) {
        return Ok(());
    }
    Err(Error::LabelOutOfRange {
        row,
        label: label.number(),
        classes: N,
    })
}

/// Refuses a label to leave out where targets are no labels.
pub fn check_no_ignored(ignore_index: Option<i128>) -> Result<()> {
    if ignore_index.is_none() {
        return Ok(());
    }
    Err(Error::Setting {
        setting: "ignore_index",
        found: Found::Words("set, while targets are probabilities"),
        expected: "left out, or targets labels",
    })
}

/// Index of the largest number, the first one among equals; 0 where there is none. NaN counts as the largest, as for
/// `torch.argmax`.
///
/// ```
/// assert_eq!(kiln::argmax(&[0.1, 0.7, 0.2]), 1);
/// ```
pub fn argmax(numbers: &[f32]) -> usize {
    let mut best = (0, f32::NEG_INFINITY);
    for (index, &number) in numbers.iter().enumerate() {
        if number.is_nan() {
            return index;
        }
        if number > best.1 {
            best = (index, number);
        }
    }
    best.0
}

/// Whether the largest output is that of the right class; where one is NaN there is no answer, so that none is right.
#[inline(always)]
pub fn hits(outputs: &[f32], target: Option<usize>) -> bool {
    let answer = argmax(outputs);
    Some(answer) == target && outputs.get(answer).is_some_and(|output| !output.is_nan())
}
