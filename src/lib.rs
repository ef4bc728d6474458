//! kiln compiles neural networks ahead of time, inside a Rust macro.
//!
//! A network is declared in Rust source with [`model!`]; the macro infers and checks every shape, derives the backward
//! pass, plans the memory, and expands to plain, statically-shaped Rust over a small SIMD runtime. The same declaration
//! trains and infers, and embeds in a binary with no framework, no allocation per call and no `unsafe`.
//!
//! The page of [`model!`] describes the language and its layers; [`guide`] shows how networks are trained, and [`data_guide`]
//! what they are trained on.
//!
//! [weights]: https://github.com/kiln-rs/kiln/blob/main/docs/files.md#weights-within-a-program
#![doc = include_str!("../docs/builds.md")]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![no_std]

// Pages of docs/ link to one another by references, which they define at their ends as files. Here the same references are
// defined before the page, by items: of two definitions the first counts. `tests/book/links.rs` compares them.

#[doc(hidden)]
pub mod rt;

#[doc(hidden)]
pub use kiln_macros::__model;

/// Declares neural networks.
///
/// [input-gradients]: crate::guide#gradients-of-inputs
/// [carry]: crate::guide#long-sequences
/// [budgets]: crate#budgets
/// [from-c]: crate#from-c
/// [weights]: https://github.com/kiln-rs/kiln/blob/main/docs/files.md#weights-within-a-program
/// [layers-apart]: crate::guide#layers-apart-limits-and-averages
#[doc = include_str!("../docs/language.md")]
#[cfg(feature = "alloc")]
#[macro_export]
macro_rules! model {
    ($($declaration:tt)*) => {
        $crate::__model! { $crate, owned; $($declaration)* }
    };
}

/// Declares neural networks, which are types alone: without the feature `alloc` their parameters lie in memory of the
/// caller's, as [`Parameters`].
#[cfg(not(feature = "alloc"))]
#[macro_export]
macro_rules! model {
    ($($declaration:tt)*) => {
        $crate::__model! { $crate, lent; $($declaration)* }
    };
}

/// Answers one sample in a workspace of your own, which need not come from an allocator:
///
/// ```
/// use kiln::{Block, forward_in, prelude::*};
/// use std::sync::Mutex;
///
/// model! {
///     struct Gate(x: [4]) -> [2] { Dense(64), Relu, Dense(2) }
/// }
///
/// const BLOCKS: usize = Gate::WORKSPACE_BYTES / size_of::<Block>();
/// static WORKSPACE: Mutex<[Block; BLOCKS]> = Mutex::new([Block::ZERO; BLOCKS]);
///
/// let net = Gate::new(Seed(1));
/// let mut answer = [0.0; 2];
/// let mut workspace = WORKSPACE.lock().unwrap();
/// forward_in(&net, &[0.5, -1.0, 0.0, 2.0], &mut answer, &mut workspace[..])?;
/// assert_eq!(answer, net.forward(&[0.5, -1.0, 0.0, 2.0]));
/// # Ok::<(), kiln::Error>(())
/// ```
pub use kiln_runtime::inference::forward_in;

pub use kiln_runtime::{
    block::Block,
    custom::{CustomLayer, Operands},
    declared::{Declared, InputGradients, Pretrained, SmallOutput},
    distribution::{Categorical, Draw, Normal, Squashed, SquashedNormal},
    error::{Error, Result},
    loss::{
        ActionValue, BatchLoss, BinaryCrossEntropy, BinaryCrossEntropyWith, ClassWeights,
        CosineEmbedding, CrossEntropy, CrossEntropyWith, Elementwise, First, Hinge, HingeEmbedding,
        Huber, KlDiv, KlDivOfLogs, Label, Loss, Mae, Mse, MultiMargin, Nll, NllWith, PosWeight,
        Quantile, Score, SmoothL1, Uniform, Weighted, WholeBatch, WithWeights, argmax, softmax,
    },
    memory,
    model::Model,
    network::Layer,
    optimizer::{
        Adadelta, Adagrad, Adam, AdamW, AnyOptimizer, Lion, Momentum, NAdam, Optimizer, Plain,
        RAdam, RmsProp, Sgd, State,
    },
    parameters::{Parameters, Seed},
    step::{Descent, Lent, TrainingIn, judge},
    stream::{Causal, DynStream, OwnedStream, Stream, StreamState},
    update::Update,
    value::Value,
};

#[cfg(feature = "alloc")]
pub use kiln_runtime::{
    check::check_gradients,
    inference::Workspace,
    model::Summary,
    step::Ema,
    value::{zeroed, zeroed_vec},
};

#[cfg(feature = "std")]
pub use kiln_runtime::handover::{Publisher, Reader};

#[cfg(feature = "train")]
pub use kiln_runtime::train::{
    Callback, CsvLog, Curves, EarlyStopping, Epoch, Evaluation, History, JsonLinesLog, Moment,
    Monitor, SampleGradient, Stopped, Trainer, Training, Weights, evaluate, evaluate_with, predict,
};

#[cfg(all(feature = "train", feature = "files"))]
pub use kiln_runtime::train::Checkpoints;

/// Data to learn from: datasets in memory and readers of well-known files.
#[cfg(any(feature = "train", feature = "data"))]
pub mod data {
    pub use kiln_runtime::data::*;
}

pub use kiln_runtime::flat;

#[cfg(feature = "alloc")]
pub use kiln_runtime::metrics;

/// Schedules of the learning rate, as `torch.optim.lr_scheduler` defines them.
///
/// | here | PyTorch |
/// | --- | --- |
/// | [`Constant`](schedule::Constant) | `ConstantLR` |
/// | [`Linear`](schedule::Linear) | `LinearLR` |
/// | [`StepDecay`](schedule::StepDecay) | `StepLR` |
/// | [`MultiStep`](schedule::MultiStep) | `MultiStepLR` |
/// | [`Exponential`](schedule::Exponential) | `ExponentialLR` |
/// | [`Polynomial`](schedule::Polynomial) | `PolynomialLR` |
/// | [`Cosine`](schedule::Cosine) | `CosineAnnealingLR`, `CosineAnnealingWarmRestarts` |
/// | [`OneCycle`](schedule::OneCycle) | `OneCycleLR` |
/// | [`ReduceOnPlateau`](schedule::ReduceOnPlateau) | `ReduceLROnPlateau` |
/// | [`warm_up`](schedule::Schedule::warm_up), [`then`](schedule::Schedule::then) | `SequentialLR` |
/// | a closure of the epoch | `LambdaLR` |
pub mod schedule {
    pub use kiln_runtime::schedule::*;
}

/// What an [`Error`] is made of.
pub mod error {
    #[cfg(feature = "alloc")]
    pub use kiln_runtime::error::{Alike, Mismatch, Misshapen, Mistyped};
    #[cfg(feature = "std")]
    pub use kiln_runtime::error::{Difference, Fault, TableError, TableFault};
    pub use kiln_runtime::error::{Error, Found, Result};
}

/// The instruction set that runs, and how to restrict it.
pub mod simd {
    pub use kiln_runtime::simd::{
        InstructionSet, Isa, Task, dispatch, level, levels, restrict, set_of, vectors,
    };
}

/// What most programs need.
pub mod prelude {
    pub use crate::{Adadelta, Adagrad, Adam, AdamW, Lion, NAdam, RAdam, RmsProp, Sgd};
    pub use crate::{BinaryCrossEntropy, CrossEntropy, Huber, Mae, Mse, model};
    pub use crate::{Descent, Model, Pretrained, Seed};
    #[cfg(feature = "train")]
    pub use crate::{EarlyStopping, Trainer, Training};
}

/// How networks are trained.
///
/// [data]: crate::data_guide
/// [debug-builds]: crate#debug-builds
#[cfg(any(doc, doctest))]
#[doc = include_str!("../docs/training.md")]
pub mod guide {}

/// Where data come from, and how they are prepared.
///
#[cfg(any(doc, doctest))]
#[doc = include_str!("../docs/data.md")]
pub mod data_guide {}

/// The code blocks of README.md compile and run; those of the guides stand in the documentation above.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// The same for the page of the examples.
#[cfg(doctest)]
#[doc = include_str!("../examples/README.md")]
struct Examples;

/// The same for the page of measurements.
#[cfg(doctest)]
#[doc = include_str!("../docs/performance.md")]
struct Performance;

/// The same for the first page of the book.
#[cfg(doctest)]
#[doc = include_str!("../docs/README.md")]
struct Book;

// The same for the pages that stand beside Keras and PyTorch.
#[cfg(doctest)]
#[doc = include_str!("../docs/from-keras.md")]
struct FromKeras;

#[cfg(doctest)]
#[doc = include_str!("../docs/from-pytorch.md")]
struct FromPyTorch;

/// The same for the page of errors.
#[cfg(doctest)]
#[doc = include_str!("../docs/errors.md")]
struct Errors;

/// The same for the page of streams.
#[cfg(doctest)]
#[doc = include_str!("../docs/streams.md")]
struct Streams;

/// The same for the page of files.
#[cfg(doctest)]
#[doc = include_str!("../docs/files.md")]
struct Files;
