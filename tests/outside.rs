//! Gradients of a loss that is computed outside of kiln's losses, over the whole batch.
#![forbid(unsafe_code)]

use kiln::{
    Block, InputGradients, Lent, Loss, Parameters, Score, TrainingIn, judge, memory, prelude::*,
};

model! {
    struct Plain(x: [6]) -> [3] { Dense(20), Tanh, Dense(3) }

    /// Its passes forward meet twice, and masks differ by step.
    #[kiln(input_gradients)]
    struct Normal(image: [2, 6, 6]) -> [4] {
        Conv2d(5, kernel = 3, padding = 1, l2 = 0.01),
        BatchNorm,
        Relu,
        Dropout(0.3),
        SpatialDropout(0.2),
        GaussianNoise(0.1),
        Flatten,
        Dense(7),
        BatchNorm,
        Tanh,
        Dense(4),
    }

    /// Chunks take each other's memory.
    #[kiln(input_gradients)]
    struct Summed(image: [3, 20, 20]) -> [5] {
        Conv2d(20, kernel = 3, padding = 1),
        Relu,
        Dropout(0.25),
        StochasticDepth(0.2),
        AlphaDropout(0.1),
        GaussianDropout(0.1),
        Conv2d(24, kernel = 3, padding = 1),
        Relu,
        MaxPool2d(2),
        Flatten,
        Dense(5),
    }

    /// An image, a sequence, and what is not learnt.
    #[kiln(input_gradients)]
    struct Several(image: [2, 5, 5], sequence: [4, 3]) -> ([3, 5, 5], [4, 6], [4, 3]) {
        conv: Conv2d(3, kernel = 3, padding = 1),
        lstm: Lstm(6),

        forward { (tanh(conv(image)), lstm(sequence), tanh(sequence)) }
    }
}

/// Numbers in -1..1.
fn fill(numbers: &mut [f32], sample: usize) {
    for (at, number) in numbers.iter_mut().enumerate() {
        *number = ((sample * 37 + at * 11) % 23) as f32 / 11.5 - 1.0;
    }
}

fn bits<N: Model>(training: &Training<N>) -> Vec<u32> {
    let gradients = training.gradients();
    let names = gradients.names().map(|(name, _)| name);
    let get = |name| gradients.get(name).expect("a gradient of this name");
    names.flat_map(get).map(f32::to_bits).collect()
}

/// The same bits from a loss of kiln's, from one that sees the whole batch, and from gradients of outputs, on one thread and
/// on two, whatever the batch.
fn agree<N: Model, L: Loss<N::Output, T>, T: Sync>(
    loss: &L,
    batch: usize,
    sample: impl Fn(usize) -> (N::Input, T),
) {
    let net = N::new(Seed(3));
    for rows in [batch, batch / 2 + 1] {
        let (inputs, targets): (Vec<_>, Vec<_>) = (0..rows).map(&sample).unzip();
        let training = || Training::new(&net, batch).expect("memory").seed(Seed(5));
        let mut inside = training();
        let expected = [0, 1].map(|_| {
            let loss = inside.backward(&net, &inputs, &targets, loss);
            (loss.expect("sound"), bits(&inside))
        });
        assert!(expected[0].1.iter().any(|&bits| bits << 1 != 0));
        for threads in [1, 2] {
            let mut training = Training::with_threads(&net, batch, threads)
                .expect("memory")
                .seed(Seed(5));
            for (mean, gradients) in &expected {
                let found = training.backward_with(&net, &inputs, |outputs, gradients| {
                    judge(loss, outputs, &targets, gradients)
                });
                let found = found.expect("sound");
                assert!((found - mean).abs() <= 1e-6 * mean.abs(), "{found} {mean}");
                assert_eq!(&bits(&training), gradients);
            }
        }
        let mut outside = training();
        for (_, expected) in &expected {
            let outputs = outside.forward(&net, &inputs).expect("sound");
            let mut gradients = outputs.to_vec();
            judge(loss, outputs, &targets, &mut gradients).expect("sound");
            outside
                .backward_from(&net, &inputs, &gradients)
                .expect("sound");
            assert_eq!(&bits(&outside), expected);
        }
    }
}

#[test]
fn dense() {
    agree::<Plain, _, _>(&CrossEntropy, 9, |sample| {
        let mut x = [0.0; 6];
        fill(&mut x, sample);
        (x, sample % 3)
    });
}

#[test]
fn normalised_over_the_batch() {
    agree::<Normal, _, _>(&Mse, 37, |sample| {
        let mut x = [[[0.0; 6]; 6]; 2];
        fill(x.as_flattened_mut().as_flattened_mut(), sample);
        let mut y = [0.0; 4];
        fill(&mut y, sample + 9);
        (x, y)
    });
}

#[test]
fn summed_chunk_by_chunk() {
    agree::<Summed, _, _>(&CrossEntropy, 19, |sample| {
        let mut x = [[[0.0; 20]; 20]; 3];
        fill(x.as_flattened_mut().as_flattened_mut(), sample);
        (x, sample % 5)
    });
}

#[test]
fn several_outputs() {
    agree::<Several, _, _>(&(Mse, Mse, Mse), 11, |sample| {
        let (mut image, mut sequence) = ([[[0.0; 5]; 5]; 2], [[0.0; 3]; 4]);
        fill(image.as_flattened_mut().as_flattened_mut(), sample);
        fill(sequence.as_flattened_mut(), sample + 1);
        let (mut first, mut second, mut third) = ([[[0.0; 5]; 5]; 3], [[0.0; 6]; 4], [[0.0; 3]; 4]);
        fill(first.as_flattened_mut().as_flattened_mut(), sample + 2);
        fill(second.as_flattened_mut(), sample + 3);
        fill(third.as_flattened_mut(), sample + 4);
        ((image, sequence), (first, second, third))
    });
}

/// The gradients of inputs are the same with those of the weights and without them, on any number of threads, and those of
/// the weights the same with them and without; what is not asked for is not written.
fn reach_inputs<N: Model + InputGradients, L: Loss<N::Output, T>, T: Sync>(
    loss: &L,
    batch: usize,
    numbers: impl Fn(&N::Input) -> Vec<f32>,
    sample: impl Fn(usize) -> (N::Input, T),
) {
    let net = N::new(Seed(3));
    let (inputs, targets): (Vec<_>, Vec<_>) = (0..batch).map(sample).unzip();
    let training = |threads| {
        let training = Training::with_threads(&net, batch, threads).expect("memory");
        training.seed(Seed(5))
    };
    let mut plain = training(1);
    plain
        .backward(&net, &inputs, &targets, loss)
        .expect("sound");
    assert!(plain.input_gradients().is_empty());
    let all = |slopes: &[N::Input]| slopes.iter().flat_map(&numbers).collect::<Vec<_>>();
    let mut expected = None;
    for threads in [1, 2, 3] {
        let mut training = training(threads).with_input_gradients().expect("memory");
        let outputs = training.forward(&net, &inputs).expect("sound");
        let mut gradients = outputs.to_vec();
        judge(loss, outputs, &targets, &mut gradients).expect("sound");
        let slopes = training.input_gradients_from(&net, &inputs, &gradients);
        let slopes = all(slopes.expect("sound"));
        assert!(slopes.iter().any(|&slope| slope != 0.0));
        assert_eq!(&slopes, expected.get_or_insert(slopes.clone()));
        assert!(bits(&training).iter().all(|&bits| bits == 0));
        training
            .backward(&net, &inputs, &targets, loss)
            .expect("sound");
        assert_eq!(all(training.input_gradients()), slopes);
        assert_eq!(bits(&training), bits(&plain));
    }
}

#[test]
fn gradients_of_inputs() {
    reach_inputs::<Normal, _, _>(
        &Mse,
        21,
        |x| x.as_flattened().as_flattened().to_vec(),
        |sample| {
            let mut x = [[[0.0; 6]; 6]; 2];
            fill(x.as_flattened_mut().as_flattened_mut(), sample);
            (x, [0.25, -0.5, sample as f32 / 21.0, 0.0])
        },
    );
    reach_inputs::<Summed, _, _>(
        &CrossEntropy,
        19,
        |x| x.as_flattened().as_flattened().to_vec(),
        |sample| {
            let mut x = [[[0.0; 20]; 20]; 3];
            fill(x.as_flattened_mut().as_flattened_mut(), sample);
            (x, sample % 5)
        },
    );
}

/// What training answers is what inference does, where nothing is dropped or normalised over the batch.
#[test]
fn the_outputs_of_training_are_answers() {
    let net = Plain::new(Seed(1));
    let inputs: Vec<[f32; 6]> = (0..13)
        .map(|sample| {
            let mut x = [0.0; 6];
            fill(&mut x, sample);
            x
        })
        .collect();
    let mut training = Training::new(&net, 20).expect("memory");
    let outputs = training.forward(&net, &inputs).expect("sound");
    let answers: Vec<_> = inputs.iter().map(|x| net.forward(x)).collect();
    assert_eq!(outputs, answers);
}

/// The same in memory of the caller's.
#[test]
fn in_memory_that_is_lent() {
    const BATCH: usize = 4;
    let net = Plain::new(Seed(1));
    let inputs: [[f32; 6]; BATCH] = std::array::from_fn(|sample| {
        let mut x = [0.0; 6];
        fill(&mut x, sample);
        x
    });
    let mut training = Training::new(&net, BATCH).expect("memory");
    let outputs = training.forward(&net, &inputs).expect("sound").to_vec();
    training
        .backward_from(&net, &inputs, &outputs)
        .expect("sound");

    let mut blocks = vec![Block::ZERO; memory::training::<Plain>(BATCH)];
    let mut scores = [Score::default(); BATCH];
    let mut room = vec![[0.0; 3]; memory::outputs::<Plain>()];
    let lent = Lent {
        blocks: &mut blocks,
        scores: &mut scores,
        outputs: &mut room,
    };
    let mut lent = TrainingIn::new(BATCH, lent).expect("as much as is needed");
    let parameters = net.parameters();
    let parameters = Parameters::<Plain, _>::new(parameters.blocks()).expect("all blocks");
    let mut gradients = vec![Block::ZERO; memory::parameters::<Plain>()];
    let mut gradients = Parameters::of_gradients(&mut gradients[..]).expect("all blocks");
    let mut answers = [[0.0; 3]; BATCH];
    lent.forward(&parameters, &inputs, &mut answers)
        .expect("sound");
    assert_eq!(answers[..], outputs);
    lent.backward_from(&parameters, &inputs, &answers, &mut gradients)
        .expect("sound");
    for (name, _) in gradients.names() {
        assert_eq!(gradients.get(name), training.gradients().get(name));
    }
}

/// Whatever is refused leaves the gradients as they were.
#[test]
fn refused() {
    let net = Plain::new(Seed(1));
    let mut training = Training::new(&net, 3).expect("memory");
    let inputs = [[0.5; 6]; 3];
    training
        .backward_from(&net, &inputs, &[[1.0; 3]; 3])
        .expect("sound");
    let before = bits(&training);

    let mut refused = |inputs: &[[f32; 6]], gradients: &[[f32; 3]], expected: &str| {
        let error = training.backward_from(&net, inputs, gradients);
        assert_eq!(error.expect_err(expected).to_string(), expected);
        assert_eq!(bits(&training), before);
    };
    refused(
        &inputs,
        &[[1.0; 3]; 2],
        "3 inputs were given, but 2 gradients of outputs; give one for each input",
    );
    refused(
        &inputs,
        &[[1.0; 3], [1.0, f32::NAN, f32::INFINITY], [f32::NAN; 3]],
        "row 1 of the batch: number 1 of the output's gradient (in row-major order) is NaN or infinite, but must be finite; \
         look at the loss that made it, which may divide by zero or take the logarithm of zero",
    );
    refused(
        &[[0.5; 6]; 4],
        &[[1.0; 3]; 4],
        "4 samples were given, but the training memory was made for 3; give it a larger batch",
    );
    let error = training.backward_from(&net, &[[0.5; 6], [f32::NAN; 6]], &[[1.0; 3]; 2]);
    let error = error.expect_err("NaN").to_string();
    assert!(
        error.starts_with("row 1 of the dataset: number 0 of the input"),
        "{error}"
    );
    let error = training
        .forward(&net, &[])
        .expect_err("nothing")
        .to_string();
    assert!(error.starts_with("the dataset has no samples"), "{error}");

    let error = training.backward_with(&net, &inputs, |_, _| Ok(f64::NAN));
    let error = error.expect_err("NaN").to_string();
    assert!(
        error.starts_with("step 2: the loss is NaN or infinite"),
        "{error}"
    );
    assert_eq!(bits(&training), before);
    let error = judge(&Mse, &[[0.0; 3]; 2], &[[0.0; 3]; 2], &mut [[0.0; 3]; 1]);
    assert!(error.is_err());
    assert!(judge(&CrossEntropy, &[[0.0; 3]], &[3], &mut [[0.0; 3]]).is_err());
}
