//! Streams beside their networks: borrowed, owned, and of a kind that is chosen at run time.

use super::{causal::Causal, state::StreamState};
use crate::error::Result;
use core::{fmt, mem};

/// A network that is borrowed, and what a stream of its keeps.
///
/// ```
/// use kiln::prelude::*;
///
/// model! {
///     #[kiln(stream)]
///     struct Amp(audio: [2048, 1]) -> [2048, 1] { Lstm(8), Dense(1) }
/// }
///
/// let amp = Amp::new(Seed(1));
/// let whole = amp.forward(&[[0.5]; 2048]);
/// let mut stream = amp.stream();
/// assert_eq!(stream.step(&[0.5]), whole[0]);
/// let mut block = [[0.0]; 64];
/// stream.process(&[[0.5]; 64], &mut block)?;
/// assert_eq!(block, whole[1..65]);
/// # Ok::<(), kiln::Error>(())
/// ```
pub struct Stream<'a, M: Causal> {
    net: &'a M,
    state: StreamState<M>,
}

impl<M: Causal> Clone for Stream<'_, M> {
    fn clone(&self) -> Self {
        Self::resumed(self.net, self.state.clone())
    }
}

impl<M: Causal> fmt::Debug for Stream<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stream after {} steps", self.state.steps())
    }
}

impl<'a, M: Causal> Stream<'a, M> {
    /// A stream at the beginning of a sequence; `net.stream()` is the same.
    #[must_use]
    pub fn new(net: &'a M) -> Self {
        Self::resumed(net, StreamState::new())
    }

    /// A stream that goes on from a state.
    #[must_use]
    pub fn resumed(net: &'a M, state: StreamState<M>) -> Self {
        Self { net, state }
    }

    /// Answers the next frame.
    #[inline]
    pub fn step(&mut self, frame: &M::InputFrame) -> M::OutputFrame {
        self.state.step(self.net, frame)
    }

    /// Answers the next frame in memory of the caller's.
    #[inline]
    pub fn step_into(&mut self, frame: &M::InputFrame, answer: &mut M::OutputFrame) {
        self.state.step_into(self.net, frame, answer);
    }

    /// Answers the next frames, each as [`step`](Self::step) would, but faster.
    ///
    /// # Errors
    ///
    /// If the slices differ in length; then nothing has happened.
    pub fn process(
        &mut self,
        frames: &[M::InputFrame],
        answers: &mut [M::OutputFrame],
    ) -> Result<()> {
        self.state.process(self.net, frames, answers)
    }

    /// Forgets all frames: the next one is the first of a sequence.
    pub fn reset(&mut self) {
        self.state.reset();
    }

    /// What is kept.
    pub fn state(&self) -> &StreamState<M> {
        &self.state
    }

    /// What is kept, to be exchanged.
    pub fn state_mut(&mut self) -> &mut StreamState<M> {
        &mut self.state
    }
}

/// A network with what a stream of its keeps, as one value: what an audio thread owns.
///
/// ```
/// use kiln::{OwnedStream, prelude::*};
///
/// model! {
///     #[kiln(stream)]
///     struct Amp(audio: [2048, 1]) -> [2048, 1] { Lstm(8), Dense(1) }
/// }
///
/// let mut stream = OwnedStream::new(Amp::new(Seed(1)));
/// stream.step(&[0.5]);
/// // Other weights from here on. The old ones come back, to be dropped where that may take a while.
/// let old = stream.exchange(Amp::new(Seed(2)));
/// stream.step(&[0.25]);
/// # drop(old);
/// ```
pub struct OwnedStream<M: Causal> {
    net: M,
    state: StreamState<M>,
}

impl<M: Causal + Clone> Clone for OwnedStream<M> {
    fn clone(&self) -> Self {
        Self {
            net: self.net.clone(),
            state: self.state.clone(),
        }
    }
}

impl<M: Causal> fmt::Debug for OwnedStream<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OwnedStream after {} steps", self.state.steps())
    }
}

impl<M: Causal> OwnedStream<M> {
    /// A stream at the beginning of a sequence.
    #[must_use]
    pub fn new(net: M) -> Self {
        Self {
            net,
            state: StreamState::new(),
        }
    }

    /// Takes other weights and gives back those that it had; what it has heard, it keeps. Neither allocates nor frees.
    #[must_use = "what is dropped here is freed here; keep the network, and drop it in another thread"]
    pub fn exchange(&mut self, net: M) -> M {
        mem::replace(&mut self.net, net)
    }

    /// Answers the next frame.
    #[inline]
    pub fn step(&mut self, frame: &M::InputFrame) -> M::OutputFrame {
        self.state.step(&self.net, frame)
    }

    /// Answers the next frame in memory of the caller's.
    #[inline]
    pub fn step_into(&mut self, frame: &M::InputFrame, answer: &mut M::OutputFrame) {
        self.state.step_into(&self.net, frame, answer);
    }

    /// Answers the next frames, each as [`step`](Self::step) would, but faster.
    ///
    /// # Errors
    ///
    /// If the slices differ in length; then nothing has happened.
    pub fn process(
        &mut self,
        frames: &[M::InputFrame],
        answers: &mut [M::OutputFrame],
    ) -> Result<()> {
        self.state.process(&self.net, frames, answers)
    }

    /// Forgets all frames: the next one is the first of a sequence.
    pub fn reset(&mut self) {
        self.state.reset();
    }

    /// The network.
    pub fn network(&self) -> &M {
        &self.net
    }

    /// What is kept.
    pub fn state(&self) -> &StreamState<M> {
        &self.state
    }

    /// What is kept, to be exchanged.
    pub fn state_mut(&mut self) -> &mut StreamState<M> {
        &mut self.state
    }

    /// The network and what was kept.
    pub fn into_parts(self) -> (M, StreamState<M>) {
        (self.net, self.state)
    }
}

/// Streams whose frames are alike, whatever their networks are: for a program that chooses among several models while it runs.
///
/// ```
/// use kiln::{DynStream, OwnedStream, prelude::*};
///
/// model! {
///     #[kiln(stream)]
///     struct Amp<const UNITS: usize>(audio: [2048, 1]) -> [2048, 1] { Lstm(UNITS), Dense(1) }
///     type Small = Amp<8>;
///     type Large = Amp<16>;
/// }
///
/// let units = 16;
/// let mut stream: Box<dyn DynStream<[f32; 1], [f32; 1]>> = match units {
///     8 => Box::new(OwnedStream::new(Small::new(Seed(1)))),
///     _ => Box::new(OwnedStream::new(Large::new(Seed(1)))),
/// };
/// let mut answers = [[0.0]; 64];
/// stream.process(&[[0.5]; 64], &mut answers)?;
/// stream.reset();
/// # Ok::<(), kiln::Error>(())
/// ```
pub trait DynStream<I, O>: Send {
    /// Answers the next frame.
    fn step(&mut self, frame: &I) -> O;

    /// Answers the next frames, each as [`step`](Self::step) would, but faster.
    ///
    /// # Errors
    ///
    /// If the slices differ in length; then nothing has happened.
    fn process(&mut self, frames: &[I], answers: &mut [O]) -> Result<()>;

    /// Forgets all frames: the next one is the first of a sequence.
    fn reset(&mut self);
}

impl<M: Causal> DynStream<M::InputFrame, M::OutputFrame> for Stream<'_, M> {
    fn step(&mut self, frame: &M::InputFrame) -> M::OutputFrame {
        self.step(frame)
    }

    fn process(&mut self, frames: &[M::InputFrame], answers: &mut [M::OutputFrame]) -> Result<()> {
        self.process(frames, answers)
    }

    fn reset(&mut self) {
        self.reset();
    }
}

impl<M: Causal> DynStream<M::InputFrame, M::OutputFrame> for OwnedStream<M> {
    fn step(&mut self, frame: &M::InputFrame) -> M::OutputFrame {
        self.step(frame)
    }

    fn process(&mut self, frames: &[M::InputFrame], answers: &mut [M::OutputFrame]) -> Result<()> {
        self.process(frames, answers)
    }

    fn reset(&mut self) {
        self.reset();
    }
}
