//! What expansions name. No part of the public interface.

pub use core::option::Option::{None, Some};

pub use kiln_runtime::{
    arena::{Arena, stored},
    batch::{Batch, Place},
    block::Block,
    declared::{Declared, InputGradients, Pretrained, SmallOutput},
    error::Result,
    foreign,
    inference::forward_with,
    kernels::{
        activation::{
            self, Elu, HardTanh, Identity, LeakyRelu, Relu, Sigmoid, Softplus, Tanh,
            function::{
                Abs, Exp, FastSigmoid, FastTanh, Gelu, GeluTanh, HardSigmoid, HardSwish, Log, Mish,
                Selu, Silu, Softsign, Sqrt,
            },
        },
        arithmetic, avg_pool, batch_norm, broadcast, causal, conv_transpose2d, conv2d, copy,
        custom,
        dense::{self, Start},
        depthwise, dropout, embedding, gaussian, group_norm,
        image::{ChannelLast, DenseSteps, Parts, Planar},
        layer_norm, length, max_pool,
        numbers::Numbers,
        pad,
        pixels::Pixels,
        pool, positions, prelu, recurrent, softmax,
        stencil::Taps,
        upsample,
    },
    layout::{Axis, Layout},
    loss::{Loss, Score},
    model::Model,
    network::{Layer, Lead, Network, Panels, Rows, Tokens, count_flops, count_parameters},
    parameters::Seed,
    random::Key,
    simd::Isa,
    stream::{Causal, Steps, Stream, StreamState},
    tensor::{Init, Limit, Penalty, Role, Tensor, Units},
    update::{Sink, Stretch},
    views::{
        blocks, blocks_mut, carve, cells, flushed, input_rows, judge, known, load, load_stored,
        load_tokens, pair, panels, row_blocks, row_pairs, rows, score, sequences, settled,
        step_pairs, steps, steps_mut, stretch_of_panels, token_rows, tokens, unload, unload_stored,
        with_lengths,
    },
};

#[cfg(feature = "alloc")]
pub use kiln_runtime::{
    inference::{forward, forward_batch, forward_into},
    parameters::{initialized, try_initialized},
};

/// What an expansion imports under the name of each of its variables: a pattern that meets a function makes a new variable,
/// where one that met a user's constant of that name would compare with it.
pub fn variable() {}

/// An arena as a network holds it: a network that derives `Debug` does not print a hundred thousand numbers.
#[derive(Clone, PartialEq)]
pub struct Memory(pub Arena);

impl core::fmt::Debug for Memory {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} blocks", self.0.len())
    }
}
