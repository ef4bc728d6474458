//! Padding, as a layer and of convolutions, against PyTorch.
#![forbid(unsafe_code)]

#[path = "family/case.rs"]
mod case;
#[path = "golden/close.rs"]
mod close;
#[path = "golden/file.rs"]
mod file;

use case::case;

/// Where `tests/golden/padding.py` writes.
const GOLDEN: &str = "family_padding";

case!(zeros: (x: [3, 4, 5]) -> [3, 8, 9] { Pad(2) });
case!(zeros_pair: (x: [5, 4, 3]) -> [5, 6, 7] { Pad((1, 2)) });
case!(zeros_sides: (x: [17, 4, 5]) -> [17, 7, 8] { Pad(((1, 2), (0, 3))) });
case!(zeros_mixed: (x: [2, 3, 4]) -> [2, 7, 5] { Pad((2, (0, 1))) });
case!(none: (x: [3, 4, 5]) -> [3, 4, 5] { Pad(0) });
case!(constant: (x: [3, 4, 5]) -> [3, 6, 7] { Pad(1, mode = Constant, value = -1.5) });
case!(constant_sides: (x: [18, 3, 2]) -> [18, 5, 5] { Pad(((0, 2), (3, 0)), mode = Constant, value = 0.25) });
case!(constant_zero: (x: [2, 3, 2]) -> [2, 5, 4] { Pad(1, mode = Constant) });
case!(reflect: (x: [3, 4, 5]) -> [3, 8, 9] { Pad(2, mode = Reflect) });
case!(reflect_most: (x: [17, 4, 5]) -> [17, 10, 13] { Pad((3, 4), mode = Reflect) });
case!(reflect_sides: (x: [16, 5, 4]) -> [16, 10, 7] { Pad(((4, 1), (0, 3)), mode = Reflect) });
case!(replicate: (x: [3, 4, 5]) -> [3, 8, 9] { Pad(2, mode = Replicate) });
case!(replicate_far: (x: [20, 2, 3]) -> [20, 9, 14] { Pad(((7, 0), (2, 9)), mode = Replicate) });
case!(replicate_pixel: (x: [5, 1, 1]) -> [5, 7, 7] { Pad(3, mode = Replicate) });
case!(circular: (x: [3, 4, 5]) -> [3, 8, 9] { Pad(2, mode = Circular) });
case!(circular_most: (x: [17, 3, 4]) -> [17, 9, 12] { Pad((3, 4), mode = Circular) });
case!(circular_sides: (x: [33, 4, 5]) -> [33, 8, 11] { Pad(((0, 4), (5, 1)), mode = Circular) });
case!(wide: (x: [1, 2, 40]) -> [1, 3, 60] { Pad(((1, 0), (17, 3)), mode = Reflect) });
case!(steps: (x: [6, 5]) -> [10, 5] { Pad(2) });
case!(steps_sides: (x: [6, 17]) -> [9, 17] { Pad((3, 0)) });
case!(steps_constant: (x: [5, 3]) -> [8, 3] { Pad((1, 2), mode = Constant, value = 2) });
case!(steps_reflect: (x: [6, 20]) -> [13, 20] { Pad((5, 2), mode = Reflect) });
case!(steps_replicate: (x: [4, 1]) -> [19, 1] { Pad((6, 9), mode = Replicate) });
case!(steps_circular: (x: [4, 33]) -> [11, 33] { Pad((4, 3), mode = Circular) });
case!(vector: (x: [7]) -> [12] { Pad((3, 2)) });
case!(vector_constant: (x: [20]) -> [22] { Pad(1, mode = Constant, value = -3) });
case!(vector_reflect: (x: [17]) -> [37] { Pad((16, 4), mode = Reflect) });
case!(vector_replicate: (x: [1]) -> [11] { Pad(5, mode = Replicate) });
case!(vector_circular: (x: [16]) -> [37] { Pad((5, 16), mode = Circular) });
case!(between_convolutions: (x: [3, 6, 5]) -> [5, 7, 5] {
    Conv2d(18, 3), Relu, Pad(((1, 2), (2, 0)), mode = Reflect), Conv2d(5, 3, padding = 1)
});
case!(before_dense: (x: [9]) -> [4] { Dense(18), Tanh, Pad((0, 3), mode = Circular), Dense(4) });
case!(before_recurrence: (x: [5, 3]) -> [7, 4] { Pad((2, 0), mode = Replicate), Dense(4) });
case!(behind_norm: (x: [16, 4, 4]) -> [3] { Conv2d(20, 1), Pad(1, mode = Replicate), MaxPool2d(2), Flatten, Dense(3) });
case!(conv_sides: (x: [3, 5, 6]) -> [18, 6, 7] { layer: Conv2d(18, 3, padding = ((1, 2), (0, 3))) });
case!(conv_sides_strided: (x: [17, 7, 6]) -> [5, 4, 4] {
    layer: Conv2d(5, (3, 2), stride = (2, 3), padding = ((0, 3), (4, 1)))
});
case!(conv_sides_dilated: (x: [4, 5, 5]) -> [20, 6, 6] {
    layer: Conv2d(20, 3, dilation = (2, 3), padding = ((4, 1), (2, 5)))
});
case!(conv_one_side: (x: [16, 3, 4]) -> [16, 6, 4] { layer: Conv2d(16, (4, 1), padding = ((6, 0), 0)) });
case!(conv_beyond_the_kernel: (x: [5, 2, 3]) -> [7, 6, 6] { layer: Conv2d(7, 2, padding = ((0, 5), (4, 0))) });
case!(conv_small_image: (x: [3, 2, 1]) -> [17, 3, 3] { layer: Conv2d(17, 7, padding = ((3, 4), (6, 2))) });
case!(conv_pooled: (x: [3, 6, 7]) -> [18, 3, 3] { Conv2d(18, 3, padding = ((2, 1), (0, 2))), Relu, MaxPool2d(2) });
case!(same_2_3: (x: [3, 7, 8]) -> [6, 4, 4] { layer: Conv2d(6, 3, stride = 2, padding = Same) });
case!(same_2_4: (x: [17, 8, 7]) -> [6, 4, 4] { layer: Conv2d(6, 4, stride = 2, padding = Same) });
case!(same_3_5: (x: [5, 10, 9]) -> [6, 4, 3] { layer: Conv2d(6, 5, stride = 3, padding = Same) });
case!(same_3_2: (x: [4, 7, 7]) -> [6, 3, 3] { layer: Conv2d(6, 2, stride = 3, padding = Same) });
case!(same_2_3_2: (x: [16, 9, 6]) -> [6, 5, 3] { layer: Conv2d(6, 3, stride = 2, dilation = 2, padding = Same) });
case!(same_5_3: (x: [2, 11, 10]) -> [6, 3, 2] { layer: Conv2d(6, 3, stride = 5, padding = Same) });
case!(same_pair: (x: [3, 7, 9]) -> [17, 7, 5] { layer: Conv2d(17, (5, 2), stride = (1, 2), padding = Same) });
case!(same_small: (x: [4, 2, 3]) -> [5, 1, 2] { layer: Conv2d(5, 7, stride = 2, padding = Same) });
case!(same_steps: (x: [11, 5]) -> [4, 18] { layer: Conv1d(18, 4, stride = 3, padding = Same) });
case!(steps_before: (x: [7, 3]) -> [9, 5] { layer: Conv1d(5, 3, padding = (4, 0)) });
case!(steps_behind: (x: [7, 17]) -> [4, 16] { layer: Conv1d(16, 3, stride = 2, padding = (0, 3)) });
case!(causal: (x: [8, 3]) -> [8, 18] { layer: Conv1d(18, 3, padding = Causal) });
case!(causal_dilated: (x: [9, 17]) -> [9, 4] { layer: Conv1d(4, 3, dilation = 4, padding = Causal) });
case!(causal_strided: (x: [9, 2]) -> [5, 5] { layer: Conv1d(5, 4, stride = 2, padding = Causal) });
case!(conv_reflect: (x: [3, 5, 6]) -> [18, 5, 6] { layer: Conv2d(18, 3, padding = 1, padding_mode = Reflect) });
case!(conv_reflect_pair: (x: [17, 5, 4]) -> [5, 6, 2] {
    layer: Conv2d(5, (3, 5), padding = (4, 2), stride = 2, padding_mode = Reflect)
});
case!(conv_reflect_same: (x: [16, 6, 6]) -> [20, 6, 6] {
    layer: Conv2d(20, 4, padding = Same, dilation = (1, 2), bias = false, padding_mode = Reflect)
});
case!(steps_conv_reflect: (x: [7, 5]) -> [9, 17] { layer: Conv1d(17, 3, padding = 2, padding_mode = Reflect) });
case!(conv_replicate: (x: [3, 5, 6]) -> [18, 5, 6] { layer: Conv2d(18, 3, padding = 1, padding_mode = Replicate) });
case!(conv_replicate_pair: (x: [17, 5, 4]) -> [5, 6, 2] {
    layer: Conv2d(5, (3, 5), padding = (4, 2), stride = 2, padding_mode = Replicate)
});
case!(conv_replicate_same: (x: [16, 6, 6]) -> [20, 6, 6] {
    layer: Conv2d(20, 4, padding = Same, dilation = (1, 2), bias = false, padding_mode = Replicate)
});
case!(steps_conv_replicate: (x: [7, 5]) -> [9, 17] { layer: Conv1d(17, 3, padding = 2, padding_mode = Replicate) });
case!(conv_circular: (x: [3, 5, 6]) -> [18, 5, 6] { layer: Conv2d(18, 3, padding = 1, padding_mode = Circular) });
case!(conv_circular_pair: (x: [17, 5, 4]) -> [5, 6, 2] {
    layer: Conv2d(5, (3, 5), padding = (4, 2), stride = 2, padding_mode = Circular)
});
case!(conv_circular_same: (x: [16, 6, 6]) -> [20, 6, 6] {
    layer: Conv2d(20, 4, padding = Same, dilation = (1, 2), bias = false, padding_mode = Circular)
});
case!(steps_conv_circular: (x: [7, 5]) -> [9, 17] { layer: Conv1d(17, 3, padding = 2, padding_mode = Circular) });
case!(conv_reflect_sides: (x: [3, 5, 6]) -> [18, 6, 7] {
    layer: Conv2d(18, 3, padding = ((2, 1), (0, 3)), padding_mode = Reflect)
});
case!(conv_replicate_sides: (x: [17, 7, 6]) -> [5, 4, 4] {
    layer: Conv2d(5, (3, 2), stride = (2, 3), padding = ((0, 3), (4, 1)), padding_mode = Replicate)
});
case!(conv_circular_sides: (x: [4, 5, 5]) -> [20, 6, 6] {
    layer: Conv2d(20, 3, dilation = (2, 3), padding = ((4, 1), (2, 5)), padding_mode = Circular)
});
case!(conv_reflect_groups: (x: [20, 5, 6]) -> [20, 5, 6] {
    layer: Conv2d(20, 3, padding = 1, groups = 20, padding_mode = Reflect)
});
case!(same_reflect: (x: [3, 7, 8]) -> [6, 4, 4] {
    layer: Conv2d(6, 4, stride = 2, padding = Same, padding_mode = Reflect)
});
case!(same_circular: (x: [17, 8, 6]) -> [6, 4, 6] {
    layer: Conv2d(6, (3, 5), stride = (2, 1), padding = Same, padding_mode = Circular)
});
case!(causal_replicate: (x: [7, 3]) -> [7, 18] {
    layer: Conv1d(18, 3, dilation = 2, padding = Causal, padding_mode = Replicate)
});
case!(causal_reflect: (x: [7, 17]) -> [7, 5] { layer: Conv1d(5, 4, padding = Causal, padding_mode = Reflect) });
case!(steps_conv_circular_before: (x: [7, 5]) -> [4, 6] {
    layer: Conv1d(6, 3, stride = 2, padding = (3, 0), padding_mode = Circular)
});
case!(conv_modes_in_turn: (x: [2, 5, 5]) -> [3, 3, 3] {
    Conv2d(18, 3, padding = 1, padding_mode = Reflect),
    Relu,
    Conv2d(17, 3, padding = 2, padding_mode = Circular),
    Relu,
    MaxPool2d(2),
    Conv2d(3, 3, padding = 1, padding_mode = Replicate)
});
