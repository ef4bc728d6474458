//! Fitting and applying.

use crate::{
    data::{array::Array, dataset::Dataset},
    error::{Error, Result},
    flat,
};
use alloc::{vec, vec::Vec};
use core::{borrow::Borrow, marker::PhantomData};

/// Numbers brought to one scale, channel by channel: x becomes (x - shift) / scale.
///
/// Channels are the features of `[f32; F]`, the last axis of `[[f32; F]; T]`, and the first of `[[[f32; W]; H]; C]`. They
/// are fitted to the part that is trained on, and to that alone: whatever is tested on must not be seen before. So fit after
/// the split, and apply the same normaliser to both parts and to what the network answers later.
///
/// ```
/// use kiln::{Seed, data::{Normaliser, Samples}};
///
/// let rows = (0..20).map(|row| [row as f32, 1000.0 * row as f32]).collect::<Vec<_>>();
/// let (train, test) = Samples::new(rows, [0_u8; 20])?.shuffle(Seed(1)).split(0.8)?;
/// let normaliser = Normaliser::fit(&train)?;
/// let (train, test) = (
///     train.change(|row| normaliser.apply(row)),
///     test.change(|row| normaliser.apply(row)),
/// );
/// let mean = train.inputs().iter().map(|row| row[1]).sum::<f32>() / 16.0;
/// assert!(mean.abs() < 1e-6 && test.inputs()[0][1].abs() < 4.0);
/// # Ok::<(), kiln::Error>(())
/// ```
///
/// With the feature `files` it is stored beside the weights, by `kiln::data::save_with`, and read by
/// [`open`](Self::open).
#[derive(Clone, Debug, PartialEq)]
pub struct Normaliser<I> {
    pub(super) shift: Vec<f64>,
    pub(super) scale: Vec<f64>,
    pub(super) input: PhantomData<fn(I)>,
}

impl<I: Array> Normaliser<I> {
    /// Brings each channel to a mean of 0 and a standard deviation of 1 over the inputs of `train`: scikit-learn's
    /// `StandardScaler`. The deviation is that of all numbers (divided by n). A channel that is constant is moved to 0.
    ///
    /// # Errors
    ///
    /// [`Error::EmptyDataset`] if there are no samples, [`Error::NanInput`] if a number is not finite, and whatever the
    /// dataset says.
    pub fn fit<D: Dataset<Input = I>>(train: &D) -> Result<Self> {
        Ok(Self::standard(&moments(train.len(), |row, see| {
            see(train.sample(row)?.0.borrow());
            Ok(())
        })?))
    }

    /// Brings each channel to 0 at its least number and 1 at its greatest, over the inputs of `train`: scikit-learn's
    /// `MinMaxScaler`. Numbers of other parts may lie outside.
    ///
    /// # Errors
    ///
    /// As [`fit`](Self::fit).
    pub fn fit_min_max<D: Dataset<Input = I>>(train: &D) -> Result<Self> {
        Ok(Self::min_max(&moments(train.len(), |row, see| {
            see(train.sample(row)?.0.borrow());
            Ok(())
        })?))
    }

    /// As [`fit`](Self::fit), over the targets of `train`, for regression. Answers go back by [`invert`](Self::invert).
    ///
    /// # Errors
    ///
    /// As [`fit`](Self::fit), and [`Error::NanTarget`].
    pub fn fit_targets<D: Dataset<Target = I>>(train: &D) -> Result<Self> {
        let moments = moments(train.len(), |row, see| {
            see(train.target(row)?.borrow());
            Ok(())
        });
        moments
            .map(|moments| Self::standard(&moments))
            .map_err(|error| match error {
                Error::NanInput { row, index, .. } => Error::NanTarget { row, index },
                error => error,
            })
    }

    fn standard(moments: &[Moments]) -> Self {
        Self::of(moments.iter().map(|moments| {
            let (count, mean) = (moments.count as f64, moments.mean);
            let variance = moments.squares / count;
            // Constant but for rounding, as scikit-learn judges it.
            let rounding = (count * mean * f64::EPSILON).powi(2);
            let constant = variance <= count * f64::EPSILON * variance + rounding;
            (mean, if constant { 1.0 } else { variance.sqrt() })
        }))
    }

    fn min_max(moments: &[Moments]) -> Self {
        Self::of(moments.iter().map(|moments| {
            let range = moments.greatest - moments.least;
            let constant = range < 10.0 * f64::EPSILON;
            (moments.least, if constant { 1.0 } else { range })
        }))
    }

    fn of(channels: impl Iterator<Item = (f64, f64)>) -> Self {
        let (shift, scale) = channels.unzip();
        Self {
            shift,
            scale,
            input: PhantomData,
        }
    }

    /// What is taken off each channel.
    pub fn shift(&self) -> &[f64] {
        &self.shift
    }

    /// What each channel is divided by then.
    pub fn scale(&self) -> &[f64] {
        &self.scale
    }

    /// Normalises an input where it lies.
    pub fn apply(&self, input: &mut I) {
        for (index, number) in flat::numbers_mut(input).iter_mut().enumerate() {
            let (shift, scale) = self.channel(index);
            *number = ((f64::from(*number) - shift) / scale) as f32;
        }
    }

    /// Undoes [`apply`](Self::apply) but for rounding, such as for the answers of a network that was trained on normalised
    /// targets.
    pub fn invert(&self, input: &mut I) {
        for (index, number) in flat::numbers_mut(input).iter_mut().enumerate() {
            let (shift, scale) = self.channel(index);
            *number = (f64::from(*number) * scale + shift) as f32;
        }
    }

    fn channel(&self, index: usize) -> (f64, f64) {
        let channel = channel::<I>(index);
        let number = |numbers: &[f64], default| numbers.get(channel).copied().unwrap_or(default);
        (number(&self.shift, 0.0), number(&self.scale, 1.0))
    }
}

/// Channels of an array.
pub fn channels<I: Array>() -> usize {
    match I::SHAPE {
        [] => 1,
        [features] | [_, features] => *features,
        [channels, ..] => *channels,
    }
}

/// The channel of a number of an array, in row-major order.
fn channel<I: Array>(index: usize) -> usize {
    match I::SHAPE {
        [] => 0,
        [features] | [_, features] => index % features,
        [_, inner @ ..] => index / inner.iter().product::<usize>().max(1),
    }
}

/// What is known of the numbers of a channel (Welford 1962).
#[derive(Clone, Copy)]
struct Moments {
    count: u64,
    mean: f64,
    /// Sum of the squares of the distances to the mean.
    squares: f64,
    least: f64,
    greatest: f64,
}

impl Moments {
    const NONE: Self = Self {
        count: 0,
        mean: 0.0,
        squares: 0.0,
        least: f64::INFINITY,
        greatest: f64::NEG_INFINITY,
    };

    fn add(&mut self, number: f64) {
        self.count += 1;
        let before = number - self.mean;
        self.mean += before / self.count as f64;
        self.squares += before * (number - self.mean);
        self.least = self.least.min(number);
        self.greatest = self.greatest.max(number);
    }
}

/// The moments of each channel over some rows, in their order. `look` shows the row that it is asked for.
fn moments<I: Array>(
    rows: usize,
    look: impl Fn(usize, &mut dyn FnMut(&I)) -> Result<()>,
) -> Result<Vec<Moments>> {
    if rows == 0 {
        return Err(Error::EmptyDataset);
    }
    let mut moments = vec![Moments::NONE; channels::<I>()];
    for row in 0..rows {
        let mut bad = None;
        look(row, &mut |input| {
            bad = input.first_not_finite();
            for (index, &number) in flat::numbers(input).iter().enumerate() {
                if let Some(moments) = moments.get_mut(channel::<I>(index)) {
                    moments.add(number.into());
                }
            }
        })?;
        if let Some(index) = bad {
            return Err(Error::NanInput {
                epoch: None,
                row,
                index,
            });
        }
    }
    Ok(moments)
}
