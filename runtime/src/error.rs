//! Everything that can go wrong with a user's files, data, weights and settings.
//!
//! A message says what is wrong and where, what was expected, what was found, and how to repair it. `Debug` prints the
//! same sentence as `Display`, so that `fn main() -> kiln::Result<()>` ends in prose.

#[cfg(feature = "std")]
mod fault;
mod found;
mod message;
#[cfg(feature = "alloc")]
mod mismatch;
#[cfg(feature = "alloc")]
pub(crate) mod nearest;
#[cfg(feature = "train")]
mod row;
pub(crate) mod setting;
#[cfg(feature = "std")]
mod table;
#[cfg(test)]
mod tests;

#[cfg(feature = "std")]
pub use fault::Fault;
pub use found::Found;
#[cfg(feature = "alloc")]
pub use mismatch::{Alike, Mismatch, Misshapen, Mistyped};
#[cfg(feature = "std")]
pub use table::{TableError, TableFault};

#[cfg(feature = "alloc")]
use alloc::{boxed::Box, string::String, vec::Vec};
use core::fmt::{self, Display};
#[cfg(feature = "std")]
use {std::io, std::path::PathBuf};

/// What a fallible function of kiln returns.
pub type Result<T, E = Error> = core::result::Result<T, E>;

/// What went wrong.
#[non_exhaustive]
pub enum Error {
    /// A dataset has not one target for each input.
    Counts {
        /// Number of inputs.
        inputs: usize,
        /// Number of targets.
        targets: usize,
    },
    /// Inputs and the memory for their outputs differ in number.
    Outputs {
        /// Number of inputs.
        inputs: usize,
        /// Number of outputs.
        outputs: usize,
    },
    /// A batch has not one gradient of an output for each input.
    OutputGradients {
        /// Number of inputs.
        inputs: usize,
        /// Number of gradients.
        gradients: usize,
    },
    /// A slice has not as many numbers as the nested array that it should be seen as, or not a multiple of them.
    Numbers {
        /// Numbers of one nested array.
        expected: usize,
        /// Numbers of the slice.
        found: usize,
    },
    /// No parameter has this name.
    UnknownParameter {
        /// The name asked for.
        #[cfg(feature = "alloc")]
        name: String,
        /// The parameter whose name is closest, if one is close enough to be meant.
        #[cfg(feature = "alloc")]
        nearest: Option<&'static str>,
    },
    /// A parameter was given the wrong number of numbers.
    ParameterLength {
        /// Name of the parameter.
        name: &'static str,
        /// Numbers it holds.
        expected: usize,
        /// Numbers it was given.
        found: usize,
    },
    /// A parameter was given a number that it cannot hold.
    ParameterNumber {
        /// Name of the parameter.
        name: &'static str,
        /// Which of its numbers, counted from 0 in row-major order.
        index: usize,
        /// What it may be.
        expected: &'static str,
        /// What it was given.
        found: f32,
    },
    /// Memory that was lent is too small.
    Lent {
        /// What it is needed for.
        what: &'static str,
        /// How many are needed.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// The weights of a network are part of the program, and there is no allocator for a copy that may change.
    Fixed,
    /// Bytes that are no state of a model's streams.
    State {
        /// The model.
        model: &'static str,
        /// Bytes of a state of its.
        expected: usize,
        /// Bytes there are.
        found: usize,
        /// What is wrong with them.
        what: &'static str,
    },
    /// More samples than the memory of a training step was made for.
    Batch {
        /// Samples it was made for.
        expected: usize,
        /// Samples given.
        found: usize,
    },
    /// A batch of one sample, where a layer learns from how the samples of a batch differ.
    Alone {
        /// The layer.
        layer: &'static str,
        /// Samples in all.
        samples: usize,
        /// Samples in a batch; the last one of an epoch takes what is left.
        batch: usize,
    },
    /// A dataset, or a part asked of it, has no samples.
    EmptyDataset,
    /// A dataset cannot be cut in two here, since one of the parts would be empty.
    Split {
        /// Samples there are.
        samples: usize,
        /// Samples that the first part would have.
        first: usize,
    },
    /// A label names no class.
    LabelOutOfRange {
        /// Row of the dataset, counted from 0.
        row: usize,
        /// The label.
        label: i128,
        /// Number of classes: labels are `0..classes`.
        classes: usize,
    },
    /// An input holds a number that is NaN or infinite.
    NanInput {
        /// Epoch in which it was met, counted from 1; none outside a fit.
        epoch: Option<usize>,
        /// Row of the dataset, counted from 0.
        row: usize,
        /// Which number of the input, counted from 0 in row-major order.
        index: usize,
    },
    /// An input holds an index that a layer does not take: a token beyond its vocabulary, or a length beyond the steps.
    IndexOutOfRange {
        /// Epoch in which it was met, counted from 1; none outside a fit.
        epoch: Option<usize>,
        /// Row of the dataset, counted from 0.
        row: usize,
        /// Name of the input.
        input: &'static str,
        /// Which index of the input, counted from 0.
        index: usize,
        /// The index.
        found: u32,
        /// The layer.
        layer: &'static str,
        /// The least index that the layer takes.
        least: u32,
        /// The greatest index that the layer takes.
        most: u32,
    },
    /// A target holds a number that is NaN or infinite.
    NanTarget {
        /// Row of the dataset, counted from 0.
        row: usize,
        /// Which number of the target, counted from 0 in row-major order.
        index: usize,
    },
    /// A network's answer holds a number that is NaN or infinite, though its input and all weights are finite.
    NanOutput {
        /// Row of the dataset, counted from 0.
        row: usize,
        /// Which number of the output, counted from 0 in row-major order.
        index: usize,
    },
    /// The loss of a sample is NaN or infinite, though the answer and the target are finite.
    NanScore {
        /// Row of the dataset, counted from 0.
        row: usize,
    },
    /// The gradient of an output, as it was handed in, holds a number that is NaN or infinite.
    NanOutputGradient {
        /// Row of the batch, counted from 0.
        row: usize,
        /// Which number of the gradient, counted from 0 in row-major order.
        index: usize,
    },
    /// A layer of one's own gives another gradient than its outputs' differences.
    WrongGradient {
        /// Of what the gradient is: an input or a parameter.
        of: &'static str,
        /// Which of them, counted from 0.
        which: usize,
        /// Which of its numbers, counted from 0 in row-major order.
        index: usize,
        /// What differences give.
        expected: f32,
        /// What the layer gives.
        found: f32,
    },
    /// A gradient that was to be clipped is NaN or infinite.
    NanGradient {
        /// Epoch, counted from 1; none in a loop of one's own.
        epoch: Option<usize>,
        /// Step within the epoch or the loop, counted from 1.
        step: usize,
        /// Name of the parameter.
        name: &'static str,
        /// Which of its numbers, counted from 0 in row-major order.
        index: usize,
    },
    /// A target holds a number that the loss cannot use.
    TargetNumber {
        /// Row of the dataset, counted from 0.
        row: usize,
        /// Which number of the target, counted from 0 in row-major order.
        index: usize,
        /// The number.
        found: f64,
        /// What it may be.
        expected: &'static str,
    },
    /// A loss of one's own lets a sample count a number that is negative, NaN or infinite.
    SampleWeight {
        /// Row of the dataset, counted from 0.
        row: usize,
        /// The number.
        weight: f64,
    },
    /// The samples of a step count otherwise than their targets did, which a dataset gave before.
    StepWeight {
        /// What they counted together by [`Dataset::target`](crate::data::Dataset::target).
        expected: f64,
        /// What they count together as they came.
        found: f64,
    },
    /// Training diverged: the loss is NaN or infinite.
    NanLoss {
        /// Epoch, counted from 1; none in a loop of one's own.
        epoch: Option<usize>,
        /// Step within the epoch or the loop, counted from 1.
        step: usize,
    },
    /// A parameter holds a number that is NaN or infinite. No loss shows it after the last step of an epoch, since a loss
    /// is that of the weights before its step.
    NanWeight {
        /// Epoch after which it was found, counted from 1; none if it was there before.
        epoch: Option<usize>,
        /// Name of the parameter.
        name: &'static str,
        /// Which of its numbers, counted from 0 in row-major order.
        index: usize,
    },
    /// Something is wrong with the data to validate on.
    #[cfg(feature = "alloc")]
    Validation(
        /// What it is.
        Box<Error>,
    ),
    /// A user's own [`Dataset`](crate::data::Dataset) could not give a sample.
    #[cfg(feature = "alloc")]
    Sample {
        /// Row of the dataset, counted from 0.
        row: usize,
        /// The dataset's reason.
        source: Box<dyn core::error::Error + Send + Sync>,
    },
    /// An action is not one of those that there are.
    ActionOutOfRange {
        /// Row of the dataset, counted from 0; none outside of one.
        row: Option<usize>,
        /// The action.
        action: i128,
        /// Number of actions: they are `0..actions`.
        actions: usize,
    },
    /// Of all actions of a distribution none is allowed.
    NoAction {
        /// Number of actions.
        actions: usize,
    },
    /// A distribution cannot have this parameter.
    Distribution {
        /// Which of its parameters, such as a logit.
        parameter: &'static str,
        /// Which of its numbers, counted from 0.
        index: usize,
        /// What it is.
        found: f32,
        /// What it may be, and a repair.
        expected: &'static str,
    },
    /// A setting of the trainer makes no sense.
    Setting {
        /// The setting's name.
        setting: &'static str,
        /// What it was set to.
        found: Found,
        /// What it may be, and an example.
        expected: &'static str,
    },
    /// The system has not this much memory.
    Memory {
        /// What it is needed for.
        what: &'static str,
        /// Bytes asked for.
        bytes: u128,
    },
    /// The operating system refused something that the program itself did: what `?` makes of an [`io::Error`].
    #[cfg(feature = "std")]
    System(
        /// Its answer.
        io::Error,
    ),
    /// The operating system refused.
    #[cfg(feature = "std")]
    Io {
        /// What was tried: `open`, `read`, `write` ...
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// Its answer.
        source: io::Error,
    },
    /// Writing over a file that cannot be replaced did not end: the file is damaged, but the weights stand whole beside it.
    #[cfg(feature = "std")]
    InPlace {
        /// The file.
        path: PathBuf,
        /// The whole one.
        copy: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A save over a file did not end, or is under way: the file holds both old and new weights, or is cut off.
    #[cfg(feature = "std")]
    Interrupted {
        /// The file.
        path: PathBuf,
        /// The whole one.
        copy: PathBuf,
    },
    /// A folder lacks files of a dataset.
    #[cfg(feature = "std")]
    MissingFiles {
        /// The folder.
        directory: PathBuf,
        /// For each missing file the names that were tried.
        missing: Vec<Vec<String>>,
        /// Where they can be had.
        download: &'static str,
    },
    /// A data file is not what it should be.
    #[cfg(feature = "std")]
    Data {
        /// The file.
        path: PathBuf,
        /// Byte at which the fault shows, in the unpacked content when the file is compressed.
        offset: u64,
        /// The fault.
        fault: Fault,
    },
    /// A table of text is not what it should be: which line, column and field.
    #[cfg(feature = "std")]
    Table(Box<TableError>),
    /// A file of weights cannot be read as safetensors.
    #[cfg(feature = "alloc")]
    NotSafetensors {
        /// The file as it is shown, or nothing where bytes were given.
        path: Option<String>,
        /// What is wrong with it, and a repair.
        reason: String,
    },
    /// Weights do not fit the model; everything wrong with them in one error.
    #[cfg(feature = "alloc")]
    Weights(Box<Mismatch>),
    /// A checkpoint is of another training run, or an optimizer's state of another one; everything that differs in one
    /// error.
    #[cfg(feature = "alloc")]
    Checkpoint {
        /// The file as it is shown, or nothing where bytes were given.
        path: Option<String>,
        /// What it is: `a checkpoint`.
        what: &'static str,
        /// What differs.
        differences: Vec<Difference>,
        /// How many differences more there are.
        more: usize,
        /// What to do.
        repair: &'static str,
    },
    /// A parameter's place lies outside the model's memory.
    Layout {
        /// Name of the parameter.
        name: &'static str,
        /// Floats of memory that its place needs.
        expected: usize,
        /// Floats of memory there are.
        found: usize,
    },
}

/// Something of a checkpoint that is not as the run that should go on has it.
#[cfg(feature = "alloc")]
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// What it is: `optimizer`, or a tensor.
    pub what: String,
    /// What the run has.
    pub expected: String,
    /// What the checkpoint has.
    pub found: String,
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            #[cfg(feature = "std")]
            Self::Io { source, .. } | Self::InPlace { source, .. } | Self::System(source) => {
                Some(source)
            }
            #[cfg(feature = "alloc")]
            Self::Sample { source, .. } => Some(&**source),
            #[cfg(feature = "alloc")]
            Self::Validation(error) => Some(&**error),
            _ => None,
        }
    }
}

/// Refuses memory that is too small.
pub(crate) fn check_lent(what: &'static str, expected: usize, found: usize) -> Result<()> {
    if found >= expected {
        return Ok(());
    }
    Err(Error::Lent {
        what,
        expected,
        found,
    })
}

#[cfg(feature = "std")]
impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}

/// Turns the operating system's answer into an error that names the file.
#[cfg(all(feature = "std", any(feature = "data", feature = "files")))]
pub(crate) fn io(action: &'static str, path: &std::path::Path) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::Io {
        action,
        path: path.into(),
        source,
    }
}
