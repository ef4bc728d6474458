//! The sliding window of a convolution or a pool.

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

/// Border that [`conv2d::input_gradient`](super::conv2d::input_gradient) needs around D along one axis: `[before, after]`.
///
/// `size` counts the input's pixels and `outputs` those of D's interior.
pub const fn border(
    size: usize,
    outputs: usize,
    kernel: usize,
    stride: usize,
    dilation: usize,
    padding: usize,
) -> [usize; 2] {
    let before = ((kernel - 1) * dilation).saturating_sub(padding) / stride;
    let reached = reached(size, outputs, kernel, stride, dilation, padding);
    let last = (reached + padding - 1) / stride;
    [before, (last + 1).saturating_sub(outputs)]
}

/// Pixels along an axis of `size` that any of the `outputs` reads; those after have no gradient.
pub(super) const fn reached(
    size: usize,
    outputs: usize,
    kernel: usize,
    stride: usize,
    dilation: usize,
    padding: usize,
) -> usize {
    let end = ((outputs - 1) * stride + (kernel - 1) * dilation + 1).saturating_sub(padding);
    if end < size { end } else { size }
}
