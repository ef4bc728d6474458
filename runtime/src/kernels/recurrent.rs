//! Recurrent layers: a [`Cell`] over the steps of a sequence, `torch.nn.RNN`, `LSTM` and `GRU`.
//!
//! With h\[-1\] zero or given, step t of a sample's sequence computes for every gate of every unit
//!
//! ```text
//! z    = b_ih + b_hh + x[t] W_ih + h[t-1] W_hh
//! h[t] = cell(z, h[t-1])                           what a cell is stands in the cells' own files
//! ```
//!
//! and from dh\[t\], the delta that the layer's output receives, t descending, backward computes
//!
//! ```text
//! dh[t] += dz[t+1] W_hh^T                          (1) through the next step's gates
//! dz     = what the cell makes of dh[t]
//! dx[t]  = dz[t] W_ih^T                            (2)
//! dW_ih  = sum over samples and t of x[t]^T dz[t]  (3)
//! dW_hh  = sum over samples and t of h[t-1]^T dz[t]  (4)
//! db_ih  = db_hh = sum over samples and t of dz[t]  (5)
//! ```
//!
//! Where a cell takes the two products apart ([`Gru`]), those of h have deltas of their own; where it multiplies h before
//! the product ([`GruResetBefore`]), some gates meet that product in (4), and not h\[t-1\].
//!
//! **Directions.** A layer that is told `reverse` takes the steps from the last to the first, and leaves h at the step that
//! it read; "before" and "next" are meant in that order.
//!
//! **Lengths.** Of a sequence that is padded, only the first steps count. A sample that has taken its last step waits for
//! those that advance with it: its h and c stay, its outputs are zero, and so are its deltas in backward. The first step
//! of a layer that reads in reverse is the last that counts, so that in both directions waiting comes last.
//!
//! **Layout.** Units come in blocks of sixteen, B = ceil(H / 16), and the gates of a block are neighbours: panel
//! `G b + gate`, lane l belongs to unit 16 b + l, gates in PyTorch's order. So the weights are Dense weights
//! `[[Block; I]; P]` and `[[Block; H]; P]` of P = G B panels whose output rows were permuted, and each bias is
//! `[Block; P]`. A step of one block is one tile of G panels whose nonlinearities happen where the sums are.
//!
//! **Products.** What does not wait for the step before is a product over all samples and steps at once: the share of
//! x in z, and (2) to (5). Those are `dense`'s kernels. Only h W_hh and (1) go step by step.
//!
//! **Sums.** z begins at the biases; inputs follow, then units, each split as [`chains`](crate::simd::chains) says, whether
//! one sample or many advance, and in a stream. (3) to (5) add samples, then steps, in chains of 4,096 steps.
//!
//! **Tiny numbers.** Magnitudes below 2^-63 count as zero (see [`math::flush`](crate::math::flush)), except that exact
//! gates never close further than to 2^-63; [`Fast`] ones are zero or at least 2^-25. Then no product of two of these
//! numbers is subnormal: h, c, their deltas and every product that is multiplied again are flushed.
//!
//! **Padding.** In padding lanes z = 0, or NaN where an input is infinite; c and h are made zero there. Backward starts from
//! dh = 0 and adds products with zero weights, so dz is zero there too, although sigmoid gates are not.
//!
//! The sizes of every function: `T` steps, `I` inputs in rows of `KS` floats, `H` units in `B` blocks, `G` gates, so
//! `P = G B` panels, which are `N = 16 P` floats; `W` blocks that a cell keeps of every step, and `Y` rows of outputs: `T`,
//! or one more for c after the last step.

#![allow(
    clippy::too_many_arguments,
    reason = "a kernel names its operands one by one"
)]

mod backward;
mod cell;
mod forward;
mod functions;
mod gru;
mod layer;
mod lstm;
mod order;
mod rnn;
mod step;
mod steps;
mod update;

#[cfg(test)]
mod tests;

pub use backward::{backward, initial_gradient, input_gradient};
pub use cell::Cell;
pub use forward::forward;
pub use functions::{Exact, Fast, Functions};
pub use gru::{FastGru, FastGruResetBefore, Gru, GruResetBefore};
pub use layer::{Weights, initial};
pub use lstm::{FastLstm, Lstm};
pub use order::Order;
pub use rnn::{FastRnnTanh, RnnRelu, RnnTanh};
pub use step::infer;
pub use steps::steps;
pub use update::{counted_rows, initial_rows, last_rows, recurrent_rows, update};
