//! Nested arrays whose shapes are looked at.

use crate::{flat::Floats, value::Value};

/// Nested arrays of `f32`, and their shape: an input such as `[f32; 13]` or `[[[f32; 28]; 28]; 1]`.
pub trait Array: Floats + Value {
    /// Sizes of the dimensions, the outermost first; none of a number.
    const SHAPE: &'static [usize];
}

impl Array for f32 {
    const SHAPE: &'static [usize] = &[];
}

/// The sizes of nested arrays of up to four dimensions, the most that a network's values have.
macro_rules! arrays {
    ($array:ty, $($size:ident),*) => {
        impl<$(const $size: usize),*> Array for $array {
            const SHAPE: &'static [usize] = &[$($size),*];
        }
    };
}

arrays!([f32; A], A);
arrays!([[f32; B]; A], A, B);
arrays!([[[f32; C]; B]; A], A, B, C);
arrays!([[[[f32; D]; C]; B]; A], A, B, C, D);
