//! Softmax with cross-entropy in one kernel.
//!
//! For logits x and the right class t, with m = max x:
//!
//! ```text
//! loss  L = ln(sum_j e^(x_j - m)) - (x_t - m)
//! delta dL/dx_i = e^(x_i - m) / sum_j e^(x_j - m) - [i = t]
//! ```
//!
//! With probabilities y instead of one class (y_i = [i = t] for a label), class weights w and label smoothing e over N
//! classes, as PyTorch has it:
//!
//! ```text
//! q_i = w_i ((1 - e) y_i + e / N),  Q = sum_j q_j
//! loss  L = Q ln(sum_j e^(x_j - m)) - sum_j q_j (x_j - m)
//! delta dL/dx_i = Q e^(x_i - m) / sum_j e^(x_j - m) - q_i
//! ```
//!
//! of which all terms of L are 0 or more. A label counts w_t in the mean of its batch, probabilities count 1.

mod pixels;
mod plain;
mod row;
mod with;

pub use plain::CrossEntropy;
pub use with::CrossEntropyWith;
