//! What streams: a model, and what its expansion gives the runtime.

use crate::{block::Block, declared::Declared, simd::Isa, value::Value};

/// A model that answers frame by frame: one that is declared with `#[kiln(stream)]`. Code for any such model is written over
/// this trait; only `model!` implements it.
///
/// ```
/// use kiln::{Causal, Stream};
///
/// /// The answer to the last of some frames.
/// fn newest<M: Causal>(stream: &mut Stream<'_, M>, frames: &[M::InputFrame]) -> Option<M::OutputFrame> {
///     frames.iter().map(|frame| stream.step(frame)).last()
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not answer frame by frame",
    label = "declare the network with `#[kiln(stream)]`",
    note = "in code for any model, ask for `M: Causal`"
)]
pub trait Causal: Declared {
    /// What a step takes: a frame of the input, `[f32; F]` of `[T, F]`; several where a layer has a stride in time, and a tuple
    /// where there are several inputs.
    type InputFrame: Value;
    /// What a step gives, likewise.
    type OutputFrame: Value;
    /// What the runtime drives.
    #[doc(hidden)]
    type Steps: Steps<Frame = Self::InputFrame, Answer = Self::OutputFrame>;
}

/// Memory as an array of constant size.
pub trait Memory:
    AsRef<[Block]> + AsMut<[Block]> + Copy + PartialEq + Send + Sync + 'static
{
    /// All zeros.
    const ZERO: Self;
}

impl<const N: usize> Memory for [Block; N] {
    const ZERO: Self = [Block::ZERO; N];
}

/// What an expansion gives the runtime of a model that streams.
pub trait Steps {
    /// What a step takes.
    type Frame: Value;
    /// What it gives.
    type Answer: Value;
    /// What is kept from step to step.
    type Kept: Memory;
    /// Where a step works.
    type Scratch: Memory;
    /// Where `ROWS` steps work that pass together; nothing if they do not.
    type Room: Memory;

    /// Frames of the inputs in a step.
    const FRAMES: usize;
    /// Steps that pass together.
    const ROWS: usize;
    /// A number of what is kept, by which stored states are told apart.
    const MARK: u64;

    /// Answers steps that follow one another, `clock` of which came before, or a LONE one; `memory` is `Scratch` for each of
    /// them.
    fn steps<S: Isa, const LONE: bool>(
        s: S,
        parameters: &[Block],
        clock: u64,
        inputs: &[Self::Frame],
        outputs: &mut [Self::Answer],
        kept: &mut [Block],
        memory: &mut [Block],
    );
}
