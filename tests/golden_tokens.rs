//! Networks that take tokens, against PyTorch.
#![forbid(unsafe_code)]

#[path = "tokens/case.rs"]
mod case;
#[path = "golden/close.rs"]
mod close;
#[path = "golden/file.rs"]
mod file;

use case::case;

/// Where `tests/golden/tokens.py` writes.
const GOLDEN: &str = "family_tokens";

case!(embed: (words: u32[7]) -> [7, 18] { embed: Embedding(50, 18) });
case!(embed_one_step: (words: u32[1]) -> [1, 16] { embed: Embedding(9, 16) });
case!(embed_scalar: (word: u32) -> [33] { embed: Embedding(9, 33) });
case!(embed_padding: (words: u32[40]) -> [40, 5] { embed: Embedding(6, 5, padding = 0) });
case!(embed_padding_last: (words: u32[20]) -> [20, 70] { embed: Embedding(vocabulary = 4, features = 70, padding = 3) });
case!(embed_narrow: (words: u32[17]) -> [17, 1] { embed: Embedding(300, 1) });
case!(embed_many: (words: u32[100]) -> [8] { embed: Embedding(500, 24), fc: Dense(8), Last });
case!(embed_sum: (words: u32[30]) -> [12] { embed: Embedding(11, 12), forward { sum(embed(words), axis = 0) } });
case!(embed_mean: (words: u32[30]) -> [3] {
    embed: Embedding(40, 20), fc: Dense(3),
    forward { fc(mean(embed(words), axis = 0)) }
});
case!(embed_flatten: (words: u32[5]) -> [4] { embed: Embedding(30, 7), Flatten, fc: Dense(4) });
case!(embed_lstm: (words: u32[12]) -> [4] { embed: Embedding(40, 10), lstm: Lstm(17), Last, fc: Dense(4) });
case!(embed_conv: (words: u32[12]) -> [10, 6] { embed: Embedding(40, 10), conv: Conv1d(6, 3) });
case!(embed_relu_norm: (words: u32[6]) -> [6, 10] { embed: Embedding(40, 10), norm: LayerNorm, Relu });
case!(embed_twice: (a: u32[6], b: u32[6]) -> [6, 10] {
    embed: Embedding(20, 10),
    forward { embed(a) * embed(b) }
});
case!(embed_twice_unlike: (a: u32[6], b: u32[9]) -> [15, 21] {
    embed: Embedding(20, 21),
    forward { concat(embed(a), embed(b), axis = 0) }
});
case!(embed_one_input_twice: (a: u32[6]) -> [6, 10] {
    left: Embedding(20, 10), right: Embedding(25, 10),
    forward { left(a) + right(a) }
});
case!(embed_and_numbers: (words: u32[6], x: [6, 3]) -> [6, 11] {
    embed: Embedding(20, 8), fc: Dense(11),
    forward { fc(concat(embed(words), x, axis = 1)) }
});
case!(embed_and_scalar: (x: [9], kind: u32) -> [9] {
    kinds: Embedding(4, 9), fc: Dense(9),
    forward { fc(x) + kinds(kind) }
});
case!(embed_under_a_mask: (words: u32[6], mask: [6, 1]) -> [6, 18] {
    embed: Embedding(20, 18), fc: Dense(18),
    forward { fc(embed(words) * mask) }
});
case!(embed_frozen: (words: u32[6]) -> [6, 4] { embed: Embedding(20, 18, frozen = true), fc: Dense(4) });
case!(positions: (x: [6, 20]) -> [6, 20] { fc: Dense(20), positions: Positions });
case!(positions_one_step: (x: [1, 3]) -> [1, 3] { positions: Positions(init = Normal(0.02)) });
case!(positions_between: (words: u32[9]) -> [9, 5] {
    embed: Embedding(30, 33), positions: Positions, norm: LayerNorm, fc: Dense(5)
});
case!(positions_shared: (x: [6, 20]) -> [6, 20] {
    positions: Positions, fc: Dense(20),
    forward { positions(fc(positions(x))) }
});
case!(sinusoidal: (x: [50, 20]) -> [50, 20] { fc: Dense(20), SinusoidalPositions });
case!(sinusoidal_odd: (words: u32[9]) -> [9, 7] { embed: Embedding(30, 7), SinusoidalPositions });
case!(sinusoidal_far: (x: [200, 2]) -> [200, 2] { forward { sinusoidal_positions(x) } });
case!(last_length: (x: [7, 18], n: u32) -> [20] {
    fc: Dense(20),
    forward { last(fc(x), length = n) }
});
case!(last_length_of_one: (x: [1, 18], n: u32) -> [20] {
    fc: Dense(20), last: Last,
    forward { last(fc(x), length = n) }
});
case!(mean_length: (x: [7, 18], n: u32) -> [20] {
    fc: Dense(20),
    forward { mean(fc(x), axis = 0, length = n) }
});
case!(mean_length_kept: (x: [7, 18], n: u32) -> [1, 20] {
    fc: Dense(20), mean: Mean(axis = 0, keepdim = true),
    forward { mean(fc(x), length = n) }
});
case!(sum_length: (x: [7, 18], n: u32) -> [1] {
    fc: Dense(1),
    forward { sum(fc(x), axis = 0, length = n) }
});
case!(max_length: (x: [7, 18], n: u32) -> [20] {
    fc: Dense(20),
    forward { max(fc(x), axis = 0, length = n) }
});
case!(min_length: (x: [40, 3], n: u32) -> [33] {
    fc: Dense(33),
    forward { min(fc(x), axis = 0, length = n) }
});
case!(lengths_together: (words: u32[12], n: u32) -> [40] {
    embed: Embedding(20, 10), fc: Dense(10),
    forward {
        let h = fc(embed(words));
        let pooled = concat(mean(h, axis = 0, length = n), max(h, axis = 0, length = n));
        concat(pooled, last(h, length = n), min(h, axis = 0, length = n))
    }
});
