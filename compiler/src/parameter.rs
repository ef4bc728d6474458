//! What a network learns, as it is declared.

/// A tensor that is learnt.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Name within the layer, as PyTorch has it: `weight`, `bias_hh_l0`.
    pub name: String,
    /// Shape as PyTorch has it.
    pub shape: Vec<usize>,
    /// How it begins.
    pub init: Init,
    /// Penalty of the absolute values.
    pub l1: f64,
    /// Penalty of the squares.
    pub l2: f64,
}

/// The distribution a parameter is drawn from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Init {
    /// Uniform in `-bound..bound`.
    Uniform(f64),
    /// Normal with mean 0.
    Normal(f64),
    /// All the same.
    Constant(f64),
}
