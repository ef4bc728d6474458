//! What the arguments `init`, `bias_init`, `l1`, `l2`, `max_norm`, `rate` and `frozen` of a layer with weights mean.

use super::init::Scheme;
use crate::{
    arguments::Arguments,
    parameter::{Init, Parameter, Role},
};

/// How weights begin, are penalised and limited.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// How weights begin.
    pub scheme: Scheme,
    /// How biases begin.
    pub bias: Scheme,
    /// Penalty of the absolute values, Keras' `L1`.
    pub l1: f64,
    /// Penalty of the squares, Keras' `L2`.
    pub l2: f64,
    /// The greatest norm of an output's incoming weights, Keras' `MaxNorm`.
    pub max_norm: Option<f64>,
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

impl Weights {
    /// Reads `init`, `bias_init`, `l1`, `l2`, `max_norm`, `rate` and `frozen`.
    pub fn declare(arguments: &mut Arguments<'_>, has_bias: bool) -> Self {
        let scheme = Scheme::declare(arguments, "init", "Default").unwrap_or(Scheme::Default);
        let bias = Scheme::declare_bias(arguments);
        if bias.is_some() && !has_bias {
            arguments.reject("bias_init", "this layer has no biases; drop `bias_init`");
        }
        Self {
            scheme,
            bias: bias.unwrap_or(Scheme::Default),
            l1: arguments.penalty("l1"),
            l2: arguments.penalty("l2"),
            max_norm: arguments.optional_positive("max_norm", "3"),
            course: Course::declare(arguments),
        }
    }

    /// Reads `init`, `l1`, `l2`, `rate` and `frozen` of a table of vectors, which begin by `default`.
    pub fn of_table(arguments: &mut Arguments<'_>, default: Scheme) -> Self {
        let scheme = match Scheme::declare(arguments, "init", "Default") {
            None | Some(Scheme::Default) => default,
            Some(scheme) => scheme,
        };
        Self {
            scheme,
            bias: Scheme::Default,
            l1: arguments.penalty("l1"),
            l2: arguments.penalty("l2"),
            max_norm: None,
            course: Course::declare(arguments),
        }
    }

    /// Weights of this shape, which begin by the scheme of the layer's.
    pub fn weight(&self, name: impl Into<String>, shape: Vec<usize>, init: Init) -> Parameter {
        Parameter {
            name: name.into(),
            shape,
            init,
            role: Role::Learnt,
            l1: self.l1,
            l2: self.l2,
            max_norm: self.max_norm,
            rate: 1.0,
        }
    }

    /// A bias of outputs that sum over `fan_in` inputs: never penalised, and without a limit.
    pub fn bias(&self, name: impl Into<String>, outputs: usize, fan_in: usize) -> Parameter {
        Parameter {
            l1: 0.0,
            l2: 0.0,
            max_norm: None,
            ..self.weight(name, vec![outputs], self.bias.init(fan_in, outputs))
        }
    }
}

/// What is learnt and begins with one number throughout: never penalised, and without a limit.
pub fn learnt(name: &str, shape: Vec<usize>, init: f64) -> Parameter {
    Parameter {
        name: name.into(),
        shape,
        init: Init::Constant(init),
        role: Role::Learnt,
        l1: 0.0,
        l2: 0.0,
        max_norm: None,
        rate: 1.0,
    }
}
