//! States of recurrent layers before the first step and after the last, against PyTorch.
#![forbid(unsafe_code)]

#[path = "family/case.rs"]
mod case;
#[path = "golden/close.rs"]
mod close;
#[path = "golden/file.rs"]
mod file;

use case::case;

/// Where `tests/golden/states.py` writes.
const GOLDEN: &str = "family_states";

case!(rnn_tanh_given: (x: [4, 6], h0: [1, 9]) -> ([4, 9], [1, 9]) {
    layer: Rnn(9),
    forward {
        let (y, h) = layer(x, h0);
        (y, h)
    }
});
case!(rnn_tanh_given_vector: (x: [3, 5], h0: [18]) -> ([3, 18], [1, 18]) {
    layer: Rnn(18, bias = false),
    forward {
        let (y, h) = layer(x, h0);
        (y, h)
    }
});
case!(rnn_tanh_given_both: (x: [4, 5], h0: [2, 6]) -> ([4, 12], [2, 6]) {
    layer: Rnn(6, bidirectional = true),
    forward {
        let (y, h) = layer(x, h0);
        (y, h)
    }
});
case!(rnn_tanh_given_layers: (x: [3, 4], h0: [2, 17]) -> ([3, 17], [2, 17]) {
    layer: Rnn(17, layers = 2),
    forward {
        let (y, h) = layer(x, h0);
        (y, h)
    }
});
case!(rnn_tanh_given_both_layers: (x: [4, 6], h0: [4, 5]) -> ([4, 10], [4, 5]) {
    layer: Rnn(5, layers = 2, bidirectional = true),
    forward {
        let (y, h) = layer(x, h0);
        (y, h)
    }
});
case!(rnn_tanh_given_one_step: (x: [1, 4], h0: [2, 7]) -> ([1, 14], [2, 7]) {
    layer: Rnn(7, bidirectional = true),
    forward {
        let (y, h) = layer(x, h0);
        (y, h)
    }
});
case!(rnn_tanh_final: (x: [5, 4]) -> ([5, 40], [2, 20]) {
    layer: Rnn(20, bidirectional = true),
    forward {
        let (y, h) = layer(x);
        (y, h)
    }
});
case!(rnn_tanh_only_final: (x: [4, 7]) -> [4, 6] {
    layer: Rnn(6, layers = 2, bidirectional = true),
    forward {
        let (_, h) = layer(x);
        h
    }
});
case!(rnn_tanh_learnt: (x: [4, 5]) -> ([4, 18], [1, 18]) {
    layer: Rnn(18, initial_state = Learnt),
    forward {
        let (y, h) = layer(x);
        (y, h)
    }
});
case!(rnn_tanh_learnt_both_layers: (x: [3, 5]) -> ([3, 12], [4, 6]) {
    layer: Rnn(6, layers = 2, bidirectional = true, initial_state = Learnt),
    forward {
        let (y, h) = layer(x);
        (y, h)
    }
});
case!(rnn_relu_given: (x: [4, 6], h0: [1, 9]) -> ([4, 9], [1, 9]) {
    layer: Rnn(9, nonlinearity = Relu),
    forward {
        let (y, h) = layer(x, h0);
        (y, h)
    }
});
case!(rnn_relu_given_vector: (x: [3, 5], h0: [18]) -> ([3, 18], [1, 18]) {
    layer: Rnn(18, nonlinearity = Relu, bias = false),
    forward {
        let (y, h) = layer(x, h0);
        (y, h)
    }
});
case!(rnn_relu_given_both: (x: [4, 5], h0: [2, 6]) -> ([4, 12], [2, 6]) {
    layer: Rnn(6, nonlinearity = Relu, bidirectional = true),
    forward {
        let (y, h) = layer(x, h0);
        (y, h)
    }
});
case!(rnn_relu_given_layers: (x: [3, 4], h0: [2, 17]) -> ([3, 17], [2, 17]) {
    layer: Rnn(17, nonlinearity = Relu, layers = 2),
    forward {
        let (y, h) = layer(x, h0);
        (y, h)
    }
});
case!(rnn_relu_given_both_layers: (x: [4, 6], h0: [4, 5]) -> ([4, 10], [4, 5]) {
    layer: Rnn(5, nonlinearity = Relu, layers = 2, bidirectional = true),
    forward {
        let (y, h) = layer(x, h0);
        (y, h)
    }
});
case!(rnn_relu_given_one_step: (x: [1, 4], h0: [2, 7]) -> ([1, 14], [2, 7]) {
    layer: Rnn(7, nonlinearity = Relu, bidirectional = true),
    forward {
        let (y, h) = layer(x, h0);
        (y, h)
    }
});
case!(rnn_relu_final: (x: [5, 4]) -> ([5, 40], [2, 20]) {
    layer: Rnn(20, nonlinearity = Relu, bidirectional = true),
    forward {
        let (y, h) = layer(x);
        (y, h)
    }
});
case!(rnn_relu_only_final: (x: [4, 7]) -> [4, 6] {
    layer: Rnn(6, nonlinearity = Relu, layers = 2, bidirectional = true),
    forward {
        let (_, h) = layer(x);
        h
    }
});
case!(rnn_relu_learnt: (x: [4, 5]) -> ([4, 18], [1, 18]) {
    layer: Rnn(18, nonlinearity = Relu, initial_state = Learnt),
    forward {
        let (y, h) = layer(x);
        (y, h)
    }
});
case!(rnn_relu_learnt_both_layers: (x: [3, 5]) -> ([3, 12], [4, 6]) {
    layer: Rnn(6, nonlinearity = Relu, layers = 2, bidirectional = true, initial_state = Learnt),
    forward {
        let (y, h) = layer(x);
        (y, h)
    }
});
case!(lstm_given: (x: [4, 6], h0: [1, 9], c0: [1, 9]) -> ([4, 9], [1, 9], [1, 9]) {
    layer: Lstm(9),
    forward {
        let (y, h, c) = layer(x, h0, c0);
        (y, h, c)
    }
});
case!(lstm_given_vector: (x: [3, 5], h0: [18], c0: [18]) -> ([3, 18], [1, 18], [1, 18]) {
    layer: Lstm(18, bias = false),
    forward {
        let (y, h, c) = layer(x, h0, c0);
        (y, h, c)
    }
});
case!(lstm_given_both: (x: [4, 5], h0: [2, 6], c0: [2, 6]) -> ([4, 12], [2, 6], [2, 6]) {
    layer: Lstm(6, bidirectional = true),
    forward {
        let (y, h, c) = layer(x, h0, c0);
        (y, h, c)
    }
});
case!(lstm_given_layers: (x: [3, 4], h0: [2, 17], c0: [2, 17]) -> ([3, 17], [2, 17], [2, 17]) {
    layer: Lstm(17, layers = 2),
    forward {
        let (y, h, c) = layer(x, h0, c0);
        (y, h, c)
    }
});
case!(lstm_given_both_layers: (x: [4, 6], h0: [4, 5], c0: [4, 5]) -> ([4, 10], [4, 5], [4, 5]) {
    layer: Lstm(5, layers = 2, bidirectional = true),
    forward {
        let (y, h, c) = layer(x, h0, c0);
        (y, h, c)
    }
});
case!(lstm_given_one_step: (x: [1, 4], h0: [2, 7], c0: [2, 7]) -> ([1, 14], [2, 7], [2, 7]) {
    layer: Lstm(7, bidirectional = true),
    forward {
        let (y, h, c) = layer(x, h0, c0);
        (y, h, c)
    }
});
case!(lstm_final: (x: [5, 4]) -> ([5, 40], [2, 20], [2, 20]) {
    layer: Lstm(20, bidirectional = true),
    forward {
        let (y, h, c) = layer(x);
        (y, h, c)
    }
});
case!(lstm_only_final: (x: [4, 7]) -> ([4, 6], [4, 6]) {
    layer: Lstm(6, layers = 2, bidirectional = true),
    forward {
        let (_, h, c) = layer(x);
        (h, c)
    }
});
case!(lstm_learnt: (x: [4, 5]) -> ([4, 18], [1, 18], [1, 18]) {
    layer: Lstm(18, initial_state = Learnt),
    forward {
        let (y, h, c) = layer(x);
        (y, h, c)
    }
});
case!(lstm_learnt_both_layers: (x: [3, 5]) -> ([3, 12], [4, 6], [4, 6]) {
    layer: Lstm(6, layers = 2, bidirectional = true, initial_state = Learnt),
    forward {
        let (y, h, c) = layer(x);
        (y, h, c)
    }
});
case!(gru_given: (x: [4, 6], h0: [1, 9]) -> ([4, 9], [1, 9]) {
    layer: Gru(9),
    forward {
        let (y, h) = layer(x, h0);
        (y, h)
    }
});
case!(gru_given_vector: (x: [3, 5], h0: [18]) -> ([3, 18], [1, 18]) {
    layer: Gru(18, bias = false),
    forward {
        let (y, h) = layer(x, h0);
        (y, h)
    }
});
case!(gru_given_both: (x: [4, 5], h0: [2, 6]) -> ([4, 12], [2, 6]) {
    layer: Gru(6, bidirectional = true),
    forward {
        let (y, h) = layer(x, h0);
        (y, h)
    }
});
case!(gru_given_layers: (x: [3, 4], h0: [2, 17]) -> ([3, 17], [2, 17]) {
    layer: Gru(17, layers = 2),
    forward {
        let (y, h) = layer(x, h0);
        (y, h)
    }
});
case!(gru_given_both_layers: (x: [4, 6], h0: [4, 5]) -> ([4, 10], [4, 5]) {
    layer: Gru(5, layers = 2, bidirectional = true),
    forward {
        let (y, h) = layer(x, h0);
        (y, h)
    }
});
case!(gru_given_one_step: (x: [1, 4], h0: [2, 7]) -> ([1, 14], [2, 7]) {
    layer: Gru(7, bidirectional = true),
    forward {
        let (y, h) = layer(x, h0);
        (y, h)
    }
});
case!(gru_final: (x: [5, 4]) -> ([5, 40], [2, 20]) {
    layer: Gru(20, bidirectional = true),
    forward {
        let (y, h) = layer(x);
        (y, h)
    }
});
case!(gru_only_final: (x: [4, 7]) -> [4, 6] {
    layer: Gru(6, layers = 2, bidirectional = true),
    forward {
        let (_, h) = layer(x);
        h
    }
});
case!(gru_learnt: (x: [4, 5]) -> ([4, 18], [1, 18]) {
    layer: Gru(18, initial_state = Learnt),
    forward {
        let (y, h) = layer(x);
        (y, h)
    }
});
case!(gru_learnt_both_layers: (x: [3, 5]) -> ([3, 12], [4, 6]) {
    layer: Gru(6, layers = 2, bidirectional = true, initial_state = Learnt),
    forward {
        let (y, h) = layer(x);
        (y, h)
    }
});
case!(gru_before_given: (x: [4, 6], h0: [1, 9]) -> ([4, 9], [1, 9]) {
    layer: Gru(9, reset_after = false),
    forward {
        let (y, h) = layer(x, h0);
        (y, h)
    }
});
case!(gru_before_given_vector: (x: [3, 5], h0: [18]) -> ([3, 18], [1, 18]) {
    layer: Gru(18, reset_after = false, bias = false),
    forward {
        let (y, h) = layer(x, h0);
        (y, h)
    }
});
case!(gru_before_given_both: (x: [4, 5], h0: [2, 6]) -> ([4, 12], [2, 6]) {
    layer: Gru(6, reset_after = false, bidirectional = true),
    forward {
        let (y, h) = layer(x, h0);
        (y, h)
    }
});
case!(gru_before_given_layers: (x: [3, 4], h0: [2, 17]) -> ([3, 17], [2, 17]) {
    layer: Gru(17, reset_after = false, layers = 2),
    forward {
        let (y, h) = layer(x, h0);
        (y, h)
    }
});
case!(gru_before_given_both_layers: (x: [4, 6], h0: [4, 5]) -> ([4, 10], [4, 5]) {
    layer: Gru(5, reset_after = false, layers = 2, bidirectional = true),
    forward {
        let (y, h) = layer(x, h0);
        (y, h)
    }
});
case!(gru_before_given_one_step: (x: [1, 4], h0: [2, 7]) -> ([1, 14], [2, 7]) {
    layer: Gru(7, reset_after = false, bidirectional = true),
    forward {
        let (y, h) = layer(x, h0);
        (y, h)
    }
});
case!(gru_before_final: (x: [5, 4]) -> ([5, 40], [2, 20]) {
    layer: Gru(20, reset_after = false, bidirectional = true),
    forward {
        let (y, h) = layer(x);
        (y, h)
    }
});
case!(gru_before_only_final: (x: [4, 7]) -> [4, 6] {
    layer: Gru(6, reset_after = false, layers = 2, bidirectional = true),
    forward {
        let (_, h) = layer(x);
        h
    }
});
case!(gru_before_learnt: (x: [4, 5]) -> ([4, 18], [1, 18]) {
    layer: Gru(18, reset_after = false, initial_state = Learnt),
    forward {
        let (y, h) = layer(x);
        (y, h)
    }
});
case!(gru_before_learnt_both_layers: (x: [3, 5]) -> ([3, 12], [4, 6]) {
    layer: Gru(6, reset_after = false, layers = 2, bidirectional = true, initial_state = Learnt),
    forward {
        let (y, h) = layer(x);
        (y, h)
    }
});
case!(lstm_only_cells: (x: [4, 5]) -> [2, 6] {
    layer: Lstm(6, bidirectional = true),
    forward {
        let (_, _, c) = layer(x);
        c
    }
});
case!(lstm_only_steps: (x: [4, 5], h0: [1, 6], c0: [1, 6]) -> [4, 6] {
    layer: Lstm(6),
    forward { layer(x, h0, c0) }
});
case!(gru_first_of_a_chain: (x: [4, 5], h0: [6]) -> [3] {
    Gru(6), Last, Dense(3)
});
case!(lstm_again: (x: [4, 5]) -> ([4, 6], [1, 6]) {
    layer: Lstm(6),
    forward {
        let (_, h, c) = layer(x);
        let (y, _, d) = layer(x, tanh(h), c);
        (y, d)
    }
});
case!(gru_again: (x: [3, 5]) -> ([3, 18], [1, 18]) {
    layer: Gru(18),
    forward {
        let (y, h) = layer(x);
        let (z, g) = layer(x, h + h);
        (y + z, g)
    }
});
case!(gru_before_again: (x: [3, 5]) -> ([3, 12], [2, 6]) {
    layer: Gru(6, reset_after = false, bidirectional = true),
    forward {
        let (_, h) = layer(x);
        let (z, g) = layer(x, h);
        (z, g)
    }
});
