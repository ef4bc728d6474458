//! A sequence that is padded gives what it would give without its padding, to the bit.
#![forbid(unsafe_code)]

use kiln::{Error, prelude::*, simd};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Held while the instruction set is chosen, or must stay.
fn chosen() -> MutexGuard<'static, ()> {
    static SET: Mutex<()> = Mutex::new(());
    SET.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sets parameters to those of another network, which has the same.
fn copy(from: &impl Model, to: &mut impl Model) {
    for (name, _) in from.parameters().names() {
        let stored = from.parameters().get(name).expect(name);
        to.parameters_mut().set(name, &stored).expect(name);
    }
}

/// Of sequences of `T` steps, a network answers as one whose sequences are padded to `A` of them, and has the same
/// gradients.
fn judge<const T: usize, const A: usize, const F: usize, const O: usize, N, P>(
    what: &str,
    net: &N,
    mut padded: P,
) where
    N: Model<Input = [[f32; F]; T], Output = [f32; O]>,
    P: Model<Input = ([[f32; F]; A], u32), Output = [f32; O]>,
{
    let _chosen = chosen();
    copy(net, &mut padded);
    let number = |sample: usize, step: usize, feature: usize| {
        ((sample * 71 + step * 37 + feature * 11) % 97) as f32 / 48.5 - 1.0
    };
    let step = |sample: usize, step: usize| core::array::from_fn(|f| number(sample, step, f));
    let xs: Vec<[[f32; F]; T]> = (0..9)
        .map(|sample| core::array::from_fn(|t| step(sample, t)))
        .collect();
    let padded_by = |x: &[[f32; F]], padding: f32| {
        let mut all = [[padding; F]; A];
        all[..x.len()].copy_from_slice(x);
        (all, x.len() as u32)
    };
    let inputs: Vec<P::Input> = xs.iter().map(|x| padded_by(x, 9.0)).collect();
    // In a batch of several lengths some samples are done before others. Here every third is one of those.
    let mixed = (0..27).map(|index| match index % 3 {
        0 => padded_by(&xs[index / 3], f32::NAN),
        part => padded_by(&xs[index / 3][..(T / (part + 1)).max(1)], f32::INFINITY),
    });
    let mixed: Vec<P::Input> = mixed.collect();
    for set in simd::levels().map(simd::set_of) {
        assert!(simd::restrict(set), "{set:?} is one of this machine's");
        let (mut expected, mut found) = ([[0.0; O]; 9], [[0.0; O]; 9]);
        net.forward_batch(&xs, &mut expected)
            .expect("as many outputs");
        padded
            .forward_batch(&inputs, &mut found)
            .expect("as many outputs");
        assert_eq!(expected, found, "{what} on {set:?}");
        let mut all = [[0.0; O]; 27];
        padded
            .forward_batch(&mixed, &mut all)
            .expect("as many outputs");
        for (found, expected) in all.iter().step_by(3).zip(&expected) {
            assert_eq!(found, expected, "{what} among others on {set:?}");
        }
        for (input, expected) in inputs.iter().zip(&expected) {
            let mut alone = [[0.0; O]];
            padded
                .forward_batch(&[*input], &mut alone)
                .expect("as many outputs");
            assert_eq!(alone, [*expected], "{what} on {set:?}");
        }
        // Sums over a batch are cut by positions, of which padding takes some; those of one sample are the same.
        let mut training = Training::new(net, 1).expect("memory");
        let mut other = Training::new(&padded, 1).expect("memory");
        for ((x, input), delta) in xs.iter().zip(&inputs).zip(expected) {
            training
                .backward_from(net, &[*x], &[delta])
                .expect("finite numbers");
            other
                .backward_from(&padded, &[*input], &[delta])
                .expect("sound inputs");
            for (name, _) in net.parameters().names() {
                assert_eq!(
                    training.gradients().get(name).expect(name),
                    other.gradients().get(name).expect(name),
                    "{name} of {what} on {set:?}"
                );
            }
        }
    }
    simd::restrict(None);
}

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

        #[test]
        fn padding_does_not_count() {
            $(judge(stringify!($padded), &$name::new(Seed(7)), $padded::new(Seed(0)));)*
        }
    };
}

/// Declares a recurrent layer over sequences of some steps, and the same with a length: the mean of its steps and the
/// states behind the last are the answer.
macro_rules! recurrences {
    (
        $($name:ident, $padded:ident: $steps:literal of $all:literal, [$features:literal] -> [$outputs:literal]
        $layer:ident($($rest:tt)*) gives ($($state:ident),*);)*
    ) => {
        kiln::model! {
            $(
                struct $name(x: [$steps, $features]) -> [$outputs] {
                    before: Dense($features), layer: $layer($($rest)*),
                    forward {
                        let (y, $($state),*) = layer(before(x));
                        concat(mean(y, axis = 0), $(flatten($state)),*)
                    }
                }
                struct $padded(x: [$all, $features], n: u32) -> [$outputs] {
                    before: Dense($features), layer: $layer($($rest)*),
                    forward {
                        let (y, $($state),*) = layer(before(x), length = n);
                        concat(mean(y, axis = 0, length = n), $(flatten($state)),*)
                    }
                }
            )*
        }

        #[test]
        fn padding_does_not_reach_recurrences() {
            $(judge(stringify!($padded), &$name::new(Seed(7)), $padded::new(Seed(0)));)*
        }
    };
}

recurrences! {
    Rnn5, PaddedRnn5: 5 of 8, [3] -> [38] Rnn(19) gives (h);
    Relu1, PaddedRelu1: 1 of 4, [3] -> [16] Rnn(8, nonlinearity = Relu) gives (h);
    Lstm4, PaddedLstm4: 4 of 9, [3] -> [60] Lstm(20) gives (h, c);
    Lstm6, PaddedLstm6: 6 of 7, [2] -> [54] Lstm(9, bidirectional = true) gives (h, c);
    LstmStack, PaddedLstmStack: 3 of 7, [2] -> [50] Lstm(5, layers = 2, bidirectional = true) gives (h, c);
    Gru4, PaddedGru4: 4 of 9, [3] -> [80] Gru(20, bidirectional = true) gives (h);
    GruWhole, PaddedGruWhole: 6 of 6, [3] -> [12] Gru(6) gives (h);
    GruLearnt, PaddedGruLearnt: 3 of 5, [3] -> [28] Gru(7, bidirectional = true, initial_state = Learnt) gives (h);
    GruBefore, PaddedGruBefore: 3 of 6, [3] -> [72] Gru(18, bidirectional = true, reset_after = false) gives (h);
    LstmLearnt, PaddedLstmLearnt: 2 of 5, [3] -> [54] Lstm(18, initial_state = Learnt) gives (h, c);
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

    struct Steps(x: [4, 2], n: u32) -> [4, 3] { lstm: Lstm(3), forward { lstm(x, length = n) } }

    struct Alone(x: [4, 2], n: u32) -> [2, 3] {
        lstm: Lstm(3),
        forward {
            let (_, h, c) = lstm(x, length = n);
            concat(h, c, axis = 0)
        }
    }
}

model! {
    struct Logs(x: [3, 4]) -> [2] {
        gru: Gru(5, bidirectional = true), fc: Dense(2),
        forward {
            let (y, h) = gru(log(x));
            fc(concat(mean(y, axis = 0), flatten(h)))
        }
    }

    struct PaddedLogs(x: [6, 4], n: u32) -> [2] {
        gru: Gru(5, bidirectional = true), fc: Dense(2),
        forward {
            let (y, h) = gru(log(x), length = n);
            fc(concat(mean(y, axis = 0, length = n), flatten(h)))
        }
    }
}

/// What is not finite behind the steps that count never meets their deltas.
#[test]
fn padding_may_be_infinite_to_a_recurrence() {
    let _chosen = chosen();
    let net = Logs::new(Seed(5));
    let mut padded = PaddedLogs::new(Seed(0));
    copy(&net, &mut padded);
    let x: [[f32; 4]; 3] =
        core::array::from_fn(|t| core::array::from_fn(|f| 0.5 + (5 * t + f) as f32));
    let mut all = [[0.0; 4]; 6];
    all[..3].copy_from_slice(&x);
    let mut training = Training::new(&net, 1).expect("memory");
    let mut other = Training::new(&padded, 1).expect("memory");
    training
        .backward(&net, &[x], &[[1.0, -2.0]], &Mse)
        .expect("finite numbers");
    other
        .backward(&padded, &[(all, 3)], &[[1.0, -2.0]], &Mse)
        .expect("finite numbers");
    for (name, _) in net.parameters().names() {
        let (expected, found) = (training.gradients().get(name), other.gradients().get(name));
        assert_eq!(expected.expect(name), found.expect(name), "{name}");
    }
}

model! {
    struct Reader(words: u32[6], n: u32) -> [4] {
        embed: Embedding(50, 40), gru: Gru(4),
        forward { last(gru(embed(words), length = n), length = n) }
    }

    struct Deep(words: u32[6], n: u32) -> [8] {
        embed: Embedding(50, 12), fc: Dense(33), more: Dense(40), lstm: Lstm(4, layers = 2, bidirectional = true),
        forward { last(lstm(tanh(more(relu(fc(embed(words))))), length = n), length = n) }
    }

    struct Normed(words: u32[6], n: u32) -> [18] {
        embed: Embedding(50, 24), norm: LayerNorm, fc: Dense(40), gru: Gru(18, reset_after = false),
        forward {
            let (_, h) = gru(fc(norm(embed(words))), length = n);
            flatten(h)
        }
    }

    struct Convolved(words: u32[6], n: u32) -> [40] {
        embed: Embedding(50, 8), conv: Conv1d(40, 3, padding = Causal), rnn: Rnn(40, initial_state = Learnt),
        forward { mean(rnn(relu(conv(embed(words))), length = n), axis = 0, length = n) }
    }
}

/// The gradients of a batch are the sums of those of its samples, up to rounding: what a pass keeps for one gradient stays
/// until every sample has added to it.
fn sums_of_samples<const O: usize, N>(what: &str, net: &N)
where
    N: Model<Input = ([u32; 6], u32), Output = [f32; O]>,
{
    let _chosen = chosen();
    for lengths in [[3; 7], [6; 7], [1, 6, 2, 5, 3, 4, 6]] {
        let samples: Vec<N::Input> = (0..7)
            .map(|i| {
                (
                    core::array::from_fn(|t| (7 * i + 11 * t) as u32 % 50),
                    lengths[i],
                )
            })
            .collect();
        let deltas: [[f32; O]; 7] = core::array::from_fn(|i| {
            core::array::from_fn(|o| ((5 * i + 3 * o) % 7) as f32 / 3.0 - 1.0)
        });
        let mut batch = Training::new(net, 7).expect("memory");
        batch
            .backward_from(net, &samples, &deltas)
            .expect("sound inputs");
        let mut alone = Training::new(net, 1).expect("memory");
        let mut sums = vec![Vec::new(); net.parameters().names().count()];
        for (sample, delta) in samples.iter().zip(deltas) {
            alone
                .backward_from(net, &[*sample], &[delta])
                .expect("sound inputs");
            for (sum, (name, _)) in sums.iter_mut().zip(net.parameters().names()) {
                let gradient = alone.gradients().get(name).expect(name);
                sum.resize(gradient.len(), 0.0);
                for (sum, gradient) in sum.iter_mut().zip(gradient) {
                    *sum += f64::from(gradient);
                }
            }
        }
        for (sum, (name, _)) in sums.iter().zip(net.parameters().names()) {
            let found = batch.gradients().get(name).expect(name);
            let largest = sum.iter().fold(0.0_f64, |most, sum| most.max(sum.abs()));
            for (found, sum) in found.iter().zip(sum) {
                let error = (f64::from(*found) - sum).abs();
                assert!(
                    error <= 1e-5 * largest,
                    "{name} of {what}, {lengths:?}: {found} {sum}"
                );
            }
        }
    }
}

#[test]
fn gradients_of_a_batch_are_the_sums_of_its_samples() {
    sums_of_samples("Reader", &Reader::new(Seed(3)));
    sums_of_samples("Deep", &Deep::new(Seed(3)));
    sums_of_samples("Normed", &Normed::new(Seed(3)));
    sums_of_samples("Convolved", &Convolved::new(Seed(3)));
}

#[test]
fn steps_behind_a_length_are_zeros() {
    let _chosen = chosen();
    let net = Steps::new(Seed(3));
    let x = [[1.0, -1.0], [0.5, 2.0], [-1.0, 0.25], [3.0, 1.0]];
    let all = net.forward(&(x, 4));
    for (n, steps) in [(0, 1), (1, 1), (2, 2), (4, 4), (9, 4)] {
        let found = net.forward(&(x, n));
        assert_eq!(found[..steps], all[..steps], "{n}");
        assert!(found[steps..].iter().flatten().all(|&h| h == 0.0), "{n}");
    }
}

#[test]
fn states_are_those_of_the_last_step_that_counts() {
    let _chosen = chosen();
    let mut net = Alone::new(Seed(0));
    let steps = Steps::new(Seed(3));
    copy(&steps, &mut net);
    let x = [[1.0, -1.0], [0.5, 2.0], [-1.0, 0.25], [3.0, 1.0]];
    for n in [0, 1, 2, 4, 5, 6] {
        let last = n.clamp(1, 4) as usize - 1;
        let [h, c] = net.forward(&(x, n));
        assert_eq!(h, steps.forward(&(x, 4))[last], "{n}");
        let mut short = x;
        short[last + 1..].fill([0.0; 2]);
        assert_eq!([h, c], net.forward(&(short, n)), "{n}");
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
