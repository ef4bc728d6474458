//! Resampling, against PyTorch.
#![forbid(unsafe_code)]

#[path = "family/case.rs"]
mod case;
#[path = "golden/close.rs"]
mod close;
#[path = "golden/file.rs"]
mod file;

use case::case;

/// Where `tests/golden/upsample.py` writes.
const GOLDEN: &str = "family_upsample";

case!(nearest2: (x: [3, 4, 5]) -> [3, 8, 10] { layer: Upsample(2) });
case!(nearest2_one_channel: (x: [1, 3, 4]) -> [1, 6, 8] { layer: Upsample(2) });
case!(nearest3: (x: [17, 3, 4]) -> [17, 9, 12] { layer: Upsample(3) });
case!(nearest_pair: (x: [18, 4, 3]) -> [18, 8, 9] { layer: Upsample((2, 3)) });
case!(nearest_fraction: (x: [5, 7, 9]) -> [5, 16, 20] { layer: Upsample(2.3) });
case!(nearest_little_more: (x: [5, 4, 7]) -> [5, 4, 7] { layer: Upsample(1.05) });
case!(nearest_about_twice: (x: [5, 4, 7]) -> [5, 8, 14] { layer: Upsample(2.05) });
case!(nearest_down: (x: [20, 9, 7]) -> [20, 4, 3] { layer: Upsample(0.5) });
case!(nearest_size: (x: [33, 5, 6]) -> [33, 13, 8] { layer: Upsample(size = (13, 8)) });
case!(nearest_size_down: (x: [4, 9, 10]) -> [4, 4, 4] { layer: Upsample(size = 4) });
case!(nearest_to_one: (x: [4, 9, 10]) -> [4, 1, 1] { layer: Upsample(size = 1) });
case!(nearest_of_one: (x: [70, 1, 1]) -> [70, 7, 9] { layer: Upsample(size = (7, 9)) });
case!(exact2: (x: [3, 4, 5]) -> [3, 8, 10] { layer: Upsample(2, mode = NearestExact) });
case!(exact_size: (x: [17, 5, 6]) -> [17, 12, 7] { layer: Upsample(size = (12, 7), mode = NearestExact) });
case!(exact_down: (x: [3, 9, 7]) -> [3, 4, 3] { layer: Upsample(0.5, mode = NearestExact) });
case!(bilinear2: (x: [3, 4, 5]) -> [3, 8, 10] { layer: Upsample(2, mode = Bilinear) });
case!(bilinear2_panels: (x: [100, 4, 5]) -> [100, 8, 10] { layer: Upsample(2, mode = Bilinear) });
case!(bilinear_pair: (x: [17, 4, 3]) -> [17, 8, 9] { layer: Upsample((2, 3), mode = Bilinear) });
case!(bilinear_fraction: (x: [5, 7, 9]) -> [5, 16, 20] { layer: Upsample(2.3, mode = Bilinear) });
case!(bilinear_little_more: (x: [5, 4, 7]) -> [5, 4, 7] { layer: Upsample(1.05, mode = Bilinear) });
case!(bilinear_down: (x: [20, 9, 7]) -> [20, 4, 3] { layer: Upsample(0.5, mode = Bilinear) });
case!(bilinear_size: (x: [33, 5, 6]) -> [33, 13, 8] { layer: Upsample(size = (13, 8), mode = Bilinear) });
case!(bilinear_size_down: (x: [4, 9, 10]) -> [4, 4, 3] { layer: Upsample(size = (4, 3), mode = Bilinear) });
case!(bilinear_of_one: (x: [3, 1, 1]) -> [3, 7, 70] { layer: Upsample(size = (7, 70), mode = Bilinear) });
case!(bilinear_wide: (x: [2, 3, 75]) -> [2, 5, 150] { layer: Upsample(size = (5, 150), mode = Bilinear) });
case!(bilinear_tall: (x: [2, 3, 2]) -> [2, 200, 3] { layer: Upsample(size = (200, 3), mode = Bilinear) });
case!(corners2: (x: [3, 4, 5]) -> [3, 8, 10] { layer: Upsample(2, mode = Bilinear, align_corners = true) });
case!(corners_size: (x: [18, 5, 6]) -> [18, 13, 8] { layer: Upsample(size = (13, 8), mode = Bilinear, align_corners = true) });
case!(corners_down: (x: [5, 9, 10]) -> [5, 4, 1] { layer: Upsample(size = (4, 1), mode = Bilinear, align_corners = true) });
case!(corners_of_one: (x: [5, 1, 2]) -> [5, 4, 5] { layer: Upsample(size = (4, 5), mode = Bilinear, align_corners = true) });
case!(steps_nearest2: (x: [5, 3]) -> [10, 3] { layer: Upsample(2) });
case!(steps_nearest_fraction: (x: [7, 20]) -> [16, 20] { layer: Upsample(2.3) });
case!(steps_nearest_size: (x: [7, 33]) -> [12, 33] { layer: Upsample(size = 12) });
case!(steps_exact: (x: [7, 3]) -> [12, 3] { layer: Upsample(size = 12, mode = NearestExact) });
case!(steps_linear2: (x: [5, 3]) -> [10, 3] { layer: Upsample(2, mode = Linear) });
case!(steps_linear_size: (x: [7, 100]) -> [12, 100] { layer: Upsample(size = 12, mode = Linear) });
case!(steps_linear_down: (x: [20, 17]) -> [8, 17] { layer: Upsample(0.4, mode = Linear) });
case!(steps_linear_long: (x: [150, 2]) -> [300, 2] { layer: Upsample(2, mode = Linear) });
case!(steps_corners: (x: [7, 18]) -> [12, 18] { layer: Upsample(size = 12, mode = Linear, align_corners = true) });
case!(nearest_then_conv: (x: [17, 4, 5]) -> [3, 8, 10] { Upsample(2), Conv2d(3, kernel = 3, padding = 1) });
case!(conv_then_bilinear: (x: [3, 5, 5]) -> [17, 6, 6] { Conv2d(17, kernel = 3), Upsample(2, mode = Bilinear) });
