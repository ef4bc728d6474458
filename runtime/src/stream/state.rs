//! What is kept between steps, and the steps themselves.

use super::causal::{Causal, Memory, Steps};
use crate::{
    block::Block,
    error::{Error, Result},
    network::Network,
    parameters::Parameters,
    simd::{self, Isa, Task},
    tile::groups,
};
use bytemuck::Zeroable;
use core::fmt;

/// What a stream of a model keeps.
pub type KeptOf<M> = <<M as Causal>::Steps as Steps>::Kept;
type ScratchOf<M> = <<M as Causal>::Steps as Steps>::Scratch;
type RoomOf<M> = <<M as Causal>::Steps as Steps>::Room;

/// What a stream keeps from step to step: a plain value of constant size, which can be cloned, compared, reset, and stored
/// as bytes. It goes with any network of its model, so that weights may change between two steps.
///
/// ```
/// use kiln::{StreamState, prelude::*};
///
/// model! {
///     #[kiln(stream)]
///     struct Echo(x: [512, 1]) -> [512, 1] { Lstm(8), Dense(1) }
/// }
///
/// let net = Echo::new(Seed(1));
/// let mut state = StreamState::<Echo>::new();
/// let first = state.step(&net, &[0.5]);
/// let saved = state.clone();
/// let second = state.step(&net, &[0.25]);
/// let mut again = saved;
/// assert_eq!(again.step(&net, &[0.25]), second);
/// state.reset();
/// assert_eq!(state.step(&net, &[0.5]), first);
/// ```
pub struct StreamState<M: Causal> {
    pub(super) kept: KeptOf<M>,
    pub(super) clock: u64,
    scratch: ScratchOf<M>,
}

impl<M: Causal> Clone for StreamState<M> {
    fn clone(&self) -> Self {
        Self {
            kept: self.kept,
            clock: self.clock,
            scratch: Memory::ZERO,
        }
    }
}

impl<M: Causal> PartialEq for StreamState<M> {
    fn eq(&self, other: &Self) -> bool {
        self.clock == other.clock && self.kept == other.kept
    }
}

impl<M: Causal> fmt::Debug for StreamState<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StreamState after {} steps", self.clock)
    }
}

impl<M: Causal> Default for StreamState<M> {
    fn default() -> Self {
        Self::new()
    }
}

/// One step, on one instruction set: a task of its own, so that kernels see that there is one.
struct One<'a, M: Causal> {
    parameters: &'a [Block],
    input: &'a M::InputFrame,
    output: &'a mut M::OutputFrame,
    state: &'a mut StreamState<M>,
}

impl<M: Causal> Task for One<'_, M> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let (inputs, outputs) = (
            core::slice::from_ref(self.input),
            core::slice::from_mut(self.output),
        );
        let StreamState {
            kept,
            clock,
            scratch,
        } = self.state;
        let (kept, memory) = (kept.as_mut(), scratch.as_mut());
        M::Steps::steps::<S, true>(s, self.parameters, *clock, inputs, outputs, kept, memory);
    }
}

/// Several steps, as many at once as gain by it.
struct Several<'a, M: Causal> {
    parameters: &'a [Block],
    inputs: &'a [M::InputFrame],
    outputs: &'a mut [M::OutputFrame],
    state: &'a mut StreamState<M>,
}

impl<M: Causal> Task for Several<'_, M> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let StreamState {
            kept,
            clock,
            scratch,
        } = self.state;
        let mut room: RoomOf<M> = Memory::ZERO;
        let memory = match const { M::Steps::ROWS > 1 } {
            true => room.as_mut(),
            false => scratch.as_mut(),
        };
        for group in groups(self.inputs.len(), M::Steps::ROWS) {
            let clock = clock.wrapping_add(group.start as u64);
            let (inputs, outputs) = (&self.inputs[group.clone()], &mut self.outputs[group]);
            let (parameters, kept) = (self.parameters, kept.as_mut());
            if const { M::Steps::ROWS > 1 } {
                M::Steps::steps::<S, false>(s, parameters, clock, inputs, outputs, kept, memory);
            } else {
                M::Steps::steps::<S, true>(s, parameters, clock, inputs, outputs, kept, memory);
            }
        }
    }
}

/// A step by itself; a function of its own, which all that step share.
#[inline(never)]
fn one<M: Causal>(
    parameters: &[Block],
    input: &M::InputFrame,
    output: &mut M::OutputFrame,
    state: &mut StreamState<M>,
) {
    let task = One::<M> {
        parameters,
        input,
        output,
        state,
    };
    simd::dispatch(simd::level(), task);
}

/// Several steps one after another.
#[inline(never)]
fn several<M: Causal>(
    parameters: &[Block],
    inputs: &[M::InputFrame],
    outputs: &mut [M::OutputFrame],
    state: &mut StreamState<M>,
) {
    let task = Several::<M> {
        parameters,
        inputs,
        outputs,
        state,
    };
    simd::dispatch(simd::level(), task);
}

impl<M: Causal> StreamState<M> {
    /// Frames of the inputs that a step takes: 1, unless a layer has a stride in time.
    pub const FRAMES: usize = M::Steps::FRAMES;

    /// The beginning of a sequence.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            kept: Memory::ZERO,
            clock: 0,
            scratch: Memory::ZERO,
        }
    }

    /// Forgets all frames: the next one is the first of a sequence.
    pub fn reset(&mut self) {
        self.kept.as_mut().fill(Block::ZERO);
        self.clock = 0;
    }

    /// How many steps there were since the beginning of the sequence.
    pub fn steps(&self) -> u64 {
        self.clock
    }

    /// Answers the next frame.
    #[inline]
    pub fn step(&mut self, net: &M, frame: &M::InputFrame) -> M::OutputFrame {
        let mut answer = Zeroable::zeroed();
        self.step_into(net, frame, &mut answer);
        answer
    }

    /// Answers the next frame in memory of the caller's.
    #[inline]
    pub fn step_into(&mut self, net: &M, frame: &M::InputFrame, answer: &mut M::OutputFrame) {
        self.advance(M::Network::arena(net), frame, answer);
    }

    /// Answers the next frames, each as [`step`](Self::step) would, but faster: what does not wait for the frame before is
    /// done for several at once.
    ///
    /// # Errors
    ///
    /// If the slices differ in length; then nothing has happened.
    pub fn process(
        &mut self,
        net: &M,
        frames: &[M::InputFrame],
        answers: &mut [M::OutputFrame],
    ) -> Result<()> {
        self.advance_all(M::Network::arena(net), frames, answers)
    }

    /// A step with parameters that lie anywhere.
    #[inline]
    fn advance(
        &mut self,
        parameters: &[Block],
        frame: &M::InputFrame,
        answer: &mut M::OutputFrame,
    ) {
        one(parameters, frame, answer, self);
        self.clock = self.clock.wrapping_add(1);
    }

    /// Steps with parameters that lie anywhere.
    fn advance_all(
        &mut self,
        parameters: &[Block],
        frames: &[M::InputFrame],
        answers: &mut [M::OutputFrame],
    ) -> Result<()> {
        if frames.len() != answers.len() {
            return Err(Error::Outputs {
                inputs: frames.len(),
                outputs: answers.len(),
            });
        }
        // A frame by itself takes the shorter way.
        match (frames, &mut *answers) {
            ([frame], [answer]) => one(parameters, frame, answer, self),
            _ => several(parameters, frames, answers, self),
        }
        self.clock = self.clock.wrapping_add(frames.len() as u64);
        Ok(())
    }
}

/// Streams with parameters that lie anywhere.
impl<M: Causal, A: AsRef<[Block]>> Parameters<M, A> {
    /// Answers the next frame of a stream.
    ///
    /// # Errors
    ///
    /// [`Error::Lent`] if the parameters have too few blocks.
    pub fn step_in(
        &self,
        state: &mut StreamState<M>,
        frame: &M::InputFrame,
        answer: &mut M::OutputFrame,
    ) -> Result<()> {
        state.advance(self.arena()?, frame, answer);
        Ok(())
    }

    /// Answers the next frames of a stream.
    ///
    /// # Errors
    ///
    /// If the slices differ in length; [`Error::Lent`] if the parameters have too few blocks.
    pub fn process_in(
        &self,
        state: &mut StreamState<M>,
        frames: &[M::InputFrame],
        answers: &mut [M::OutputFrame],
    ) -> Result<()> {
        state.advance_all(self.arena()?, frames, answers)
    }
}
