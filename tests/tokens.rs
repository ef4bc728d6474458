//! Tokens in inference and in training: what is taken, what is refused, and what does not depend on how the work is
//! cut.
#![forbid(unsafe_code)]

use kiln::{Error, Loss, data::Samples, prelude::*, simd};

model! {
    /// A bag of words beside a number and a kind.
    struct Bag(words: u32[12], weight: [12, 1], kind: u32) -> [3] {
        embed: Embedding(300, 20, padding = 0),
        kinds: Embedding(5, 20),
        fc: Dense(3),
        forward { fc(relu(mean(embed(words) * weight, axis = 0) + kinds(kind))) }
    }

    struct Words(words: u32[4]) -> [4, 3] { embed: Embedding(7, 3, padding = 2) }

    struct Steps(words: u32[6]) -> [6, 5] { embed: Embedding(9, 12), fc: Dense(5) }

    #[kiln(input_gradients)]
    struct Both(words: u32[4], x: [4, 3], kind: u32) -> [4, 3] {
        embed: Embedding(7, 3), kinds: Embedding(2, 3),
        forward { embed(words) * x + kinds(kind) }
    }
}

type Input = ([u32; 12], [[f32; 1]; 12], u32);

fn sample(index: usize) -> (Input, usize) {
    let kind = (index % 5) as u32;
    let words = std::array::from_fn(|step| ((index * 31 + step * step * 7) % 300) as u32);
    let weight = std::array::from_fn(|step| [(step % 3) as f32 * 0.5]);
    ((words, weight, kind), (words[1] as usize + index) % 3)
}

fn samples(count: usize) -> Samples<Input, usize> {
    Samples::from_pairs((0..count).map(sample)).expect("some samples")
}

fn trainer(threads: usize, batch: usize) -> Trainer<Adam, CrossEntropy> {
    let trainer = Trainer::new(Adam::new(0.01), CrossEntropy);
    trainer.epochs(2).batch(batch).threads(threads).quiet()
}

fn bits<N: Model>(net: &N) -> Vec<u32> {
    let parameters = net.parameters();
    let blocks = parameters.blocks().iter();
    blocks.flat_map(|block| block.0.map(f32::to_bits)).collect()
}

#[test]
fn bits_do_not_depend_on_threads() {
    let data = samples(300);
    for set in simd::levels().map(simd::set_of) {
        assert!(simd::restrict(set), "{set:?} is one of this machine's");
        let trained = |threads| {
            let mut net = Bag::new(Seed(3));
            let before = bits(&net);
            trainer(threads, 64)
                .fit(&mut net, &data)
                .expect("sound data");
            assert_ne!(before, bits(&net));
            bits(&net)
        };
        let alone = trained(1);
        assert!(
            [2, 3].iter().all(|&threads| trained(threads) == alone),
            "{set:?}"
        );
    }
    simd::restrict(None);
}

/// What answers in a batch is what answers alone, however many there are.
#[test]
fn one_sample_and_many_answer_alike() {
    let net = Bag::new(Seed(1));
    let inputs: Vec<Input> = (0..70).map(|index| sample(index).0).collect();
    let mut outputs = vec![[0.0; 3]; inputs.len()];
    net.forward_batch(&inputs, &mut outputs)
        .expect("as many outputs");
    for (input, output) in inputs.iter().zip(&outputs) {
        assert_eq!(
            net.forward(input).map(f32::to_bits),
            output.map(f32::to_bits)
        );
    }
}

#[test]
fn a_padding_token_is_zeros_and_stays_so() {
    let mut net = Bag::new(Seed(4));
    let row = |net: &Bag, token: usize| {
        let table = net.parameters().get("embed.weight").expect("a table");
        table[20 * token..][..20].to_vec()
    };
    assert_eq!(row(&net, 0), [0.0; 20]);
    assert!((1..300).all(|token| row(&net, token).iter().all(|&number| number != 0.0)));
    let mut spread = net.parameters().get("embed.weight").expect("a table");
    spread.retain(|&number| number != 0.0);
    let variance = spread.iter().map(|x| x * x).sum::<f32>() / spread.len() as f32;
    assert!((variance - 1.0).abs() < 0.05, "{variance}");
    let (before, pairs) = (row(&net, 7), (0..90).map(sample));
    let data = Samples::from_pairs(pairs.map(|((mut words, weight, kind), label)| {
        (words[2], words[3]) = (0, 7);
        ((words, weight, kind), label)
    }));
    trainer(1, 16)
        .fit(&mut net, &data.expect("some samples"))
        .expect("sound data");
    assert_eq!(row(&net, 0), [0.0; 20]);
    assert_ne!(row(&net, 7), before);
}

#[test]
fn unknown_tokens_are_zeros_in_an_answer() {
    let net = Words::new(Seed(1));
    let table = net.parameters().get("embed.weight").expect("a table");
    let answer = net.forward(&[6, 7, u32::MAX, 0]);
    assert_eq!(answer[0], table[18..]);
    assert_eq!(answer[1..3], [[0.0; 3]; 2]);
    assert_eq!(answer[3], table[..3]);
}

/// The error of a token beyond a vocabulary.
fn refusal(error: Error) -> String {
    assert!(matches!(error, Error::IndexOutOfRange { .. }), "{error}");
    error.to_string()
}

#[test]
fn unknown_tokens_are_refused_in_training() {
    let mut pairs: Vec<_> = (0..40).map(sample).collect();
    pairs[33].0.0[5] = 300;
    pairs[35].0.2 = 5;
    let data = Samples::from_pairs(pairs.clone()).expect("some samples");
    let mut net = Bag::new(Seed(2));
    let found = trainer(2, 40).fit(&mut net, &data);
    let said = refusal(found.expect_err("a token too large"));
    let words = "row 33 of the dataset: token 5 of `words` is 300, but `embed` takes tokens from 0 to 299; \
                 replace what is not in the vocabulary by a token of its own, or declare a larger vocabulary";
    // Epochs shuffle: either of the two may come first.
    let kind = "token 0 of `kind` is 5, but `kinds` takes tokens from 0 to 4";
    assert!(
        said == format!("epoch 1, {words}") || said.contains(kind),
        "{said}"
    );
    let found = kiln::evaluate(&net, &data, &CrossEntropy, 2).map(|_| ());
    assert_eq!(refusal(found.expect_err("a token too large")), words);
    let (inputs, labels): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
    let found = kiln::predict(&net, &inputs, 1).map(|_| ());
    assert_eq!(refusal(found.expect_err("a token too large")), words);
    let mut training = Training::new(&net, 40).expect("memory");
    let found = training
        .backward(&net, &inputs, &labels, &CrossEntropy)
        .map(|_| ());
    assert_eq!(refusal(found.expect_err("a token too large")), words);
    let found = training.backward(&net, &inputs[34..], &labels[34..], &CrossEntropy);
    let said = refusal(found.map(|_| ()).expect_err("a kind too large"));
    assert!(
        said.starts_with(&format!("row 1 of the dataset: {kind}")),
        "{said}"
    );
}

#[test]
fn gradients_of_inputs_are_those_of_numbers() {
    let net = Both::new(Seed(9));
    let training = Training::new(&net, 1).expect("memory");
    let mut training = training.with_input_gradients().expect("memory");
    let input = ([1, 6, 0, 1], [[0.5; 3]; 4], 1);
    training
        .backward_from(&net, &[input], &[[[1.0; 3]; 4]])
        .expect("sound inputs");
    let (words, x, kind) = training.input_gradients()[0];
    assert_eq!((words, kind), ([0; 4], 0));
    let table = net.parameters().get("embed.weight").expect("a table");
    for (token, found) in [1, 6, 0, 1].into_iter().zip(x) {
        assert_eq!(found, table[3 * token..][..3]);
    }
    let gradient = training.gradients().get("embed.weight").expect("a table");
    assert_eq!(
        (&gradient[..6], &gradient[18..]),
        (&[0.5, 0.5, 0.5, 1.0, 1.0, 1.0][..], &[0.5; 3][..])
    );
    assert_eq!(
        training.gradients().get("kinds.weight").expect("a table")[3..],
        [4.0; 3]
    );
}

/// What a network of these steps learns from targets.
fn learnt<T: Clone + Send + Sync, L: Loss<[[f32; 5]; 6], T>>(loss: L, targets: Vec<T>) -> Vec<u32> {
    let words = (0..targets.len())
        .map(|sample| std::array::from_fn(|step| ((sample * 7 + step * 3) % 9) as u32));
    let data = Samples::new(words.collect::<Vec<[u32; 6]>>(), targets).expect("as many targets");
    let mut net = Steps::new(Seed(5));
    let mut trainer = Trainer::new(Adam::new(0.01), loss)
        .epochs(2)
        .batch(8)
        .quiet();
    let history = trainer.fit(&mut net, &data).expect("sound data");
    let losses = history
        .epochs
        .iter()
        .map(|epoch| (epoch.loss as f32).to_bits());
    losses.chain(bits(&net)).collect()
}

/// Steps of padding are left out by their label or by their weight.
#[test]
fn a_mask_of_steps_is_a_label_that_is_left_out() {
    let label = |sample: usize, step: usize| ((sample + step * step) % 5) as i64;
    let counts = |sample: usize, step: usize| step < 1 + sample % 6;
    let targets = |of: &dyn Fn(usize, usize) -> i64| -> Vec<[i64; 6]> {
        let sample = |sample| std::array::from_fn(|step| of(sample, step));
        (0..30).map(sample).collect()
    };
    let ignored = targets(&|sample, step| {
        if counts(sample, step) {
            label(sample, step)
        } else {
            -100
        }
    });
    let masked: Vec<[(i64, f32); 6]> = (0..30)
        .map(|sample| {
            std::array::from_fn(|step| match counts(sample, step) {
                true => (label(sample, step), 1.0),
                // No class, which does not matter.
                false => (-7, 0.0),
            })
        })
        .collect();
    let expected = learnt(CrossEntropy.ignore_index(-100), ignored);
    assert_eq!(
        learnt(CrossEntropy.with_weights(), masked.clone()),
        expected
    );
    let twice = masked
        .iter()
        .map(|target| target.map(|(label, weight)| (label, 4.0 * weight)));
    assert_eq!(
        learnt(CrossEntropy.with_weights(), twice.collect()),
        expected
    );
}

#[test]
fn weights_of_steps_are_finite_and_not_negative() {
    let net = Steps::new(Seed(0));
    let mut training = Training::new(&net, 1).expect("memory");
    for wrong in [-1.0, f32::NAN, f32::INFINITY] {
        let target = [(1, 1.0), (2, wrong), (0, 1.0), (0, 0.0), (9, 0.0), (4, 1.0)];
        let found = training.backward(&net, &[[0; 6]], &[target], &CrossEntropy.with_weights());
        let error = found.map(|_| ()).expect_err("no weight");
        assert!(
            matches!(error, Error::SampleWeight { row: 0, .. }),
            "{error}"
        );
    }
    let target = [(1, 1.0), (5, 1.0), (0, 1.0), (0, 0.0), (9, 0.0), (4, 1.0)];
    let found = training.backward(&net, &[[0; 6]], &[target], &CrossEntropy.with_weights());
    let error = found.map(|_| ()).expect_err("no class");
    assert!(
        matches!(error, Error::LabelOutOfRange { label: 5, .. }),
        "{error}"
    );
}

#[test]
fn nothing_allocates() {
    let net = Bag::new(Seed(1));
    let (inputs, labels): (Vec<_>, Vec<_>) = (0..24).map(sample).unzip();
    let mut outputs = [[0.0; 3]; 24];
    let mut training = Training::new(&net, 24).expect("memory");
    let mut all = || {
        std::hint::black_box(net.forward(&inputs[0]));
        net.forward_batch(&inputs, &mut outputs)
            .expect("as many outputs");
        training
            .backward(&net, &inputs, &labels, &CrossEntropy)
            .expect("sound data");
    };
    all();
    assert_eq!(allocation_counter::measure(all).count_total, 0);
}

#[test]
fn the_summary_shows_which_inputs_are_tokens() {
    let summary = Bag::new(Seed(0)).summary().to_string();
    assert!(
        summary.starts_with("Bag: u32[12], [12, 1], u32\n"),
        "{summary}"
    );
}
