//! What the arguments `init`, `l1`, `l2`, `rate` and `frozen` of a layer with weights mean.

use crate::{
    arguments::Arguments,
    parameter::{Init, Parameter, Role},
};

/// How weights are drawn and penalised.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// The distribution.
    pub scheme: Scheme,
    /// Penalty of the absolute values, Keras' `L1`.
    pub l1: f64,
    /// Penalty of the squares, Keras' `L2`.
    pub l2: f64,
    /// How they are trained, biases too.
    pub course: Course,
}

/// How what a layer learns is trained.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Course {
    /// Factor of the learning rate.
    pub rate: f64,
    /// Whether it stays as it is.
    pub frozen: bool,
}

impl Course {
    /// Reads `rate` and `frozen`.
    pub fn declare(arguments: &mut Arguments<'_>) -> Self {
        Self {
            rate: arguments.rate(),
            frozen: arguments.flag("frozen", false),
        }
    }

    /// The parameters of a layer that is trained so.
    pub fn of(self, mut parameters: Vec<Parameter>) -> Vec<Parameter> {
        for parameter in &mut parameters {
            if parameter.is_learnt() {
                parameter.rate = self.rate;
                if self.frozen {
                    parameter.role = Role::Frozen;
                }
            }
        }
        parameters
    }
}

/// Named initialisations of `torch.nn.init`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scheme {
    /// What PyTorch does by default: uniform within 1 / sqrt(fan_in).
    Default,
    /// He et al. 2015, uniform within sqrt(6 / fan_in).
    KaimingUniform,
    /// He et al. 2015, normal with sqrt(2 / fan_in).
    KaimingNormal,
    /// Glorot and Bengio 2010, uniform within sqrt(6 / (fan_in + fan_out)).
    XavierUniform,
    /// Glorot and Bengio 2010, normal with sqrt(2 / (fan_in + fan_out)).
    XavierNormal,
    /// All zero.
    Zeros,
}

/// The words of the argument `init`.
const SCHEMES: &[(&str, Scheme)] = &[
    ("Default", Scheme::Default),
    ("KaimingUniform", Scheme::KaimingUniform),
    ("KaimingNormal", Scheme::KaimingNormal),
    ("XavierUniform", Scheme::XavierUniform),
    ("XavierNormal", Scheme::XavierNormal),
    ("Zeros", Scheme::Zeros),
];

impl Weights {
    /// Reads `init`, `l1`, `l2`, `rate` and `frozen`.
    pub fn declare(arguments: &mut Arguments<'_>) -> Self {
        Self {
            scheme: arguments.word("init", SCHEMES).unwrap_or(Scheme::Default),
            l1: arguments.penalty("l1"),
            l2: arguments.penalty("l2"),
            course: Course::declare(arguments),
        }
    }

    /// The distribution for weights that sum over `fan_in` inputs and feed `fan_out` outputs.
    pub fn init(&self, fan_in: usize, fan_out: usize) -> Init {
        let (fan_in, fan_out) = (fan_in as f64, fan_out as f64);
        match self.scheme {
            Scheme::Default => Init::Uniform(1.0 / fan_in.sqrt()),
            Scheme::KaimingUniform => Init::Uniform((6.0 / fan_in).sqrt()),
            Scheme::KaimingNormal => Init::Normal((2.0 / fan_in).sqrt()),
            Scheme::XavierUniform => Init::Uniform((6.0 / (fan_in + fan_out)).sqrt()),
            Scheme::XavierNormal => Init::Normal((2.0 / (fan_in + fan_out)).sqrt()),
            Scheme::Zeros => Init::Constant(0.0),
        }
    }
}

impl Parameter {
    /// A bias as PyTorch begins it: uniform within 1 / sqrt(fan_in), never penalised.
    pub fn bias(name: &str, outputs: usize, fan_in: usize) -> Self {
        Self {
            name: name.into(),
            shape: vec![outputs],
            init: Init::Uniform(1.0 / (fan_in as f64).sqrt()),
            role: Role::Learnt,
            l1: 0.0,
            l2: 0.0,
            rate: 1.0,
        }
    }
}
