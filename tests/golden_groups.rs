//! Convolutions in groups, depthwise ones among them, against PyTorch.
#![forbid(unsafe_code)]

#[path = "family/case.rs"]
mod case;
#[path = "golden/close.rs"]
mod close;
#[path = "golden/file.rs"]
mod file;

use case::case;

/// Where `tests/golden/groups.py` writes.
const GOLDEN: &str = "family_groups";

case!(depthwise_three: (x: [3, 6, 7]) -> [3, 4, 5] { layer: Conv2d(3, 3, groups = 3) });
case!(depthwise_sixteen: (x: [16, 7, 7]) -> [16, 7, 7] { layer: Conv2d(16, 3, padding = 1, groups = 16) });
case!(depthwise_seventeen: (x: [17, 5, 9]) -> [17, 5, 9] {
    layer: Conv2d(17, 3, padding = 1, groups = 17, bias = false)
});
case!(depthwise_many: (x: [70, 4, 5]) -> [70, 4, 5] { layer: Conv2d(70, 3, padding = 1, groups = 70) });
case!(depthwise_strided: (x: [20, 8, 8]) -> [20, 4, 4] {
    layer: Conv2d(20, 3, stride = 2, padding = 1, groups = 20)
});
case!(depthwise_strided_odd: (x: [20, 7, 9]) -> [20, 4, 5] {
    layer: Conv2d(20, 3, stride = 2, padding = 1, groups = 20, inputs = 20)
});
case!(depthwise_stride_by_axis: (x: [5, 10, 7]) -> [5, 4, 3] {
    layer: Conv2d(5, (3, 2), stride = (3, 2), padding = (2, 0), groups = 5)
});
case!(depthwise_stride_above_kernel: (x: [5, 9, 8]) -> [5, 3, 3] { layer: Conv2d(5, 2, stride = 3, groups = 5) });
case!(depthwise_five: (x: [18, 6, 7]) -> [18, 6, 7] { layer: Conv2d(18, 5, padding = Same, groups = 18) });
case!(depthwise_seven: (x: [4, 8, 9]) -> [4, 8, 9] { layer: Conv2d(4, 7, padding = 3, groups = 4) });
case!(depthwise_five_strided: (x: [24, 9, 10]) -> [24, 5, 5] {
    layer: Conv2d(24, 5, stride = 2, padding = 2, groups = 24)
});
case!(depthwise_one_row: (x: [6, 3, 12]) -> [6, 3, 12] { layer: Conv2d(6, (1, 9), padding = (0, 4), groups = 6) });
case!(depthwise_one_column: (x: [6, 12, 3]) -> [6, 12, 3] {
    layer: Conv2d(6, (9, 1), padding = (4, 0), groups = 6)
});
case!(depthwise_wide: (x: [2, 4, 20]) -> [2, 5, 20] { layer: Conv2d(2, (2, 17), padding = (1, 8), groups = 2) });
case!(depthwise_dilated: (x: [19, 6, 8]) -> [19, 6, 8] {
    layer: Conv2d(19, 3, padding = 2, dilation = 2, groups = 19)
});
case!(depthwise_dilated_and_strided: (x: [7, 9, 11]) -> [7, 5, 7] {
    layer: Conv2d(7, 3, stride = 2, padding = 3, dilation = (3, 2), groups = 7)
});
case!(depthwise_of_the_whole: (x: [33, 5, 4]) -> [33, 1, 1] { layer: Conv2d(33, (5, 4), groups = 33) });
case!(depthwise_beyond: (x: [3, 2, 2]) -> [3, 7, 7] { layer: Conv2d(3, 2, padding = 3, groups = 3) });
case!(depthwise_point: (x: [18, 3, 4]) -> [18, 3, 4] { layer: Conv2d(18, 1, groups = 18) });
case!(depthwise_wide_image: (x: [2, 3, 40]) -> [2, 3, 40] { layer: Conv2d(2, 3, padding = 1, groups = 2) });
case!(depthwise_long: (x: [2, 3, 300]) -> [2, 1, 298] { layer: Conv2d(2, 3, groups = 2) });
case!(depthwise_relu: (x: [20, 6, 6]) -> [5, 6, 6] {
    Conv2d(20, 3, padding = 1, groups = 20), Relu, Conv2d(5, 1)
});
case!(inverted: (x: [3, 8, 8]) -> [4, 4, 4] {
    Conv2d(24, 1), Relu, Conv2d(24, 3, stride = 2, padding = 1, groups = 24), Tanh, Conv2d(4, 1)
});
case!(steps_depthwise: (x: [14, 18]) -> [14, 18] { layer: Conv1d(18, 5, padding = 2, groups = 18) });
case!(steps_depthwise_strided: (x: [15, 3]) -> [7, 3] { layer: Conv1d(3, 4, stride = 2, padding = 1, groups = 3) });

case!(multiplied: (x: [8, 6, 5]) -> [16, 6, 5] { layer: Conv2d(16, 3, padding = 1, groups = 8) });
case!(multiplied_by_three: (x: [7, 7, 9]) -> [21, 3, 4] { layer: Conv2d(21, 3, stride = 2, groups = 7) });
case!(multiplied_by_sixteen: (x: [2, 3, 9]) -> [32, 3, 7] { layer: Conv2d(32, (1, 3), groups = 2) });
case!(multiplied_by_twenty: (x: [3, 4, 4]) -> [60, 4, 4] { layer: Conv2d(60, 3, padding = 1, groups = 3) });
case!(two_groups: (x: [32, 5, 6]) -> [32, 5, 6] { layer: Conv2d(32, 3, padding = 1, groups = 2) });
case!(two_large_groups: (x: [6, 5, 6]) -> [64, 5, 6] { layer: Conv2d(64, 3, padding = 1, groups = 2) });
case!(three_groups: (x: [9, 6, 5]) -> [12, 4, 3] { layer: Conv2d(12, 3, groups = 3) });
case!(uneven_groups: (x: [10, 5, 5]) -> [34, 5, 5] {
    layer: Conv2d(34, 3, padding = 1, groups = 2, bias = false)
});
case!(groups_into_few: (x: [40, 5, 4]) -> [4, 3, 2] { layer: Conv2d(4, 3, groups = 4) });
case!(groups_into_one_each: (x: [12, 5, 4]) -> [4, 5, 4] { layer: Conv2d(4, 3, padding = 1, groups = 4) });
case!(four_by_four: (x: [32, 7, 7]) -> [32, 7, 7] { layer: Conv2d(32, 3, padding = 1, groups = 8) });
case!(four_by_four_strided: (x: [64, 8, 8]) -> [64, 4, 4] {
    layer: Conv2d(64, 3, stride = 2, padding = 1, groups = 16)
});
case!(eight_by_eight: (x: [24, 6, 7]) -> [24, 6, 7] { layer: Conv2d(24, 3, padding = 1, groups = 3) });
case!(sixteen_by_sixteen: (x: [48, 4, 5]) -> [48, 4, 5] { layer: Conv2d(48, 3, padding = 1, groups = 3) });
case!(pointwise_groups: (x: [36, 4, 4]) -> [48, 4, 4] { layer: Conv2d(48, 1, groups = 4) });
case!(groups_strided_by_axis: (x: [8, 7, 8]) -> [6, 4, 4] {
    layer: Conv2d(6, (2, 3), stride = (2, 3), padding = (1, 2), groups = 2)
});
case!(groups_dilated: (x: [8, 6, 6]) -> [20, 6, 6] {
    layer: Conv2d(20, 3, padding = 2, dilation = 2, groups = 4)
});
case!(groups_relu: (x: [5, 7, 6]) -> [216] {
    Conv2d(24, 3), Relu, Conv2d(36, 3, groups = 6), Sigmoid, Flatten
});
case!(steps_in_groups: (x: [9, 12]) -> [9, 20] { layer: Conv1d(20, 3, padding = 1, groups = 4) });
case!(steps_of_large_groups: (x: [9, 32]) -> [4, 64] { layer: Conv1d(64, 3, stride = 2, groups = 2) });
