//! The first thing to run: trains a classifier of handwritten digits on data that is built in.
//!
//! `cargo run --release --example digits`
#![forbid(unsafe_code)]

mod options;

use kiln::prelude::*;
use options::Options;
use std::{env, error::Error, fs, process};

model! {
    /// Tells which digit an 8 x 8 image shows.
    pub struct Digits(image: [1, 8, 8]) -> [10] {
        Flatten,
        hidden: Dense(128),
        Relu,
        Dropout(0.2),
        logits: Dense(10),
    }
}

/// Images drawn beside each other.
const SHOWN: usize = 8;

fn main() -> Result<(), Box<dyn Error>> {
    let mut options = Options::parse(40, 32, &mut [])?;
    // Saved in any case, and for a while where no file is named.
    let temporary = options
        .save
        .is_none()
        .then(|| env::temp_dir().join(format!("digits-{}.safetensors", process::id())));
    options.save = options.save.or_else(|| temporary.clone());
    let (train, test) = kiln::data::digits()?;
    let train = train.first(options.limit)?;

    let mut net = Digits::new(Seed(options.seed));
    println!("{}", net.summary());

    let mut trainer = options.trainer();
    let history = trainer.fit(&mut net, &train)?;
    let evaluation = trainer.evaluate(&net, &test)?;
    println!(
        "test accuracy {:.1} %",
        100.0 * evaluation.accuracy.unwrap_or(0.0)
    );

    let net = options.save(net, Digits::new(Seed(0)))?;
    if let Some(file) = temporary {
        fs::remove_file(file)?;
    }

    draw(&net, &test.inputs()[..SHOWN], &test.targets()[..SHOWN]);
    println!("{}", history.conclusion(&evaluation));
    Ok(())
}

/// Draws images in the terminal, two rows of pixels to a line, and says below what each shows and what the network sees.
fn draw(net: &Digits, images: &[[[[f32; 8]; 8]; 1]], labels: &[usize]) {
    const SHADES: [char; 5] = [' ', '░', '▒', '▓', '█'];
    println!();
    for row in 0..8 {
        let line = images.iter().map(|[image]| {
            let shade = |&pixel: &f32| SHADES[(pixel * 4.0).round() as usize];
            // Characters are twice as high as wide.
            image[row]
                .iter()
                .map(shade)
                .flat_map(|shade| [shade, shade])
                .collect::<String>()
        });
        println!("{}", line.collect::<Vec<_>>().join("  "));
    }
    let line = images.iter().zip(labels).map(|(image, label)| {
        let answer = kiln::argmax(&net.forward(image));
        let mark = if answer == *label { "" } else { " !" };
        format!("{:^16}", format!("{label}, seen {answer}{mark}"))
    });
    println!("{}\n", line.collect::<Vec<_>>().join("  "));
}
