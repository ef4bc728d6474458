//! Every path of the runtime that expansions name, in one place.
//!
//! Expansions refer to the facade's hidden module as `rt`, which each expansion imports inside its own scope.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

/// The type of an activation.
pub fn activation(name: &str) -> TokenStream {
    let name = Ident::new(name, Span::call_site());
    quote!(rt::#name)
}

/// Gives each path a function that quotes it.
macro_rules! paths {
    ($($name:ident = $($segment:ident)::+;)*) => {
        $(
            #[doc = concat!("`rt::", stringify!($($segment)::+), "`")]
            pub fn $name() -> TokenStream {
                quote!(rt::$($segment)::+)
            }
        )*
    };
}

paths! {
    carve = carve;
    span = span;
    rows = rows;
    input_rows = input_rows;
    settle = settle;
    settled = settled;
    flushed = flushed;
    blocks = blocks;
    blocks_mut = blocks_mut;
    panels = panels;
    panels_mut = panels_mut;
    cells = cells;
    load = load;
    load_delta = load_delta;
    unload = unload;
    stretch = Stretch::of;
    row_pairs = row_pairs;
    row_blocks = row_blocks;
    strided_copy = copy::strided;
    strided_axis = copy::Axis;
    dense_forward = dense::forward;
    dense_infer = dense::infer;
    dense_transpose = dense::transpose;
    dense_update = dense::update;
    dense_update_bias = dense::update_bias;
    sequences = sequences;
    steps = steps;
    steps_mut = steps_mut;
    step_pairs = step_pairs;
    channel_last = ChannelLast;
    planar = Planar;
    taps = Taps;
    conv2d_forward = conv2d::forward;
    conv2d_forward_winners = conv2d::forward_winners;
    conv2d_delta = conv2d::delta;
    conv2d_delta_pooled = conv2d::delta_pooled;
    conv2d_transpose = conv2d::transpose;
    conv2d_input_gradient = conv2d::input_gradient;
    conv2d_call = conv2d::call;
    conv2d_weight_gradient = conv2d::weight_gradient;
    conv2d_bias_gradient = conv2d::bias_gradient;
    max_pool2d_forward = max_pool2d::forward;
    max_pool2d_winners = max_pool2d::forward_winners;
    max_pool2d_backward = max_pool2d::backward;
    lstm_weights = lstm::Weights;
    lstm_infer = lstm::infer;
    lstm_forward = lstm::forward;
    lstm_backward = lstm::backward;
    lstm_input_gradient = lstm::input_gradient;
    lstm_recurrent_rows = lstm::recurrent_rows;
    lstm_update = lstm::update;
    activate = activation::forward;
    activation_backward = activation::backward;
    activation_into = activation::backward_into;
    dropout_forward = dropout::forward;
    dropout_backward = dropout::backward;
    term_backward = arithmetic::term_backward;
    factor_backward = arithmetic::factor_backward;
    add = arithmetic::add;
    sub = arithmetic::sub;
    mul = arithmetic::mul;
    softmax = softmax::forward;
    softmax_backward = softmax::backward;
    log_softmax = softmax::log_forward;
    log_softmax_backward = softmax::log_backward;
}
