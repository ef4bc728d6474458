//! The loss of the first of several outputs.

use super::{
    sample::Loss,
    score::Part,
    whole::{PART, check_alone},
};
use crate::{error::Result, simd::Isa};

/// A loss, or a metric, of the first output of several; the target is that of the first alone, and nothing is learnt from
/// the others. A network that gives its state beside its answer is trained with it:
///
/// ```
/// use kiln::{CrossEntropy, First, Loss, Mse};
///
/// let target = [1.0, 2.0];
/// assert_eq!(Loss::<([f32; 2], [f32; 8]), _>::sample_weight(&First(Mse), &target), 1.0);
/// let classes = First(CrossEntropy);
/// # let _ = classes;
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct First<L>(
    /// The loss or the metric.
    pub L,
);

/// Implements [`Loss`] for the first output of a tuple; nothing is learnt from the others.
macro_rules! first {
    ($($other:ident),*) => {
        impl<A, $($other,)* T, L: Loss<A, T>> Loss<(A, $($other,)*), T> for First<L> {
            const PARTS: usize = L::PARTS;

            #[inline(always)]
            fn row<S: Isa>(
                &self,
                s: S,
                output: &(A, $($other,)*),
                target: &T,
                scale: f32,
                delta: &mut (A, $($other,)*),
            ) -> f32 {
                self.0.row(s, &output.0, target, scale, &mut delta.0)
            }

            fn sample_weight(&self, target: &T) -> f32 {
                self.0.sample_weight(target)
            }

            fn accuracy(&self, output: &(A, $($other,)*), target: &T) -> Option<f32> {
                self.0.accuracy(&output.0, target)
            }

            fn accuracy_weight(&self, target: &T) -> f32 {
                self.0.accuracy_weight(target)
            }

            fn check_settings(&self) -> Result<()> {
                check_alone::<A, T, L>(PART)?;
                self.0.check_settings()
            }

            fn check(&self, row: usize, target: &T) -> Result<()> {
                self.0.check(row, target)
            }

            #[inline(always)]
            fn weigh(&self, target: &T, sums: &mut [f64]) {
                self.0.weigh(target, sums);
            }

            #[inline(always)]
            fn judge<S: Isa>(
                &self,
                s: S,
                output: &(A, $($other,)*),
                target: &T,
                scales: &[f32],
                delta: &mut (A, $($other,)*),
                parts: &mut [Part],
            ) {
                self.0.judge(s, &output.0, target, scales, &mut delta.0, parts);
            }
        }
    };
}

first!(B);
first!(B, C);
first!(B, C, D);
first!(B, C, D, E);
first!(B, C, D, E, F);
