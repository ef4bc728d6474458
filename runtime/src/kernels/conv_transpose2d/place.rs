//! Where the outputs of a class of a stride lie.

use crate::kernels::stencil::Stencil;

/// The pixel of Y that an output of a class is.
#[inline(always)]
pub fn place<C: Stencil>(first: [usize; 2], [row, column]: [usize; 2]) -> [usize; 2] {
    [
        first[0] + row * C::STRIDE[0],
        first[1] + column * C::STRIDE[1],
    ]
}
