//! `fast = true`: tanh and sigmoid of a larger error, in answers, in streams and in training, on every instruction set.
#![forbid(unsafe_code)]

use kiln::{Stream, prelude::*, simd};

/// Declares a network exactly and with fast functions, and tests one against the other.
macro_rules! networks {
    ($($test:ident: $exact:ident, $fast:ident = $layer:ident($($exactly:tt)*), ($($fastly:tt)*);)*) => {
        kiln::model! {
            $(
                #[kiln(stream)]
                struct $exact(x: [9, 4]) -> [9, 3] { before: Dense(20), layer: $layer($($exactly)*), fc: Dense(3) }
                #[kiln(stream)]
                struct $fast(x: [9, 4]) -> [9, 3] { before: Dense(20), layer: $layer($($fastly)*), fc: Dense(3) }
            )*
        }

        /// The sets are chosen one after another.
        #[test]
        fn fast_functions_are_near_exact_ones() {
            for set in simd::levels().map(simd::set_of) {
                assert!(simd::restrict(set), "{set:?} is one of this machine's");
                $($test(set);)*
            }
            simd::restrict(None);
        }

        $(
            fn $test(set: simd::InstructionSet) {
                let exact = $exact::new(Seed(7));
                let mut fast = $fast::new(Seed(0));
                for (name, _) in exact.parameters().names() {
                    let stored = exact.parameters().get(name).expect(name);
                    fast.parameters_mut().set(name, &stored).expect(name);
                }
                let number = |index: usize| ((index * 37) % 97) as f32 / 12.0 - 4.0;
                let sample = |sample: usize| {
                    core::array::from_fn(|t| core::array::from_fn(|f| number(sample * 36 + 4 * t + f)))
                };
                let xs: [[[f32; 4]; 9]; 5] = core::array::from_fn(sample);
                let what = format!("{} on {set:?}", stringify!($fast));
                let (mut expected, mut found) = ([[[0.0; 3]; 9]; 5], [[[0.0; 3]; 9]; 5]);
                exact.forward_batch(&xs, &mut expected).expect("as many outputs");
                fast.forward_batch(&xs, &mut found).expect("as many outputs");
                near(expected.as_flattened().as_flattened(), found.as_flattened().as_flattened(), &what);
                assert_ne!(expected, found, "{what}: the exact functions");
                for (x, y) in xs.iter().zip(&found) {
                    assert_eq!(fast.forward(x), *y, "{what}: alone and among others");
                    let mut stream = Stream::new(&fast);
                    for (frame, y) in x.iter().zip(y) {
                        assert_eq!(stream.step(frame), *y, "{what}: a stream");
                    }
                }
                let mut training = Training::new(&exact, 5).expect("memory");
                training.backward_from(&exact, &xs, &expected).expect("finite numbers");
                let mut other = Training::new(&fast, 5).expect("memory");
                other.backward_from(&fast, &xs, &expected).expect("finite numbers");
                for (name, _) in exact.parameters().names() {
                    let (exact, fast) = (training.gradients().get(name), other.gradients().get(name));
                    near(&exact.expect(name), &fast.expect(name), &format!("{name} of {what}"));
                }
            }
        )*
    };
}

networks! {
    tanh: ExactTanh, FastTanh = Tanh(), (fast = true);
    sigmoid: ExactSigmoid, FastSigmoid = Sigmoid(), (fast = true);
    rnn: ExactRnn, FastRnn = Rnn(18), (18, fast = true);
    lstm: ExactLstm, FastLstm = Lstm(18, layers = 2), (18, layers = 2, fast = true);
    gru: ExactGru, FastGru = Gru(18), (18, fast = true);
    gru_before: ExactGruBefore, FastGruBefore = Gru(18, reset_after = false), (18, reset_after = false, fast = true);
}

/// Numbers that are near one another as a whole.
fn near(exact: &[f32], fast: &[f32], what: &str) {
    let largest = exact.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
    for (exact, fast) in exact.iter().zip(fast) {
        let error = (exact - fast).abs();
        assert!(error <= 1e-4 * largest, "{what}: {fast} for {exact}");
    }
}
