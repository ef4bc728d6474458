//! Convolutions of which each output reads few channels: one (PyTorch's `Conv2d` with as many groups as channels, a depthwise
//! convolution), or those of a small group.
//!
//! Groups of I inputs and O outputs, of which a block holds whole ones: O divides 16, and I divides O. For one sample, output
//! channel o = g O + j of group g, output row r and column k:
//!
//! ```text
//! y[o][r][k] = f( b[o] + sum over u, v, i of  w[o][i][u][v] * x[g I + i][r SH + u DH - PT][k SW + v DW - PL] )
//! ```
//!
//! with x zero outside its H x W pixels. Given D = dL/d(what f is applied to), where I = O:
//!
//! ```text
//! (1)  dL/dx[g I + i][h][l]  = sum over u, v with r SH + u DH - PT = h, k SW + v DW - PL = l, and j
//!                              of  w[g O + j][i][u][v] * D[g O + j][r][k]
//! (2)  dL/dw[o][i][u][v]     = sum over samples, r, k  of  D[o][r][k] * x[g I + i][r SH + u DH - PT][k SW + v DW - PL]
//! ```
//!
//! and (3), the bias' gradient, is that of any convolution ([`conv2d::bias_gradient`](super::conv2d::bias_gradient)). Where I < O,
//! [`conv2d::input_gradient_grouped`](super::conv2d::input_gradient_grouped) gives (1).
//!
//! Lanes are channels: a product of two blocks serves sixteen outputs, and nothing is broadcast, but in a group of several the
//! lanes of a block of x are brought to those of the outputs that read them (`depthwise/spread.rs`). A tile is some neighbouring
//! outputs of a row, of one panel of sixteen channels, in registers through all taps. As many products read as many blocks of
//! x, so that these kernels run at the speed of the level-1 cache, if x is there: panels are taken one after another, or a few
//! at a time, and what an image's rows of a few panels take is read again for the next row.
//!
//! **Weights** are `[[Block; T]; P]`: panel p holds outputs 16 p .. 16 p + 15 as lanes, and T = KH * KW * I in the order of
//! (u KW + v) I + i. For (1), [`transpose`] makes panels of inputs, in the order of (u KW + v) O + j.
//!
//! **Layouts** are types ([`image::Image`](super::image::Image)), all channel-last: X of the input, Y of the output, D of the
//! delta. Columns outside the image are read as X's or D's border of zeros; rows outside it are left out where sums are made of
//! them, and read as X's border in (2).
//!
//! The order of every sum is fixed: a forward pass starts at the bias and adds the taps in order; (1) adds the rows of taps in
//! order of D's, and of each row the outputs in ascending order of column; (2) adds samples, then rows, then columns, in chains
//! as [`conv2d`](super::conv2d)'s gradients have them.

mod backward;
mod forward;
mod spread;
#[cfg(test)]
mod tests;
mod tile;
mod weights;

pub use backward::{input_gradient, transpose, transpose_few};
pub use forward::{forward, forward_normal, forward_told};
pub use weights::{Application, Applications, application, weight_gradient};
