//! Arithmetic on tensors and numbers, of which some are stretched, against PyTorch.
#![forbid(unsafe_code)]

#[path = "family/case.rs"]
mod case;
#[path = "golden/close.rs"]
mod close;
#[path = "golden/file.rs"]
mod file;

use case::case;

/// Where `tests/golden/arithmetic.py` writes.
const GOLDEN: &str = "family_arithmetic";

case!(add_gate: (x: [18, 3, 4], y: [18, 1, 1]) -> [18, 3, 4] { forward { x + y } });
case!(sub_gate: (x: [18, 3, 4], y: [18, 1, 1]) -> [18, 3, 4] { forward { x - y } });
case!(mul_gate: (x: [18, 3, 4], y: [18, 1, 1]) -> [18, 3, 4] { forward { x * y } });
case!(div_gate: (x: [18, 3, 4], y: [18, 1, 1]) -> [18, 3, 4] { forward { x / y } });
case!(gate_add: (x: [18, 1, 1], y: [18, 3, 4]) -> [18, 3, 4] { forward { x + y } });
case!(gate_sub: (x: [18, 1, 1], y: [18, 3, 4]) -> [18, 3, 4] { forward { x - y } });
case!(gate_mul: (x: [18, 1, 1], y: [18, 3, 4]) -> [18, 3, 4] { forward { x * y } });
case!(gate_div: (x: [18, 1, 1], y: [18, 3, 4]) -> [18, 3, 4] { forward { x / y } });
case!(add_plane: (x: [18, 3, 4], y: [1, 3, 4]) -> [18, 3, 4] { forward { x + y } });
case!(sub_plane: (x: [18, 3, 4], y: [1, 3, 4]) -> [18, 3, 4] { forward { x - y } });
case!(mul_plane: (x: [18, 3, 4], y: [1, 3, 4]) -> [18, 3, 4] { forward { x * y } });
case!(div_plane: (x: [18, 3, 4], y: [1, 3, 4]) -> [18, 3, 4] { forward { x / y } });
case!(plane_sub: (x: [1, 3, 4], y: [18, 3, 4]) -> [18, 3, 4] { forward { x - y } });
case!(plane_div: (x: [1, 3, 4], y: [18, 3, 4]) -> [18, 3, 4] { forward { x / y } });
case!(mul_rows: (x: [18, 3, 4], y: [18, 3, 1]) -> [18, 3, 4] { forward { x * y } });
case!(mul_columns: (x: [18, 3, 4], y: [18, 1, 4]) -> [18, 3, 4] { forward { x * y } });
case!(mul_one_row: (x: [18, 3, 4], y: [1, 1, 4]) -> [18, 3, 4] { forward { x * y } });
case!(mul_one_column: (x: [18, 3, 4], y: [1, 3, 1]) -> [18, 3, 4] { forward { x * y } });
case!(mul_one_number: (x: [18, 3, 4], y: [1, 1, 1]) -> [18, 3, 4] { forward { x * y } });
case!(mul_both: (x: [18, 1, 1], y: [1, 3, 4]) -> [18, 3, 4] { forward { x * y } });
case!(div_both: (x: [18, 1, 4], y: [1, 3, 4]) -> [18, 3, 4] { forward { x / y } });
case!(sub_outer: (x: [5, 1, 1], y: [1, 4, 1]) -> [5, 4, 1] { forward { x - y } });
case!(mul_plane_without_channels: (x: [18, 3, 4], y: [3, 4]) -> [18, 3, 4] { forward { x * y } });
case!(mul_width: (x: [18, 3, 4], y: [4]) -> [18, 3, 4] { forward { x * y } });
case!(mul_number: (x: [1], y: [18, 3, 4]) -> [18, 3, 4] { forward { x * y } });
case!(mul_wide_gate: (x: [530, 2, 2], y: [530, 1, 1]) -> [530, 2, 2] { forward { x * y } });
case!(mul_wide_plane: (x: [530, 2, 2], y: [1, 2, 2]) -> [530, 2, 2] { forward { x * y } });
case!(mul_whole_blocks: (x: [64, 4, 4], y: [64, 1, 1]) -> [64, 4, 4] { forward { x * y } });
case!(mul_whole_blocks_plane: (x: [32, 4, 4], y: [1, 4, 4]) -> [32, 4, 4] { forward { x * y } });
case!(mul_one_channel: (x: [1, 6, 5], y: [1, 1, 1]) -> [1, 6, 5] { forward { x * y } });
case!(add_one_channel_row: (x: [1, 6, 5], y: [1, 1, 5]) -> [1, 6, 5] { forward { x + y } });
case!(mul_channels_of_one: (x: [1, 6, 5], y: [3, 1, 1]) -> [3, 6, 5] { forward { x * y } });
case!(add_bias: (x: [6, 19], y: [19]) -> [6, 19] { forward { x + y } });
case!(bias_sub: (x: [19], y: [6, 19]) -> [6, 19] { forward { x - y } });
case!(mul_bias: (x: [6, 32], y: [32]) -> [6, 32] { forward { x * y } });
case!(div_bias: (x: [6, 19], y: [1, 19]) -> [6, 19] { forward { x / y } });
case!(mul_steps: (x: [6, 19], y: [6, 1]) -> [6, 19] { forward { x * y } });
case!(div_steps: (x: [6, 19], y: [6, 1]) -> [6, 19] { forward { x / y } });
case!(steps_div: (x: [6, 1], y: [6, 19]) -> [6, 19] { forward { x / y } });
case!(mul_steps_by_features: (x: [6, 1], y: [1, 19]) -> [6, 19] { forward { x * y } });
case!(add_number: (x: [6, 19], y: [1]) -> [6, 19] { forward { x + y } });
case!(mul_number_of_steps: (x: [6, 19], y: [1, 1]) -> [6, 19] { forward { x * y } });
case!(mul_vector: (x: [19], y: [1]) -> [19] { forward { x * y } });
case!(vector_div: (x: [1], y: [19]) -> [19] { forward { x / y } });
case!(mul_four: (x: [3, 4, 5, 7], y: [3, 1, 1, 1]) -> [3, 4, 5, 7] { forward { x * y } });
case!(add_four_last: (x: [3, 4, 5, 7], y: [7]) -> [3, 4, 5, 7] { forward { x + y } });
case!(sub_four_middle: (x: [3, 4, 5, 7], y: [4, 1, 7]) -> [3, 4, 5, 7] { forward { x - y } });
case!(div_four: (x: [3, 1, 5, 1], y: [1, 4, 1, 7]) -> [3, 4, 5, 7] { forward { x / y } });
case!(four_same: (x: [3, 4, 5, 7], y: [3, 4, 5, 7]) -> [3, 4, 5, 7] { forward { x * y } });
case!(four_ones: (x: [2, 3, 17, 1], y: [2, 1, 17, 1]) -> [2, 3, 17, 1] { forward { x - y } });
case!(div_same_vector: (x: [19], y: [19]) -> [19] { forward { x / y } });
case!(div_same_steps: (x: [6, 19], y: [6, 19]) -> [6, 19] { forward { x / y } });
case!(div_same_image: (x: [18, 3, 4], y: [18, 3, 4]) -> [18, 3, 4] { forward { x / y } });
case!(plus: (x: [6, 19]) -> [6, 19] { forward { x + 0.75 } });
case!(minus: (x: [18, 3, 4]) -> [18, 3, 4] { forward { x - 0.75 } });
case!(number_minus: (x: [18, 3, 4]) -> [18, 3, 4] { forward { 1.0 - x } });
case!(rescaling: (x: [3, 4, 5, 7]) -> [3, 4, 5, 7] { forward { rescaling(x, -0.5, offset = 3) } });
case!(over_number: (x: [19]) -> [19] { forward { x / 3.0 } });
case!(number_over: (x: [18, 3, 4]) -> [18, 3, 4] { forward { 2.5 / x } });
case!(reciprocal: (x: [6, 19]) -> [6, 19] { forward { reciprocal(x) } });
case!(own_mean: (x: [6, 19]) -> [6, 19] { forward { x / (1.0 + x * x) } });
case!(itself: (x: [19]) -> [19] { forward { x * x / x } });
case!(padded_mul: (x: [3, 6, 5], y: [20, 1, 1]) -> [4, 6, 5] {
    before: Conv2d(20, 3, padding = 1, name = "layer.before"),
    after: Conv2d(4, 5, padding = 2, name = "layer.after"),
    forward {
        let h = before(x);
        after(h * y)
    }
});
case!(padded_sub: (x: [3, 6, 5], y: [1, 6, 5]) -> [4, 6, 5] {
    before: Conv2d(20, 3, padding = 1, name = "layer.before"),
    after: Conv2d(4, 5, padding = 2, name = "layer.after"),
    forward {
        let h = before(x);
        after(h - y)
    }
});
case!(padded_div: (x: [3, 6, 5], y: [20, 6, 5]) -> [4, 6, 5] {
    before: Conv2d(20, 3, padding = 1, name = "layer.before"),
    after: Conv2d(4, 5, padding = 2, name = "layer.after"),
    forward {
        let h = before(x);
        after(h / y)
    }
});
case!(padded_over: (x: [3, 6, 5], y: [20, 1, 5]) -> [4, 6, 5] {
    before: Conv2d(20, 3, padding = 1, name = "layer.before"),
    after: Conv2d(4, 5, padding = 2, name = "layer.after"),
    forward {
        let h = before(x);
        after(y * (1.0 - h))
    }
});
case!(squeeze_and_excite: (x: [18, 3, 4]) -> [18, 3, 4] {
    squeeze: Dense(4, name = "layer.squeeze"),
    excite: Dense(18, name = "layer.excite"),
    forward {
        let gate = sigmoid(excite(relu(squeeze(global_avg_pool(x)))));
        x * reshape(gate, [18, 1, 1])
    }
});
