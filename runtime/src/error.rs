//! Everything that can go wrong with a user's files, data, weights and settings.
//!
//! A message says what is wrong and where, what was expected, what was found, and how to repair it. `Debug` prints the
//! same sentence as `Display`, so that `fn main() -> kiln::Result<()>` ends in prose.

#[cfg(feature = "std")]
mod fault;
#[cfg(feature = "std")]
mod mismatch;
#[cfg(test)]
mod tests;

#[cfg(feature = "std")]
pub use fault::Fault;
#[cfg(feature = "std")]
pub use mismatch::{Mismatch, Misshapen};

use alloc::{boxed::Box, string::String};
use core::fmt::{self, Display, Formatter};
#[cfg(feature = "std")]
use {alloc::vec::Vec, std::io, std::path::PathBuf};

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
    /// A workspace is too small.
    Workspace {
        /// Blocks needed.
        expected: usize,
        /// Blocks there are.
        found: usize,
    },
    /// No parameter has this name.
    UnknownParameter {
        /// The name asked for.
        name: String,
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
    /// More samples than the memory of a training step was made for.
    Batch {
        /// Samples it was made for.
        expected: usize,
        /// Samples given.
        found: usize,
    },
    /// A dataset, or a part asked of it, has no samples.
    EmptyDataset,
    /// A label names no class.
    LabelOutOfRange {
        /// Row of the dataset, counted from 0.
        row: usize,
        /// The label.
        label: usize,
        /// Number of classes: labels are `0..classes`.
        classes: usize,
    },
    /// An input holds a number that is NaN or infinite.
    NanInput {
        /// Row of the dataset, counted from 0.
        row: usize,
        /// Which number of the input, counted from 0 in row-major order.
        index: usize,
    },
    /// A target holds a number that is NaN or infinite.
    NanTarget {
        /// Row of the dataset, counted from 0.
        row: usize,
        /// Which number of the target, counted from 0 in row-major order.
        index: usize,
    },
    /// Training diverged: the loss is NaN or infinite.
    NanLoss {
        /// Epoch, counted from 1; none in a loop of one's own.
        epoch: Option<usize>,
        /// Step within the epoch or the loop, counted from 1.
        step: usize,
    },
    /// A parameter holds a number that is NaN or infinite. The loss may not show it, since `Relu` takes NaN for 0.
    NanWeight {
        /// Epoch after which it was found, counted from 1; none if it was there before.
        epoch: Option<usize>,
        /// Name of the parameter.
        name: &'static str,
        /// Which of its numbers, counted from 0 in row-major order.
        index: usize,
    },
    /// Something is wrong with the data to validate on.
    Validation(
        /// What it is.
        Box<Error>,
    ),
    /// A user's own [`Dataset`](crate::data::Dataset) could not give a sample.
    Sample {
        /// Row of the dataset, counted from 0.
        row: usize,
        /// The dataset's reason.
        source: Box<dyn core::error::Error + Send + Sync>,
    },
    /// A setting of the trainer makes no sense.
    Setting {
        /// The setting's name.
        setting: &'static str,
        /// What it was set to.
        found: String,
        /// What it may be, and an example.
        expected: &'static str,
    },
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
    /// A file of weights cannot be read as safetensors.
    #[cfg(feature = "std")]
    NotSafetensors {
        /// The file, or nothing where bytes were given.
        path: Option<PathBuf>,
        /// What is wrong with it, and a repair.
        reason: String,
    },
    /// Weights do not fit the model; everything wrong with them in one error.
    #[cfg(feature = "std")]
    Weights(Box<Mismatch>),
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

impl Display for Error {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Counts { inputs, targets } => write!(
                f,
                "the dataset has {inputs} inputs, but {targets} targets; give every input exactly one target"
            ),
            Self::Outputs { inputs, outputs } => write!(
                f,
                "{inputs} inputs were given, but room for {outputs} outputs; give slices of the same length"
            ),
            Self::Workspace { expected, found } => write!(
                f,
                "the workspace has {found} blocks, but the network needs {expected}, its `WORKSPACE_BLOCKS`"
            ),
            Self::UnknownParameter { name } => write!(
                f,
                "no parameter is named `{name}`; `names()` lists them"
            ),
            Self::ParameterLength { name, expected, found } => write!(
                f,
                "parameter `{name}` holds {expected} numbers, but {found} were given"
            ),
            Self::Batch { expected, found } => write!(
                f,
                "{found} samples were given, but the training memory was made for {expected}; give it a larger batch"
            ),
            Self::EmptyDataset => f.write_str(
                "the dataset has no samples, but at least one is needed; check the filter or the split that made it",
            ),
            Self::LabelOutOfRange { row, label, classes } => write!(
                f,
                "row {row} of the dataset: label {label}, but {classes} classes take labels below {classes}; \
                 count classes from 0, or give the last layer an output for each class"
            ),
            Self::NanInput { row, index } => not_finite(f, "input", *row, *index),
            Self::NanTarget { row, index } => not_finite(f, "target", *row, *index),
            Self::NanLoss { epoch, step } => {
                if let Some(epoch) = epoch {
                    write!(f, "epoch {epoch}, ")?;
                }
                write!(
                    f,
                    "step {step}: the loss is NaN or infinite, so training has diverged; {CALMER}"
                )
            }
            Self::NanWeight { epoch: Some(epoch), name, index } => write!(
                f,
                "after epoch {epoch}: number {index} of parameter `{name}` (in row-major order) is NaN or infinite, \
                 so training has diverged; begin again from other weights, and {CALMER}"
            ),
            Self::NanWeight { epoch: None, name, index } => write!(
                f,
                "number {index} of parameter `{name}` (in row-major order) is NaN or infinite, but must be finite; \
                 load weights from before they were, or begin with a new network"
            ),
            Self::Validation(error) => write!(f, "validation data: {error}"),
            Self::Sample { row, source } => {
                write!(f, "row {row} of the dataset cannot be read: {source}")
            }
            Self::Setting { setting, found, expected } => {
                write!(f, "`{setting}` is {found}, but must be {expected}")
            }
            #[cfg(feature = "std")]
            Self::Io { action, path, source } => {
                write!(f, "cannot {action} `{}`: {source}", path.display())?;
                f.write_str(match source.kind() {
                    io::ErrorKind::NotFound => "; check the path, which counts from the working directory",
                    io::ErrorKind::PermissionDenied => "; check its permissions",
                    io::ErrorKind::IsADirectory => "; give the name of a file",
                    io::ErrorKind::StorageFull => "; make room on the disk",
                    _ => "",
                })
            }
            #[cfg(feature = "std")]
            Self::MissingFiles { directory, missing, download } => {
                let count = missing.len();
                let files = if count == 1 { "file" } else { "files" };
                write!(f, "`{}` lacks {count} {files}:", directory.display())?;
                for names in missing {
                    write!(f, "\n  none of {} is there", names.join(", "))?;
                }
                write!(f, "\n  repair: put them there, from {download}")
            }
            #[cfg(feature = "std")]
            Self::Data { path, offset, fault } => write!(f, "`{}`, byte {offset}: {fault}", path.display()),
            #[cfg(feature = "std")]
            Self::NotSafetensors { path: Some(path), reason } => write!(f, "`{}`: {reason}", path.display()),
            #[cfg(feature = "std")]
            Self::NotSafetensors { path: None, reason } => write!(f, "the weights: {reason}"),
            #[cfg(feature = "std")]
            Self::Weights(mismatch) => mismatch.fmt(f),
            Self::Layout { name, expected, found } => write!(
                f,
                "parameter `{name}` reaches to float {expected} of a memory of {found} floats; \
                 make the model's memory with its own constructors"
            ),
        }
    }
}

/// What makes training converge.
const CALMER: &str = "lower the learning rate, or scale the inputs to about -1..1";

fn not_finite(f: &mut Formatter<'_>, part: &str, row: usize, index: usize) -> fmt::Result {
    write!(
        f,
        "row {row} of the dataset: number {index} of the {part} (in row-major order) is NaN or infinite, \
         but must be finite; drop the row, or fill its gaps"
    )
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            #[cfg(feature = "std")]
            Self::Io { source, .. } => Some(source),
            Self::Sample { source, .. } => Some(&**source),
            Self::Validation(error) => Some(&**error),
            _ => None,
        }
    }
}

/// Turns the operating system's answer into an error that names the file.
#[cfg(any(feature = "data", feature = "files"))]
pub(crate) fn io(action: &'static str, path: &std::path::Path) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::Io {
        action,
        path: path.into(),
        source,
    }
}
