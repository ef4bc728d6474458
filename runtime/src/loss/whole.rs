//! Losses that see the whole batch.

use super::sample::Loss;
use crate::{
    error::{Error, Found, Result},
    simd::Isa,
};

/// A loss of a whole batch that is not a sum over its samples, such as a contrastive loss, a triplet loss or a
/// correlation. A trainer takes it as [`WholeBatch`].
///
/// ```
/// use kiln::{BatchLoss, Result, WholeBatch, data::Samples, prelude::*};
///
/// model! {
///     struct Plane(x: [2]) -> [1] { Dense(1) }
/// }
///
/// /// 1 - r, for Pearson's correlation r of answers and targets: scale and offset do not matter.
/// ///
/// /// With deviations a of answers and b of targets from their means, r = ab / sqrt(aa bb), and
/// /// dr/dy_i = (b_i - r sqrt(bb / aa) a_i) / sqrt(aa bb).
/// struct Correlation;
///
/// impl BatchLoss<[f32; 1], f32> for Correlation {
///     fn judge(&self, outputs: &[[f32; 1]], targets: &[f32], gradients: &mut [[f32; 1]]) -> Result<f64> {
///         let count = outputs.len() as f32;
///         let mean_y = outputs.iter().map(|[y]| y).sum::<f32>() / count;
///         let mean_t = targets.iter().sum::<f32>() / count;
///         let pairs = || outputs.iter().zip(targets).map(|([y], t)| (y - mean_y, t - mean_t));
///         let sum = |product: fn((f32, f32)) -> f32| pairs().map(product).sum::<f32>();
///         let (aa, bb, ab) = (sum(|(a, _)| a * a), sum(|(_, b)| b * b), sum(|(a, b)| a * b));
///         let norm = (aa * bb).sqrt() + 1e-12;
///         let r = ab / norm;
///         for (gradient, (a, b)) in gradients.iter_mut().zip(pairs()) {
///             *gradient = [-(b - r * bb / norm * a) / norm];
///         }
///         Ok(f64::from(1.0 - r))
///     }
/// }
///
/// let inputs: Vec<_> = (0..64).map(|i| [(i as f32).sin(), (i as f32).cos()]).collect();
/// let targets: Vec<_> = inputs.iter().map(|[a, b]| 100.0 - 50.0 * a + 20.0 * b).collect();
/// let data = Samples::new(inputs, targets)?;
/// let mut net = Plane::new(Seed(1));
/// let mut trainer = Trainer::new(Sgd::new(0.1), WholeBatch(Correlation)).epochs(20).batch(16).quiet();
/// trainer.fit(&mut net, &data)?;
/// assert!(trainer.evaluate(&net, &data)?.loss < 1e-3);
/// # Ok::<(), kiln::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot judge a batch of outputs `{Output}` with targets `{Target}`",
    note = "a closure is one by `WholeBatch::from_fn(|outputs: &[Output], targets: &[Target], gradients| ..)`"
)]
pub trait BatchLoss<Output, Target>: Send + Sync {
    /// Returns the loss of a batch, and writes its gradient with respect to each output to `gradients`, which are zero
    /// before. There are as many outputs as targets, in the order of the batch. The loss should be a mean over the
    /// samples, so that it does not depend on their number.
    ///
    /// # Errors
    ///
    /// Any error ends the fit.
    fn judge(
        &self,
        outputs: &[Output],
        targets: &[Target],
        gradients: &mut [Output],
    ) -> Result<f64>;

    /// Refuses settings of the loss that make no sense. It is called once before training and before an evaluation.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] with the first such setting.
    fn check_settings(&self) -> Result<()> {
        Ok(())
    }

    /// Refuses the target of row `row` if no output can be compared with it. It is called with every target before
    /// training.
    ///
    /// # Errors
    ///
    /// An error that says what is wrong with the target.
    fn check(&self, row: usize, target: &Target) -> Result<()> {
        let _ = (row, target);
        Ok(())
    }
}

impl<O, T, F> BatchLoss<O, T> for F
where
    F: Fn(&[O], &[T], &mut [O]) -> Result<f64> + Send + Sync,
{
    fn judge(&self, outputs: &[O], targets: &[T], gradients: &mut [O]) -> Result<f64> {
        self(outputs, targets, gradients)
    }
}

/// A [`BatchLoss`] as the loss of a trainer, of [`Training::backward`](crate::train::Training::backward) and of
/// [`judge`](fn@crate::step::judge).
///
/// A trainer passes it the batch of each step; the last batch of an epoch has the rest. The loss of an epoch is the
/// mean over its batches, each weighted by its number of samples. Validation and
/// [`Trainer::evaluate`](crate::train::Trainer::evaluate) divide the data into batches of the trainer's size, in order,
/// and do the same. The bits do not depend on threads.
///
/// ```
/// use kiln::{WholeBatch, data::Samples, prelude::*};
///
/// model! {
///     struct Embed(x: [2]) -> [2] { Dense(8), Tanh, Dense(2) }
/// }
///
/// // Pairs of one class come together, others part until they are 1 from each other (Hadsell et al. 2006).
/// let loss = WholeBatch::from_fn(|y: &[[f32; 2]], class: &[u8], gradients| {
///     let share = 1.0 / (y.len() * y.len()) as f32;
///     let mut sum = 0.0;
///     for i in 0..y.len() {
///         for j in 0..y.len() {
///             let difference = [y[i][0] - y[j][0], y[i][1] - y[j][1]];
///             let square = difference[0] * difference[0] + difference[1] * difference[1];
///             let slope = if class[i] == class[j] { 1.0 } else if square < 1.0 { -1.0 } else { 0.0 };
///             sum += if slope < 0.0 { 1.0 - square } else { slope * square };
///             for axis in 0..2 {
///                 gradients[i][axis] += 4.0 * share * slope * difference[axis];
///             }
///         }
///     }
///     Ok(f64::from(share * sum))
/// });
/// let inputs: Vec<_> = (0..64).map(|i| [(i as f32).sin(), (i as f32).cos()]).collect();
/// let classes: Vec<_> = inputs.iter().map(|[a, b]| u8::from(a > b)).collect();
/// let data = Samples::new(inputs, classes)?;
/// let mut trainer = Trainer::new(Adam::new(0.01), loss).epochs(30).batch(16).quiet();
/// let history = trainer.fit(&mut Embed::new(Seed(1)), &data)?;
/// assert!(history.last().unwrap().loss < history.epochs[0].loss);
/// # Ok::<(), kiln::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::Setting`] where the loss cannot see the batch: with [`accumulate`](crate::train::Trainer::accumulate),
/// which takes the samples of a step in parts; as a part of a tuple of losses or within [`Weighted`](super::Weighted);
/// in the function [`evaluate`](crate::train::evaluate), which has no batch; and in
/// [`TrainingIn`](crate::step::TrainingIn). [`Error::NanLoss`] and [`Error::NanOutputGradient`] if the loss or a
/// gradient is not finite; no step is taken then.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WholeBatch<B>(
    /// The loss.
    pub B,
);

impl<F> WholeBatch<F> {
    /// A closure of outputs, targets and gradients, as [`BatchLoss::judge`] has them.
    pub fn from_fn<O, T>(judge: F) -> Self
    where
        F: Fn(&[O], &[T], &mut [O]) -> Result<f64> + Send + Sync,
    {
        Self(judge)
    }
}

impl<O, T, B: BatchLoss<O, T>> Loss<O, T> for WholeBatch<B> {
    const SEES_BATCH: bool = true;

    /// Not asked where whole batches are judged, and refused elsewhere.
    fn row<S: Isa>(&self, _: S, _: &O, _: &T, _: f32, _: &mut O) -> f32 {
        f32::NAN
    }

    fn check_settings(&self) -> Result<()> {
        self.0.check_settings()
    }

    fn check(&self, row: usize, target: &T) -> Result<()> {
        self.0.check(row, target)
    }

    fn judge_batch(&self, outputs: &[O], targets: &[T], gradients: &mut [O]) -> Result<f64> {
        self.0.judge(outputs, targets, gradients)
    }
}

/// Refuses a loss that sees whole batches where there are none.
pub fn check_alone<O, T, L: Loss<O, T>>(expected: &'static str) -> Result<()> {
    match L::SEES_BATCH {
        true => Err(Error::Setting {
            setting: "loss",
            found: Found::Words("a `WholeBatch`"),
            expected,
        }),
        false => Ok(()),
    }
}

/// What a part of another loss must be.
pub const PART: &str =
    "a loss of samples as a part of another loss; a `WholeBatch` may see a tuple of outputs itself";
