//! What a network holds: one record for each tensor of its arena.

use crate::layout::Layout;
pub use kiln_weights::{LARGEST_COUNT, joined_count, split_count};

/// A tensor of a network: its name and shape in PyTorch's `state_dict`, its place in the arena, and what becomes of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tensor {
    /// `conv1.weight`.
    pub name: &'static str,
    /// PyTorch's shape.
    pub shape: &'static [usize],
    /// The place of its elements, in row-major order.
    pub layout: Layout,
    /// Blocks it takes in the arena, behind those of the tensor before it.
    pub blocks: usize,
    /// How it begins.
    pub init: Init,
    /// What becomes of it in training.
    pub role: Role,
}

/// What becomes of a tensor in training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Role {
    /// It descends along its gradient.
    Learnt {
        /// What its size costs.
        penalty: Penalty,
        /// Factor of the learning rate.
        rate: f64,
        /// Cost of one block's gradient: how many products one sample adds to each of its numbers.
        cost: usize,
        /// The pass after which its gradient can be finished: see [`Network::update`](crate::network::Network::update).
        pass: usize,
    },
    /// It stays as it was loaded, drawn or set.
    Frozen,
    /// It follows what batches show: after a step it is `keep` of what it was, and what the step adds.
    Statistic {
        /// 0 to 1.
        keep: f32,
        /// Whether it is a variance, which is never negative.
        is_variance: bool,
    },
    /// One whole number, a count of batches, kept as two: `low + high * 2^24`.
    Count,
}

/// The greatest norm that the weights of each output of a tensor may have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit {
    /// The tensor's index.
    pub tensor: usize,
    /// Where the weights of an output lie.
    pub units: Units,
    /// The norm.
    pub norm: f32,
}

/// Where the weights of an output lie in its tensor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Units {
    /// In a lane of a panel of so many blocks.
    Lanes {
        /// Blocks of a panel.
        blocks: usize,
    },
    /// One after the other, as many for each output, and nothing else between them.
    Rows {
        /// Weights of an output.
        numbers: usize,
    },
}

/// How a tensor begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Init {
    /// Uniform in `-bound..bound`.
    Uniform(f32),
    /// Uniform between two numbers.
    Between {
        /// The least.
        low: f32,
        /// The greatest.
        high: f32,
    },
    /// Normal with mean 0 and this standard deviation.
    Normal(f32),
    /// Normal with mean 0, without what lies beyond two limits, of which one at least is near 0.
    TruncatedNormal {
        /// The standard deviation before the cut.
        std: f32,
        /// The least.
        low: f32,
        /// The greatest.
        high: f32,
    },
    /// A matrix of orthonormal rows, or columns where it has fewer of them, times this gain. Its rows are the first axis.
    Orthogonal(f32),
    /// All the same.
    Constant(f32),
    /// Like another, which is not of parts, but for row `row` of the first axis, which has `rows`: that is zero.
    Padded {
        /// How the other rows begin.
        of: &'static Init,
        /// The row.
        row: usize,
        /// How many there are.
        rows: usize,
    },
    /// As many equal parts of the first axis, such as the gates of a recurrence, each of which begins by itself.
    Parts(&'static [Init]),
}

impl Init {
    /// How number `index` of `count` begins.
    pub fn at(self, index: usize, count: usize) -> Self {
        match self {
            Self::Parts(parts) => {
                let part = index * parts.len() / count.max(1);
                parts.get(part).copied().unwrap_or(Self::Constant(0.0))
            }
            Self::Padded { of, row, rows } => {
                let here = index / (count / rows.max(1)).max(1);
                if here == row {
                    Self::Constant(0.0)
                } else {
                    *of
                }
            }
            whole => whole,
        }
    }
}

/// Penalties of one tensor, as Keras' regularizers: `l1 * sum |w| + l2 * sum w^2` is added to the loss.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Penalty {
    /// Factor of the absolute values.
    pub l1: f32,
    /// Factor of the squares.
    pub l2: f32,
}

impl Tensor {
    /// How many numbers it holds.
    pub fn count(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether its gradient is finished after this pass of a step.
    pub fn is_updated_after(&self, pass: usize) -> bool {
        matches!(self.role, Role::Learnt { pass: at, .. } if at == pass)
    }

    /// Whether its numbers are variances.
    pub fn is_variance(&self) -> bool {
        matches!(self.role, Role::Statistic { is_variance, .. } if is_variance)
    }

    /// Its penalty, if it is learnt.
    pub fn learnt(&self) -> Option<Penalty> {
        match self.role {
            Role::Learnt { penalty, .. } => Some(penalty),
            Role::Frozen | Role::Statistic { .. } | Role::Count => None,
        }
    }

    /// Its factor of the learning rate.
    pub fn rate(&self) -> f64 {
        match self.role {
            Role::Learnt { rate, .. } => rate,
            Role::Frozen | Role::Statistic { .. } | Role::Count => 1.0,
        }
    }
}
