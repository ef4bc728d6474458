//! A kernel call as data: which kernel, the sizes it is compiled for, and what it is given.
//!
//! Operators return calls over the [`Slot`]s of their stage, and the schedule binds each slot to a place in memory. The
//! planner, the checker and the emitter read the same calls, so that what is checked is what is printed:
//!
//! ```text
//! dense::infer::<S, Relu, 784, 784, 128, 8>(s, x, w, start, y)
//!     x      reads   Input(0)      as a row of 784 floats
//!     w      reads   Parameter(0)  as 8 panels of 784 blocks
//!     start  reads   Parameter(1)  as 8 blocks, in `Start::Bias(..)`
//!     y      writes  Output        as a row of 8 blocks
//! ```

mod view;

use crate::rt::{Kernel, Path};
use crate::site::Activation;
use proc_macro2::TokenStream;
use std::cmp::Ordering;
pub use view::{Access, Form, View};

/// Memory as the calls of one stage name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slot {
    /// An operand.
    Input(usize),
    /// The result.
    Output,
    /// The result's delta.
    Delta,
    /// An operand's delta.
    InputDelta(usize),
    /// A buffer of the stage's own: the first call that writes it makes it.
    Own(&'static str),
    /// One of the stage's parameters.
    Parameter(usize),
    /// Weights transposed for backward: a copy that is made anew in every step.
    Transposed(usize),
    /// What the samples of a batch have in common: the call that writes it folds the whole batch, for which all samples have
    /// gone as far.
    Joint(&'static str),
    /// What a stream keeps from step to step: zeros before the first.
    Kept(&'static str),
}

/// A type of the user's, which is known by what is written.
#[derive(Clone, Debug)]
pub struct UserType {
    /// Its path.
    pub tokens: TokenStream,
    /// The same as text.
    pub text: String,
}

impl UserType {
    /// The type of this path.
    pub fn of(tokens: TokenStream) -> Self {
        let text = tokens.to_string();
        Self { tokens, text }
    }
}

impl PartialEq for UserType {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for UserType {}

impl PartialOrd for UserType {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for UserType {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text.cmp(&other.text)
    }
}

/// A generic argument of a kernel.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Size {
    /// The instruction set.
    Isa,
    /// A constant.
    Number(usize),
    /// A constant.
    Flag(bool),
    /// A constant: whether the call adds.
    Adds,
    /// A type of the runtime, generic over some numbers.
    Type(Path, Vec<usize>),
    /// A type of the runtime, generic over the bits of some floats.
    Function(Path, Vec<u32>),
    /// A type of the user's.
    User(UserType),
    /// Nested arrays of these shapes: one as it is, several as a tuple.
    Arrays(Vec<Vec<usize>>),
    /// What rustc infers.
    Inferred,
}

impl From<usize> for Size {
    fn from(number: usize) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Size {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<Activation> for Size {
    fn from(activation: Activation) -> Self {
        let numbers = activation.numbers.into_iter().flatten();
        Self::Function(activation.path, numbers.map(f32::to_bits).collect())
    }
}

/// An argument of a kernel.
#[derive(Clone, Debug, PartialEq)]
pub enum Argument<M> {
    /// Memory.
    View(View<M>),
    /// A number.
    Number(usize),
    /// A number.
    Float(f32),
    /// Whether something is so.
    Flag(bool),
    /// Whether the call adds.
    Adds,
    /// Where sums begin: at what is there if the call adds, or else at a bias, or at zero.
    Start(Option<Box<Self>>),
    /// `const { &path::<sizes>(numbers) }`: a table that rustc computes.
    Constant(Path, Vec<usize>, Vec<f64>),
    /// So many blocks of zeros.
    Zeros(usize),
    /// The first panel of the stretch of transposed weights that is made: threads share them.
    FirstPanel,
    /// How many steps of a stream came before.
    Clock,
    /// What the randomness of a layer is drawn from.
    Key {
        /// The layer's number.
        layer: u32,
    },
    /// `path { field: argument, .. }`
    Record(Path, Vec<(&'static str, Argument<M>)>),
    /// `path(argument, ..)`, or the path alone.
    Variant(Path, Vec<Argument<M>>),
    /// `(argument, ..)`
    Tuple(Vec<Argument<M>>),
    /// `&[argument, ..]`
    List(Vec<Argument<M>>),
}

impl<M> Argument<M> {
    /// What is read.
    pub fn read(memory: M, form: Form) -> Self {
        Self::View(View {
            memory,
            access: Access::Read,
            form,
        })
    }

    /// What is written.
    pub fn write(memory: M, form: Form) -> Self {
        Self::View(View {
            memory,
            access: Access::Write,
            form,
        })
    }

    /// What is read and changed.
    pub fn modify(memory: M, form: Form) -> Self {
        Self::View(View {
            memory,
            access: Access::Modify,
            form,
        })
    }

    /// The arguments inside this one.
    fn parts(&self) -> Box<dyn Iterator<Item = &Self> + '_> {
        match self {
            Self::Record(_, fields) => Box::new(fields.iter().map(|(_, part)| part)),
            Self::Variant(_, parts) | Self::Tuple(parts) | Self::List(parts) => {
                Box::new(parts.iter())
            }
            Self::Start(bias) => Box::new(bias.iter().map(|bias| &**bias)),
            _ => Box::new(std::iter::empty()),
        }
    }

    /// All memory in it.
    pub fn views(&self) -> Box<dyn Iterator<Item = &View<M>> + '_> {
        match self {
            Self::View(view) => Box::new(std::iter::once(view)),
            _ => Box::new(self.parts().flat_map(Self::views)),
        }
    }

    /// The same over other memory.
    fn map<N>(self, f: &mut dyn FnMut(View<M>) -> View<N>) -> Argument<N> {
        let mut all = |parts: Vec<Self>| parts.into_iter().map(|part| part.map(f)).collect();
        match self {
            Self::View(view) => Argument::View(f(view)),
            Self::Number(number) => Argument::Number(number),
            Self::Float(number) => Argument::Float(number),
            Self::Flag(flag) => Argument::Flag(flag),
            Self::Adds => Argument::Adds,
            Self::Start(bias) => Argument::Start(bias.map(|bias| Box::new(bias.map(f)))),
            Self::Constant(path, sizes, numbers) => Argument::Constant(path, sizes, numbers),
            Self::Zeros(blocks) => Argument::Zeros(blocks),
            Self::FirstPanel => Argument::FirstPanel,
            Self::Clock => Argument::Clock,
            Self::Key { layer } => Argument::Key { layer },
            Self::Variant(path, parts) => Argument::Variant(path, all(parts)),
            Self::Tuple(parts) => Argument::Tuple(all(parts)),
            Self::List(parts) => Argument::List(all(parts)),
            Self::Record(path, fields) => {
                let field = |(name, part): (_, Self)| (name, part.map(f));
                Argument::Record(path, fields.into_iter().map(field).collect())
            }
        }
    }
}

/// A call of a kernel.
#[derive(Clone, Debug, PartialEq)]
pub struct Call<M> {
    /// Which kernel.
    pub kernel: &'static Kernel,
    /// What it is compiled for.
    pub sizes: Vec<Size>,
    /// What it is given, under the names of its parameters and in their order; the instruction set's token is left out.
    pub arguments: Vec<(&'static str, Argument<M>)>,
    /// Whether it adds to what is there, for a kernel that is told.
    pub adds: Option<bool>,
}

impl<M> Call<M> {
    /// A call that lacks all arguments.
    pub fn of(kernel: &'static Kernel, sizes: impl IntoIterator<Item = Size>) -> Self {
        Self {
            kernel,
            sizes: sizes.into_iter().collect(),
            arguments: Vec::new(),
            adds: None,
        }
    }

    /// Says whether it adds to what is there. Its kernel is told by [`Size::Adds`], [`Argument::Adds`] or [`Argument::Start`].
    pub fn adding(self, adds: bool) -> Self {
        Self {
            adds: Some(adds),
            ..self
        }
    }

    /// Whether a size or an argument tells the kernel if the call adds.
    pub fn tells(&self) -> bool {
        let tells =
            |argument: &Argument<M>| matches!(argument, Argument::Adds | Argument::Start(_));
        self.sizes.contains(&Size::Adds)
            || self.arguments.iter().any(|(_, argument)| tells(argument))
    }

    /// Gives it an argument.
    pub fn with(mut self, name: &'static str, argument: Argument<M>) -> Self {
        self.arguments.push((name, argument));
        self
    }

    /// Gives it memory.
    pub fn view(self, name: &'static str, memory: M, access: Access, form: Form) -> Self {
        let view = View {
            memory,
            access,
            form,
        };
        self.with(name, Argument::View(view))
    }

    /// Gives it memory to read.
    pub fn read(self, name: &'static str, memory: M, form: Form) -> Self {
        self.view(name, memory, Access::Read, form)
    }

    /// Whether it writes any memory of which `is` holds.
    pub fn writes(&self, is: impl Fn(&M) -> bool) -> bool {
        self.views()
            .any(|view| view.access.writes() && is(&view.memory))
    }

    /// Gives it memory to write.
    pub fn write(self, name: &'static str, memory: M, form: Form) -> Self {
        self.view(name, memory, Access::Write, form)
    }

    /// Gives it memory to read and change.
    pub fn modify(self, name: &'static str, memory: M, form: Form) -> Self {
        self.view(name, memory, Access::Modify, form)
    }

    /// Gives it memory to add to, or else to write, and says which.
    pub fn add(self, name: &'static str, memory: M, adds: bool, form: Form) -> Self {
        self.adding(adds)
            .view(name, memory, Access::adding(adds), form)
    }

    /// All memory it is given.
    pub fn views(&self) -> impl Iterator<Item = &View<M>> {
        self.arguments
            .iter()
            .flat_map(|(_, argument)| argument.views())
    }

    /// The same call over other memory.
    pub fn map<N>(self, mut f: impl FnMut(View<M>) -> View<N>) -> Call<N> {
        let argument = |(name, argument): (_, Argument<M>)| (name, argument.map(&mut f));
        Call {
            kernel: self.kernel,
            sizes: self.sizes,
            arguments: self.arguments.into_iter().map(argument).collect(),
            adds: self.adds,
        }
    }
}

/// A call that finishes the gradient of a parameter, summed over the rows of a batch. Where a layer is applied several
/// times, every application adds a term.
#[derive(Clone, Debug, PartialEq)]
pub struct Gradient<M> {
    /// Which kernel.
    pub kernel: &'static Kernel,
    /// What it is compiled for.
    pub sizes: Vec<Size>,
    /// What each application of the layer left.
    pub terms: Vec<Term<M>>,
    /// How the kernel takes several terms.
    pub join: Join,
}

/// How a kernel takes several terms of a gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    /// The rows of one after those of the other.
    Chain,
    /// Those of equal sizes one after the other, and the others in pairs.
    Pairs,
}

/// What one application of a layer leaves for a gradient: the batch's rows of one buffer, or of two side by side.
#[derive(Clone, Debug, PartialEq)]
pub struct Term<M> {
    /// The buffers, under the names of the kernel's parameters and in their order.
    pub rows: Vec<(&'static str, View<M>)>,
    /// How many steps of each sample count, if what makes rows of them is told.
    pub lengths: Option<View<M>>,
    /// How many products one sample adds to each of its numbers, by which threads share the work.
    pub positions: usize,
    /// What makes the kernel's argument of the rows, if they are not taken as they are.
    pub through: Option<(Path, Vec<Size>)>,
}

impl<M> Term<M> {
    /// Rows as they are, of `positions` products a sample.
    pub fn of(positions: usize, rows: impl IntoIterator<Item = (&'static str, M, Form)>) -> Self {
        let view = |(name, memory, form)| {
            let access = Access::Read;
            let view = View {
                memory,
                access,
                form,
            };
            (name, view)
        };
        Self {
            rows: rows.into_iter().map(view).collect(),
            lengths: None,
            positions,
            through: None,
        }
    }
}

impl<M> Gradient<M> {
    /// All memory it reads, each part under its name.
    pub fn views(&self) -> impl Iterator<Item = (&'static str, &View<M>)> {
        self.terms.iter().flat_map(|term| {
            let rows = term.rows.iter().map(|(name, view)| (*name, view));
            rows.chain(term.lengths.iter().map(|view| ("lengths", view)))
        })
    }

    /// How many products one sample adds to each of its numbers, through all applications.
    pub fn positions(&self) -> usize {
        self.terms.iter().map(|term| term.positions).sum()
    }

    /// The same over other memory.
    pub fn map<N>(self, mut f: impl FnMut(View<M>) -> View<N>) -> Gradient<N> {
        let mut term = |term: Term<M>| Term {
            rows: term
                .rows
                .into_iter()
                .map(|(name, view)| (name, f(view)))
                .collect(),
            lengths: term.lengths.map(&mut f),
            positions: term.positions,
            through: term.through,
        };
        Gradient {
            kernel: self.kernel,
            sizes: self.sizes,
            terms: self.terms.into_iter().map(&mut term).collect(),
            join: self.join,
        }
    }
}
