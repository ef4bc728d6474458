//! What a network keeps, as it is declared.

/// A tensor of a layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Name within the layer, as PyTorch has it: `weight`, `bias_hh_l0`.
    pub name: String,
    /// Shape as PyTorch has it.
    pub shape: Vec<usize>,
    /// How it begins.
    pub init: Init,
    /// What becomes of it in training.
    pub role: Role,
    /// Penalty of the absolute values.
    pub l1: f64,
    /// Penalty of the squares.
    pub l2: f64,
    /// The greatest norm of the weights that come into an output, if there is a limit.
    pub max_norm: Option<f64>,
    /// Factor of the learning rate.
    pub rate: f64,
}

/// What becomes of a tensor in training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Role {
    /// It descends along its gradient.
    Learnt,
    /// It might, but is to stay as it is.
    Frozen,
    /// It goes a step towards what each batch shows.
    Statistic {
        /// The step's part of the way.
        momentum: f64,
        /// Whether it is a variance, which is never negative.
        is_variance: bool,
    },
    /// It counts batches.
    Count,
}

impl Parameter {
    /// Whether it is learnt by its gradient.
    pub fn is_learnt(&self) -> bool {
        self.role == Role::Learnt
    }

    /// How many numbers it holds.
    pub fn count(&self) -> usize {
        self.shape.iter().product()
    }
}

/// The distribution a parameter is drawn from.
#[derive(Clone, Debug, PartialEq)]
pub enum Init {
    /// Uniform in `-bound..bound`.
    Uniform(f64),
    /// Uniform from one number to another.
    Between(f64, f64),
    /// Normal with mean 0.
    Normal(f64),
    /// Normal with mean 0 and a deviation, from one number to another.
    TruncatedNormal(f64, [f64; 2]),
    /// A matrix of orthonormal rows or columns, times a gain.
    Orthogonal(f64),
    /// All the same.
    Constant(f64),
    /// Like another, but for a row of the first axis, which is zero.
    Padded {
        /// How the other rows begin.
        of: Box<Init>,
        /// Which row is zero.
        row: usize,
        /// How many there are.
        rows: usize,
    },
    /// Equal parts of the first axis, each by itself.
    Parts(Vec<Init>),
}
