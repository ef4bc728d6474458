//! How weights and biases begin: the words of `init` and `bias_init`, with their arguments.

use crate::{arguments::Arguments, parameter::Init};

/// How a tensor begins, before its shape is known.
#[derive(Clone, Debug, PartialEq)]
pub enum Scheme {
    /// What PyTorch does by default: uniform within 1 / sqrt(fan_in).
    Default,
    /// With a variance of a squared gain divided by a fan.
    Scaled(Distribution, f64, Fan),
    /// Saxe et al. 2014: orthonormal rows or columns, times a gain.
    Orthogonal(f64),
    /// The same for every shape.
    Fixed(Init),
}

/// How numbers of a variance are distributed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Distribution {
    /// Uniform.
    Uniform,
    /// Normal.
    Normal,
    /// Normal, cut at two deviations; the variance is that after the cut.
    Cut,
}

/// What a variance is divided by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fan {
    /// The products that an output sums.
    In,
    /// The outputs that an input enters.
    Out,
    /// Half of each.
    Mean,
}

/// What a word of `init` means; its arguments say more.
#[derive(Clone, Copy)]
enum Word {
    Default,
    /// He et al. 2015.
    Kaiming(Distribution),
    /// Glorot and Bengio 2010.
    Xavier(Distribution),
    /// LeCun et al. 1998, as Keras has it.
    LeCun(Distribution),
    Orthogonal,
    Uniform,
    Normal,
    TruncatedNormal,
    Constant,
    All(f64),
}

/// The words of `init`.
const WORDS: &[(&str, Word)] = &[
    ("Default", Word::Default),
    ("KaimingUniform", Word::Kaiming(Distribution::Uniform)),
    ("KaimingNormal", Word::Kaiming(Distribution::Normal)),
    ("XavierUniform", Word::Xavier(Distribution::Uniform)),
    ("XavierNormal", Word::Xavier(Distribution::Normal)),
    ("LeCunUniform", Word::LeCun(Distribution::Uniform)),
    ("LeCunNormal", Word::LeCun(Distribution::Cut)),
    ("Orthogonal", Word::Orthogonal),
    ("Uniform", Word::Uniform),
    ("Normal", Word::Normal),
    ("TruncatedNormal", Word::TruncatedNormal),
    ("Constant", Word::Constant),
    ("Zeros", Word::All(0.0)),
    ("Ones", Word::All(1.0)),
];

/// Those of `bias_init`, which is of vectors.
const BIAS_WORDS: &[(&str, Word)] = &[
    ("Default", Word::Default),
    ("Uniform", Word::Uniform),
    ("Normal", Word::Normal),
    ("TruncatedNormal", Word::TruncatedNormal),
    ("Constant", Word::Constant),
    ("Zeros", Word::All(0.0)),
    ("Ones", Word::All(1.0)),
];

/// The words of the argument `mode`.
const FANS: &[(&str, Fan)] = &[("FanIn", Fan::In), ("FanOut", Fan::Out)];

/// The standard deviation of a normal distribution of deviation 1 that is cut at -2 and 2.
const CUT_AT_TWO: f64 = 0.879_625_661_034_239_8;

impl Scheme {
    /// Reads an argument that is one for weights; where it is not given, it is `default`.
    pub fn declare(
        arguments: &mut Arguments<'_>,
        name: &'static str,
        default: &str,
    ) -> Option<Self> {
        arguments.form(name, default, WORDS, Self::read)
    }

    /// Reads `bias_init`.
    pub fn declare_bias(arguments: &mut Arguments<'_>) -> Option<Self> {
        arguments.form("bias_init", "Default", BIAS_WORDS, Self::read)
    }

    /// What a word and its arguments say.
    fn read(word: Word, arguments: &mut Arguments<'_>) -> Self {
        match word {
            Word::Default => Self::Default,
            Word::Kaiming(distribution) => {
                let square = arguments.squared_gain("Relu", 2.0);
                let fan = arguments.word("mode", FANS).unwrap_or(Fan::In);
                Self::Scaled(distribution, square, fan)
            }
            Word::Xavier(distribution) => {
                Self::Scaled(distribution, arguments.squared_gain("1", 1.0), Fan::Mean)
            }
            Word::LeCun(distribution) => Self::Scaled(distribution, 1.0, Fan::In),
            Word::Orthogonal => Self::Orthogonal(arguments.squared_gain("1", 1.0).sqrt()),
            Word::Uniform => {
                let (low, high) = (arguments.number("low"), arguments.number("high"));
                if arguments.is_sound() && low >= high {
                    let message = format!("`high` is above `low`, which is {low}");
                    arguments.reject("high", message);
                }
                Self::Fixed(Init::Between(low, high))
            }
            Word::Normal => Self::Fixed(Init::Normal(arguments.positive("std"))),
            Word::TruncatedNormal => Self::Fixed(truncated(arguments)),
            Word::Constant => Self::Fixed(Init::Constant(arguments.number("value"))),
            Word::All(value) => Self::Fixed(Init::Constant(value)),
        }
    }

    /// How weights begin that sum over `fan_in` inputs and feed `fan_out` outputs.
    pub fn init(&self, fan_in: usize, fan_out: usize) -> Init {
        let (fan_in, fan_out) = (fan_in as f64, fan_out as f64);
        match *self {
            Self::Default => Init::Uniform(1.0 / fan_in.sqrt()),
            Self::Scaled(distribution, square, fan) => {
                let fan = match fan {
                    Fan::In => fan_in,
                    Fan::Out => fan_out,
                    Fan::Mean => (fan_in + fan_out) / 2.0,
                };
                match distribution {
                    Distribution::Uniform => Init::Uniform((3.0 * square / fan).sqrt()),
                    Distribution::Normal => Init::Normal((square / fan).sqrt()),
                    Distribution::Cut => {
                        let std = (square / fan).sqrt() / CUT_AT_TWO;
                        Init::TruncatedNormal(std, [-2.0 * std, 2.0 * std])
                    }
                }
            }
            Self::Orthogonal(gain) => Init::Orthogonal(gain),
            Self::Fixed(ref init) => init.clone(),
        }
    }
}

/// PyTorch's `trunc_normal_`, whose limits are not multiples of the deviation. It warns of a distribution that may be
/// wrong where both limits are more than two deviations away from 0 on one side, and nearly nothing lies there.
fn truncated(arguments: &mut Arguments<'_>) -> Init {
    let std = arguments.positive("std");
    let (low, high) = (
        arguments.number_or("low", -2.0),
        arguments.number_or("high", 2.0),
    );
    if !arguments.is_sound() {
        // Of stand-ins nothing more is to be said.
    } else if low >= high {
        arguments.reject("high", format!("`high` is above `low`, which is {low}"));
    } else if low > 2.0 * std || high < -2.0 * std {
        let message = format!(
            "nearly nothing lies between {low} and {high}, more than two deviations from 0; \
             give limits that are nearer"
        );
        arguments.reject(if low > 0.0 { "low" } else { "high" }, message);
    }
    Init::TruncatedNormal(std, [low, high])
}
