//! The layers and operators, one file each, and the one table that lists them.

use crate::{arguments::Arguments, graph::Parameter};

pub mod copying;
pub mod elementwise;
pub mod lower;
pub mod parameter;
pub mod window;

/// An operand as shape rules see it.
#[derive(Clone, Copy)]
pub struct Feed<'a> {
    /// What gives it: an input or a layer, as messages call it.
    pub from: &'a str,
    /// Its shape.
    pub shape: &'a [usize],
}

/// One application as shape rules see it.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// What messages call the layer: its name, or its kind where it has none.
    pub layer: &'a str,
    /// Operands in order.
    pub inputs: &'a [Feed<'a>],
}

/// What every layer and operator is: its arguments, its shape rule, its parameters.
pub trait Operator: Sized {
    /// Reads the declared arguments; `Arguments` collects what is wrong with them and gives stand-ins.
    fn declare(arguments: &mut Arguments<'_>) -> Self;

    /// How many operands it takes: at least and at most.
    fn arity(&self) -> (usize, usize) {
        (1, 1)
    }

    /// The operators that one application of it becomes, each taking what the one before gives: itself alone, unless
    /// it is a stack of levels with parameters of their own.
    fn levels(&self) -> Vec<Self>
    where
        Self: Clone,
    {
        vec![self.clone()]
    }

    /// Whether a step of what it gives depends on the steps before it.
    fn remembers(&self) -> bool {
        false
    }

    /// The shape rule. An error says expected, found and a repair.
    fn infer(&self, call: &Call<'_>) -> Result<Vec<usize>, String>;

    /// What it learns, for operands of these shapes.
    fn parameters(&self, inputs: &[&[usize]]) -> Vec<Parameter> {
        let _ = inputs;
        Vec::new()
    }

    /// Floating-point operations of one sample's forward pass, a multiply-add counted as two.
    fn flops(&self, inputs: &[&[usize]], output: &[usize]) -> u64 {
        let _ = inputs;
        output.iter().product::<usize>() as u64
    }
}

/// Makes the enum of all operators and hands every call on to the one meant.
macro_rules! operators {
    ($($(#[$doc:meta])* $name:ident = $module:ident, $function:expr;)*) => {
        $(pub mod $module;)*
        pub mod repack;

        /// Any layer or operator.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Op {
            $($(#[$doc])* $name($module::$name),)*
            /// A copy that the compiler inserted.
            Repack(repack::Repack),
        }

        $(impl From<$module::$name> for Op {
            fn from(op: $module::$name) -> Self {
                Self::$name(op)
            }
        })*

        impl From<repack::Repack> for Op {
            fn from(op: repack::Repack) -> Self {
                Self::Repack(op)
            }
        }

        /// Kinds that can be declared, as users write them, with the function of `forward` that applies them (if any).
        pub const KINDS: &[(&str, Option<&str>)] = &[$((stringify!($name), $function),)*];

        impl Op {
            /// Reads a declaration; `None` where no such kind exists.
            pub fn declare(kind: &str, arguments: &mut Arguments<'_>) -> Option<Self> {
                match kind {
                    $(stringify!($name) => Some(Self::$name($module::$name::declare(arguments))),)*
                    _ => None,
                }
            }

            /// The kind, as a user would write it.
            pub fn kind(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => stringify!($name),)*
                    Self::Repack(_) => "Repack",
                }
            }
        }

        /// Hands a call on to whichever operator `$op` is.
        macro_rules! each {
            ($op:expr, $inner:ident => $body:expr) => {
                match $op {
                    $($crate::ops::Op::$name($inner) => $body,)*
                    $crate::ops::Op::Repack($inner) => $body,
                }
            };
        }
    };
}

operators! {
    /// y = x W^T + b.
    Dense = dense, None;
    /// Two-dimensional convolution.
    Conv2d = conv2d, None;
    /// The largest of each window.
    MaxPool2d = max_pool2d, Some("max_pool2d");
    /// Long short-term memory over the first axis.
    Lstm = lstm, None;
    /// The last step of a sequence.
    Last = last, Some("last");
    /// All axes as one.
    Flatten = flatten, Some("flatten");
    /// The same numbers in another shape.
    Reshape = reshape, Some("reshape");
    /// Zeroes at random while training.
    Dropout = dropout, Some("dropout");
    /// max(x, 0).
    Relu = relu, Some("relu");
    /// 1 / (1 + e^-x).
    Sigmoid = sigmoid, Some("sigmoid");
    /// Hyperbolic tangent.
    Tanh = tanh, Some("tanh");
    /// e^x over its sum.
    Softmax = softmax, Some("softmax");
    /// The logarithm of softmax.
    LogSoftmax = log_softmax, Some("log_softmax");
    /// Sum of two tensors.
    Add = add, Some("add");
    /// Difference of two tensors.
    Sub = sub, Some("sub");
    /// Elementwise product of two tensors.
    Mul = mul, Some("mul");
    /// Tensors side by side along an axis.
    Concat = concat, Some("concat");
    /// A range along an axis.
    Slice = slice, Some("slice");
}

impl Op {
    /// Its back end.
    pub fn lower(&self) -> &dyn lower::Lower {
        each!(self, op => op)
    }

    /// How many operands it takes: at least and at most.
    pub fn arity(&self) -> (usize, usize) {
        each!(self, op => op.arity())
    }

    /// The chain it becomes; see [`Operator::levels`].
    pub fn levels(&self) -> Vec<Self> {
        each!(self, op => op.levels().into_iter().map(Self::from).collect())
    }

    /// Whether it is a recurrence; see [`Operator::remembers`].
    pub fn remembers(&self) -> bool {
        each!(self, op => op.remembers())
    }

    /// The shape rule; see [`Operator::infer`].
    pub fn infer(&self, call: &Call<'_>) -> Result<Vec<usize>, String> {
        each!(self, op => op.infer(call))
    }

    /// What it learns; see [`Operator::parameters`].
    pub fn parameters(&self, inputs: &[&[usize]]) -> Vec<Parameter> {
        each!(self, op => op.parameters(inputs))
    }

    /// Operations of one sample's forward pass; see [`Operator::flops`].
    pub fn flops(&self, inputs: &[&[usize]], output: &[usize]) -> u64 {
        each!(self, op => op.flops(inputs, output))
    }
}
