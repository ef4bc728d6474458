//! A seed gives the same bits on any number of threads, for every family of layers, on every instruction set.
#![forbid(unsafe_code)]

use kiln::{data::Samples, prelude::*, simd};

model! {
    struct Mixed(image: [1, 14, 14]) -> [10] {
        Conv2d(20, kernel = 3, padding = 1),
        Relu,
        MaxPool2d(2),
        Dropout(0.3),
        SpatialDropout(0.1),
        GaussianNoise(0.1),
        Reshape(20, 49),
        Lstm(24),
        AlphaDropout(0.1),
        GaussianDropout(0.1),
        StochasticDepth(0.1),
        Last,
        Dense(10, l2 = 0.001),
    }

    /// Little work for a sample, so that a batch may be large.
    struct Small(steps: [2, 2]) -> [2] {
        Lstm(2),
        Dense(2),
        Last,
        Dense(2),
    }
}

fn trained(samples: usize, epochs: usize, threads: usize) -> Vec<u32> {
    let pixel = |sample: usize, at: usize| ((sample * 37 + at * 11) % 17) as f32 / 17.0;
    let image = |sample: usize| {
        [std::array::from_fn(|row| {
            std::array::from_fn(|column| pixel(sample, row * 14 + column))
        })]
    };
    let inputs = (0..samples)
        .map(image)
        .collect::<Vec<[[[f32; 14]; 14]; 1]>>();
    let labels = (0..samples)
        .map(|sample| sample % 10)
        .collect::<Vec<usize>>();
    let data = Samples::new(inputs, labels).expect("as many labels as inputs");
    let mut net = Mixed::new(Seed(3));
    let mut trainer = Trainer::new(Adam::default(), CrossEntropy)
        .epochs(epochs)
        .batch(32)
        .threads(threads)
        .quiet();
    let history = trainer.fit(&mut net, &data).expect("clean data");
    let names = net
        .parameters()
        .names()
        .map(|(name, _)| name)
        .collect::<Vec<_>>();
    let parameters = names.iter().flat_map(|name| {
        net.parameters()
            .get(name)
            .expect("a parameter of this name")
    });
    let losses = history
        .epochs
        .iter()
        .map(|epoch| (epoch.loss as f32).to_bits());
    parameters.map(f32::to_bits).chain(losses).collect()
}

#[test]
fn bits_do_not_depend_on_threads() {
    for (index, set) in simd::levels().map(simd::set_of).enumerate() {
        assert!(simd::restrict(set), "{set:?} is one of this machine's");
        // Samples in batches of 32, and what is left; the best set is also the fastest.
        let (samples, epochs) = if index == 0 { (90, 2) } else { (40, 1) };
        let alone = trained(samples, epochs, 1);
        for threads in [2, 4] {
            assert!(
                trained(samples, epochs, threads) == alone,
                "{threads} threads gave other bits than one on {set:?}"
            );
        }
        let alone = trained_on_many(1);
        for threads in [2, 4] {
            assert!(
                trained_on_many(threads) == alone,
                "{threads} threads gave other gradients of a large batch than one on {set:?}"
            );
        }
        println!("1, 2 and 4 threads agree on {set:?}");
    }
}

/// The bits of the gradients of `Small` on a batch in which sums over steps have three chains, and those over samples two.
fn trained_on_many(threads: usize) -> Vec<u32> {
    const SAMPLES: usize = 4200;
    let step = |sample: usize, t: usize| [0.5 + ((sample * 37 + t * 11) % 17) as f32 / 17.0, 1.0];
    let inputs: Vec<[[f32; 2]; 2]> = (0..SAMPLES)
        .map(|sample| std::array::from_fn(|t| step(sample, t)))
        .collect();
    let targets: Vec<[f32; 2]> = (0..SAMPLES).map(|sample| [sample as f32, 1.0]).collect();
    let net = Small::new(Seed(5));
    let mut training = Training::with_threads(&net, SAMPLES, threads).expect("there is room");
    training
        .backward(&net, &inputs, &targets, &Mse)
        .expect("clean data");
    let gradients = training.gradients();
    let blocks = gradients.blocks().iter();
    blocks.flat_map(|block| block.0.map(f32::to_bits)).collect()
}
