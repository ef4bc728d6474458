//! What a struct of `model!` is before it can do anything.

use crate::{network::Network, value::Value};

/// The input and output of a struct that `model!` declares; only `model!` implements it. Its methods are those of
/// [`Model`](crate::model::Model).
pub trait Declared: Sized + Send + Sync + 'static {
    /// A sample: a nested array such as `[[[f32; 28]; 28]; 1]`, or a tuple of them.
    type Input: Value;
    /// An answer: a nested array such as `[f32; 10]`, or a tuple of them.
    type Output: Value;
    /// What the runtime drives.
    #[doc(hidden)]
    type Network: Network<Model = Self, Input = Self::Input, Output = Self::Output>;
}

/// A model whose answer takes 64 KiB at most, so that [`Model::forward`](crate::model::Model::forward) gives it by
/// value. Code for any model either asks for `M: Model + SmallOutput`, or answers by
/// [`Model::forward_into`](crate::model::Model::forward_into); only `model!` implements it.
#[diagnostic::on_unimplemented(
    message = "`forward` gives an answer by value, and that of `{Self}` may take more than 64 KiB",
    label = "answer by `forward_into(&input, &mut output)` instead",
    note = "an output of zeros on the heap: `let mut output = kiln::zeroed()?;`",
    note = "in code for any model, ask for `M: Model + SmallOutput`"
)]
pub trait SmallOutput: Declared {}

/// A model that is compiled with its weights; only `model!` implements it, for `#[kiln(weights = "net.safetensors")]`.
///
/// ```
/// use kiln::{SmallOutput, prelude::*};
///
/// model! {
///     #[kiln(weights = "../examples/data/digits.safetensors")]
///     struct Digits(image: [1, 8, 8]) -> [10] {
///         Flatten,
///         hidden: Dense(128),
///         Relu,
///         Dropout(0.2),
///         logits: Dense(10),
///     }
/// }
///
/// // Of a type that is known, `pretrained` is a `const fn`.
/// static NET: Digits = Digits::pretrained();
///
/// // In code for any model:
/// fn classify<M: Model<Output = [f32; 10]> + Pretrained + SmallOutput>(image: &M::Input) -> usize {
///     kiln::argmax(&M::pretrained().forward(image))
/// }
/// let image = [[[0.5; 8]; 8]];
/// assert_eq!(classify::<Digits>(&image), kiln::argmax(&NET.forward(&image)));
///
/// // The weights are copied to the heap when they first change.
/// let mut net = Digits::pretrained();
/// net.parameters_mut().set("logits.bias", &[1.0; 10])?;
/// # Ok::<(), kiln::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is compiled without weights",
    label = "declare the network with `#[kiln(weights = \"net.safetensors\")]`",
    note = "in code for any model, ask for `M: Model + Pretrained`"
)]
pub trait Pretrained: Declared {
    /// The network with the weights that are part of the program. They are read where they lie: nothing is parsed, copied or
    /// allocated before they change.
    #[must_use]
    fn pretrained() -> Self;
}

/// A model whose training gives gradients of its inputs, too; only `model!` implements it, where it is asked to.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no gradients of its inputs",
    label = "declare the network with `#[kiln(input_gradients)]`",
    note = "in code for any model, ask for `M: Model + InputGradients`"
)]
pub trait InputGradients: Declared {}
