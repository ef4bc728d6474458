//! What expansions name. No part of the public interface.

pub use kiln_runtime::{
    batch::Batch,
    block::Block,
    kernels::{
        activation::{self, Identity, Relu, Sigmoid, Tanh},
        arithmetic, copy,
        dense::{self, Start},
        softmax,
    },
    layout::{Axis, Layout, Tensor},
    loss::Loss,
    network::{Init, Layer, Network, Penalty, Rows, Score, Segment},
    simd::Isa,
    update::Update,
    views::{
        blocks, blocks_mut, carve, cells, input_rows, judge, load, panels, panels_mut, row_blocks, row_pairs, rows,
        score, span, stretch, unload,
    },
};
