//! PyTorch's `LSTMModel`: two levels of LSTM read an image row by row, and the last step decides.
//!
//! `cargo run --release --example row_lstm -- --data DIR`, where DIR holds the four files of MNIST.
#![forbid(unsafe_code)]

mod options;

use kiln::prelude::*;
use options::Options;
use std::error::Error;

model! {
    /// PyTorch's `LSTMModel`.
    pub struct RowLstm(rows: [28, 28]) -> [10] {
        lstm: Lstm(128, layers = 2),
        Last,
        fc: Dense(10),
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse(5, 64, &mut [])?;
    let (train, test) = kiln::data::mnist(&options.data)?;
    // Each row of the image is one step of the sequence.
    let (train, test) = (train.first(options.limit)?.squeeze(), test.squeeze());

    let mut net = RowLstm::new(Seed(options.seed));
    println!("{}", net.summary());

    let mut trainer = options.trainer();
    let history = trainer.fit(&mut net, &train)?;
    let evaluation = trainer.evaluate(&net, &test)?;

    let net = options.save(net, RowLstm::new(Seed(0)))?;
    let (image, label) = (&test.inputs()[0], test.targets()[0]);
    let answer = kiln::argmax(&net.forward(image));
    println!("the first test image shows {label}, the network says {answer}");
    println!("{}", history.conclusion(&evaluation));
    Ok(())
}
