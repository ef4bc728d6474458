//! Activations, against PyTorch.
#![forbid(unsafe_code)]

#[path = "family/case.rs"]
mod case;
#[path = "golden/close.rs"]
mod close;
#[path = "golden/file.rs"]
mod file;

use case::case;

/// Where `tests/golden/activations.py` writes.
const GOLDEN: &str = "family_activations";

/// An activation by itself: a vector that reaches its tails, and an image of whole numbers, where its slope changes.
macro_rules! alone {
    ($($name:ident, $second:ident: $layer:expr;)*) => {$(
        case!($name: (x: [21]) -> [21] { $layer });
        case!($second: (x: [5, 2, 3]) -> [5, 2, 3] { $layer });
    )*};
}

alone! {
    relu6, relu6_whole: Relu6;
    leaky_relu, leaky_relu_whole: LeakyRelu;
    leaky_relu_steep, leaky_relu_steep_whole: LeakyRelu(1.75);
    leaky_relu_flat, leaky_relu_flat_whole: LeakyRelu(slope = 0);
    leaky_relu_falling, leaky_relu_falling_whole: LeakyRelu(-0.5);
    hard_tanh, hard_tanh_whole: HardTanh;
    hard_tanh_bounds, hard_tanh_bounds_whole: HardTanh(-2, 5);
    hard_tanh_above, hard_tanh_above_whole: HardTanh(min = 1, max = 3);
    elu, elu_whole: Elu;
    elu_alpha, elu_alpha_whole: Elu(0.25);
    elu_falling, elu_falling_whole: Elu(alpha = -1.5);
    selu, selu_whole: Selu;
    gelu, gelu_whole: Gelu;
    gelu_tanh, gelu_tanh_whole: Gelu(approximate = Tanh);
    silu, silu_whole: Silu;
    mish, mish_whole: Mish;
    softplus, softplus_whole: Softplus;
    softplus_beta, softplus_beta_whole: Softplus(2.5);
    softplus_threshold, softplus_threshold_whole: Softplus(beta = 0.5, threshold = 1.5);
    softsign, softsign_whole: Softsign;
    hard_sigmoid, hard_sigmoid_whole: HardSigmoid;
    hard_swish, hard_swish_whole: HardSwish;
    abs, abs_whole: Abs;
    exp, exp_whole: Exp;
    clamp, clamp_whole: Clamp(-3, 2);
    clamp_min, clamp_min_whole: Clamp(min = 1);
    clamp_max, clamp_max_whole: Clamp(max = -0.5);
    sqrt, sqrt_image: Sqrt;
    log, log_image: Log;
}

case!(functions: (x: [5, 18]) -> [5, 90] {
    forward {
        let curved = concat(gelu(x), gelu(x, approximate = Tanh), axis = 1);
        concat(curved, leaky_relu(x, 0.2), clamp(x, min = 0), clamp(x, 0, 1), axis = 1)
    }
});
case!(functions_of_steps: (x: [5, 18]) -> [5, 72] {
    forward { concat(softplus(x, 2), exp(x), hard_sigmoid(x), elu(x, 0.5), axis = 1) }
});

case!(prelu: (x: [21]) -> [21] { layer: PRelu });
case!(prelu_image: (x: [5, 2, 3]) -> [5, 2, 3] { layer: PRelu });
case!(prelu_features: (x: [21]) -> [21] { layer: PRelu(21) });
case!(prelu_channels: (x: [5, 2, 3]) -> [5, 2, 3] { layer: PRelu(parameters = 5) });
case!(prelu_steps: (x: [5, 18]) -> [5, 18] { PRelu(18, name = "layer.layer") });
case!(prelu_one_channel: (x: [1, 5, 3]) -> [1, 5, 3] { layer: PRelu(1) });
case!(prelu_wide: (x: [100, 1, 3]) -> [100, 1, 3] { layer: PRelu(100) });
case!(prelu_four_axes: (x: [18, 2, 3, 2]) -> [18, 2, 3, 2] { layer: PRelu(18) });
case!(prelu_four_axes_shared: (x: [3, 2, 2, 5]) -> [3, 2, 2, 5] { layer: PRelu });
case!(prelu_between: (x: [3, 6, 5]) -> [4, 4, 3] { Conv2d(20, 3, padding = 1), PRelu(20), Conv2d(4, 3) });

case!(dense_gelu: (x: [7]) -> [3] { Dense(21), Gelu, Dense(3) });
case!(dense_gelu_tanh: (x: [7]) -> [21] { Dense(21), Gelu(approximate = Tanh) });
case!(dense_silu: (x: [5, 7]) -> [5, 21] { Dense(21), Silu });
case!(dense_elu: (x: [7]) -> [3] { Dense(21), Elu(0.75), Dense(3) });
case!(dense_selu: (x: [7]) -> [3] { Dense(21), Selu, Dense(3) });
case!(dense_softplus: (x: [7]) -> [3] { Dense(21), Softplus(2), Dense(3) });
case!(dense_exp: (x: [7]) -> [3] { Dense(21), Exp, Dense(3) });
case!(dense_mish: (x: [7]) -> [3] { Dense(21), Mish, Dense(3) });
case!(dense_abs: (x: [7]) -> [3] { Dense(21), Abs, Dense(3) });
case!(conv_relu6: (x: [3, 7, 6]) -> [2, 3, 2] { Conv2d(17, 3), Relu6, Conv2d(2, 3) });
case!(conv_leaky_relu: (x: [3, 7, 6]) -> [2, 3, 2] { Conv2d(17, 3), LeakyRelu(0.2), Conv2d(2, 3) });
case!(conv_hard_swish: (x: [3, 7, 6]) -> [2, 3, 2] { Conv2d(17, 3), HardSwish, Conv2d(2, 3) });
case!(conv_hard_sigmoid: (x: [3, 7, 6]) -> [2, 5, 4] { Conv2d(17, 3), HardSigmoid, Conv2d(2, 3, padding = 1) });
case!(conv_silu: (x: [3, 7, 6]) -> [2, 7, 6] { Conv2d(17, 3, padding = 1), Silu, Conv2d(2, 3, padding = 1) });
case!(conv_softsign: (x: [3, 7, 6]) -> [17, 5, 4] { Conv2d(17, 3), Softsign });
case!(conv_clamp: (x: [3, 7, 6]) -> [2, 5, 4] { Conv2d(17, 3), Clamp(0.25, 0.5), Conv2d(2, 3, padding = 1) });
case!(conv_relu6_pool: (x: [3, 8, 6]) -> [17, 3, 2] { Conv2d(17, 3), Relu6, MaxPool2d(2) });
case!(conv_elu_pool: (x: [3, 8, 6]) -> [17, 3, 2] { Conv2d(17, 3), Elu, MaxPool2d(2) });
case!(conv_gelu_pool: (x: [3, 8, 6]) -> [17, 3, 2] { Conv2d(17, 3), Gelu, MaxPool2d(2) });
case!(conv_abs_pool: (x: [3, 8, 6]) -> [17, 3, 2] { Conv2d(17, 3), Abs, MaxPool2d(2) });
case!(conv_falling_pool: (x: [3, 8, 6]) -> [17, 3, 2] { Conv2d(17, 3), LeakyRelu(-1), MaxPool2d(2) });
case!(conv_pool_silu: (x: [3, 8, 6]) -> [17, 3, 2] { Conv2d(17, 3), MaxPool2d(2), Silu });
case!(residual_hard_swish: (x: [5, 4, 6]) -> [5, 4, 6] {
    conv: Conv2d(5, 3, padding = 1, name = "layer.conv"),
    forward { hard_swish(conv(x) + x) }
});
case!(residual_relu6: (x: [5, 4, 6]) -> [5, 4, 6] {
    conv: Conv2d(5, 3, padding = 1, name = "layer.conv"),
    forward { relu6(conv(x) + x) }
});
