//! One layer of long short-term memory, as `torch.nn.LSTM` defines it (Hochreiter & Schmidhuber 1997, with the forget
//! gate of Gers, Schmidhuber & Cummins 2000).
//!
//! With h\[-1\] = c\[-1\] = 0, step t of a sample's sequence computes
//!
//! ```text
//! z      = b_ih + b_hh + x[t] W_ih + h[t-1] W_hh        4 H preactivations: z_i, z_f, z_g, z_o
//! i, f, o = sigmoid(z_i), sigmoid(z_f), sigmoid(z_o);    g = tanh(z_g)
//! c[t]   = f c[t-1] + i g
//! h[t]   = o tanh(c[t])
//! ```
//!
//! and from dh\[t\], the delta that the layer's output receives, t descending, backward computes
//!
//! ```text
//! dh[t] += dz[t+1] W_hh^T                                 (1) through the next step's gates
//! dc     = f[t+1] dc[t+1] + dh[t] o (1 - tanh(c[t])^2)    (2) through the next step's cell and through the output
//! dz_i   = dc g i (1 - i)                                 (3)
//! dz_f   = dc c[t-1] f (1 - f)                            (4)
//! dz_g   = dc i (1 - g^2)                                 (5)
//! dz_o   = dh[t] tanh(c[t]) o (1 - o)                     (6)
//! dx[t]  = dz[t] W_ih^T                                   (7)
//! dW_ih  = sum over samples and t of x[t]^T dz[t]         (8)
//! dW_hh  = sum over samples and t of h[t-1]^T dz[t]       (9)
//! db_ih  = db_hh = sum over samples and t of dz[t]        (10)
//! ```
//!
//! **Layout.** Units come in blocks of sixteen, B = ceil(H / 16), and the gates of a block are neighbours: panel
//! `4 b + gate`, lane l belongs to unit 16 b + l, gates in the order i f g o. So the weights are Dense weights
//! `[[Block; I]; P]` and `[[Block; H]; P]` of P = 4 B panels whose output rows were permuted, and each bias is
//! `[Block; P]`. A step of one block is one tile of four panels whose nonlinearities happen where the sums are.
//!
//! **Products.** What does not wait for the step before is a product over all samples and steps at once: the share of
//! x in z, and (7) to (10). Those are `dense`'s kernels. Only h W_hh and (1) go step by step.
//!
//! **Sums.** z begins at the biases; inputs follow, then units, each split as [`chains`](crate::simd::chains) says, whether
//! one sample or many advance, and in a stream. (8) to (10) add samples, then steps, in chains of 4,096 steps.
//!
//! **Tiny numbers.** Magnitudes below 2^-63 count as zero (see [`math::flush`](crate::math::flush)), except that the gates i, f and o never
//! close further than to 2^-63. Then no product of two of these numbers is subnormal: c, h, dc and every product that
//! is multiplied again are flushed.
//!
//! **Padding.** In padding lanes z = 0, or NaN where an input is infinite; c and h are made zero there. Backward starts from
//! dh = 0 and adds products with zero weights, so dz is zero there too, although i, f and o are not.
//!
//! The sizes of every function: `T` steps, `I` inputs in rows of `KS` floats, `H` units in `B` blocks, `P = 4 B` panels
//! of gates, which are `N = 16 P` floats.

mod backward;
mod cell;
mod forward;
mod step;
mod steps;
mod update;

#[cfg(test)]
mod tests;

pub use backward::{backward, input_gradient};
pub use cell::Weights;
pub use forward::forward;
pub use step::{State, infer, stream};
pub use steps::steps;
pub use update::{recurrent_rows, update};
