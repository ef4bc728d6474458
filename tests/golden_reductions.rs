//! Means, sums and extremes along axes, against PyTorch.
#![forbid(unsafe_code)]

#[path = "family/case.rs"]
mod case;
#[path = "golden/close.rs"]
mod close;
#[path = "golden/file.rs"]
mod file;

use case::case;

/// Where `tests/golden/reductions.py` writes.
const GOLDEN: &str = "family_reductions";

case!(mean_image: (x: [18, 3, 4]) -> [1] { Mean });
case!(mean_pixels: (x: [18, 3, 4]) -> [18] { Mean(axis = (1, 2)) });
case!(mean_pixels_kept: (x: [18, 3, 4]) -> [18, 1, 1] { Mean([1, 2], keepdim = true) });
case!(mean_channels: (x: [18, 3, 4]) -> [3, 4] { Mean(axis = 0) });
case!(mean_channels_kept: (x: [18, 3, 4]) -> [1, 3, 4] { forward { mean(x, 0, keepdim = true) } });
case!(mean_rows: (x: [18, 3, 4]) -> [18, 4] { forward { mean(x, axis = 1) } });
case!(mean_columns_kept: (x: [18, 3, 4]) -> [18, 3, 1] { Mean(axis = 2, keepdim = true) });
case!(mean_channels_rows: (x: [18, 3, 4]) -> [4] { forward { mean(x, [0, 1]) } });
case!(mean_channels_columns: (x: [18, 3, 4]) -> [1, 3, 1] { forward { mean(x, axis = (0, 2), keepdim = true) } });
case!(mean_all_kept: (x: [18, 3, 4]) -> [1, 1, 1] { Mean(keepdim = true) });
case!(mean_steps: (x: [6, 19]) -> [19] { Mean(0) });
case!(mean_features: (x: [6, 19]) -> [6] { Mean(axis = 1) });
case!(mean_features_kept: (x: [6, 19]) -> [6, 1] { forward { mean(x, 1, keepdim = true) } });
case!(mean_vector: (x: [19]) -> [1] { Mean });
case!(mean_number: (x: [1]) -> [1] { Mean });
case!(mean_one_channel: (x: [1, 5, 6]) -> [1] { Mean([1, 2]) });
case!(mean_one_pixel: (x: [18, 1, 1]) -> [18] { Mean([1, 2]) });
case!(mean_wide: (x: [530, 2, 2]) -> [530] { forward { mean(x, axis = (1, 2)) } });
case!(mean_wide_channels: (x: [530, 2, 2]) -> [2, 2] { forward { mean(x, 0) } });
case!(mean_four_first: (x: [2, 3, 4, 17]) -> [3, 4, 17] { forward { mean(x, axis = 0) } });
case!(mean_four_last: (x: [2, 3, 4, 17]) -> [2, 3, 4, 1] { Mean(3, keepdim = true) });
case!(mean_four_middle: (x: [2, 3, 4, 17]) -> [2, 17] { Mean([1, 2]) });
case!(mean_four_outer: (x: [2, 3, 4, 17]) -> [3, 4] { forward { mean(x, axis = (0, 3)) } });
case!(sum_image: (x: [18, 3, 4]) -> [1] { forward { sum(x) } });
case!(sum_pixels: (x: [18, 3, 4]) -> [18] { Sum([1, 2]) });
case!(sum_channels: (x: [18, 3, 4]) -> [3, 4] { forward { sum(x, 0) } });
case!(sum_steps_kept: (x: [6, 19]) -> [1, 19] { Sum(0, keepdim = true) });
case!(sum_features: (x: [6, 19]) -> [6] { forward { sum(x, 1) } });
case!(sum_four: (x: [2, 3, 4, 17]) -> [2, 3, 17] { Sum(2) });
case!(max_image: (x: [18, 3, 4]) -> [1] { forward { max(x) } });
case!(max_pixels: (x: [18, 3, 4]) -> [18] { Max([1, 2]) });
case!(max_pixels_kept: (x: [18, 3, 4]) -> [18, 1, 1] { forward { max(x, axis = (1, 2), keepdim = true) } });
case!(max_channels: (x: [18, 3, 4]) -> [3, 4] { forward { max(x, 0) } });
case!(max_channels_kept: (x: [18, 3, 4]) -> [1, 3, 4] { Max(axis = 0, keepdim = true) });
case!(max_rows: (x: [18, 3, 4]) -> [18, 4] { Max(1) });
case!(max_steps: (x: [6, 19]) -> [19] { forward { max(x, axis = 0) } });
case!(max_features: (x: [6, 19]) -> [6] { forward { max(x, 1) } });
case!(max_vector: (x: [19]) -> [1] { Max });
case!(max_four: (x: [2, 3, 4, 17]) -> [3, 17] { Max([0, 2]) });
case!(max_equals: (x: [9, 19]) -> [19] { Max(0) });
case!(max_equal_pixels: (x: [18, 5, 6]) -> [18] { Max([1, 2]) });
case!(min_image: (x: [18, 3, 4]) -> [1] { forward { min(x) } });
case!(min_pixels: (x: [18, 3, 4]) -> [18] { Min([1, 2]) });
case!(min_channels: (x: [18, 3, 4]) -> [3, 4] { forward { min(x, 0) } });
case!(min_features_kept: (x: [6, 19]) -> [6, 1] { Min(axis = 1, keepdim = true) });
case!(min_equals: (x: [5, 33]) -> [5] { Min(1) });
case!(min_four: (x: [2, 3, 4, 17]) -> [2, 3, 4] { Min(3) });
case!(mean_between: (x: [3, 5, 4]) -> [4] {
    conv: Conv2d(20, 3, padding = 1, name = "layer.conv"),
    fc: Dense(4, name = "layer.fc"),
    forward { fc(mean(conv(x), axis = (1, 2))) }
});
case!(max_between: (x: [3, 5, 4]) -> [4] {
    conv: Conv2d(20, 3, padding = 1, name = "layer.conv"),
    fc: Dense(4, name = "layer.fc"),
    forward { fc(max(conv(x), axis = (1, 2))) }
});
case!(channels_between: (x: [3, 5, 4]) -> [4] {
    conv: Conv2d(20, 3, padding = 1, name = "layer.conv"),
    fc: Dense(4, name = "layer.fc"),
    forward { fc(flatten(mean(conv(x), axis = 0))) }
});
case!(rows_between: (x: [3, 5, 4]) -> [4] {
    conv: Conv2d(20, 3, padding = 1, name = "layer.conv"),
    fc: Dense(4, name = "layer.fc"),
    forward { fc(flatten(sum(conv(x), axis = 1))) }
});
case!(normalised: (x: [6, 19]) -> [6, 19] {
    forward {
        let range = max(x, 1, keepdim = true) - min(x, 1, keepdim = true);
        (x - mean(x, 1, keepdim = true)) / range
    }
});
case!(spatial_attention: (x: [3, 5, 6]) -> [2, 5, 6] {
    before: Conv2d(18, 3, padding = 1, name = "layer.before"),
    gate: Conv2d(1, 3, padding = 1, name = "layer.gate"),
    after: Conv2d(2, 3, padding = 1, name = "layer.after"),
    forward {
        let h = before(x);
        let pooled = concat(mean(h, 0, keepdim = true), max(h, 0, keepdim = true));
        after(h * sigmoid(gate(pooled)))
    }
});
