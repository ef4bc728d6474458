//! The networks: torchvision's for photographs, and a small one of the same blocks for digits.

use kiln::prelude::*;

model! {
    /// The first block, which has nothing to widen.
    block Separable<const INPUTS: usize, const CHANNELS: usize>(x) {
        conv: {
            { Conv2d(INPUTS, 3, padding = 1, groups = INPUTS, bias = false), BatchNorm, Relu6 },
            Conv2d(CHANNELS, 1, bias = false),
            BatchNorm,
        },
    }

    /// Six times as many channels, a convolution of each, and few channels again.
    block Bottleneck<const INPUTS: usize, const CHANNELS: usize, const STRIDE: usize>(x) {
        conv: {
            { Conv2d(6 * INPUTS, 1, bias = false), BatchNorm, Relu6 },
            {
                Conv2d(6 * INPUTS, 3, stride = STRIDE, padding = 1, groups = 6 * INPUTS, bias = false),
                BatchNorm,
                Relu6,
            },
            Conv2d(CHANNELS, 1, bias = false),
            BatchNorm,
        },
    }

    /// The same around which the input passes.
    block Residual<const CHANNELS: usize>(x) {
        conv: {
            { Conv2d(6 * CHANNELS, 1, bias = false), BatchNorm, Relu6 },
            { Conv2d(6 * CHANNELS, 3, padding = 1, groups = 6 * CHANNELS, bias = false), BatchNorm, Relu6 },
            Conv2d(CHANNELS, 1, bias = false),
            BatchNorm,
        },

        forward { x + conv(x) }
    }

    /// torchvision's `mobilenet_v2` for small photographs.
    pub struct MobileNetV2(image: [3, 96, 96]) -> [1000] {
        features: {
            { Conv2d(32, 3, stride = 2, padding = 1, bias = false), BatchNorm, Relu6 },
            Separable<32, 16>,
            Bottleneck<16, 24, 2>, Residual<24>,
            Bottleneck<24, 32, 2>, Residual<32>, Residual<32>,
            Bottleneck<32, 64, 2>, Residual<64>, Residual<64>, Residual<64>,
            Bottleneck<64, 96, 1>, Residual<96>, Residual<96>,
            Bottleneck<96, 160, 2>, Residual<160>, Residual<160>,
            Bottleneck<160, 320, 1>,
            { Conv2d(1280, 1, bias = false), BatchNorm, Relu6 },
        },
        GlobalAvgPool,
        classifier: { Dropout(0.2), Dense(1000) },
    }

    /// Blocks enough for digits.
    pub struct Small(image: [1, 28, 28]) -> [10] {
        features: {
            { Conv2d(16, 3, stride = 2, padding = 1, bias = false), BatchNorm, Relu6 },
            Separable<16, 16>,
            Bottleneck<16, 24, 2>, Residual<24>,
            Bottleneck<24, 32, 2>, Residual<32>,
            { Conv2d(128, 1, bias = false), BatchNorm, Relu6 },
        },
        GlobalAvgPool,
        classifier: { Dropout(0.2), Dense(10) },
    }
}
