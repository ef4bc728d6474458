//! Transposed convolutions, against PyTorch.
#![forbid(unsafe_code)]

#[path = "family/case.rs"]
mod case;
#[path = "golden/close.rs"]
mod close;
#[path = "golden/file.rs"]
mod file;

use case::case;

/// Where `tests/golden/conv_transpose.py` writes.
const GOLDEN: &str = "family_conv_transpose";

case!(stride_of_one: (x: [5, 4, 6]) -> [7, 6, 8] { layer: ConvTranspose2d(7, 3, inputs = 5) });
case!(two_by_two: (x: [18, 3, 4]) -> [7, 6, 8] { layer: ConvTranspose2d(7, 2, stride = 2) });
case!(four_by_four: (x: [17, 4, 4]) -> [6, 8, 8] { layer: ConvTranspose2d(6, 4, stride = 2, padding = 1) });
case!(three_by_three: (x: [6, 5, 4]) -> [9, 10, 8] { layer: ConvTranspose2d(9, 3, stride = 2, padding = 1, output_padding = 1) });
case!(five_by_five: (x: [7, 4, 3]) -> [5, 8, 6] { layer: ConvTranspose2d(5, 5, stride = 2, padding = 2, output_padding = 1) });
case!(from_one_pixel: (x: [17, 1, 1]) -> [10, 4, 4] { layer: ConvTranspose2d(10, 4) });
case!(from_one_pixel_padded: (x: [17, 1, 1]) -> [3, 2, 2] { layer: ConvTranspose2d(3, 4, stride = 2, padding = 1) });
case!(from_one_pixel_dilated: (x: [5, 1, 1]) -> [3, 6, 6] { layer: ConvTranspose2d(3, 3, stride = 2, output_padding = 1, dilation = 2) });
case!(from_one_row: (x: [4, 1, 7]) -> [5, 2, 14] { layer: ConvTranspose2d(5, 4, stride = 2, padding = 1) });
case!(from_one_column: (x: [4, 6, 1]) -> [5, 18, 1] { layer: ConvTranspose2d(5, 3, stride = 3, padding = (0, 1)) });
case!(without_bias: (x: [5, 4, 6]) -> [7, 9, 13] { layer: ConvTranspose2d(7, 3, stride = 2, bias = false) });
case!(one_channel: (x: [1, 5, 7]) -> [1, 11, 15] { layer: ConvTranspose2d(1, 3, stride = 2) });
case!(one_to_many: (x: [1, 2, 3]) -> [33, 4, 6] { layer: ConvTranspose2d(33, 4, stride = 2, padding = 1) });
case!(few_to_many: (x: [3, 3, 2]) -> [18, 6, 4] { layer: ConvTranspose2d(18, 4, stride = 2, padding = 1) });
case!(many_to_one: (x: [40, 3, 3]) -> [1, 6, 6] { layer: ConvTranspose2d(1, 3, stride = 2, padding = 1, output_padding = 1) });
case!(three_panels: (x: [5, 3, 2]) -> [34, 6, 4] { layer: ConvTranspose2d(34, 3, stride = 2, padding = 1, output_padding = 1) });
case!(rectangular_kernel: (x: [4, 4, 5]) -> [6, 6, 9] { layer: ConvTranspose2d(6, (3, 5)) });
case!(rectangular_stride: (x: [4, 4, 5]) -> [6, 9, 16] { layer: ConvTranspose2d(6, (3, 4), stride = (2, 3)) });
case!(rectangular_padding: (x: [4, 4, 5]) -> [6, 8, 5] { layer: ConvTranspose2d(6, (4, 5), stride = (2, 1), padding = (1, 2)) });
case!(rectangular_output_padding: (x: [4, 3, 5]) -> [6, 11, 11] { layer: ConvTranspose2d(6, 3, stride = (3, 2), output_padding = (2, 0)) });
case!(dilated: (x: [5, 4, 6]) -> [4, 8, 10] { layer: ConvTranspose2d(4, 3, dilation = 2) });
case!(dilated_and_strided: (x: [5, 4, 6]) -> [4, 11, 15] { layer: ConvTranspose2d(4, 3, stride = 2, padding = 1, dilation = 3) });
case!(dilated_by_the_stride: (x: [18, 4, 6]) -> [2, 7, 11] { layer: ConvTranspose2d(2, 3, stride = 2, padding = 2, dilation = 2) });
case!(all_arguments: (x: [3, 4, 5]) -> [4, 11, 12] { layer: ConvTranspose2d(4, (2, 3), stride = (3, 2), padding = (1, 0), output_padding = 1, dilation = (2, 1), bias = false) });
case!(output_padding_below_dilation: (x: [3, 4, 5]) -> [4, 9, 10] { layer: ConvTranspose2d(4, 2, output_padding = 2, dilation = 3) });
case!(stride_beyond_the_kernel: (x: [6, 4, 3]) -> [5, 11, 8] { layer: ConvTranspose2d(5, 2, stride = 3) });
case!(pixels_between_holes: (x: [6, 4, 3]) -> [5, 12, 9] { layer: ConvTranspose2d(5, 1, stride = 3, output_padding = 2) });
case!(one_by_one: (x: [18, 3, 5]) -> [20, 3, 5] { layer: ConvTranspose2d(20, 1) });
case!(one_by_one_strided: (x: [18, 3, 5]) -> [4, 5, 9] { layer: ConvTranspose2d(4, 1, stride = 2) });
case!(padding_beyond_the_kernel: (x: [3, 9, 8]) -> [4, 4, 3] { layer: ConvTranspose2d(4, 2, padding = 3) });
case!(nothing_but_the_bias: (x: [3, 1, 1]) -> [4, 1, 1] { layer: ConvTranspose2d(4, 1, stride = 3, padding = 1, output_padding = 2) });
case!(kernel_beyond_the_image: (x: [3, 3, 2]) -> [4, 3, 2] { layer: ConvTranspose2d(4, 7, padding = 3) });
case!(kernel_beyond_the_image_strided: (x: [3, 2, 3]) -> [4, 4, 6] { layer: ConvTranspose2d(4, 7, stride = 2, padding = 3, output_padding = 1) });
case!(padding_by_sides: (x: [5, 3, 4]) -> [7, 6, 7] { layer: ConvTranspose2d(7, 3, stride = 2, padding = ((1, 0), (0, 2))) });
case!(padding_of_one_side: (x: [18, 3, 4]) -> [4, 4, 4] { layer: ConvTranspose2d(4, (2, 5), padding = (0, (4, 0))) });
case!(same_odd_kernel: (x: [6, 3, 4]) -> [9, 6, 8] { layer: ConvTranspose2d(9, 3, stride = 2, padding = Same) });
case!(same_even_kernel: (x: [17, 4, 3]) -> [5, 8, 6] { layer: ConvTranspose2d(5, 4, stride = 2, padding = Same) });
case!(same_rectangular: (x: [3, 3, 4]) -> [18, 6, 4] { layer: ConvTranspose2d(18, (5, 2), stride = (2, 1), padding = Same) });
case!(same_dilated: (x: [4, 3, 4]) -> [3, 6, 8] { layer: ConvTranspose2d(3, 3, stride = 2, dilation = 2, padding = Same) });
case!(same_with_holes: (x: [5, 3, 2]) -> [4, 9, 6] { layer: ConvTranspose2d(4, 2, stride = 3, padding = Same) });
case!(same_in_groups: (x: [6, 3, 4]) -> [10, 6, 8] { layer: ConvTranspose2d(10, 3, stride = 2, padding = Same, groups = 2) });
case!(same_of_one_channel: (x: [20, 3, 4]) -> [1, 6, 8] { layer: ConvTranspose2d(1, 5, stride = 2, padding = Same) });
case!(wide: (x: [17, 2, 17]) -> [2, 3, 33] { layer: ConvTranspose2d(2, 3, stride = 2, padding = 1) });
case!(tall: (x: [2, 21, 2]) -> [4, 82, 1] { layer: ConvTranspose2d(4, 4, stride = (4, 1), padding = (1, 2)) });
case!(far_apart: (x: [2, 2, 3]) -> [1, 16, 24] { layer: ConvTranspose2d(1, 16, stride = 8, padding = 4) });
case!(two_groups: (x: [6, 3, 4]) -> [10, 7, 9] { layer: ConvTranspose2d(10, 3, stride = 2, groups = 2) });
case!(groups_of_whole_panels: (x: [4, 2, 3]) -> [32, 4, 6] { layer: ConvTranspose2d(32, 2, stride = 2, groups = 2) });
case!(groups_of_more_than_a_panel: (x: [6, 2, 2]) -> [54, 3, 3] { layer: ConvTranspose2d(54, 2, groups = 3) });
case!(groups_of_many_inputs: (x: [36, 3, 2]) -> [6, 6, 4] { layer: ConvTranspose2d(6, 3, stride = 2, padding = 1, output_padding = 1, groups = 2) });
case!(groups_from_one_pixel: (x: [34, 1, 1]) -> [6, 4, 4] { layer: ConvTranspose2d(6, 4, groups = 2, bias = false) });
case!(groups_with_holes: (x: [6, 3, 2]) -> [9, 6, 4] { layer: ConvTranspose2d(9, 1, stride = 2, output_padding = 1, groups = 3) });
case!(depthwise: (x: [20, 3, 4]) -> [20, 6, 8] { layer: ConvTranspose2d(20, 4, stride = 2, padding = 1, groups = 20) });
case!(depthwise_multiplied: (x: [5, 3, 4]) -> [15, 7, 8] { layer: ConvTranspose2d(15, 3, dilation = 2, groups = 5) });
case!(groups_and_relu: (x: [6, 3, 4]) -> [10, 7, 9] { ConvTranspose2d(10, 3, stride = 2, groups = 2), Relu });
case!(relu: (x: [5, 2, 3]) -> [18, 4, 6] { ConvTranspose2d(18, 4, stride = 2, padding = 1), Relu });
case!(sigmoid: (x: [5, 3, 4]) -> [3, 10, 13] { ConvTranspose2d(3, 3, stride = 3, output_padding = 1), Sigmoid });
case!(tanh: (x: [17, 3, 4]) -> [3, 6, 8] { ConvTranspose2d(3, 2, stride = 2), Tanh });
case!(one_behind_another: (x: [18, 1, 1]) -> [1, 12, 12] { ConvTranspose2d(5, 3), Relu, ConvTranspose2d(17, 4, stride = 2, padding = 1), Relu, ConvTranspose2d(1, 2, stride = 2) });
case!(before_a_convolution: (x: [8, 3, 4]) -> [4, 6, 8] { ConvTranspose2d(17, 2, stride = 2), Relu, Conv2d(4, 3, padding = 1) });
case!(behind_a_convolution: (x: [3, 8, 6]) -> [5, 8, 6] { Conv2d(18, 3, stride = 2, padding = 1), Relu, ConvTranspose2d(5, 4, stride = 2, padding = 1) });
case!(behind_a_pool: (x: [5, 6, 8]) -> [6, 6, 8] { MaxPool2d(2), ConvTranspose2d(6, 3, stride = 2, padding = 1, output_padding = 1) });
case!(sequence: (x: [6, 5]) -> [8, 7] { layer: ConvTranspose1d(7, 3) });
case!(sequence_of_audio: (x: [5, 18]) -> [40, 5] { layer: ConvTranspose1d(5, 16, stride = 8, padding = 4) });
case!(sequence_with_output_padding: (x: [7, 5]) -> [23, 17] { layer: ConvTranspose1d(17, 5, stride = 3, padding = 1, output_padding = 2) });
case!(sequence_dilated: (x: [9, 20]) -> [19, 4] { layer: ConvTranspose1d(4, 3, stride = 2, padding = 2, dilation = 3) });
case!(sequence_with_holes: (x: [4, 4]) -> [17, 20] { layer: ConvTranspose1d(20, 2, stride = 5) });
case!(sequence_of_one_step: (x: [1, 20]) -> [2, 18] { layer: ConvTranspose1d(18, 4, stride = 2, padding = 1) });
case!(sequence_of_one_feature: (x: [9, 1]) -> [18, 3] { layer: ConvTranspose1d(3, 4, stride = 2, padding = 1) });
case!(sequence_without_bias: (x: [5, 16]) -> [10, 32] { layer: ConvTranspose1d(32, 2, stride = 2, bias = false) });
case!(sequence_in_groups: (x: [7, 6]) -> [21, 9] { layer: ConvTranspose1d(9, 5, stride = 3, padding = 1, groups = 3) });
case!(sequence_padded_before: (x: [6, 5]) -> [11, 18] { layer: ConvTranspose1d(18, 4, stride = 2, padding = (3, 0)) });
case!(sequence_padded_behind: (x: [6, 20]) -> [6, 3] { layer: ConvTranspose1d(3, 3, padding = (0, 2), inputs = 20) });
case!(sequence_same: (x: [7, 6]) -> [14, 17] { layer: ConvTranspose1d(17, 5, stride = 2, padding = Same) });
case!(sequences_one_behind_another: (x: [6, 16]) -> [14, 3] { ConvTranspose1d(18, 4, stride = 2, padding = 1), Tanh, ConvTranspose1d(3, 3), Relu });
