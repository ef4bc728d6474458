//! Activations as values, which hold their parameters.

mod formula;
mod linear;
mod plain;
mod smooth;
mod swish;

pub use formula::Function;
pub use linear::{Abs, HardSigmoid, HardSwish, HardTanh, LeakyRelu, Ramp};
pub use plain::{FastSigmoid, FastTanh, Identity, Relu, Sigmoid, Tanh, Unfinished};
pub use smooth::{Elu, Exp, Log, Selu, Softplus, Softsign, Sqrt};
pub use swish::{Gelu, GeluTanh, Mish, Silu};
