//! Two-dimensional convolution without an intermediate matrix, with pooling and activation fused, and its backward.
//!
//! PyTorch's `Conv2d` (a cross-correlation), for one sample, output channel o, output row r and column c:
//!
//! ```text
//! y[o][r][c] = f( b[o] + sum over i, u, v of  w[o][i][u][v] * x[i][r SH + u DH - PT][c SW + v DW - PL] )
//! ```
//!
//! with x zero outside its H x W pixels. Given D = dL/d(what f is applied to), which [`delta`] makes:
//!
//! ```text
//! (1)  dL/dx[i][h][k]    = sum over o, u, v with r SH + u DH - PT = h, c SW + v DW - PL = k  of  w[o][i][u][v] * D[o][r][c]
//! (2)  dL/dw[o][i][u][v] = sum over samples, r, c  of  D[o][r][c] * x[i][r SH + u DH - PT][c SW + v DW - PL]
//! (3)  dL/db[o]          = sum over samples, r, c  of  D[o][r][c]
//! ```
//!
//! (1) is a convolution of D with the panels that [`transpose`] makes, taps descending; where the stride is s, the inputs fall into
//! s residue classes, each a convolution with its own taps, so that no product with an inserted zero is ever formed
//! (`conv2d/residue.rs` derives them, with an example).
//!
//! **Weights** are `[[Block; K]; P]`: panel p holds outputs 16 p .. 16 p + 15 as lanes, K = KH * KW * CIN and
//! k = (u KW + v) CIN + i, with CIN the logical number of channels. Bias is `[Block; P]`; a layer without one passes
//! zeros.
//!
//! **Layouts** are types ([`image::Image`](super::image::Image)): X of the input, Y of the output, D of the delta; the
//! convolution itself is a [`Stencil`](super::stencil::Stencil). The slices hold one sample per element, of as many floats or blocks as the
//! caller planned, at least those of the layout.
//!
//! | | interior | border |
//! | --- | --- | --- |
//! | X | the layer's input | columns: all that the padding reaches. Rows: likewise, or at least one above (TOP >= 1), which is then read for every row out of reach |
//! | Y | the output, pooled if pooling is fused | any; written by the forward pass |
//! | D | the outputs that exist in memory: all of them, or those that a fused pool keeps | columns: what [`Along::border`](super::stencil::Along::border) says, on both sides; rows: one above (TOP >= 1) if `border` is not 0 above or below. Written by [`delta`], or by what is behind the convolution |
//!
//! The order of every sum is fixed: a forward pass starts at the bias and adds k = 0, 1, ...; (1) adds the taps of D in
//! ascending order of position, then o; (2) and (3) add samples, then rows, then columns. A sum of more than
//! [`POSITIONS`](crate::simd::chains::POSITIONS) products is cut into chains at places that the layer's shape fixes,
//! counted from the batch's first pixel where it runs over samples; chains are joined in ascending order. So bits never
//! depend on how samples are cut into chunks or weights into stretches.

mod backward;
pub(super) mod classes;
mod correlate;
mod delta;
mod forward;
mod grouped;
pub(super) mod outputs;
mod place;
pub(super) mod residue;
#[cfg(test)]
pub(super) mod tests;
pub(super) mod tiles;
pub(super) mod together;
pub(super) mod walk;
pub(super) mod weights;

pub use backward::{input_gradient, transpose};
pub use delta::{delta, delta_pooled};
pub use forward::{forward, forward_normal, forward_told, forward_winners};
pub use grouped::{
    forward_grouped, forward_grouped_normal, forward_grouped_told, input_gradient_grouped,
    transpose_grouped,
};
pub use weights::{Application, Applications, application, bias_gradient, weight_gradient};
