//! What tensors are padded with.

/// What is padded with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mode {
    /// A number.
    Constant(f32),
    /// The numbers in reverse, without the edge.
    Reflect,
    /// The edge.
    Replicate,
    /// The numbers at the other end.
    Circular,
}

impl Mode {
    /// What nothing else is said for.
    pub const ZEROS: Self = Self::Constant(0.0);
}

/// The words of `padding_mode`.
pub const MODES: &[(&str, Mode)] = &[
    ("Zeros", Mode::ZEROS),
    ("Reflect", Mode::Reflect),
    ("Replicate", Mode::Replicate),
    ("Circular", Mode::Circular),
];
