//! Windows as the kernels are told of them.

use crate::call::{Argument, Slot};
use crate::rt;

/// How the windows of an axis follow one another, as the kernels are told.
#[derive(Clone, Copy)]
pub enum Rule {
    /// They slide.
    Sliding {
        /// Pixels that a window sees.
        kernel: usize,
        /// From a window to the next.
        stride: usize,
        /// From a pixel of a window to the next.
        dilation: usize,
        /// Pixels before the image.
        padding: usize,
    },
    /// They share the axis out.
    Adaptive,
}

impl Rule {
    /// So many windows over an axis of `size`.
    pub fn parts(size: usize, parts: usize) -> Self {
        if !size.is_multiple_of(parts) {
            return Self::Adaptive;
        }
        Self::Sliding {
            kernel: size / parts,
            stride: size / parts,
            dilation: 1,
            padding: 0,
        }
    }

    /// The most positions of a window of so many over an axis of `size`, as the kernels count them.
    pub fn longest(self, size: usize, windows: usize) -> usize {
        match self {
            Self::Sliding { kernel, .. } => kernel,
            Self::Adaptive => (size / windows + 2).min(size),
        }
    }

    /// The kernels' argument.
    pub fn argument(self) -> Argument<Slot> {
        match self {
            Self::Sliding {
                kernel,
                stride,
                dilation,
                padding,
            } => {
                let numbers = [
                    ("kernel", kernel),
                    ("stride", stride),
                    ("dilation", dilation),
                    ("padding", padding),
                ];
                let number = |(name, number)| (name, Argument::Number(number));
                Argument::Record(rt::RULE_SLIDING, numbers.into_iter().map(number).collect())
            }
            Self::Adaptive => Argument::Variant(rt::RULE_ADAPTIVE, Vec::new()),
        }
    }
}
