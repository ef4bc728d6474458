//! A sequence that is padded gives what it would give without its padding, to the bit.
#![forbid(unsafe_code)]

use kiln::{Error, prelude::*, simd};

/// Declares a network over sequences of some steps, and the same with a length.
macro_rules! networks {
    ($($name:ident, $padded:ident: $steps:literal of $all:literal, [$features:literal] -> [$outputs:literal] $call:ident($($rest:tt)*);)*) => {
        kiln::model! {
            $(
                struct $name(x: [$steps, $features]) -> [$outputs] {
                    fc: Dense($outputs), forward { $call(tanh(fc(x)) $($rest)*) }
                }
                struct $padded(x: [$all, $features], n: u32) -> [$outputs] {
                    fc: Dense($outputs), forward { $call(tanh(fc(x)) $($rest)*, length = n) }
                }
            )*
        }

        /// Every padded network answers as the other, and has the same gradients.
        #[test]
        fn padding_does_not_count() {
            for set in simd::levels().map(simd::set_of) {
                assert!(simd::restrict(set), "{set:?} is one of this machine's");
                $({
                    let mut net = $name::new(Seed(7));
                    let mut padded = $padded::new(Seed(0));
                    for parameter in ["fc.weight", "fc.bias"] {
                        let stored = net.parameters().get(parameter).expect(parameter);
                        padded.parameters_mut().set(parameter, &stored).expect(parameter);
                        net.parameters_mut().set(parameter, &stored).expect(parameter);
                    }
                    let number = |sample: usize, step: usize, feature: usize| {
                        ((sample * 71 + step * 37 + feature * 11) % 97) as f32 / 48.5 - 1.0
                    };
                    let xs: Vec<[[f32; $features]; $steps]> = (0..9)
                        .map(|sample| {
                            std::array::from_fn(|step| {
                                std::array::from_fn(|feature| number(sample, step, feature))
                            })
                        })
                        .collect();
                    let inputs: Vec<([[f32; $features]; $all], u32)> = xs
                        .iter()
                        .map(|x| {
                            let mut all = [[9.0; $features]; $all];
                            all[..$steps].copy_from_slice(x);
                            (all, $steps)
                        })
                        .collect();
                    let (mut expected, mut found) = ([[0.0; $outputs]; 9], [[0.0; $outputs]; 9]);
                    net.forward_batch(&xs, &mut expected).expect("as many outputs");
                    padded.forward_batch(&inputs, &mut found).expect("as many outputs");
                    let what = stringify!($padded);
                    assert_eq!(expected, found, "{what} on {set:?}");
                    for (input, expected) in inputs.iter().zip(&expected) {
                        assert_eq!(padded.forward(input), *expected, "{what} on {set:?}");
                    }
                    // Sums over a batch are cut by positions, of which padding takes some; those of one sample are the same.
                    let mut training = Training::new(&net, 1).expect("memory");
                    let mut other = Training::new(&padded, 1).expect("memory");
                    for ((x, input), delta) in xs.iter().zip(&inputs).zip(expected) {
                        training.backward_from(&net, &[*x], &[delta]).expect("finite numbers");
                        other.backward_from(&padded, &[*input], &[delta]).expect("sound inputs");
                        for parameter in ["fc.weight", "fc.bias"] {
                            assert_eq!(
                                training.gradients().get(parameter).expect(parameter),
                                other.gradients().get(parameter).expect(parameter),
                                "{parameter} of {what} on {set:?}"
                            );
                        }
                    }
                })*
            }
            simd::restrict(None);
        }
    };
}

networks! {
    Last5, PaddedLast5: 5 of 12, [3] -> [19] last();
    Last1, PaddedLast1: 1 of 2, [3] -> [4] last();
    Mean1, PaddedMean1: 1 of 9, [2] -> [16] mean(, axis = 0);
    Mean6, PaddedMean6: 6 of 9, [2] -> [16] mean(, axis = 0);
    Mean9, PaddedMean9: 9 of 9, [2] -> [1] mean(, axis = 0);
    Mean31, PaddedMean31: 31 of 64, [5] -> [33] mean(, axis = 0);
    Sum7, PaddedSum7: 7 of 8, [5] -> [50] sum(, axis = 0);
    Sum100, PaddedSum100: 100 of 300, [1] -> [150] sum(, axis = 0);
    Max5, PaddedMax5: 5 of 12, [3] -> [19] max(, axis = 0);
    Min13, PaddedMin13: 13 of 40, [3] -> [1] min(, axis = 0);
}

model! {
    struct Pooled(x: [4, 2], n: u32) -> [2] { forward { sum(x, axis = 0, length = n) } }

    struct Learnt(x: [4, 2], n: u32) -> [2] {
        fc: Dense(2), forward { last(fc(x), length = n) }
    }
}

#[test]
fn a_length_out_of_range_is_brought_into_it_in_an_answer() {
    let net = Pooled::new(Seed(0));
    let x = [[1.0, 10.0], [2.0, 20.0], [3.0, 30.0], [4.0, 40.0]];
    let sums = [0, 1, 2, 4, 5, u32::MAX].map(|n| net.forward(&(x, n))[0]);
    assert_eq!(sums, [1.0, 1.0, 3.0, 10.0, 10.0, 10.0]);
}

#[test]
fn a_length_out_of_range_is_refused_in_training() {
    let net = Learnt::new(Seed(0));
    let mut training = Training::new(&net, 4).expect("memory");
    let sample = |n: u32| ([[1.0, 2.0]; 4], n);
    for wrong in [0, 5] {
        let inputs = [sample(4), sample(1), sample(wrong), sample(7)];
        let found = training.backward(&net, &inputs, &[[0.0; 2]; 4], &Mse);
        let error = found.map(|_| ()).expect_err("no such length");
        assert!(matches!(error, Error::IndexOutOfRange { row: 2, .. }));
        let expected = format!(
            "row 2 of the dataset: `n` is {wrong}, but `last` takes lengths from 1 to 4; leave out what has no steps, \
             and cut what has more"
        );
        assert_eq!(error.to_string(), expected);
    }
}
