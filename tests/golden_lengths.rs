//! Recurrent layers over padded sequences, against PyTorch, which packs them.
#![forbid(unsafe_code)]

#[path = "tokens/case.rs"]
mod case;
#[path = "golden/close.rs"]
mod close;
#[path = "golden/file.rs"]
mod file;

use case::case;

/// Where `tests/golden/lengths.py` writes.
const GOLDEN: &str = "family_lengths";

case!(rnn_tanh: (x: [7, 6], n: u32) -> [72] {
    before: Dense(6), layer: Rnn(9),
    forward {
        let (y, h) = layer(before(x), length = n);
        concat(flatten(y), flatten(h))
    }
});
case!(rnn_tanh_one_step: (x: [1, 5], n: u32) -> [12] {
    before: Dense(5), layer: Rnn(6),
    forward {
        let (y, h) = layer(before(x), length = n);
        concat(flatten(y), flatten(h))
    }
});
case!(rnn_tanh_blocks: (x: [3, 5], n: u32) -> [80] {
    before: Dense(5), layer: Rnn(20, bias = false),
    forward {
        let (y, h) = layer(before(x), length = n);
        concat(flatten(y), flatten(h))
    }
});
case!(rnn_tanh_both: (x: [6, 5], n: u32) -> [98] {
    before: Dense(5), layer: Rnn(7, bidirectional = true),
    forward {
        let (y, h) = layer(before(x), length = n);
        concat(flatten(y), flatten(h))
    }
});
case!(rnn_tanh_both_layers: (x: [5, 4], n: u32) -> [84] {
    before: Dense(4), layer: Rnn(6, layers = 2, bidirectional = true),
    forward {
        let (y, h) = layer(before(x), length = n);
        concat(flatten(y), flatten(h))
    }
});
case!(rnn_tanh_given: (x: [6, 5], n: u32, h0: [1, 7]) -> [49] {
    before: Dense(5), state: Dense(7), layer: Rnn(7),
    forward {
        let (y, h) = layer(before(x), state(h0), length = n);
        concat(flatten(y), flatten(h))
    }
});
case!(rnn_tanh_given_both: (x: [6, 5], n: u32, h0: [2, 18]) -> [252] {
    before: Dense(5), state: Dense(18), layer: Rnn(18, bidirectional = true),
    forward {
        let (y, h) = layer(before(x), state(h0), length = n);
        concat(flatten(y), flatten(h))
    }
});
case!(rnn_relu: (x: [7, 6], n: u32) -> [72] {
    before: Dense(6), layer: Rnn(9, nonlinearity = Relu),
    forward {
        let (y, h) = layer(before(x), length = n);
        concat(flatten(y), flatten(h))
    }
});
case!(rnn_relu_one_step: (x: [1, 5], n: u32) -> [12] {
    before: Dense(5), layer: Rnn(6, nonlinearity = Relu),
    forward {
        let (y, h) = layer(before(x), length = n);
        concat(flatten(y), flatten(h))
    }
});
case!(rnn_relu_blocks: (x: [3, 5], n: u32) -> [80] {
    before: Dense(5), layer: Rnn(20, bias = false, nonlinearity = Relu),
    forward {
        let (y, h) = layer(before(x), length = n);
        concat(flatten(y), flatten(h))
    }
});
case!(rnn_relu_both: (x: [6, 5], n: u32) -> [98] {
    before: Dense(5), layer: Rnn(7, bidirectional = true, nonlinearity = Relu),
    forward {
        let (y, h) = layer(before(x), length = n);
        concat(flatten(y), flatten(h))
    }
});
case!(rnn_relu_both_layers: (x: [5, 4], n: u32) -> [84] {
    before: Dense(4), layer: Rnn(6, layers = 2, bidirectional = true, nonlinearity = Relu),
    forward {
        let (y, h) = layer(before(x), length = n);
        concat(flatten(y), flatten(h))
    }
});
case!(rnn_relu_given: (x: [6, 5], n: u32, h0: [1, 7]) -> [49] {
    before: Dense(5), state: Dense(7), layer: Rnn(7, nonlinearity = Relu),
    forward {
        let (y, h) = layer(before(x), state(h0), length = n);
        concat(flatten(y), flatten(h))
    }
});
case!(rnn_relu_given_both: (x: [6, 5], n: u32, h0: [2, 18]) -> [252] {
    before: Dense(5), state: Dense(18), layer: Rnn(18, bidirectional = true, nonlinearity = Relu),
    forward {
        let (y, h) = layer(before(x), state(h0), length = n);
        concat(flatten(y), flatten(h))
    }
});
case!(lstm: (x: [7, 6], n: u32) -> [81] {
    before: Dense(6), layer: Lstm(9),
    forward {
        let (y, h, c) = layer(before(x), length = n);
        concat(flatten(y), flatten(h), flatten(c))
    }
});
case!(lstm_one_step: (x: [1, 5], n: u32) -> [18] {
    before: Dense(5), layer: Lstm(6),
    forward {
        let (y, h, c) = layer(before(x), length = n);
        concat(flatten(y), flatten(h), flatten(c))
    }
});
case!(lstm_blocks: (x: [3, 5], n: u32) -> [100] {
    before: Dense(5), layer: Lstm(20, bias = false),
    forward {
        let (y, h, c) = layer(before(x), length = n);
        concat(flatten(y), flatten(h), flatten(c))
    }
});
case!(lstm_both: (x: [6, 5], n: u32) -> [112] {
    before: Dense(5), layer: Lstm(7, bidirectional = true),
    forward {
        let (y, h, c) = layer(before(x), length = n);
        concat(flatten(y), flatten(h), flatten(c))
    }
});
case!(lstm_both_layers: (x: [5, 4], n: u32) -> [108] {
    before: Dense(4), layer: Lstm(6, layers = 2, bidirectional = true),
    forward {
        let (y, h, c) = layer(before(x), length = n);
        concat(flatten(y), flatten(h), flatten(c))
    }
});
case!(lstm_given: (x: [6, 5], n: u32, h0: [1, 7], c0: [1, 7]) -> [56] {
    before: Dense(5), state: Dense(7), layer: Lstm(7),
    forward {
        let (y, h, c) = layer(before(x), state(h0), state(c0), length = n);
        concat(flatten(y), flatten(h), flatten(c))
    }
});
case!(lstm_given_both: (x: [6, 5], n: u32, h0: [2, 18], c0: [2, 18]) -> [288] {
    before: Dense(5), state: Dense(18), layer: Lstm(18, bidirectional = true),
    forward {
        let (y, h, c) = layer(before(x), state(h0), state(c0), length = n);
        concat(flatten(y), flatten(h), flatten(c))
    }
});
case!(gru: (x: [7, 6], n: u32) -> [72] {
    before: Dense(6), layer: Gru(9),
    forward {
        let (y, h) = layer(before(x), length = n);
        concat(flatten(y), flatten(h))
    }
});
case!(gru_one_step: (x: [1, 5], n: u32) -> [12] {
    before: Dense(5), layer: Gru(6),
    forward {
        let (y, h) = layer(before(x), length = n);
        concat(flatten(y), flatten(h))
    }
});
case!(gru_blocks: (x: [3, 5], n: u32) -> [80] {
    before: Dense(5), layer: Gru(20, bias = false),
    forward {
        let (y, h) = layer(before(x), length = n);
        concat(flatten(y), flatten(h))
    }
});
case!(gru_both: (x: [6, 5], n: u32) -> [98] {
    before: Dense(5), layer: Gru(7, bidirectional = true),
    forward {
        let (y, h) = layer(before(x), length = n);
        concat(flatten(y), flatten(h))
    }
});
case!(gru_both_layers: (x: [5, 4], n: u32) -> [84] {
    before: Dense(4), layer: Gru(6, layers = 2, bidirectional = true),
    forward {
        let (y, h) = layer(before(x), length = n);
        concat(flatten(y), flatten(h))
    }
});
case!(gru_given: (x: [6, 5], n: u32, h0: [1, 7]) -> [49] {
    before: Dense(5), state: Dense(7), layer: Gru(7),
    forward {
        let (y, h) = layer(before(x), state(h0), length = n);
        concat(flatten(y), flatten(h))
    }
});
case!(gru_given_both: (x: [6, 5], n: u32, h0: [2, 18]) -> [252] {
    before: Dense(5), state: Dense(18), layer: Gru(18, bidirectional = true),
    forward {
        let (y, h) = layer(before(x), state(h0), length = n);
        concat(flatten(y), flatten(h))
    }
});
case!(gru_before: (x: [7, 6], n: u32) -> [72] {
    before: Dense(6), layer: Gru(9, reset_after = false),
    forward {
        let (y, h) = layer(before(x), length = n);
        concat(flatten(y), flatten(h))
    }
});
case!(gru_before_one_step: (x: [1, 5], n: u32) -> [12] {
    before: Dense(5), layer: Gru(6, reset_after = false),
    forward {
        let (y, h) = layer(before(x), length = n);
        concat(flatten(y), flatten(h))
    }
});
case!(gru_before_blocks: (x: [3, 5], n: u32) -> [80] {
    before: Dense(5), layer: Gru(20, bias = false, reset_after = false),
    forward {
        let (y, h) = layer(before(x), length = n);
        concat(flatten(y), flatten(h))
    }
});
case!(gru_before_both: (x: [6, 5], n: u32) -> [98] {
    before: Dense(5), layer: Gru(7, bidirectional = true, reset_after = false),
    forward {
        let (y, h) = layer(before(x), length = n);
        concat(flatten(y), flatten(h))
    }
});
case!(gru_before_both_layers: (x: [5, 4], n: u32) -> [84] {
    before: Dense(4), layer: Gru(6, layers = 2, bidirectional = true, reset_after = false),
    forward {
        let (y, h) = layer(before(x), length = n);
        concat(flatten(y), flatten(h))
    }
});
case!(gru_before_given: (x: [6, 5], n: u32, h0: [1, 7]) -> [49] {
    before: Dense(5), state: Dense(7), layer: Gru(7, reset_after = false),
    forward {
        let (y, h) = layer(before(x), state(h0), length = n);
        concat(flatten(y), flatten(h))
    }
});
case!(gru_before_given_both: (x: [6, 5], n: u32, h0: [2, 18]) -> [252] {
    before: Dense(5), state: Dense(18), layer: Gru(18, bidirectional = true, reset_after = false),
    forward {
        let (y, h) = layer(before(x), state(h0), length = n);
        concat(flatten(y), flatten(h))
    }
});
case!(lstm_learnt: (x: [4, 5], n: u32) -> [72] {
    layer: Lstm(6, bidirectional = true, initial_state = Learnt),
    forward {
        let (y, h, c) = layer(x, length = n);
        concat(flatten(y), flatten(h), flatten(c))
    }
});
case!(gru_learnt: (x: [4, 5], n: u32) -> [108] {
    layer: Gru(18, layers = 2, initial_state = Learnt),
    forward {
        let (y, h) = layer(x, length = n);
        concat(flatten(y), flatten(h))
    }
});
case!(text: (words: u32[9], n: u32) -> [3] {
    embed: Embedding(20, 10), layer: Gru(8, layers = 2, bidirectional = true), fc: Dense(3),
    forward {
        let (y, h) = layer(embed(words), length = n);
        fc(concat(mean(y, axis = 0, length = n), flatten(h)))
    }
});
