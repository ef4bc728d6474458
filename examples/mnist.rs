//! Keras' quickstart: a small classifier of handwritten digits.
//!
//! `cargo run --release --example mnist -- --data DIR`, where DIR holds the four files of MNIST.
#![forbid(unsafe_code)]

mod options;

use kiln::prelude::*;
use options::Options;
use std::error::Error;

model! {
    /// Keras' quickstart classifier, its weights drawn as Keras draws them.
    pub struct Mnist(image: [1, 28, 28]) -> [10] {
        Flatten,
        hidden: Dense(128, init = XavierUniform),
        Relu,
        Dropout(0.2),
        logits: Dense(10, init = XavierUniform),
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse(5, 32, &mut [])?;
    let (train, test) = kiln::data::mnist(&options.data)?;
    let train = train.first(options.limit)?;

    let mut net = Mnist::new(Seed(options.seed));
    println!("{}", net.summary());

    let mut trainer = options.trainer();
    let history = trainer.fit(&mut net, &train)?;
    let evaluation = trainer.evaluate(&net, &test)?;

    let net = options.save(net, Mnist::new(Seed(0)))?;
    let (image, label) = (&test.inputs()[0], test.targets()[0]);
    let answer = kiln::argmax(&net.forward(image));
    println!("the first test image shows {label}, the network says {answer}");
    println!("{}", history.conclusion(&evaluation));
    Ok(())
}
