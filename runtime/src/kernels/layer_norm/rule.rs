//! What units of numbers are brought to.

/// What a unit's numbers are brought to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Norm {
    /// Mean 0 and variance 1.
    Layer,
    /// A mean square of 1.
    Rms,
    /// A Euclidean norm of 1.
    Length,
}

/// How units are normalised.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// What they are brought to.
    pub norm: Norm,
    /// Whether a unit is a whole sample, and not a pixel.
    pub whole: bool,
    /// Added to the variance or the mean square; the least norm that is divided by.
    pub eps: f32,
}

impl Rule {
    /// How many numbers forward keeps of a unit for backward: r, behind both parts of the mean if there is one.
    pub(super) fn kept(&self) -> usize {
        match self.norm {
            Norm::Layer => 3,
            Norm::Rms | Norm::Length => 1,
        }
    }
}
