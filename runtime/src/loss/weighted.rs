//! A loss times a number.

use super::{
    binary::{BinaryCrossEntropy, BinaryCrossEntropyWith},
    cosine::CosineEmbedding,
    cross_entropy::{CrossEntropy, CrossEntropyWith},
    hinge::{Hinge, HingeEmbedding},
    kl_div::{KlDiv, KlDivOfLogs},
    multi_margin::MultiMargin,
    nll::{Nll, NllWith},
    regression::{Huber, Mae, Mse, Quantile, SmoothL1},
    sample::Loss,
    score::{MOST, Part},
    whole::{PART, check_alone},
    with_weights::WithWeights,
};
use crate::{
    error::{Result, setting::check},
    simd::Isa,
};

/// A loss times a number: what the method `times` of every loss gives. The losses of several outputs are added up, so that
/// this says how much each of them counts:
///
/// ```
/// use kiln::{Loss, Weighted, prelude::*};
///
/// model! {
///     struct Detector(image: [1, 8, 8]) -> ([10], [4]) {
///         hidden: Dense(32),
///         class: Dense(10),
///         place: Dense(4),
///         forward {
///             let h = relu(hidden(flatten(image)));
///             (class(h), place(h))
///         }
///     }
/// }
///
/// // CrossEntropy + 0.25 Mse
/// let loss = (CrossEntropy, Mse.times(0.25));
/// let trainer = Trainer::new(Adam::default(), loss);
/// # let net = Detector::new(Seed(1));
/// # let data = kiln::data::Samples::new(vec![[[[0.5; 8]; 8]; 1]; 2], vec![(3_u8, [0.5; 4]); 2])?;
/// # assert!(trainer.evaluate(&net, &data)?.loss > 0.0);
/// // A loss of one's own.
/// # #[derive(Clone, Copy)]
/// # struct Own;
/// # impl Loss<[f32; 4], u8> for Own {
/// #     fn row<S: kiln::simd::Isa>(&self, _: S, _: &[f32; 4], _: &u8, _: f32, _: &mut [f32; 4]) -> f32 { 1.0 }
/// # }
/// let half = Weighted::new(Own, 0.5);
/// # assert!(Loss::<[f32; 4], u8>::check_settings(&half).is_ok());
/// # Ok::<(), kiln::Error>(())
/// ```
///
/// # Errors
///
/// Those of the loss; a number that is not finite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weighted<L> {
    /// The loss.
    pub loss: L,
    /// What it is multiplied by.
    pub factor: f64,
}

impl<L> Weighted<L> {
    /// A loss times a number.
    pub fn new(loss: L, factor: f64) -> Self {
        Self { loss, factor }
    }
}

impl<O, T, L: Loss<O, T>> Loss<O, T> for Weighted<L> {
    const PARTS: usize = L::PARTS;

    #[inline(always)]
    fn row<S: Isa>(&self, s: S, output: &O, target: &T, scale: f32, delta: &mut O) -> f32 {
        let factor = self.factor as f32;
        factor * self.loss.row(s, output, target, scale * factor, delta)
    }

    fn sample_weight(&self, target: &T) -> f32 {
        self.loss.sample_weight(target)
    }

    fn accuracy(&self, output: &O, target: &T) -> Option<f32> {
        self.loss.accuracy(output, target)
    }

    fn accuracy_weight(&self, target: &T) -> f32 {
        self.loss.accuracy_weight(target)
    }

    fn expects_logits(&self) -> bool {
        self.loss.expects_logits()
    }

    fn check_settings(&self) -> Result<()> {
        check_alone::<O, T, L>(PART)?;
        self.loss.check_settings()?;
        let holds = (self.factor as f32).is_finite();
        check(holds, "times", self.factor, "finite as `f32`, such as 0.5")
    }

    fn check(&self, row: usize, target: &T) -> Result<()> {
        self.loss.check(row, target)
    }

    #[inline(always)]
    fn weigh(&self, target: &T, sums: &mut [f64]) {
        self.loss.weigh(target, sums);
    }

    #[inline(always)]
    fn judge<S: Isa>(
        &self,
        s: S,
        output: &O,
        target: &T,
        scales: &[f32],
        delta: &mut O,
        parts: &mut [Part],
    ) {
        let factor = self.factor as f32;
        let mut scaled = [0.0; MOST];
        for (to, scale) in scaled.iter_mut().zip(scales) {
            *to = scale * factor;
        }
        self.loss.judge(s, output, target, &scaled, delta, parts);
        for part in parts.iter_mut().take(L::PARTS) {
            part.loss *= factor;
        }
    }
}

/// Gives losses the method `times`.
macro_rules! times {
    ($([$($parameter:ident)?] $loss:ty;)*) => {$(
        impl$(<$parameter>)? $loss {
            /// The loss times a number: how much it counts among those of several outputs. See [`Weighted`].
            pub fn times(self, factor: f64) -> Weighted<Self> {
                Weighted::new(self, factor)
            }
        }
    )*};
}

times! {
    [] BinaryCrossEntropy;
    [W] BinaryCrossEntropyWith<W>;
    [] CosineEmbedding;
    [] CrossEntropy;
    [W] CrossEntropyWith<W>;
    [] Hinge;
    [] HingeEmbedding;
    [] Huber;
    [] KlDiv;
    [] KlDivOfLogs;
    [] Mae;
    [] Mse;
    [W] MultiMargin<W>;
    [] Nll;
    [W] NllWith<W>;
    [] Quantile;
    [] SmoothL1;
    [L] WithWeights<L>;
}
