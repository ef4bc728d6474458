//! What an expansion gives the runtime: a network as constants and passes over planned memory.

use core::ops::Range;

use crate::{
    arena::Arena,
    batch::{Batch, Place},
    block::Block,
    loss::{Loss, Score},
    random::Key,
    simd::Isa,
    tensor::{Limit, Tensor},
    update::Sink,
    value::Value,
};

/// One line of a model's summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Name as in a `state_dict`; empty for a function or an operator.
    pub name: &'static str,
    /// Kind as declared, e.g. `Dense`.
    pub kind: &'static str,
    /// The block, chain or repetition it is part of, e.g. `stage1.0`; empty for the model itself.
    pub within: &'static str,
    /// Output shape without the batch.
    pub output: &'static [usize],
    /// Learnt numbers, those of a shared layer counted once.
    pub parameters: usize,
    /// Floating-point operations of one sample's forward pass.
    pub flops: u64,
}

/// Numbers that all layers learn.
pub const fn count_parameters(layers: &[Layer]) -> usize {
    let (mut sum, mut index) = (0, 0);
    while index < layers.len() {
        sum += layers[index].parameters;
        index += 1;
    }
    sum
}

/// Floating-point operations of one sample's forward pass through all layers.
pub const fn count_flops(layers: &[Layer]) -> u64 {
    let (mut sum, mut index) = (0_u64, 0);
    while index < layers.len() {
        sum = sum.saturating_add(layers[index].flops);
        index += 1;
    }
    sum
}

/// What the rows of one chunk share in training.
#[derive(Clone, Copy)]
pub struct Rows<'a> {
    /// The parameter arena.
    pub parameters: &'a [Block],
    /// Transposed weights, as [`Network::transpose`] left them.
    pub transposed: &'a [Block],
    /// What the samples of the batch have in common, as [`Network::fold`] left it.
    pub joint: &'a [Block],
    /// Samples the chunk has room for.
    pub capacity: usize,
    /// Samples it holds.
    pub rows: usize,
    /// Index of its first sample in the batch.
    pub first: usize,
    /// Seed of everything random in this run.
    pub seed: u64,
    /// Training step, or the first of some steps of a stream, counted from 0.
    pub step: u64,
    /// Whether the gradients of inputs are wanted.
    pub asked: bool,
}

impl<'a> Rows<'a> {
    /// The blocks of a value, in the chunk.
    #[inline(always)]
    pub fn span(&self, place: Place) -> Range<usize> {
        place.of_rows(self.capacity, self.rows)
    }

    /// Those from `first` on, `rows` at most: a group that goes through the lead.
    #[inline(always)]
    pub fn group(&self, first: usize, rows: usize) -> Self {
        Self {
            first,
            rows: rows.min(self.rows - first),
            ..*self
        }
    }

    /// The blocks of a value that a group has for itself.
    #[inline(always)]
    pub fn near(&self, place: Place) -> Range<usize> {
        place.of_rows(self.rows, self.rows)
    }

    /// The blocks that a group has of a value of all rows.
    #[inline(always)]
    pub fn part(&self, place: Place) -> Range<usize> {
        place.part(self.capacity, self.first, self.rows)
    }

    /// What the randomness of a layer is drawn from.
    #[inline(always)]
    pub fn key(&self, layer: u32) -> Key {
        Key {
            seed: self.seed,
            step: self.step,
            layer,
            first_sample: self.first,
        }
    }

    /// What `count` steps of a stream share, `clock` of which came before.
    #[inline(always)]
    pub fn stream(parameters: &'a [Block], count: usize, clock: u64) -> Self {
        Self {
            step: clock,
            ..Self::inference(parameters, count)
        }
    }

    /// The same where it is known that there is one row, and that the arena has so many blocks.
    #[inline(always)]
    #[must_use]
    pub fn known<const LONE: bool, const BLOCKS: usize>(&self) -> Self {
        let one = |rows: usize| if LONE { 1 } else { rows };
        Self {
            parameters: match self.parameters.first_chunk::<BLOCKS>() {
                Some(parameters) => parameters,
                None => unreachable!("a network has the parameters of its model"),
            },
            capacity: one(self.capacity),
            rows: one(self.rows),
            ..*self
        }
    }

    /// What `count` samples share in inference, which is nothing but the parameters.
    #[inline(always)]
    pub fn inference(parameters: &'a [Block], count: usize) -> Self {
        Self {
            parameters,
            transposed: &[],
            joint: &[],
            capacity: count,
            rows: count,
            first: 0,
            seed: 0,
            step: 0,
            asked: false,
        }
    }
}

/// The first layers of inference, where samples go through them in smaller groups than through the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lead {
    /// Samples of a group; 0 where nothing leads.
    pub rows: usize,
    /// Blocks of the workspace that a sample needs there alone: they serve one group after another.
    pub blocks: usize,
}

/// Which indices a layer takes of an input that is `u32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// The input's number.
    pub part: usize,
    /// The input's name.
    pub input: &'static str,
    /// The layer's name.
    pub layer: &'static str,
    /// The least index.
    pub least: u32,
    /// The greatest index.
    pub most: u32,
}

/// A matrix in panels of sixteen columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Panels {
    /// Blocks of a panel.
    pub rows: usize,
    /// Panels.
    pub panels: usize,
}

/// Blocks of some matrices.
pub const fn count_blocks(matrices: &[Panels]) -> usize {
    let (mut sum, mut index) = (0, 0);
    while index < matrices.len() {
        sum += matrices[index].rows * matrices[index].panels;
        index += 1;
    }
    sum
}

/// What `model!` expands to for the runtime alone. Users see [`Model`](crate::model::Model), which names the `Network`
/// behind it; nothing here is a method of a user's value.
///
/// Training memory is cut into chunks (see [`Batch`]): a chunk of `capacity` samples takes
/// `TRAIN_BLOCKS * capacity` blocks, and the passes below work on one chunk each. Where samples meet, as in `BatchNorm`, or
/// where a parameter's deltas are all there and much memory is free without them, a pass ends: all chunks have gone through
/// it when [`fold`](Network::fold) is called, and then [`update`](Network::update), and then begins the next. The loss
/// follows the last forward pass, and the first backward pass the loss, at once. Passes are counted through, so that these
/// two have one number.
pub trait Network: Send + Sync + 'static {
    /// The struct that the user declared.
    type Model;
    /// A sample: a nested array, or a tuple of them.
    type Input: Value;
    /// An answer: a nested array, or a tuple of them.
    type Output: Value;

    /// The struct's name.
    const NAME: &'static str;
    /// Shapes of the inputs; that of a `u32` alone has no axes.
    const INPUTS: &'static [&'static [usize]];
    /// Which indices are taken of inputs that are `u32`.
    const TOKENS: &'static [Tokens] = &[];
    /// Summary lines in order.
    const LAYERS: &'static [Layer];
    /// Every tensor of the arena, in its order and without gaps: those that are learnt first.
    const TENSORS: &'static [Tensor];
    /// Limits of tensors that are learnt, in the order of the arena.
    const LIMITS: &'static [Limit] = &[];
    /// Blocks of the parameter arena.
    const PARAMETER_BLOCKS: usize;
    /// Blocks of what is learnt, at the beginning of the arena.
    const LEARNT_BLOCKS: usize;
    /// Blocks of workspace one sample needs in inference.
    const WORKSPACE_BLOCKS: usize;
    /// Blocks of a copy of a sample that is read in place, 0 if it never is: several such samples may need as many behind
    /// their workspace. A single one is copied to the stack if they are missing.
    const INPUT_BLOCKS: usize = 0;
    /// Blocks of activations and deltas one sample needs in training.
    const TRAIN_BLOCKS: usize;
    /// Samples that are answered together.
    const INFER_ROWS: usize;
    /// How they come to late layers through early ones, where few weights leave much of a sample.
    const LEAD: Lead = Lead { rows: 0, blocks: 0 };
    /// Samples of a chunk in training, at most.
    const TRAIN_ROWS: usize;
    /// Whether each chunk's gradients are added to sums at once, so that nothing else of it is kept: where a batch leaves
    /// more than caches hold, and weights are few beside that. A chunk goes through all passes then before the next begins.
    const SUMS: bool = false;
    /// The transposed weights, one after another.
    const TRANSPOSED: &'static [Panels];
    /// Blocks of what the samples of a batch have in common.
    const JOINT_BLOCKS: usize = 0;
    /// Passes forward.
    const FORWARD_PASSES: usize = 1;
    /// Passes backward.
    const BACKWARD_PASSES: usize = 1;
    /// A layer that learns nothing from a sample alone, such as `BatchNorm` over features.
    const NEEDS_COMPANY: Option<&'static str> = None;
    /// Whether results of a sample are inputs of the one that follows it.
    const CARRIES: bool = false;
    /// Whether `loss_rows` needs room for an output and its delta: several outputs lie apart in a chunk, and one that is not
    /// flat lies otherwise than the loss takes it.
    const NEEDS_PAIR: bool;

    /// Puts the state that a sample left into the input of the one that follows it.
    fn carry(before: &Self::Output, input: &mut Self::Input) {
        let _ = (before, input);
    }

    /// A model around an arena of `PARAMETER_BLOCKS`.
    fn from_arena(arena: Arena) -> Self::Model;
    /// The parameter arena.
    fn arena(model: &Self::Model) -> &[Block];
    /// The parameter arena.
    fn arena_mut(model: &mut Self::Model) -> &mut Arena;

    /// Answers `inputs`, one output each; `workspace` has at least `WORKSPACE_BLOCKS` for every input, of which those of the
    /// lead serve all groups.
    fn infer<S: Isa>(
        s: S,
        parameters: &[Block],
        inputs: &[Self::Input],
        outputs: &mut [Self::Output],
        workspace: &mut [Block],
    );

    /// Refreshes the transposed weights that the deltas flow through, those of a stretch that begins at block `first` and cuts
    /// no panel; once per step.
    fn transpose<S: Isa>(s: S, parameters: &[Block], first: usize, transposed: &mut [Block]);

    /// Copies a sample into row `row` of a chunk, without tiny numbers; `true` if all numbers are finite, and all indices
    /// are taken.
    fn load<S: Isa>(
        s: S,
        input: &Self::Input,
        chunk: &mut [Block],
        capacity: usize,
        row: usize,
    ) -> bool;

    /// Forward pass `pass` over a chunk, saving what backward needs.
    fn forward_rows<S: Isa>(s: S, pass: usize, rows: Rows<'_>, chunk: &mut [Block]);

    /// Hands each row's output to the loss, which leaves the output's delta times `scale`.
    #[expect(clippy::too_many_arguments, reason = "a pass is called at one place")]
    fn loss_rows<S: Isa, T, L: Loss<Self::Output, T>>(
        s: S,
        rows: Rows<'_>,
        chunk: &mut [Block],
        loss: &L,
        targets: &[T],
        scale: f32,
        scores: &mut [Score],
        pair: &mut [Self::Output],
    );

    /// Copies the output of row `row` of a chunk.
    fn unload<S: Isa>(
        s: S,
        output: &mut Self::Output,
        chunk: &mut [Block],
        capacity: usize,
        row: usize,
    );

    /// Copies a delta of the output into row `row` of a chunk, without tiny numbers; `true` if all numbers are finite.
    fn load_delta<S: Isa>(
        s: S,
        delta: &Self::Output,
        chunk: &mut [Block],
        capacity: usize,
        row: usize,
    ) -> bool;

    /// Backward pass `pass` over a chunk: the chain of deltas, from the outputs' down to the first layer with parameters.
    fn backward_rows<S: Isa>(s: S, pass: usize, rows: Rows<'_>, chunk: &mut [Block]);

    /// Copies the input's delta of row `row` of a chunk, after the last backward pass; of a network that is asked for
    /// gradients of inputs.
    fn slope<S: Isa>(
        s: S,
        slope: &mut Self::Input,
        chunk: &mut [Block],
        capacity: usize,
        row: usize,
    ) {
        let _ = (s, slope, chunk, capacity, row);
    }

    /// What all samples have in common after pass `pass`, forward ones and backward ones counted together; serially, in
    /// the order of the batch.
    fn fold<S: Isa>(s: S, pass: usize, batch: Batch<'_>, joint: &mut [Block]) {
        let _ = (s, pass, batch, joint);
    }

    /// Finishes the gradients whose deltas are there after pass `pass`, those that lie in a stretch of the arena that begins
    /// at block `first`: summed over the batch in order, in registers, and given to `sink`. Nothing reads those parameters
    /// in a later pass.
    fn update<S: Isa>(s: S, pass: usize, batch: Batch<'_>, first: usize, sink: &mut dyn Sink);

    /// Statistics follow the batch: those of a parameter arena, or what they gain by a step, in an arena of zeros.
    fn follow<S: Isa>(s: S, joint: &[Block], arena: &mut [Block]) {
        let _ = (s, joint, arena);
    }
}
