//! Recurrent layers against PyTorch.
#![forbid(unsafe_code)]

#[path = "family/case.rs"]
mod case;
#[path = "golden/close.rs"]
mod close;
#[path = "golden/file.rs"]
mod file;

use case::case;

/// Where `tests/golden/recurrent.py` writes.
const GOLDEN: &str = "family_recurrent";

case!(rnn_tanh: (x: [5, 7]) -> [5, 9] { layer: Rnn(9) });
case!(rnn_tanh_no_bias: (x: [4, 6]) -> [4, 17] { layer: Rnn(17, bias = false) });
case!(rnn_tanh_one_step: (x: [1, 5]) -> [1, 6] { layer: Rnn(6) });
case!(rnn_tanh_block: (x: [3, 16]) -> [3, 16] { layer: Rnn(16) });
case!(rnn_tanh_blocks: (x: [3, 20]) -> [3, 35] { layer: Rnn(35) });
case!(rnn_tanh_many_blocks: (x: [2, 3]) -> [2, 50] { layer: Rnn(50, bias = false) });
case!(rnn_tanh_long: (x: [60, 3]) -> [60, 5] { layer: Rnn(5) });
case!(rnn_tanh_layers: (x: [5, 6]) -> [5, 7] { layer: Rnn(7, layers = 2) });
case!(rnn_tanh_layers_no_bias: (x: [3, 4]) -> [3, 18] { layer: Rnn(18, layers = 3, bias = false) });
case!(rnn_tanh_both: (x: [5, 6]) -> [5, 14] { layer: Rnn(7, bidirectional = true) });
case!(rnn_tanh_both_no_bias: (x: [4, 5]) -> [4, 32] { layer: Rnn(16, bidirectional = true, bias = false) });
case!(rnn_tanh_both_one_step: (x: [1, 3]) -> [1, 8] { layer: Rnn(4, bidirectional = true) });
case!(rnn_tanh_both_layers: (x: [4, 5]) -> [4, 12] { layer: Rnn(6, layers = 2, bidirectional = true) });
case!(rnn_tanh_both_layers_blocks: (x: [3, 17]) -> [3, 40] {
    layer: Rnn(20, layers = 2, bidirectional = true, bias = false)
});
case!(rnn_relu: (x: [5, 7]) -> [5, 9] { layer: Rnn(9, nonlinearity = Relu) });
case!(rnn_relu_no_bias: (x: [4, 6]) -> [4, 17] { layer: Rnn(17, nonlinearity = Relu, bias = false) });
case!(rnn_relu_one_step: (x: [1, 5]) -> [1, 6] { layer: Rnn(6, nonlinearity = Relu) });
case!(rnn_relu_block: (x: [3, 16]) -> [3, 16] { layer: Rnn(16, nonlinearity = Relu) });
case!(rnn_relu_blocks: (x: [3, 20]) -> [3, 35] { layer: Rnn(35, nonlinearity = Relu) });
case!(rnn_relu_many_blocks: (x: [2, 3]) -> [2, 50] { layer: Rnn(50, nonlinearity = Relu, bias = false) });
case!(rnn_relu_long: (x: [60, 3]) -> [60, 5] { layer: Rnn(5, nonlinearity = Relu) });
case!(rnn_relu_layers: (x: [5, 6]) -> [5, 7] { layer: Rnn(7, nonlinearity = Relu, layers = 2) });
case!(rnn_relu_layers_no_bias: (x: [3, 4]) -> [3, 18] {
    layer: Rnn(18, nonlinearity = Relu, layers = 3, bias = false)
});
case!(rnn_relu_both: (x: [5, 6]) -> [5, 14] { layer: Rnn(7, nonlinearity = Relu, bidirectional = true) });
case!(rnn_relu_both_no_bias: (x: [4, 5]) -> [4, 32] {
    layer: Rnn(16, nonlinearity = Relu, bidirectional = true, bias = false)
});
case!(rnn_relu_both_one_step: (x: [1, 3]) -> [1, 8] { layer: Rnn(4, nonlinearity = Relu, bidirectional = true) });
case!(rnn_relu_both_layers: (x: [4, 5]) -> [4, 12] {
    layer: Rnn(6, nonlinearity = Relu, layers = 2, bidirectional = true)
});
case!(rnn_relu_both_layers_blocks: (x: [3, 17]) -> [3, 40] {
    layer: Rnn(20, nonlinearity = Relu, layers = 2, bidirectional = true, bias = false)
});
case!(lstm: (x: [5, 7]) -> [5, 9] { layer: Lstm(9) });
case!(lstm_no_bias: (x: [4, 6]) -> [4, 17] { layer: Lstm(17, bias = false) });
case!(lstm_one_step: (x: [1, 5]) -> [1, 6] { layer: Lstm(6) });
case!(lstm_block: (x: [3, 16]) -> [3, 16] { layer: Lstm(16) });
case!(lstm_blocks: (x: [3, 20]) -> [3, 35] { layer: Lstm(35) });
case!(lstm_many_blocks: (x: [2, 3]) -> [2, 50] { layer: Lstm(50, bias = false) });
case!(lstm_long: (x: [60, 3]) -> [60, 5] { layer: Lstm(5) });
case!(lstm_layers: (x: [5, 6]) -> [5, 7] { layer: Lstm(7, layers = 2) });
case!(lstm_layers_no_bias: (x: [3, 4]) -> [3, 18] { layer: Lstm(18, layers = 3, bias = false) });
case!(lstm_both: (x: [5, 6]) -> [5, 14] { layer: Lstm(7, bidirectional = true) });
case!(lstm_both_no_bias: (x: [4, 5]) -> [4, 32] { layer: Lstm(16, bidirectional = true, bias = false) });
case!(lstm_both_one_step: (x: [1, 3]) -> [1, 8] { layer: Lstm(4, bidirectional = true) });
case!(lstm_both_layers: (x: [4, 5]) -> [4, 12] { layer: Lstm(6, layers = 2, bidirectional = true) });
case!(lstm_both_layers_blocks: (x: [3, 17]) -> [3, 40] {
    layer: Lstm(20, layers = 2, bidirectional = true, bias = false)
});
case!(gru: (x: [5, 7]) -> [5, 9] { layer: Gru(9) });
case!(gru_no_bias: (x: [4, 6]) -> [4, 17] { layer: Gru(17, bias = false) });
case!(gru_one_step: (x: [1, 5]) -> [1, 6] { layer: Gru(6) });
case!(gru_block: (x: [3, 16]) -> [3, 16] { layer: Gru(16) });
case!(gru_blocks: (x: [3, 20]) -> [3, 35] { layer: Gru(35) });
case!(gru_many_blocks: (x: [2, 3]) -> [2, 50] { layer: Gru(50, bias = false) });
case!(gru_long: (x: [60, 3]) -> [60, 5] { layer: Gru(5) });
case!(gru_layers: (x: [5, 6]) -> [5, 7] { layer: Gru(7, layers = 2) });
case!(gru_layers_no_bias: (x: [3, 4]) -> [3, 18] { layer: Gru(18, layers = 3, bias = false) });
case!(gru_both: (x: [5, 6]) -> [5, 14] { layer: Gru(7, bidirectional = true) });
case!(gru_both_no_bias: (x: [4, 5]) -> [4, 32] { layer: Gru(16, bidirectional = true, bias = false) });
case!(gru_both_one_step: (x: [1, 3]) -> [1, 8] { layer: Gru(4, bidirectional = true) });
case!(gru_both_layers: (x: [4, 5]) -> [4, 12] { layer: Gru(6, layers = 2, bidirectional = true) });
case!(gru_both_layers_blocks: (x: [3, 17]) -> [3, 40] {
    layer: Gru(20, layers = 2, bidirectional = true, bias = false)
});
case!(gru_before: (x: [5, 7]) -> [5, 9] { layer: Gru(9, reset_after = false) });
case!(gru_before_no_bias: (x: [4, 6]) -> [4, 17] { layer: Gru(17, reset_after = false, bias = false) });
case!(gru_before_one_step: (x: [1, 5]) -> [1, 6] { layer: Gru(6, reset_after = false) });
case!(gru_before_block: (x: [3, 16]) -> [3, 16] { layer: Gru(16, reset_after = false) });
case!(gru_before_blocks: (x: [3, 20]) -> [3, 35] { layer: Gru(35, reset_after = false) });
case!(gru_before_many_blocks: (x: [2, 3]) -> [2, 50] { layer: Gru(50, reset_after = false, bias = false) });
case!(gru_before_long: (x: [60, 3]) -> [60, 5] { layer: Gru(5, reset_after = false) });
case!(gru_before_layers: (x: [5, 6]) -> [5, 7] { layer: Gru(7, reset_after = false, layers = 2) });
case!(gru_before_layers_no_bias: (x: [3, 4]) -> [3, 18] {
    layer: Gru(18, reset_after = false, layers = 3, bias = false)
});
case!(gru_before_both: (x: [5, 6]) -> [5, 14] { layer: Gru(7, reset_after = false, bidirectional = true) });
case!(gru_before_both_no_bias: (x: [4, 5]) -> [4, 32] {
    layer: Gru(16, reset_after = false, bidirectional = true, bias = false)
});
case!(gru_before_both_one_step: (x: [1, 3]) -> [1, 8] { layer: Gru(4, reset_after = false, bidirectional = true) });
case!(gru_before_both_layers: (x: [4, 5]) -> [4, 12] {
    layer: Gru(6, reset_after = false, layers = 2, bidirectional = true)
});
case!(gru_before_both_layers_blocks: (x: [3, 17]) -> [3, 40] {
    layer: Gru(20, reset_after = false, layers = 2, bidirectional = true, bias = false)
});
case!(stated: (x: [4, 9]) -> [4, 5] { layer: Gru(9, 5) });
case!(last: (x: [6, 4]) -> [3] { Gru(11, bidirectional = true), Last, Dense(3) });
case!(stacked: (x: [5, 4]) -> [5, 7] { Rnn(18), Lstm(6, bidirectional = true), Gru(7) });
case!(behind: (x: [7, 5]) -> [4, 5] {
    Conv1d(18, 3, stride = 2, padding = 1, name = "0.layer"), Relu, Gru(5, reset_after = false)
});
case!(between: (x: [4, 3]) -> [4, 6] { Dense(17), Rnn(20, nonlinearity = Relu, bidirectional = true), Dense(6) });
case!(normal: (x: [5, 6]) -> [5, 30] { Gru(15, bidirectional = true), LayerNorm });
case!(twice: (x: [4, 6]) -> [4, 6] {
    layer: Gru(6),
    forward { layer(layer(x)) + x }
});
case!(twice_both: (x: [3, 8]) -> [3, 8] {
    layer: Rnn(4, bidirectional = true),
    forward { layer(layer(x)) }
});
case!(twice_before: (x: [3, 5]) -> [3, 5] {
    layer: Gru(5, reset_after = false),
    forward { layer(layer(x)) }
});
