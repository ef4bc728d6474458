//! Convolutions over sequences, against PyTorch.
#![forbid(unsafe_code)]

#[path = "family/case.rs"]
mod case;
#[path = "golden/close.rs"]
mod close;
#[path = "golden/file.rs"]
mod file;

use case::case;

/// Where `tests/golden/conv1d.py` writes.
const GOLDEN: &str = "family_conv1d";

case!(plain: (x: [9, 3]) -> [7, 4] { layer: Conv1d(4, 3) });
case!(one_channel: (x: [11, 1]) -> [8, 5] { layer: Conv1d(5, 4) });
case!(one_output: (x: [8, 5]) -> [6, 1] { layer: Conv1d(1, 3) });
case!(one_of_each: (x: [1, 1]) -> [1, 1] { layer: Conv1d(1, 1) });
case!(pointwise: (x: [6, 17]) -> [6, 33] { layer: Conv1d(33, 1) });
case!(sixteen: (x: [12, 16]) -> [12, 16] { layer: Conv1d(16, 3, padding = 1) });
case!(seventeen: (x: [13, 17]) -> [13, 18] { layer: Conv1d(18, 3, padding = 1) });
case!(many: (x: [21, 40]) -> [21, 50] { layer: Conv1d(50, 5, padding = 2) });
case!(strided: (x: [10, 4]) -> [4, 6] { layer: Conv1d(6, 3, stride = 2) });
case!(strided_by_three: (x: [14, 4]) -> [5, 6] { layer: Conv1d(6, 4, stride = 3, padding = 1) });
case!(stride_above_kernel: (x: [18, 3]) -> [4, 5] { layer: Conv1d(5, 2, stride = 5) });
case!(dilated: (x: [12, 3]) -> [4, 5] { layer: Conv1d(5, 3, dilation = 4) });
case!(dilated_same: (x: [9, 18]) -> [9, 20] { layer: Conv1d(20, 3, padding = Same, dilation = 2) });
case!(same_odd: (x: [7, 3]) -> [7, 4] { layer: Conv1d(4, 4, padding = Same) });
case!(dilated_and_strided: (x: [15, 6]) -> [8, 7] {
    layer: Conv1d(7, 3, stride = 2, padding = 3, dilation = 3)
});
case!(no_bias: (x: [8, 20]) -> [6, 3] { layer: Conv1d(3, 3, bias = false) });
case!(wide_kernel: (x: [10, 2]) -> [10, 3] { layer: Conv1d(3, 9, padding = 4) });
case!(kernel_of_the_whole: (x: [8, 5]) -> [1, 6] { layer: Conv1d(6, 8, inputs = 5) });
case!(padding_beyond_the_kernel: (x: [3, 3]) -> [10, 4] { layer: Conv1d(4, 2, padding = 4) });
case!(long: (x: [300, 2]) -> [300, 17] { layer: Conv1d(17, 5, padding = Same) });
case!(few_by_eight: (x: [64, 8]) -> [32, 32] { layer: Conv1d(32, 7, stride = 2, padding = 3) });
case!(narrow: (x: [2, 33]) -> [2, 16] { layer: Conv1d(16, 3, padding = 1) });
case!(chain: (x: [19, 2]) -> [19, 7] {
    Conv1d(20, 3, padding = 1), Relu, Conv1d(7, 3, padding = 2, dilation = 2)
});
case!(into_dense: (x: [7, 3]) -> [7, 4] { Conv1d(18, 3, padding = 1), Tanh, Dense(4) });
case!(flattened: (x: [9, 3]) -> [5] { Conv1d(18, 3, stride = 2), Sigmoid, Flatten, Dense(5) });
case!(two_levels: (x: [6, 16]) -> [144] {
    Conv1d(24, 5, padding = 2), Relu, Conv1d(24, 5, padding = 2), Relu, Flatten
});

/// Networks that read the caller's steps as they lie, and ones that store them in whole blocks for the gradient of the input,
/// have the same bits.
macro_rules! stored_alike {
    ($($name:ident: [$t:literal, $f:literal] -> [$u:literal, $g:literal] ($($layer:tt)*);)*) => {$(
        #[test]
        fn $name() {
            kiln::model! {
                struct Given(x: [$t, $f]) -> [$u, $g] { $($layer)* }

                #[kiln(input_gradients)]
                struct Stored(x: [$t, $f]) -> [$u, $g] { $($layer)* }
            }

            let (given, stored) = (Given::new(kiln::Seed(7)), Stored::new(kiln::Seed(7)));
            let next = |state: &mut u32| {
                *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (*state >> 8) as f32 / (1 << 23) as f32 - 1.0
            };
            let mut state = 5;
            let mut inputs = vec![[[0.0_f32; $f]; $t]; 5];
            for number in inputs.as_flattened_mut().as_flattened_mut() {
                *number = next(&mut state);
            }
            let mut deltas = vec![[[0.0_f32; $g]; $u]; 5];
            for number in deltas.as_flattened_mut().as_flattened_mut() {
                *number = next(&mut state);
            }
            close::on_every_instruction_set(stringify!($name), |set| {
                for input in &inputs {
                    assert_eq!(given.forward(input), stored.forward(input), "{set:?}");
                }
                let mut answers = [deltas.clone(), deltas.clone()];
                given.forward_batch(&inputs, &mut answers[0]).expect("as many outputs");
                stored.forward_batch(&inputs, &mut answers[1]).expect("as many outputs");
                assert_eq!(answers[0], answers[1], "{set:?}");
                let mut trained = kiln::Training::new(&given, 5).expect("memory");
                trained.backward_from(&given, &inputs, &deltas).expect("finite numbers");
                let mut other = kiln::Training::new(&stored, 5).expect("memory");
                other.backward_from(&stored, &inputs, &deltas).expect("finite numbers");
                for (parameter, _) in trained.gradients().names() {
                    let [a, b] = [trained.gradients().get(parameter), other.gradients().get(parameter)];
                    assert_eq!(a, b, "{parameter} on {set:?}");
                }
            });
        }
    )*};
}

stored_alike! {
    as_they_lie: [9, 3] -> [7, 4] (Conv1d(4, 3));
    in_a_border: [9, 3] -> [9, 20] (Conv1d(20, 5, padding = 2));
    one_feature: [40, 1] -> [40, 8] (Conv1d(8, 9, padding = 4));
    more_than_a_block: [21, 20] -> [11, 33] (Conv1d(33, 3, stride = 2, padding = 1));
    dilated_steps: [30, 7] -> [20, 16] (Conv1d(16, 6, dilation = 2), Tanh);
    sixteen_features: [12, 16] -> [12, 5] (Conv1d(5, 3, padding = 1), Relu, Conv1d(5, 1));
}
