//! Targets that come with a weight each.

use super::{
    classes::{Classes, of_classes},
    cross_entropy::{CrossEntropy, CrossEntropyWith},
    multi_margin::MultiMargin,
    nll::{Nll, NllWith},
};
use crate::{
    error::{Error, Result},
    simd::Isa,
};

/// A loss of classes whose targets come with a weight each: what the method `with_weights` gives. The target of a
/// vector is `(label, weight)`, that of a sequence as many of these as there are steps. The loss of a batch is the sum
/// of weighted losses over the sum of weights, so that a weight of 0 leaves a step out, whatever its label:
///
/// ```
/// use kiln::{data::Samples, prelude::*};
///
/// model! {
///     /// The word behind each word.
///     struct Tagger(words: u32[4]) -> [4, 9] { embed: Embedding(9, 8, padding = 0), fc: Dense(9) }
/// }
///
/// // The last step is padding, and the first counts half.
/// let targets = [(3_u32, 0.5), (1, 1.0), (4, 1.0), (0, 0.0)];
/// let data = Samples::new(vec![[2_u32, 3, 1, 0]; 8], vec![targets; 8])?;
/// let mut trainer = Trainer::new(Adam::new(0.05), CrossEntropy.with_weights()).epochs(30).batch(4).quiet();
/// let history = trainer.fit(&mut Tagger::new(Seed(1)), &data)?;
/// assert!(history.last().unwrap().loss < history.epochs[0].loss);
/// # Ok::<(), kiln::Error>(())
/// ```
///
/// Where all weights are 0 the loss is 0, and there is no gradient. Accuracy leaves out what has a weight of 0.
///
/// # Errors
///
/// Those of the loss, of targets that count; [`Error::SampleWeight`] of a weight that is negative or not finite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WithWeights<L> {
    /// The loss.
    pub loss: L,
}

of_classes! {
    [L] WithWeights<L>;
}

impl<T: Send + Sync, L: Classes<N, T>, const N: usize> Classes<N, (T, f32)> for WithWeights<L> {
    #[inline(always)]
    fn one<S: Isa>(
        &self,
        s: S,
        output: &[f32; N],
        (target, weight): &(T, f32),
        scale: f32,
        delta: &mut [f32; N],
    ) -> f32 {
        if *weight == 0.0 {
            return 0.0;
        }
        weight * self.loss.one(s, output, target, scale * weight, delta)
    }

    #[inline(always)]
    fn weight(&self, (target, weight): &(T, f32)) -> f32 {
        if *weight == 0.0 {
            return 0.0;
        }
        weight * self.loss.weight(target)
    }

    #[inline(always)]
    fn counts(&self, (target, weight): &(T, f32)) -> bool {
        *weight != 0.0 && self.loss.counts(target)
    }

    #[inline(always)]
    fn hits(&self, output: &[f32; N], (target, _): &(T, f32)) -> bool {
        self.loss.hits(output, target)
    }

    fn expects_logits(&self) -> bool {
        self.loss.expects_logits()
    }

    fn check_settings(&self) -> Result<()> {
        self.loss.check_settings()
    }

    fn check(&self, row: usize, step: usize, (target, weight): &(T, f32)) -> Result<()> {
        let weight = *weight;
        match weight {
            0.0 => Ok(()),
            _ if weight.is_finite() && weight > 0.0 => self.loss.check(row, step, target),
            _ => Err(Error::SampleWeight {
                row,
                weight: weight.into(),
            }),
        }
    }
}

/// Gives losses the method `with_weights`.
macro_rules! with_weights {
    ($([$($parameter:ident)?] $loss:ty;)*) => {$(
        impl$(<$parameter>)? $loss {
            /// The loss of targets that come with a weight each, `(label, weight)`. See [`WithWeights`].
            pub fn with_weights(self) -> WithWeights<Self> {
                WithWeights { loss: self }
            }
        }
    )*};
}

with_weights! {
    [] CrossEntropy;
    [W] CrossEntropyWith<W>;
    [W] MultiMargin<W>;
    [] Nll;
    [W] NllWith<W>;
}
