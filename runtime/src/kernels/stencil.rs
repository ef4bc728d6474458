//! The sliding window of a convolution or a pool.

use super::image::Image;

/// Which pixels an output reads.
pub trait Stencil {
    /// Rows and columns of the kernel.
    const KERNEL: [usize; 2];
    /// From an output to the next.
    const STRIDE: [usize; 2];
    /// From a tap to the next.
    const DILATION: [usize; 2];
    /// Zeros above and left of the input. Those below and right follow from the sizes of input and output.
    const PADDING: [usize; 2];
}

/// Kernel (KH, KW), stride (SH, SW), dilation (DH, DW) and padding (PT above, PL left).
pub struct Taps<
    const KH: usize,
    const KW: usize,
    const SH: usize,
    const SW: usize,
    const DH: usize,
    const DW: usize,
    const PT: usize,
    const PL: usize,
>;

impl<
    const KH: usize,
    const KW: usize,
    const SH: usize,
    const SW: usize,
    const DH: usize,
    const DW: usize,
    const PT: usize,
    const PL: usize,
> Stencil for Taps<KH, KW, SH, SW, DH, DW, PT, PL>
{
    const KERNEL: [usize; 2] = [KH, KW];
    const STRIDE: [usize; 2] = [SH, SW];
    const DILATION: [usize; 2] = [DH, DW];
    const PADDING: [usize; 2] = [PT, PL];
}

/// One axis of a convolution: its rows, or its columns.
#[derive(Clone, Copy, Debug)]
pub struct Along {
    /// The input's pixels.
    pub size: usize,
    /// Outputs.
    pub outputs: usize,
    /// Taps.
    pub kernel: usize,
    /// From an output to the next.
    pub stride: usize,
    /// From a tap to the next.
    pub dilation: usize,
    /// Zeros before the input.
    pub padding: usize,
}

impl Along {
    /// Axis 0, the rows, or 1, the columns, of a stencil from X to D.
    pub const fn axis<C: Stencil, X: Image, D: Image>(axis: usize) -> Self {
        Self {
            size: [X::HEIGHT, X::WIDTH][axis],
            outputs: [D::HEIGHT, D::WIDTH][axis],
            kernel: C::KERNEL[axis],
            stride: C::STRIDE[axis],
            dilation: C::DILATION[axis],
            padding: C::PADDING[axis],
        }
    }

    /// Pixels up to the last that any output reads; those after have no gradient.
    pub const fn reached(self) -> usize {
        let last = (self.outputs - 1) * self.stride + (self.kernel - 1) * self.dilation;
        let end = (last + 1).saturating_sub(self.padding);
        if end < self.size { end } else { self.size }
    }

    /// Border that [`conv2d::input_gradient`](super::conv2d::input_gradient) needs around the outputs' delta, before and after.
    pub const fn border(self) -> [usize; 2] {
        let before = ((self.kernel - 1) * self.dilation).saturating_sub(self.padding) / self.stride;
        if self.reached() == 0 {
            return [before, 0];
        }
        let last = (self.reached() + self.padding - 1) / self.stride;
        [before, (last + 1).saturating_sub(self.outputs)]
    }
}
