//! Arithmetic of the layers, one file each: forward directly above backward.
//!
//! Two invariants hold for every stored value and every delta: rows are whole blocks, and padding lanes are zero.

pub mod activation;
pub mod arithmetic;
pub mod avg_pool;
pub mod batch_norm;
pub mod broadcast;
pub mod causal;
pub mod conv2d;
pub mod conv_transpose2d;
pub mod copy;
pub mod custom;
pub mod dense;
pub mod depthwise;
pub mod dropout;
pub mod embedding;
pub mod finish;
pub mod gaussian;
pub mod group_norm;
pub mod image;
mod lanes;
pub mod layer_norm;
pub mod length;
pub mod max_pool;
pub mod numbers;
pub mod pad;
pub mod pixels;
pub mod pool;
pub mod positions;
pub mod prelu;
pub mod recurrent;
pub mod softmax;
pub mod stencil;
pub mod upsample;
pub mod winners;
