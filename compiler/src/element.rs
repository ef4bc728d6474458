//! What the numbers of a value are.

use std::fmt;

/// What the numbers of a value are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Element {
    /// Floating-point numbers, which layers compute with.
    #[default]
    F32,
    /// Tokens: indices, which only what looks them up reads.
    U32,
    /// A `u32` alone, without axes, such as a length: its shape is `[1]`.
    Scalar,
}

impl Element {
    /// Whether they are `u32`.
    pub fn is_token(self) -> bool {
        self != Self::F32
    }
}

/// A shape with its element, as users write both.
pub struct Typed<'a>(pub Element, pub &'a [usize]);

impl fmt::Display for Typed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Element::F32 => write!(f, "{:?}", self.1),
            Element::U32 => write!(f, "u32{:?}", self.1),
            Element::Scalar => f.write_str("u32"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Element, Typed};

    #[test]
    fn shapes_are_written_with_their_elements() {
        let shown = [Element::F32, Element::U32, Element::Scalar];
        let shown = shown.map(|element| Typed(element, &[1]).to_string());
        assert_eq!(shown, ["[1]", "u32[1]", "u32"]);
    }
}
