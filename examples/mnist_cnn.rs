//! Keras' `mnist_convnet`: two convolutions, two pools and one Dense.
//!
//! `cargo run --release --example mnist_cnn -- --data DIR`, where DIR holds the four files of MNIST.
#![forbid(unsafe_code)]

mod options;

use kiln::prelude::*;
use options::Options;
use std::error::Error;

model! {
    /// Keras' convolutional classifier.
    pub struct MnistCnn(image: [1, 28, 28]) -> [10] {
        conv1: Conv2d(32, kernel = 3),
        Relu,
        MaxPool2d(2),
        conv2: Conv2d(64, kernel = 3),
        Relu,
        MaxPool2d(2),
        Flatten,
        Dropout(0.5),
        logits: Dense(10),
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse(12, 64, &mut [])?;
    let (train, test) = kiln::data::mnist(&options.data)?;
    let train = train.first(options.limit)?;

    let mut net = MnistCnn::new(Seed(options.seed));
    println!("{}", net.summary());

    let mut trainer = options.trainer();
    let history = trainer.fit(&mut net, &train)?;
    let evaluation = trainer.evaluate(&net, &test)?;

    let net = options.save(net, MnistCnn::new(Seed(0)))?;
    let (image, label) = (&test.inputs()[0], test.targets()[0]);
    let answer = kiln::argmax(&net.forward(image));
    println!("the first test image shows {label}, the network says {answer}");
    println!("{}", history.conclusion(&evaluation));
    Ok(())
}
