//! The sentence that an error prints.

use super::Error;
use core::fmt::{self, Display, Formatter};
#[cfg(feature = "std")]
use std::io;

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
            Self::OutputGradients { inputs, gradients } => write!(
                f,
                "{inputs} inputs were given, but {gradients} gradients of outputs; give one for each input"
            ),
            Self::Numbers { expected, found } => write!(
                f,
                "{found} numbers were given for arrays of {expected} each; give all numbers of the shape, in row-major order"
            ),
            #[cfg(not(feature = "alloc"))]
            Self::UnknownParameter {} => f.write_str("no parameter has this name; `names()` lists them"),
            #[cfg(feature = "alloc")]
            Self::UnknownParameter { name, nearest } => {
                write!(f, "no parameter is named `{}`; ", name.escape_debug())?;
                match nearest {
                    Some(nearest) => write!(f, "did you mean `{nearest}`?"),
                    None => f.write_str("`names()` lists them"),
                }
            }
            Self::ParameterLength { name, expected, found } => write!(
                f,
                "parameter `{name}` holds {expected} numbers, but was given {found}; \
                 give all of the shape that `names()` lists, in row-major order"
            ),
            Self::ParameterNumber { name, index, expected, found } => write!(
                f,
                "number {index} given for parameter `{name}` (in row-major order) is {found:?}, but must be {expected}"
            ),
            Self::State { model, expected, found, what } => write!(
                f,
                "{found} bytes {what}, but a state of `{model}` is {expected} bytes as `write_bytes` leaves them; \
                 read what a stream of this model wrote, or begin with a new state"
            ),
            Self::Lent { what, expected, found } => write!(
                f,
                "there is room for {found} {what}, but {expected} are needed; lend as many as `kiln::memory` says"
            ),
            Self::Fixed => f.write_str(
                "the network's weights are part of the program and cannot change; copy the blocks of `parameters()` to \
                 memory of your own, and train them as `Parameters`",
            ),
            Self::Batch { expected, found } => write!(
                f,
                "{found} samples were given, but the training memory was made for {expected}; give it a larger batch"
            ),
            Self::Alone {
                layer,
                samples,
                batch,
            } => write!(
                f,
                "`{layer}` learns from how the samples of a batch differ, but {samples} in batches of {batch} leave one alone; \
                 take another batch, or leave a sample out"
            ),
            Self::EmptyDataset => f.write_str(
                "the dataset has no samples, but at least one is needed; check the filter or the split that made it",
            ),
            Self::Split { samples, first } => write!(
                f,
                "{samples} {} cannot be split into the first {first} and the rest, since neither part may be empty; \
                 split below {samples}, or take more samples",
                if *samples == 1 { "sample" } else { "samples" }
            ),
            Self::LabelOutOfRange { row, label, classes } => write!(
                f,
                "row {row} of the dataset: label {label}, but {classes} classes take labels below {classes}; \
                 count classes from 0, or give the last layer an output for each class"
            ),
            Self::NanInput { epoch, row, index } => {
                if let Some(epoch) = epoch {
                    write!(f, "epoch {epoch}, ")?;
                }
                not_finite(f, "input", *row, *index)
            }
            Self::IndexOutOfRange { epoch, row, input, index, found, layer, least, most } => {
                if let Some(epoch) = epoch {
                    write!(f, "epoch {epoch}, ")?;
                }
                write!(f, "row {row} of the dataset: ")?;
                match least {
                    0 => write!(
                        f,
                        "token {index} of `{input}` is {found}, but `{layer}` takes tokens from 0 to {most}; \
                         replace what is not in the vocabulary by a token of its own, or declare a larger vocabulary"
                    ),
                    _ => write!(
                        f,
                        "`{input}` is {found}, but `{layer}` takes lengths from {least} to {most}; \
                         leave out what has no steps, and cut what has more"
                    ),
                }
            }
            Self::NanTarget { row, index } => not_finite(f, "target", *row, *index),
            Self::TargetNumber { row, index, found, expected } => write!(
                f,
                "row {row} of the dataset: number {index} of the target (in row-major order) is {found}, but must be {expected}"
            ),
            Self::SampleWeight { row, weight } => write!(
                f,
                "row {row} of the dataset: `Loss::sample_weight` is {weight}, but must be finite, and 0 or more"
            ),
            Self::StepWeight { expected, found } => write!(
                f,
                "the samples of a step count {found} in its mean loss, but {expected} by the targets that the dataset gave \
                 before; let `Dataset::target` and `Dataset::sample` give the same target"
            ),
            Self::NanOutput { row, index } => write!(
                f,
                "row {row} of the dataset: number {index} of the network's answer (in row-major order) is NaN or \
                 infinite, though its input and all weights are finite; \
                 scale the inputs to about -1..1, or train anew with a lower learning rate"
            ),
            Self::NanScore { row } => write!(
                f,
                "row {row} of the dataset: the loss is NaN or infinite, though answer and target are finite; \
                 scale inputs and targets to about -1..1, or train anew with a lower learning rate"
            ),
            Self::NanOutputGradient { row, index } => write!(
                f,
                "row {row} of the batch: number {index} of the output's gradient (in row-major order) is NaN or infinite, \
                 but must be finite; look at the loss that made it, which may divide by zero or take the logarithm of zero"
            ),
            Self::WrongGradient { of, which, index, expected, found } => write!(
                f,
                "the gradient by number {index} of {of} {which} (in row-major order) is {found:?}, but differences of the \
                 outputs give {expected:?}; look at the layer's `backward`"
            ),
            Self::NanGradient { epoch, step, name, index } => {
                if let Some(epoch) = epoch {
                    write!(f, "epoch {epoch}, ")?;
                }
                write!(
                    f,
                    "step {step}: number {index} of the gradient of `{name}` (in row-major order) is NaN or infinite, \
                     so that it cannot be clipped; {CALMER}"
                )
            }
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
            #[cfg(feature = "alloc")]
            Self::Validation(error) => write!(f, "validation data: {error}"),
            #[cfg(feature = "alloc")]
            Self::Sample { row, source } => {
                write!(f, "row {row} of the dataset cannot be read: {source}")
            }
            Self::ActionOutOfRange { row, action, actions } => {
                if let Some(row) = row {
                    write!(f, "row {row} of the dataset: ")?;
                }
                write!(
                    f,
                    "action {action}, but {actions} actions are counted from 0 and below {actions}; \
                     count actions from 0, or give the last layer an output for each action"
                )
            }
            Self::NoAction { actions } => write!(
                f,
                "none of {actions} actions is allowed, but at least one must be; allow one, or end the episode before"
            ),
            Self::Distribution { parameter, index, found, expected } => write!(
                f,
                "number {index} of the {parameter} is {found:?}, but must be {expected}"
            ),
            Self::Setting { setting, found, expected } => {
                write!(f, "`{setting}` is {found}, but must be {expected}")
            }
            Self::Memory { what, bytes } => write!(
                f,
                "the system has no {bytes} bytes of memory for {what}; take less at once, or a machine that has more"
            ),
            #[cfg(feature = "std")]
            Self::System(source) => source.fmt(f),
            #[cfg(feature = "std")]
            Self::Io { action, path, source } => {
                write!(f, "cannot {action} `{}`: {source}", path.display())?;
                f.write_str(match source.kind() {
                    io::ErrorKind::NotFound if path.is_relative() => {
                        "; check the path, which counts from the working directory"
                    }
                    io::ErrorKind::NotFound => "; check the path",
                    io::ErrorKind::PermissionDenied => "; check its permissions",
                    io::ErrorKind::NotADirectory => "; a part of the path is no folder, so check it",
                    io::ErrorKind::IsADirectory => "; give the name of a file",
                    io::ErrorKind::StorageFull => "; make room on the disk",
                    _ => "",
                })
            }
            #[cfg(feature = "std")]
            Self::InPlace { path, copy, source } => write!(
                f,
                "`{path}` cannot be replaced as a whole, so that it was written over, which failed ({source}); \
                 the new weights stand whole in `{copy}`: remove what kept them from being written, and copy them over it",
                path = path.display(),
                copy = copy.display()
            ),
            #[cfg(feature = "std")]
            Self::Interrupted { path, copy } => write!(
                f,
                "a save over `{path}` was interrupted or is under way, so that it is neither the old file nor the new one; \
                 the new weights stand whole in `{copy}`: copy them over it, and remove the copy",
                path = path.display(),
                copy = copy.display()
            ),
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
            Self::Table(error) => error.fmt(f),
            #[cfg(feature = "alloc")]
            Self::NotSafetensors { path: Some(path), reason } => write!(f, "`{path}`: {reason}"),
            #[cfg(feature = "alloc")]
            Self::NotSafetensors { path: None, reason } => write!(f, "the weights: {reason}"),
            #[cfg(feature = "alloc")]
            Self::Weights(mismatch) => mismatch.fmt(f),
            #[cfg(feature = "alloc")]
            Self::Checkpoint { path, what, differences, more, repair } => {
                match path {
                    Some(path) => write!(f, "`{path}` is {what} of another run:")?,
                    None => write!(f, "the bytes are {what} of another run:")?,
                }
                for difference in differences {
                    let super::Difference { what, expected, found } = difference;
                    write!(f, "\n  {what}: expected {expected}, found {found}")?;
                }
                if *more > 0 {
                    write!(f, "\n  and {more} more")?;
                }
                write!(f, "\n  repair: {repair}")
            }
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
