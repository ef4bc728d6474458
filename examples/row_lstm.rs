//! PyTorch's `LSTMModel`: two levels of LSTM read an image row by row, and the last step decides.
//!
//! `cargo run --release --example row_lstm -- --data DIR`, where DIR holds the four files of MNIST. With `--directions 2`
//! each level also reads from the last row to the first, and what both directions have in the end decides.
#![forbid(unsafe_code)]

mod options;

use kiln::{SmallOutput, prelude::*};
use options::Options;
use std::{error::Error, path::Path};

model! {
    /// PyTorch's `LSTMModel`.
    pub struct RowLstm(rows: [28, 28]) -> [10] {
        lstm: Lstm(128, layers = 2),
        Last,
        fc: Dense(10),
    }

    /// The same in both directions.
    pub struct BothWays(rows: [28, 28]) -> [10] {
        lstm: Lstm(128, layers = 2, bidirectional = true),
        fc: Dense(10),
        forward {
            // Two rows for each level: its two directions.
            let (_, state, _) = lstm(rows);
            fc(flatten(state[2..4]))
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut directions = [("directions", None)];
    let options = Options::parse(5, 64, &mut directions)?;
    match directions[0].1.as_deref().and_then(Path::to_str) {
        None | Some("1") => run(&options, RowLstm::new),
        Some("2") => run(&options, BothWays::new),
        Some(other) => Err(format!("--directions is 1 or 2, not {other}").into()),
    }
}

fn run<N>(options: &Options, new: impl Fn(Seed) -> N) -> Result<(), Box<dyn Error>>
where
    N: Model<Input = [[f32; 28]; 28], Output = [f32; 10]> + SmallOutput,
{
    let (train, test) = kiln::data::mnist(&options.data)?;
    // Each row of the image is one step of the sequence.
    let (train, test) = (train.first(options.limit)?.squeeze(), test.squeeze());

    let mut net = new(Seed(options.seed));
    println!("{}", net.summary());

    let mut trainer = options.trainer();
    let history = trainer.fit(&mut net, &train)?;
    let evaluation = trainer.evaluate(&net, &test)?;

    let net = options.save(net, new(Seed(0)))?;
    let (image, label) = (&test.inputs()[0], test.targets()[0]);
    let answer = kiln::argmax(&net.forward(image));
    println!("the first test image shows {label}, the network says {answer}");
    println!("{}", history.conclusion(&evaluation));
    Ok(())
}
