//! Axes in another order, more and fewer of them, and pixels shuffled, against PyTorch.
#![forbid(unsafe_code)]

#[path = "family/case.rs"]
mod case;
#[path = "golden/close.rs"]
mod close;
#[path = "golden/file.rs"]
mod file;

use case::case;

/// Where `tests/golden/moves.py` writes.
const GOLDEN: &str = "family_moves";

case!(transpose_steps: (x: [5, 18]) -> [18, 5] { Transpose(0, 1) });
case!(transpose_steps_back: (x: [33, 7]) -> [7, 33] { Transpose(1, 0) });
case!(transpose_square: (x: [32, 32]) -> [32, 32] { Transpose(0, 1) });
case!(transpose_long: (x: [70, 40]) -> [40, 70] { Transpose(0, 1) });
case!(transpose_thin: (x: [100, 1]) -> [1, 100] { Transpose(0, 1) });
case!(transpose_one: (x: [1, 19]) -> [19, 1] { Transpose(0, 1) });
case!(transpose_itself: (x: [5, 18]) -> [5, 18] { Transpose(1, 1) });
case!(transpose_channels_rows: (x: [18, 3, 4]) -> [3, 18, 4] { Transpose(0, 1) });
case!(transpose_channels_columns: (x: [18, 3, 20]) -> [20, 3, 18] { Transpose(0, 2) });
case!(transpose_image: (x: [18, 3, 4]) -> [18, 4, 3] { Transpose(1, 2) });
case!(transpose_image_large: (x: [3, 17, 33]) -> [3, 33, 17] { Transpose(2, 1) });
case!(transpose_four: (x: [2, 3, 5, 7]) -> [2, 5, 3, 7] { Transpose(1, 2) });
case!(transpose_heads: (x: [2, 17, 4, 5]) -> [4, 17, 2, 5] { Transpose(0, 2) });
case!(permute_channels_last: (x: [18, 4, 5]) -> [4, 5, 18] { forward { permute(x, [1, 2, 0]) } });
case!(permute_channels_first: (x: [4, 5, 18]) -> [18, 4, 5] { Permute(2, 0, 1) });
case!(permute_back: (x: [6, 4, 18]) -> [18, 4, 6] { Permute(2, 1, 0) });
case!(permute_same: (x: [6, 4, 18]) -> [6, 4, 18] { Permute(0, 1, 2) });
case!(permute_ones: (x: [1, 4, 18]) -> [4, 18, 1] { Permute(1, 2, 0) });
case!(permute_steps: (x: [17, 6]) -> [6, 17] { forward { permute(x, [1, 0]) } });
case!(permute_vector: (x: [17]) -> [17] { Permute(0) });
case!(permute_four: (x: [2, 3, 4, 17]) -> [17, 3, 2, 4] { Permute(3, 1, 0, 2) });
case!(permute_four_back: (x: [5, 2, 3, 4]) -> [4, 3, 2, 5] { forward { permute(x, [3, 2, 1, 0]) } });
case!(permute_groups: (x: [4, 6, 3, 5]) -> [6, 4, 3, 5] { Permute(1, 0, 2, 3) });
case!(squeeze_all: (x: [1, 18, 1]) -> [18] { forward { squeeze(x) } });
case!(squeeze_one: (x: [18, 1, 4]) -> [18, 4] { forward { squeeze(x, 1) } });
case!(squeeze_two: (x: [1, 18, 1, 4]) -> [18, 4] { forward { squeeze(x, axis = (0, 2)) } });
case!(unsqueeze_front: (x: [18, 4]) -> [1, 18, 4] { forward { unsqueeze(x, 0) } });
case!(unsqueeze_back: (x: [18, 4]) -> [18, 4, 1] { forward { unsqueeze(x, 2) } });
case!(unsqueeze_vector: (x: [18]) -> [18, 1] { forward { unsqueeze(x, 1) } });
case!(unsqueeze_image: (x: [18, 3, 4]) -> [18, 1, 3, 4] { forward { unsqueeze(x, 1) } });
case!(shuffle: (x: [8, 3, 5]) -> [2, 6, 10] { PixelShuffle(2) });
case!(shuffle_three: (x: [9, 2, 4]) -> [1, 6, 12] { PixelShuffle(3) });
case!(shuffle_many: (x: [72, 3, 2]) -> [18, 6, 4] { PixelShuffle(2) });
case!(shuffle_one: (x: [3, 4, 5]) -> [3, 4, 5] { PixelShuffle(1) });
case!(unshuffle: (x: [2, 6, 4]) -> [8, 3, 2] { PixelUnshuffle(2) });
case!(unshuffle_three: (x: [1, 6, 9]) -> [9, 2, 3] { PixelUnshuffle(3) });
case!(unshuffle_many: (x: [17, 4, 6]) -> [68, 2, 3] { PixelUnshuffle(2) });
case!(shuffle_between: (x: [3, 5, 4]) -> [4, 10, 8] {
    before: Conv2d(20, 3, padding = 1, name = "layer.before"),
    after: Conv2d(4, 3, padding = 1, name = "layer.after"),
    forward { after(pixel_shuffle(before(x), 2)) }
});
case!(unshuffle_between: (x: [3, 6, 4]) -> [4, 3, 2] {
    before: Conv2d(5, 3, padding = 1, name = "layer.before"),
    after: Conv2d(4, 3, padding = 1, name = "layer.after"),
    forward { after(pixel_unshuffle(before(x), 2)) }
});
case!(transpose_between: (x: [3, 5, 4]) -> [4, 4, 5] {
    before: Conv2d(18, 3, padding = 1, name = "layer.before"),
    after: Conv2d(4, 3, padding = 1, name = "layer.after"),
    forward { after(transpose(before(x), 1, 2)) }
});
case!(channel_shuffle: (x: [3, 5, 4]) -> [4, 5, 4] {
    before: Conv2d(18, 3, padding = 1, name = "layer.before"),
    after: Conv2d(4, 3, padding = 1, name = "layer.after"),
    forward {
        let groups = reshape(before(x), [3, 6, 5, 4]);
        after(reshape(transpose(groups, 0, 1), [18, 5, 4]))
    }
});
case!(over_features_and_steps: (x: [7, 19]) -> [18, 20] {
    over_features: Dense(18, name = "layer.over_features"),
    over_steps: Dense(20, name = "layer.over_steps"),
    forward { over_steps(transpose(tanh(over_features(x)), 0, 1)) }
});
case!(flattened_as_in_pytorch: (x: [9, 3]) -> [5] {
    conv: Conv1d(18, 3, stride = 2, name = "layer.conv"),
    fc: Dense(5, name = "layer.fc"),
    forward { fc(flatten(transpose(relu(conv(x)), 0, 1))) }
});
