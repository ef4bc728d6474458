//! Answers: one sample, or many, with memory that is not allocated per call.
//!
//! Small networks work on the stack. Larger ones borrow memory that the thread keeps (feature `std`), or the caller
//! hands in a [`Workspace`].

#[cfg(feature = "alloc")]
use crate::value::room;
use crate::{
    block::Block,
    declared::{Declared, SmallOutput},
    error::{Error, Result, check_lent},
    network::Network,
    parameters::Parameters,
    simd::{self, Isa, Task},
    tile::groups,
};
#[cfg(feature = "alloc")]
use alloc::boxed::Box;
use bytemuck::Zeroable;
#[cfg(feature = "alloc")]
use core::marker::PhantomData;
use core::slice;

/// Workspaces up to 16 KiB are placed on the stack.
#[cfg(feature = "alloc")]
const STACK_BLOCKS: usize = 256;

/// Blocks of workspace for each of several samples: with room for a copy of inputs that hold tiny numbers.
const fn each<N: Declared>() -> usize {
    N::Network::WORKSPACE_BLOCKS + N::Network::INPUT_BLOCKS
}

/// Blocks of workspace in which `rows` samples are answered at once: no fewer than for one, no more than gain by it.
pub const fn blocks<N: Declared>(rows: usize) -> usize {
    let most = N::Network::INFER_ROWS;
    let rows = if rows == 0 {
        1
    } else if rows > most {
        most
    } else {
        rows
    };
    let lead = N::Network::LEAD;
    let group = if rows < lead.rows { rows } else { lead.rows };
    let behind = (each::<N>() - lead.blocks).saturating_mul(rows);
    behind.saturating_add(lead.blocks.saturating_mul(group))
}

/// How many samples are answered at once in so many blocks of workspace.
const fn rows<N: Declared>(blocks: usize) -> usize {
    let lead = N::Network::LEAD;
    let behind = each::<N>() - lead.blocks;
    let group = lead.rows * lead.blocks;
    let rows = match blocks.checked_sub(group) {
        Some(left) if left >= lead.rows * behind && behind > 0 => left / behind,
        _ if each::<N>() > 0 => blocks / each::<N>(),
        _ => N::Network::INFER_ROWS,
    };
    let most = N::Network::INFER_ROWS;
    if rows == 0 || most == 0 {
        1
    } else if rows > most {
        most
    } else {
        rows
    }
}

/// One call of `infer`, on one instruction set.
struct Many<'a, N: Declared> {
    parameters: &'a [Block],
    inputs: &'a [N::Input],
    outputs: &'a mut [N::Output],
    workspace: &'a mut [Block],
}

impl<N: Declared> Task for Many<'_, N> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let most = rows::<N>(self.workspace.len());
        for group in groups(self.inputs.len().min(self.outputs.len()), most) {
            let (inputs, outputs) = (&self.inputs[group.clone()], &mut self.outputs[group]);
            N::Network::infer(s, self.parameters, inputs, outputs, self.workspace);
        }
    }
}

/// One call of `infer` for one sample: a task of its own, so that kernels see that there is one row.
struct Single<'a, N: Declared> {
    parameters: &'a [Block],
    input: &'a N::Input,
    output: &'a mut N::Output,
    workspace: &'a mut [Block],
}

impl<N: Declared> Task for Single<'_, N> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let (inputs, outputs) = (slice::from_ref(self.input), slice::from_mut(self.output));
        N::Network::infer(s, self.parameters, inputs, outputs, self.workspace);
    }
}

/// Answers one sample; `workspace` has at least `WORKSPACE_BLOCKS`.
#[inline(never)]
fn single<N: Declared>(
    parameters: &[Block],
    input: &N::Input,
    output: &mut N::Output,
    workspace: &mut [Block],
) {
    let task = Single::<N> {
        parameters,
        input,
        output,
        workspace,
    };
    simd::dispatch(simd::level(), task);
}

/// Answers samples group by group, as many at once as `workspace` has room for.
#[inline(never)]
fn many<N: Declared>(
    parameters: &[Block],
    inputs: &[N::Input],
    outputs: &mut [N::Output],
    workspace: &mut [Block],
) {
    let task = Many::<N> {
        parameters,
        inputs,
        outputs,
        workspace,
    };
    simd::dispatch(simd::level(), task);
}

/// Calls `f` with a workspace of `blocks` that nobody needs to allocate.
#[cfg(feature = "alloc")]
#[inline(always)]
fn with_workspace(blocks: usize, f: impl FnOnce(&mut [Block])) {
    // An array on the stack is cleared, which a short call would notice: hence steps.
    match blocks {
        0..=8 => f(&mut [Block::ZERO; 8]),
        9..=32 => f(&mut [Block::ZERO; 32]),
        33..=96 => f(&mut [Block::ZERO; 96]),
        97..=STACK_BLOCKS => f(&mut [Block::ZERO; STACK_BLOCKS]),
        _ => with_kept(blocks, f),
    }
}

/// Calls `f` with memory that this thread keeps for the next call.
#[cfg(feature = "std")]
fn with_kept(blocks: usize, f: impl FnOnce(&mut [Block])) {
    use alloc::vec::Vec;
    use core::cell::Cell;
    std::thread_local! {
        static KEPT: Cell<Vec<Block>> = const { Cell::new(Vec::new()) };
    }
    // Taken, not borrowed: a call within this call finds nothing, and makes its own. At the end of a thread there is
    // nothing to take from either.
    let mut memory = KEPT.try_with(Cell::take).unwrap_or_default();
    if memory.len() < blocks {
        memory.resize(blocks, Block::ZERO);
    }
    f(&mut memory[..blocks]);
    let _ = KEPT.try_with(|kept| {
        let other = kept.take();
        kept.set(if other.len() > memory.len() {
            other
        } else {
            memory
        });
    });
}

/// Calls `f` with memory allocated for this call; a [`Workspace`] avoids that.
#[cfg(all(feature = "alloc", not(feature = "std")))]
fn with_kept(blocks: usize, f: impl FnOnce(&mut [Block])) {
    f(&mut alloc::vec![Block::ZERO; blocks]);
}

/// Answers one sample.
#[cfg(feature = "alloc")]
pub fn forward<N: SmallOutput>(net: &N, input: &N::Input) -> N::Output {
    let mut output = Zeroable::zeroed();
    forward_into(net, input, &mut output);
    output
}

/// Answers one sample in memory of the caller's.
#[cfg(feature = "alloc")]
pub fn forward_into<N: Declared>(net: &N, input: &N::Input, output: &mut N::Output) {
    with_workspace(N::Network::WORKSPACE_BLOCKS, |workspace| {
        single::<N>(N::Network::arena(net), input, output, workspace);
    });
}

/// Answers many samples, one output for each input.
///
/// # Errors
///
/// If the slices differ in length.
#[cfg(feature = "alloc")]
pub fn forward_batch<N: Declared>(
    net: &N,
    inputs: &[N::Input],
    outputs: &mut [N::Output],
) -> Result<()> {
    equal_length(inputs, outputs)?;
    with_workspace(blocks::<N>(inputs.len()), |workspace| {
        many::<N>(N::Network::arena(net), inputs, outputs, workspace);
    });
    Ok(())
}

/// Refuses slices that do not pair.
fn equal_length<I, O>(inputs: &[I], outputs: &[O]) -> Result<()> {
    if inputs.len() == outputs.len() {
        return Ok(());
    }
    Err(Error::Outputs {
        inputs: inputs.len(),
        outputs: outputs.len(),
    })
}

/// Memory for inference that the caller places and keeps.
///
/// With the feature `std` a network's own `forward` needs none: it works on the stack or in memory that the thread keeps.
/// A workspace is for programs without `std`, where a network that needs more than 16 KiB would allocate in every call, and
/// for those that decide themselves when memory is taken and given back. It takes the network's `WORKSPACE_BYTES` and at
/// most a copy of the input for each sample that is answered at once, and serves every network of its kind.
///
/// ```
/// use kiln::{Model, Result, Workspace};
///
/// fn answer<N: Model>(net: &N, inputs: &[N::Input], outputs: &mut [N::Output]) -> Result<()> {
///     let mut workspace = Workspace::new(inputs.len());
///     workspace.forward_batch(net, inputs, outputs)?;
///     if let (Some(input), Some(output)) = (inputs.first(), outputs.first_mut()) {
///         workspace.forward_into(net, input, output);
///     }
///     Ok(())
/// }
/// ```
#[cfg(feature = "alloc")]
#[derive(Clone, Debug)]
pub struct Workspace<N: Declared> {
    blocks: Box<[Block]>,
    network: PhantomData<fn() -> N>,
}

#[cfg(feature = "alloc")]
impl<N: Declared> Default for Workspace<N> {
    fn default() -> Self {
        Self::new(1)
    }
}

#[cfg(feature = "alloc")]
impl<N: Declared> Workspace<N> {
    /// Memory to answer `rows` samples at once; more than that are answered in turns. It is never less than for one
    /// sample, nor for more samples than gain by being answered together.
    ///
    /// # Panics
    ///
    /// If there is no such memory; [`try_new`](Self::try_new) gives an error instead.
    #[track_caller]
    pub fn new(rows: usize) -> Self {
        match Self::try_new(rows) {
            Ok(workspace) => workspace,
            Err(error) => panic!("`Workspace::new`: {error}"),
        }
    }

    /// Memory to answer `rows` samples at once, as [`new`](Self::new) takes it.
    ///
    /// # Errors
    ///
    /// [`Error::Memory`] if there is no such memory.
    pub fn try_new(rows: usize) -> Result<Self> {
        Ok(Self {
            blocks: room("a workspace", blocks::<N>(rows))?.into_boxed_slice(),
            network: PhantomData,
        })
    }

    /// Answers one sample. For models whose answer takes 64 KiB at most; [`forward_into`](Self::forward_into) serves all.
    pub fn forward(&mut self, net: &N, input: &N::Input) -> N::Output
    where
        N: SmallOutput,
    {
        let mut output = Zeroable::zeroed();
        self.forward_into(net, input, &mut output);
        output
    }

    /// Answers one sample in memory of the caller's.
    pub fn forward_into(&mut self, net: &N, input: &N::Input, output: &mut N::Output) {
        let parameters = N::Network::arena(net);
        single::<N>(parameters, input, output, &mut self.blocks);
    }

    /// Answers many samples, one output for each input.
    ///
    /// # Errors
    ///
    /// If the slices differ in length.
    pub fn forward_batch(
        &mut self,
        net: &N,
        inputs: &[N::Input],
        outputs: &mut [N::Output],
    ) -> Result<()> {
        equal_length(inputs, outputs)?;
        self.answer(net, inputs, outputs);
        Ok(())
    }

    /// Answers the samples that have an output.
    pub(crate) fn answer(&mut self, net: &N, inputs: &[N::Input], outputs: &mut [N::Output]) {
        let parameters = N::Network::arena(net);
        many::<N>(parameters, inputs, outputs, &mut self.blocks);
    }
}

/// Answers one sample in a workspace of `WORKSPACE_BLOCKS` at least.
#[inline(always)]
pub fn forward_with<N: SmallOutput>(
    net: &N,
    input: &N::Input,
    workspace: &mut [Block],
) -> N::Output {
    let mut output = Zeroable::zeroed();
    single::<N>(N::Network::arena(net), input, &mut output, workspace);
    output
}

/// Answers one sample in memory that lies anywhere, such as a `static`.
///
/// # Errors
///
/// If `workspace` has fewer than `WORKSPACE_BLOCKS` blocks.
pub fn forward_in<N: Declared>(
    net: &N,
    input: &N::Input,
    output: &mut N::Output,
    workspace: &mut [Block],
) -> Result<()> {
    Parameters::<N, _>::trusted(N::Network::arena(net)).forward_in(input, output, workspace)
}

/// Answers in memory of the caller's.
impl<N: Declared, A: AsRef<[Block]>> Parameters<N, A> {
    /// Answers one sample, in a workspace of `kiln::memory::workspace(1)` blocks.
    ///
    /// # Errors
    ///
    /// [`Error::Lent`] if the workspace is too small.
    pub fn forward_in(
        &self,
        input: &N::Input,
        output: &mut N::Output,
        workspace: &mut [Block],
    ) -> Result<()> {
        check_workspace::<N>(workspace)?;
        single::<N>(self.arena()?, input, output, workspace);
        Ok(())
    }

    /// Answers many samples, one output for each input, as many at once as the workspace has room for.
    ///
    /// # Errors
    ///
    /// If the slices differ in length; [`Error::Lent`] if the workspace has no room for one sample.
    pub fn forward_batch_in(
        &self,
        inputs: &[N::Input],
        outputs: &mut [N::Output],
        workspace: &mut [Block],
    ) -> Result<()> {
        equal_length(inputs, outputs)?;
        check_workspace::<N>(workspace)?;
        many::<N>(self.arena()?, inputs, outputs, workspace);
        Ok(())
    }
}

/// Refuses a workspace that is too small for one sample.
fn check_workspace<N: Declared>(workspace: &[Block]) -> Result<()> {
    check_lent(
        "blocks of a workspace",
        N::Network::WORKSPACE_BLOCKS,
        workspace.len(),
    )
}
