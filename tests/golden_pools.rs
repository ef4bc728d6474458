//! Pools, against PyTorch.
#![forbid(unsafe_code)]

#[path = "family/case.rs"]
mod case;
#[path = "golden/close.rs"]
mod close;
#[path = "golden/file.rs"]
mod file;

use case::case;

/// Where `tests/golden/pools.py` writes.
const GOLDEN: &str = "family_pools";

case!(max2: (x: [3, 6, 5]) -> [3, 3, 2] { layer: MaxPool2d(2) });
case!(max2_one_channel: (x: [1, 7, 9]) -> [1, 3, 4] { layer: MaxPool2d(2) });
case!(max2_stride: (x: [17, 9, 8]) -> [17, 3, 3] { layer: MaxPool2d(2, stride = 3) });
case!(max3_padding: (x: [17, 7, 6]) -> [17, 4, 3] { layer: MaxPool2d(3, stride = 2, padding = 1) });
case!(max3_steps_of_one: (x: [40, 5, 6]) -> [40, 5, 6] { layer: MaxPool2d(3, stride = 1, padding = 1) });
case!(max_rectangle: (x: [2, 5, 4]) -> [2, 3, 3] { layer: MaxPool2d((3, 2), stride = 1) });
case!(max_pairs: (x: [33, 9, 7]) -> [33, 3, 7] { layer: MaxPool2d((4, 3), stride = (3, 1), padding = (1, 1)) });
case!(max_dilated: (x: [18, 9, 9]) -> [18, 5, 5] { layer: MaxPool2d(3, stride = 1, dilation = 2) });
case!(max_dilated_pairs: (x: [5, 9, 10]) -> [5, 4, 6] { layer: MaxPool2d((3, 2), stride = 2, padding = (1, 1), dilation = (2, 1)) });
case!(max_ceil: (x: [6, 7, 8]) -> [6, 4, 4] { layer: MaxPool2d(2, ceil_mode = true) });
case!(max_ceil_padding: (x: [20, 7, 8]) -> [20, 4, 5] { layer: MaxPool2d(3, stride = 2, padding = 1, ceil_mode = true) });
case!(max_ceil_no_more: (x: [4, 7, 9]) -> [4, 3, 3] { layer: MaxPool2d(2, stride = 3, ceil_mode = true) });
case!(max_ceil_larger: (x: [7, 4, 3]) -> [7, 1, 1] { layer: MaxPool2d(5, stride = 3, ceil_mode = true) });
case!(max_ceil_dilated: (x: [3, 8, 7]) -> [3, 3, 2] { layer: MaxPool2d(2, stride = 3, dilation = 3, ceil_mode = true) });
case!(max_many_channels: (x: [130, 4, 4]) -> [130, 2, 2] { layer: MaxPool2d(3, stride = 2, padding = 1) });
case!(max_one: (x: [17, 3, 4]) -> [17, 3, 4] { layer: MaxPool2d(1) });
case!(avg2: (x: [3, 6, 5]) -> [3, 3, 2] { layer: AvgPool2d(2) });
case!(avg3_padding: (x: [17, 7, 6]) -> [17, 4, 3] { layer: AvgPool2d(3, stride = 2, padding = 1) });
case!(avg3_steps_of_one: (x: [40, 5, 6]) -> [40, 5, 6] { layer: AvgPool2d(3, stride = 1, padding = 1) });
case!(avg_without_padding: (x: [2, 5, 4]) -> [2, 3, 5] { layer: AvgPool2d((3, 2), stride = (2, 1), padding = 1, count_include_pad = false) });
case!(avg_ceil: (x: [18, 6, 8]) -> [18, 4, 5] { layer: AvgPool2d(3, stride = 2, padding = 1, ceil_mode = true) });
case!(avg_ceil_without_padding: (x: [4, 7, 9]) -> [4, 3, 3] { layer: AvgPool2d(2, stride = 3, ceil_mode = true, count_include_pad = false) });
case!(avg_ceil_larger: (x: [18, 4, 4]) -> [18, 2, 2] { layer: AvgPool2d(5, stride = 3, padding = 2, ceil_mode = true) });
case!(avg_all_arguments: (x: [18, 9, 8]) -> [18, 4, 5] {
    layer: AvgPool2d((4, 3), (3, 2), (2, 1), ceil_mode = true, count_include_pad = false)
});
case!(max_all_arguments: (x: [20, 10, 9]) -> [20, 4, 5] {
    layer: MaxPool2d((3, 2), (3, 2), 1, dilation = (2, 3), ceil_mode = true)
});
case!(avg_gaps: (x: [16, 9, 9]) -> [16, 3, 3] { layer: AvgPool2d(2, stride = 4, ceil_mode = true) });
case!(avg_large: (x: [35, 9, 12]) -> [35, 2, 2] { layer: AvgPool2d((7, 9), stride = 2) });
case!(avg_many_channels: (x: [130, 4, 4]) -> [130, 2, 2] { layer: AvgPool2d(3, stride = 2, padding = 1) });
case!(adaptive_avg_equal: (x: [5, 6, 9]) -> [5, 2, 3] { layer: AdaptiveAvgPool2d((2, 3)) });
case!(adaptive_avg: (x: [19, 7, 10]) -> [19, 3, 4] { layer: AdaptiveAvgPool2d((3, 4)) });
case!(adaptive_avg_more: (x: [3, 4, 5]) -> [3, 7, 7] { layer: AdaptiveAvgPool2d(7) });
case!(adaptive_avg_mixed: (x: [33, 6, 5]) -> [33, 3, 4] { layer: AdaptiveAvgPool2d((3, 4)) });
case!(adaptive_max: (x: [19, 7, 10]) -> [19, 3, 4] { layer: AdaptiveMaxPool2d((3, 4)) });
case!(adaptive_max_equal: (x: [16, 8, 6]) -> [16, 2, 3] { layer: AdaptiveMaxPool2d((2, 3)) });
case!(adaptive_max_more: (x: [3, 4, 5]) -> [3, 7, 7] { layer: AdaptiveMaxPool2d(7) });
case!(global_avg: (x: [19, 7, 5]) -> [19] { layer: GlobalAvgPool });
case!(global_avg_large: (x: [3, 30, 41]) -> [3] { layer: GlobalAvgPool });
case!(global_max: (x: [19, 7, 5]) -> [19] { layer: GlobalMaxPool });
case!(global_max_large: (x: [3, 30, 41]) -> [3] { layer: GlobalMaxPool });
case!(steps_max: (x: [9, 5]) -> [4, 5] { layer: MaxPool1d(2) });
case!(steps_max_padding: (x: [12, 20]) -> [6, 20] { layer: MaxPool1d(3, stride = 2, padding = 1) });
case!(steps_max_dilated: (x: [13, 17]) -> [9, 17] { layer: MaxPool1d(3, stride = 1, dilation = 2) });
case!(steps_max_ceil: (x: [13, 3]) -> [5, 3] { layer: MaxPool1d(4, stride = 3, padding = 1, ceil_mode = true) });
case!(steps_max_one: (x: [50, 1]) -> [3, 1] { layer: MaxPool1d(20, stride = 15) });
case!(steps_avg: (x: [9, 5]) -> [4, 5] { layer: AvgPool1d(2) });
case!(steps_avg_padding: (x: [12, 100]) -> [6, 100] { layer: AvgPool1d(3, stride = 2, padding = 1) });
case!(steps_avg_without_padding: (x: [12, 18]) -> [12, 18] { layer: AvgPool1d(3, stride = 1, padding = 1, count_include_pad = false) });
case!(steps_avg_ceil: (x: [13, 3]) -> [5, 3] { layer: AvgPool1d(4, stride = 3, padding = 1, ceil_mode = true) });
case!(steps_avg_all_arguments: (x: [11, 17]) -> [5, 17] {
    layer: AvgPool1d(4, 3, 2, ceil_mode = true, count_include_pad = false)
});
case!(steps_max_all_arguments: (x: [15, 18]) -> [4, 18] {
    layer: MaxPool1d(3, 4, 1, dilation = 2, ceil_mode = true)
});
case!(steps_avg_long: (x: [200, 2]) -> [3, 2] { layer: AvgPool1d(90, stride = 50) });
case!(steps_adaptive_avg: (x: [11, 33]) -> [4, 33] { layer: AdaptiveAvgPool1d(4) });
case!(steps_adaptive_max: (x: [11, 6]) -> [4, 6] { layer: AdaptiveMaxPool1d(4) });
case!(steps_adaptive_more: (x: [3, 6]) -> [8, 6] { layer: AdaptiveMaxPool1d(8) });
case!(steps_global_avg: (x: [150, 18]) -> [18] { layer: GlobalAvgPool });
case!(steps_global_max: (x: [150, 18]) -> [18] { layer: GlobalMaxPool });
case!(conv_then_max_ceil: (x: [3, 9, 9]) -> [18, 4, 4] { Conv2d(18, kernel = 3, bias = false), Relu, MaxPool2d(2, ceil_mode = true) });
case!(max_then_conv: (x: [17, 8, 8]) -> [5, 4, 4] { MaxPool2d(2), Conv2d(5, kernel = 3, padding = 1) });
