//! A seed gives the same bits on any number of threads, for every family of layers.
#![forbid(unsafe_code)]

use kiln::data::Samples;
use kiln::prelude::*;

model! {
    struct Mixed(image: [1, 14, 14]) -> [10] {
        Conv2d(20, kernel = 3, padding = 1),
        Relu,
        MaxPool2d(2),
        Dropout(0.3),
        Reshape(20, 49),
        Lstm(24),
        Last,
        Dense(10, l2 = 0.001),
    }
}

fn trained(threads: usize) -> Vec<u32> {
    let pixel = |sample: usize, at: usize| ((sample * 37 + at * 11) % 17) as f32 / 17.0;
    let image = |sample: usize| {
        [std::array::from_fn(|row| {
            std::array::from_fn(|column| pixel(sample, row * 14 + column))
        })]
    };
    let inputs = (0..90).map(image).collect::<Vec<[[[f32; 14]; 14]; 1]>>();
    let labels = (0..90).map(|sample| sample % 10).collect::<Vec<usize>>();
    let data = Samples::new(inputs, labels).expect("as many labels as inputs");
    let mut net = Mixed::new(Seed(3));
    // 90 samples in batches of 32 end in a batch of 26.
    let mut trainer = Trainer::new(Adam::default(), CrossEntropy)
        .epochs(2)
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
    let alone = trained(1);
    for threads in [2, 4] {
        assert!(
            trained(threads) == alone,
            "{threads} threads gave other bits than one"
        );
    }
}
