//! What a trainer holds.

use crate::{
    error::Result,
    model::Model,
    network::Network,
    optimizer::{Optimizer, State},
    parameters::Seed,
    schedule::Schedule,
    step::courses::{Courses, Wish},
    train::{around::Around, average::Average, fit::Fit, weights::fingerprint},
    value::filled,
};
use alloc::{boxed::Box, string::String, vec::Vec};
use std::sync::Mutex;

/// Teaches networks: an optimizer, a loss, and how to go about it. `kiln::guide` shows it at work.
///
/// ```
/// use kiln::{Adam, CrossEntropy, Model, Result, Trainer, data::Dataset};
///
/// fn learn<N, D>(net: &mut N, train: &D, test: &D) -> Result<()>
/// where
///     N: Model<Output = [f32; 10]>,
///     D: Dataset<Input = N::Input, Target = usize>,
/// {
///     let mut trainer = Trainer::new(Adam::default(), CrossEntropy).epochs(5).batch(32);
///     trainer.fit(net, train)?;
///     println!("{}", trainer.evaluate(net, test)?);
///     Ok(())
/// }
/// ```
///
/// A second `fit` goes on where the first one ended: moments, the count of steps and of epochs are kept, so that
/// five fits of one epoch are one fit of five. What is kept belongs to the weights that the last fit left: a network with
/// these weights, bit for bit, goes on, be it moved, cloned, or saved and loaded. Any other begins anew, as with a
/// trainer just made: another kind of network, a fresh one, or one whose weights were loaded or set since.
pub struct Trainer<O: Optimizer, L, M = ()> {
    pub(super) optimizer: O,
    pub(super) loss: L,
    pub(super) epochs: usize,
    pub(super) batch: usize,
    pub(super) threads: usize,
    pub(super) seed: Seed,
    pub(super) shuffle: bool,
    pub(super) clip_norm: Option<f64>,
    pub(super) clip_value: Option<f64>,
    pub(super) accumulate: usize,
    pub(super) spares_vectors: bool,
    /// What a moving average of the weights keeps of itself in every step, where there is one.
    pub(super) ema: Option<f64>,
    /// Whether that is validated.
    pub(super) validates_ema: bool,
    /// What is asked of parameters by name, in the order in which it was.
    pub(super) wishes: Vec<(String, Wish)>,
    pub(super) quiet: bool,
    pub(super) keep_steps: bool,
    pub(super) schedule: Option<Box<dyn Schedule>>,
    /// Locked, since an evaluation that borrows the trainer changes them.
    pub(super) metrics: Mutex<M>,
    /// What happens between steps.
    pub(super) around: Around,
    pub(super) past: Past<State<O>>,
}

/// What is kept between fits.
pub struct Past<T> {
    /// Fingerprint of the network it belongs to, as the last fit left it.
    pub network: Option<u64>,
    /// What the optimizer remembers of each block of weights.
    pub state: Vec<T>,
    /// How tensors are trained that are not trained like the others.
    pub courses: Courses,
    /// The moving average of the weights.
    pub average: Option<Average>,
    /// Steps taken.
    pub steps: u64,
    /// Epochs begun, but for one that was interrupted.
    pub epochs: usize,
    /// What the schedule was shown, an epoch after another.
    pub observed: Vec<f64>,
    /// Whether the schedule has yet to be shown it.
    pub is_resumed: bool,
    /// A fit that was interrupted.
    pub fit: Option<Fit>,
}

impl<T> Default for Past<T> {
    fn default() -> Self {
        Self {
            network: None,
            state: Vec::new(),
            courses: Courses::default(),
            average: None,
            steps: 0,
            epochs: 0,
            observed: Vec::new(),
            is_resumed: false,
            fit: None,
        }
    }
}

impl<T: Copy + Default> Past<T> {
    /// Begins anew where the network is not the one that the last fit left; `true` if so.
    pub fn adopt<N: Model>(&mut self, net: &N) -> Result<bool> {
        let is_other = self.network != Some(fingerprint(net));
        if is_other {
            *self = Self {
                state: filled("the optimizer's moments", N::Network::LEARNT_BLOCKS)?,
                ..Self::default()
            };
        }
        Ok(is_other)
    }
}
