//! Networks that take tokens, against PyTorch.
#![forbid(unsafe_code)]

#[path = "tokens/case.rs"]
mod case;
#[path = "golden/close.rs"]
mod close;
#[path = "golden/file.rs"]
mod file;

use case::case;
use close::{assert_close, on_every_instruction_set};
use file::Golden;
use kiln::{CrossEntropy, Loss, Nll, Training, prelude::*};

model! {
    struct Steps(words: u32[6]) -> [6, 5] { embed: Embedding(9, 12), fc: Dense(5) }
    struct LogSteps(words: u32[6]) -> [6, 5] { embed: Embedding(9, 12), fc: Dense(5), LogSoftmax }
}

/// Holds the loss of a batch over steps, and its gradients, against PyTorch's.
fn check_steps<N, T, L>(name: &str, mut net: N, loss: &L, target: impl Fn(f32, f32) -> T)
where
    N: Model<Input = [u32; 6], Output = [[f32; 5]; 6]>,
    T: Copy + Send + Sync,
    L: Loss<[[f32; 5]; 6], [T; 6]>,
{
    let golden = Golden::open(GOLDEN);
    let get = |key: &str| golden.get::<f32>(&format!("{name}/{key}"));
    for parameter in ["embed.weight", "fc.weight", "fc.bias"] {
        let stored = get(&format!("weights.{parameter}"));
        let mut parameters = net.parameters_mut();
        parameters.set(parameter, &stored).expect(parameter);
    }
    let inputs: Vec<[u32; 6]> = case::Inputs::batch(&[get("inputs.0")], case::SAMPLES);
    let (labels, weights) = (get("labels"), get("step_weights"));
    let each = labels.iter().zip(&weights);
    let each = each.map(|(&label, &weight)| target(label, weight));
    let each = each.collect::<Vec<_>>();
    let (targets, _) = each.as_chunks::<6>();
    on_every_instruction_set(name, |set| {
        let mut training = Training::new(&net, case::SAMPLES).expect("memory");
        let found = training.backward(&net, &inputs, targets, loss);
        let found = [found.expect("sound data") as f32];
        assert_close(&found, &get("loss"), &format!("loss of {name} on {set:?}"));
        for parameter in ["embed.weight", "fc.weight", "fc.bias"] {
            let found = training.gradients().get(parameter).expect(parameter);
            let expected = get(&format!("gradients.{parameter}"));
            assert_close(
                &found,
                &expected,
                &format!("{parameter} of {name} on {set:?}"),
            );
        }
    });
}

/// The labels of the golden file, in which -100 is left out.
fn label(label: f32, _: f32) -> i64 {
    label as i64
}

#[test]
fn steps_with_a_label_are_left_out() {
    let loss = CrossEntropy.ignore_index(-100);
    check_steps("steps_ignored", Steps::new(Seed(0)), &loss, label);
    let loss = CrossEntropy
        .ignore_index(-100)
        .label_smoothing(0.1)
        .weight([1.0, 2.0, 0.5, 4.0, 1.5]);
    check_steps("steps_ignored_weighed", Steps::new(Seed(0)), &loss, label);
}

#[test]
fn steps_count_as_their_weights_say() {
    let weighed = |label: f32, weight: f32| (label as i64, weight);
    let loss = CrossEntropy.with_weights();
    check_steps("steps_weights", Steps::new(Seed(0)), &loss, weighed);
    let loss = Nll.with_weights();
    check_steps("steps_weights_nll", LogSteps::new(Seed(0)), &loss, weighed);
    let loss = CrossEntropy
        .weight([1.0, 2.0, 0.5, 4.0, 1.5])
        .with_weights();
    check_steps("steps_weights_classes", Steps::new(Seed(0)), &loss, weighed);
}

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
case!(tied: (words: u32[6]) -> [6, 20] {
    embed: Embedding(20, 12), fc: Dense(12),
    forward { embed.attend(tanh(fc(embed(words)))) }
});
case!(tied_padding: (words: u32[20]) -> [20, 37] {
    embed: Embedding(37, 18, padding = 3), fc: Dense(18),
    forward { embed.attend(relu(fc(embed(words)))) }
});
case!(tied_of_one: (words: u32[9], kind: u32) -> [33] {
    embed: Embedding(33, 7),
    forward { embed.attend(mean(embed(words), axis = 0) * embed(kind)) }
});
case!(tied_twice: (a: u32[5], b: u32[9]) -> [14, 17] {
    embed: Embedding(17, 16), fc: Dense(16),
    forward { embed.attend(concat(fc(embed(a)), embed(b), axis = 0)) }
});
case!(tied_attends_first: (x: [4, 12], words: u32[4]) -> [4, 32] {
    embed: Embedding(20, 12),
    forward { concat(softmax(embed.attend(x)), embed(words), axis = 1) }
});
case!(tied_attends_twice: (words: u32[4]) -> [4, 20] {
    embed: Embedding(20, 12), fc: Dense(12),
    forward { embed.attend(fc(embed(words))) * sigmoid(embed.attend(embed(words))) }
});
case!(tied_alone: (x: [4, 12]) -> [4, 20] { embed: Embedding(20, 12), forward { embed.attend(x) } });
case!(tied_frozen: (words: u32[4]) -> [4, 20] {
    embed: Embedding(20, 12, frozen = true), fc: Dense(12),
    forward { embed.attend(fc(embed(words))) }
});
case!(tied_wide: (words: u32[30]) -> [90] {
    embed: Embedding(90, 70), fc: Dense(70),
    forward { embed.attend(last(fc(embed(words)))) }
});
