//! Activations as one type, for kernels that are told by value.

use super::function;

/// Which function an activation is, for kernels that are told by value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// x
    Identity,
    /// max(x, 0)
    Relu,
    /// 1 / (1 + e^-x)
    Sigmoid,
    /// tanh x
    Tanh,
    /// [`Self::Sigmoid`], approximately.
    FastSigmoid,
    /// [`Self::Tanh`], approximately.
    FastTanh,
    /// Between two bounds.
    HardTanh(function::HardTanh),
    /// x above 0, a part of it below.
    LeakyRelu(function::LeakyRelu),
    /// x above 0, a (e^x - 1) below.
    Elu(function::Elu),
    /// Elu, scaled so that variances stay.
    Selu,
    /// x F(x), F the normal distribution.
    Gelu,
    /// The same, approximately.
    GeluTanh,
    /// x / (1 + e^-x)
    Silu,
    /// x tanh(ln(1 + e^x))
    Mish,
    /// ln(1 + e^x)
    Softplus(function::Softplus),
    /// x / (1 + |x|)
    Softsign,
    /// x / 6 + 1/2 between 0 and 1.
    HardSigmoid,
    /// x times that.
    HardSwish,
    /// |x|
    Abs,
    /// The square root.
    Sqrt,
    /// e^x
    Exp,
    /// ln x
    Log,
}

/// Evaluates an expression in which `$f` is the function of a kind and `$then` is `None`, or `$f` is the identity and `$then`
/// the kind whose function is to be applied afterwards: only functions of little code are compiled into every kernel.
macro_rules! of_kind {
    ($kind:expr, $f:ident, $then:ident => $body:expr) => {{
        use $crate::kernels::activation::{function, kind::Kind};
        let none: Option<Kind> = None;
        match $kind {
            Kind::Identity => {
                let ($f, $then) = (function::Identity, none);
                $body
            }
            Kind::Relu => {
                let ($f, $then) = (function::Relu, none);
                $body
            }
            Kind::Sigmoid => {
                let ($f, $then) = (function::Sigmoid, none);
                $body
            }
            Kind::Tanh => {
                let ($f, $then) = (function::Tanh, none);
                $body
            }
            Kind::HardTanh(f) => {
                let ($f, $then) = (f, none);
                $body
            }
            kind => {
                let ($f, $then) = (function::Identity, Some(kind));
                $body
            }
        }
    }};
}
pub(crate) use of_kind;

/// Evaluates an expression in which `$f` is the function of a kind.
macro_rules! of_every_kind {
    ($kind:expr, $f:ident => $body:expr) => {{
        use $crate::kernels::activation::{function, kind::Kind};
        macro_rules! with {
            ($function:expr) => {{
                let $f = $function;
                $body
            }};
        }
        match $kind {
            Kind::Identity => with!(function::Identity),
            Kind::Relu => with!(function::Relu),
            Kind::Sigmoid => with!(function::Sigmoid),
            Kind::Tanh => with!(function::Tanh),
            Kind::FastSigmoid => with!(function::FastSigmoid),
            Kind::FastTanh => with!(function::FastTanh),
            Kind::HardTanh(f) => with!(f),
            Kind::LeakyRelu(f) => with!(f),
            Kind::Elu(f) => with!(f),
            Kind::Selu => with!(function::Selu),
            Kind::Gelu => with!(function::Gelu),
            Kind::GeluTanh => with!(function::GeluTanh),
            Kind::Silu => with!(function::Silu),
            Kind::Mish => with!(function::Mish),
            Kind::Softplus(f) => with!(f),
            Kind::Softsign => with!(function::Softsign),
            Kind::HardSigmoid => with!(function::HardSigmoid),
            Kind::HardSwish => with!(function::HardSwish),
            Kind::Abs => with!(function::Abs),
            Kind::Sqrt => with!(function::Sqrt),
            Kind::Exp => with!(function::Exp),
            Kind::Log => with!(function::Log),
        }
    }};
}
pub(crate) use of_every_kind;
