//! The value of the action that was taken.
//!
//! For outputs Q of N actions, an action a and a target t: L = l(Q_a, t) of a loss l of two numbers, dL/dQ_a is its slope, and
//! the gradient by the values of all other actions is 0.

use super::{
    elementwise::{Elementwise, check_numbers},
    label::Label,
    sample::Loss,
};
use crate::{
    error::{Error, Result},
    simd::Isa,
};
use fearless_simd::{f32x16, prelude::*};

/// The loss of deep Q-learning (Mnih et al. 2015): of the outputs `[f32; N]`, the values of N actions, only that of the
/// action that was taken is compared with its target. A target is `(action, value)`; the action is an integer of any type.
/// As [`Mse`](super::Mse), [`Huber`](super::Huber) or any other [`Elementwise`] loss of `Q.gather(1, action)`.
///
/// ```
/// use kiln::{ActionValue, Huber, Mse, judge};
///
/// let mut gradients = [[0.0; 3]; 1];
/// let loss = judge(&ActionValue(Mse), &[[1.0, 5.0, -2.0]], &[(1, 2.0)], &mut gradients)?;
/// assert_eq!((loss, gradients), (9.0, [[0.0, 6.0, 0.0]]));
/// let loss = judge(&ActionValue(Huber::new(1.0)), &[[1.0, 5.0, -2.0]], &[(1, 2.0)], &mut gradients)?;
/// assert_eq!((loss, gradients), (2.5, [[0.0, 1.0, 0.0]]));
/// # Ok::<(), kiln::Error>(())
/// ```
///
/// # Errors
///
/// An action that is negative or not below N is [`Error::ActionOutOfRange`], a target that is not finite
/// [`Error::NanTarget`]; both are found before training, as is what the inner loss refuses.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ActionValue<L>(
    /// What compares the two numbers.
    pub L,
);

impl<L: Elementwise, A: Label, const N: usize> Loss<[f32; N], (A, f32)> for ActionValue<L> {
    #[inline(always)]
    fn row<S: Isa>(
        &self,
        s: S,
        output: &[f32; N],
        &(action, target): &(A, f32),
        scale: f32,
        delta: &mut [f32; N],
    ) -> f32 {
        let action = action.class().unwrap_or(usize::MAX);
        let (Some(&value), Some(delta)) = (output.get(action), delta.get_mut(action)) else {
            return f32::NAN;
        };
        let both = [value, target].map(|number| f32x16::splat(s, number));
        let [loss, slope] = self.0.at(s, both[0], both[1]);
        *delta = scale * slope[0];
        loss[0]
    }

    fn check_settings(&self) -> Result<()> {
        Elementwise::check_settings(&self.0)
    }

    fn check(&self, row: usize, &(action, target): &(A, f32)) -> Result<()> {
        if action.class().is_none_or(|action| action >= N) {
            return Err(Error::ActionOutOfRange {
                row: Some(row),
                action: action.number(),
                actions: N,
            });
        }
        // The action is number 0 of the target.
        check_numbers(row, 1, &target, |number| self.0.refuses(number))
    }
}

#[cfg(test)]
mod tests {
    use super::ActionValue;
    use crate::{
        error::Error,
        loss::{Elementwise, Hinge, Huber, Loss, Mse},
        simd::{self, Isa, Task},
    };
    use fearless_simd::Level;

    /// Loss and delta of one output.
    struct Row<L>(ActionValue<L>, [f32; 3], (i64, f32));

    impl<L: Elementwise> Task for Row<L> {
        type Output = (f32, [f32; 3]);

        #[inline(always)]
        fn run<S: Isa>(self, s: S) -> Self::Output {
            let Self(loss, output, target) = self;
            let mut delta = [0.0; 3];
            (loss.row(s, &output, &target, 0.5, &mut delta), delta)
        }
    }

    /// The gradient is the loss' difference, on both sides of where Huber's turns into a line.
    #[test]
    fn gradients_are_differences() {
        fn check<L: Elementwise + Copy>(level: Level, loss: L) {
            const STEP: f32 = 1.0 / 1024.0;
            for value in [-3.0, -0.75, -0.25, 0.0, 0.375, 2.0] {
                let at = |value| {
                    let row = Row(ActionValue(loss), [9.0, value, -9.0], (1, 0.125));
                    simd::dispatch(level, row)
                };
                let (_, delta) = at(value);
                let slope = (at(value + STEP).0 - at(value - STEP).0) / (2.0 * STEP);
                assert_eq!(delta, [0.0, 0.5 * slope, 0.0], "at {value}");
            }
        }
        for level in simd::levels() {
            check(level, Mse);
            check(level, Huber::new(0.5));
        }
    }

    #[test]
    fn refused() {
        type Target = (i64, f32);
        let check = |target: Target| {
            let loss = ActionValue(Mse);
            let error = Loss::<[f32; 3], Target>::check(&loss, 4, &target);
            // What was not checked gives no number.
            let (found, _) = simd::dispatch(simd::level(), Row(loss, [1.0, 2.0, 3.0], target));
            assert!(!found.is_finite());
            error.expect_err("an error")
        };
        for action in [-1, 3, i64::MAX] {
            let Error::ActionOutOfRange {
                row: Some(4),
                action: found,
                actions: 3,
            } = check((action, 0.0))
            else {
                panic!("{action}");
            };
            assert_eq!(found, i128::from(action));
        }
        for target in [f32::NAN, f32::INFINITY] {
            let error = check((0, target));
            assert!(matches!(error, Error::NanTarget { row: 4, index: 1 }));
        }
        // The inner loss is asked, too.
        let wrong = ActionValue(Huber::new(0.0));
        assert!(Loss::<[f32; 3], Target>::check_settings(&wrong).is_err());
        let signs = ActionValue(Hinge);
        let error = Loss::<[f32; 3], Target>::check(&signs, 4, &(0, 0.5));
        assert!(matches!(
            error,
            Err(Error::TargetNumber {
                row: 4,
                index: 1,
                ..
            })
        ));
    }
}
