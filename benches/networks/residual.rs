//! Two residual networks: He et al.'s ResNet-20 on small images, and torchvision's ResNet-18.

use kiln::prelude::*;

model! {
    block Basic<const CHANNELS: usize>(x) {
        conv1: Conv2d(CHANNELS, 3, padding = 1, bias = false),
        bn1: BatchNorm,
        conv2: Conv2d(CHANNELS, 3, padding = 1, bias = false),
        bn2: BatchNorm,
        forward { relu(bn2(conv2(relu(bn1(conv1(x))))) + x) }
    }

    block Down<const CHANNELS: usize>(x) {
        conv1: Conv2d(CHANNELS, 3, stride = 2, padding = 1, bias = false),
        bn1: BatchNorm,
        conv2: Conv2d(CHANNELS, 3, padding = 1, bias = false),
        bn2: BatchNorm,
        downsample: { Conv2d(CHANNELS, 1, stride = 2, bias = false), BatchNorm },
        forward { relu(bn2(conv2(relu(bn1(conv1(x))))) + downsample(x)) }
    }

    pub struct ResNet20(image: [1, 28, 28]) -> [10] {
        conv1: Conv2d(16, 3, padding = 1, bias = false),
        bn1: BatchNorm,
        Relu,
        layer1: [Basic<16>; 3],
        layer2: { Down<32>, Basic<32>, Basic<32> },
        layer3: { Down<64>, Basic<64>, Basic<64> },
        GlobalAvgPool,
        fc: Dense(10),
    }

    pub struct ResNet18(image: [3, 64, 64]) -> [1000] {
        conv1: Conv2d(64, 7, stride = 2, padding = 3, bias = false),
        bn1: BatchNorm,
        Relu,
        MaxPool2d(3, stride = 2, padding = 1),
        layer1: [Basic<64>; 2],
        layer2: { Down<128>, Basic<128> },
        layer3: { Down<256>, Basic<256> },
        layer4: { Down<512>, Basic<512> },
        GlobalAvgPool,
        fc: Dense(1000),
    }
}
