//! Nothing allocates per call: not an answer, not many, not a training step by hand or by the trainer.
#![forbid(unsafe_code)]

use kiln::{OwnedStream, data::Samples, prelude::*};

model! {
    struct Mnist(image: [1, 28, 28]) -> [10] {
        Flatten,
        Dense(128),
        Relu,
        Dropout(0.2),
        Dense(10),
    }

    struct Convnet(image: [1, 14, 14]) -> [10] {
        Conv2d(8, kernel = 3),
        Relu,
        MaxPool2d(2),
        Conv2d(16, kernel = 3, padding = 1),
        Flatten,
        Dense(10),
    }

    /// Its samples meet in training.
    struct Normalised(image: [1, 14, 14]) -> [10] {
        conv: Conv2d(8, kernel = 3, padding = 1, bias = false),
        BatchNorm,
        Relu,
        { Conv2d(8, kernel = 3, padding = 1, bias = false), BatchNorm },
        GlobalAvgPool,
        Dense(10),
    }

    /// A step takes two frames.
    #[kiln(stream)]
    struct Streamed(x: [32, 2]) -> [16, 3] {
        Lstm(4),
        Conv1d(4, 2, padding = Causal, dilation = 3, groups = 2),
        Tanh,
        Conv1d(3, 3, padding = Causal, stride = 2),
        LayerNorm,
    }

    struct Recurrent(rows: [7, 5]) -> [10] {
        Lstm(20, layers = 2),
        Last,
        Dense(10),
    }
}

/// Asserts that `call` allocates nothing once it has run before.
fn allocates_nothing(what: &str, mut call: impl FnMut()) {
    call();
    let counted = allocation_counter::measure(&mut call);
    assert_eq!(
        counted.count_total, 0,
        "{what} allocated {} bytes",
        counted.bytes_total
    );
}

macro_rules! check {
    ($network:ident, $input:expr) => {{
        let mut net = $network::new(Seed(1));
        let inputs = [$input; 40];
        let labels = [3; 40];
        let mut outputs = [[0.0; 10]; 40];
        allocates_nothing("forward", || {
            std::hint::black_box(net.forward(&inputs[0]));
        });
        allocates_nothing("forward_batch", || {
            net.forward_batch(&inputs, &mut outputs)
                .expect("equal lengths")
        });

        let mut training = Training::new(&net, 40).expect("a batch of 40");
        let mut descent = Descent::new(&net, Adam::default()).unwrap();
        allocates_nothing("a training step", || {
            training
                .backward(&net, &inputs, &labels, &CrossEntropy)
                .expect("clean data");
            descent.apply(&mut net, training.gradients()).unwrap();
        });

        // A fit allocates at its start and for its history, but not for a step: however many there are.
        let mut fit = |samples: usize| {
            let data = Samples::new(vec![$input; samples], vec![3; samples]);
            let data = data.expect("as many labels as inputs");
            let mut trainer = Trainer::new(Adam::default(), CrossEntropy)
                .batch(8)
                .threads(1)
                .quiet();
            let fit = || drop(trainer.fit(&mut net, &data).expect("clean data"));
            allocation_counter::measure(fit).count_total
        };
        fit(8);
        assert_eq!(fit(16), fit(60), "steps of the trainer allocated");
    }};
}

#[test]
fn a_dense_network_allocates_nothing() {
    check!(Mnist, [[[0.5; 28]; 28]; 1]);
}

#[test]
fn a_convolutional_network_allocates_nothing() {
    check!(Convnet, [[[0.5; 14]; 14]; 1]);
}

#[test]
fn a_normalised_network_allocates_nothing() {
    check!(Normalised, [[[0.5; 14]; 14]; 1]);
}

#[test]
fn a_recurrent_network_allocates_nothing() {
    check!(Recurrent, [[0.5; 5]; 7]);
}

#[test]
fn a_million_steps_of_a_stream_allocate_nothing() {
    let mut stream = OwnedStream::new(Streamed::new(Seed(1)));
    let mut other = Some(Streamed::new(Seed(2)));
    let (frames, mut answers) = ([[[0.5, -0.5]; 2]; 100], [[0.0; 3]; 100]);
    let steps = if cfg!(debug_assertions) {
        10_000
    } else {
        1_000_000
    };
    let counted = allocation_counter::measure(|| {
        for step in 0..steps / 2 {
            answers[0] = stream.step(&frames[step % 100]);
        }
        for _ in 0..steps / 200 {
            stream
                .process(&frames, &mut answers)
                .expect("as many answers as frames");
        }
        other = other.take().map(|net| stream.exchange(net));
        stream.reset();
        stream.step(&frames[0]);
    });
    assert_eq!(
        counted.count_total, 0,
        "steps allocated {} bytes",
        counted.bytes_total
    );
    assert!(answers.as_flattened().iter().all(|y| y.is_finite()) && other.is_some());
}

/// Memory for the images alone, and a buffer.
#[test]
fn images_are_read_to_where_they_stay() {
    const COUNT: u32 = 1000;
    let path = std::env::temp_dir().join(format!("kiln-allocation-{}", std::process::id()));
    let header = [
        [0, 0, 8, 3],
        COUNT.to_be_bytes(),
        [0, 0, 0, 28],
        [0, 0, 0, 28],
    ];
    let pixels = vec![51; COUNT as usize * 28 * 28];
    std::fs::write(&path, [header.as_flattened(), &pixels].concat()).expect("a temporary file");
    let counted = allocation_counter::measure(|| {
        let images = kiln::data::idx::images::<28, 28>(&path).expect("a valid file");
        assert_eq!(images.len(), COUNT as usize);
    });
    std::fs::remove_file(&path).expect("the file is there");
    let images = u64::from(COUNT) * 28 * 28 * 4;
    let buffers = counted.bytes_max - images;
    assert!(buffers < 1 << 18, "{buffers} bytes beside the images");
}
