//! A table with words and missing values: tells the species of penguins, and what they weigh.
//!
//! `cargo run --release --example tabular`, or one of the two: `-- --task classification`, `-- --task regression`.
#![forbid(unsafe_code)]

use kiln::{
    data::{Csv, Missing, Normaliser, Parts, Samples, save_with},
    prelude::*,
};
use std::{env, error::Error, fs, process};

model! {
    /// Length and depth of a bill.
    pub struct Species(x: [2]) -> [3] {
        Dense(16),
        Relu,
        Dense(3),
    }

    /// Three measurements, and species, island and sex as numbers.
    pub struct Mass(x: [11]) -> [1] {
        Dense(32),
        Relu,
        Dense(1, l2 = 1e-3),
    }
}

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/penguins.csv");

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = env::args().skip(1).collect::<Vec<_>>();
    let arguments = arguments.iter().map(String::as_str).collect::<Vec<_>>();
    match arguments[..] {
        [] => {
            classify()?;
            println!();
            regress()?;
        }
        ["--task", "classification"] => classify()?,
        ["--task", "regression"] => regress()?,
        _ => {
            return Err(
                "options: --task classification, --task regression, or none for both".into(),
            );
        }
    }
    Ok(())
}

/// Which of three species a penguin is of.
fn classify() -> kiln::Result<()> {
    let table = Csv::open(TABLE)?
        .features(["bill_length_mm", "bill_depth_mm"])
        .missing(Missing::DropRow)
        .class("species")
        .read()?;
    println!(
        "{} penguins of {}",
        table.samples.len(),
        table.classes.join(", ")
    );

    // Each species has its share of both parts, and the scale of the inputs is that of the training part alone.
    let (train, test) = table.samples.stratified_split(0.7, Seed(1))?;
    let scale = Normaliser::fit(&train)?;
    let train = train.to_samples()?.change(|row| scale.apply(row));
    let test = test.to_samples()?.change(|row| scale.apply(row));

    // A rare species counts as much as a frequent one.
    let weights: [f32; 3] = train.class_weights()?;
    let mut net = Species::new(Seed(1));
    let mut trainer = Trainer::new(Adam::new(0.01), CrossEntropy.weight(weights)).epochs(40);
    let history = trainer.fit(&mut net, &train)?;
    let evaluation = trainer.evaluate(&net, &test)?;

    print_confusion(&net, &test, &table.classes);
    println!("{}", history.conclusion(&evaluation));

    // The scale is stored with the weights: whoever opens the file needs both.
    let path = env::temp_dir().join(format!("penguins-{}.safetensors", process::id()));
    save_with(&net, &path, &[("x", scale.scaling())])?;
    let net = Species::open(&path)?;
    let scale = Normaliser::<[f32; 2]>::open(&path, "x")?;
    let _ = fs::remove_file(&path);

    let mut bill = [46.0, 18.0];
    scale.apply(&mut bill);
    println!("whose bill is 46 mm long and 18 mm deep?");
    for (species, chance) in table.classes.iter().zip(kiln::softmax(&net.forward(&bill))) {
        println!("  {species:<12}{:>5.1} %", 100.0 * chance);
    }
    Ok(())
}

/// How many penguins of each species the network takes for which.
fn print_confusion(net: &Species, test: &Samples<[f32; 2], usize>, classes: &[String]) {
    let mut counts = [[0; 3]; 3];
    for (row, &species) in test.iter() {
        counts[species][kiln::argmax(&net.forward(row))] += 1;
    }
    print!("{:<12}", "is / seen as");
    classes.iter().for_each(|class| print!("{class:>11}"));
    println!();
    for (class, counts) in classes.iter().zip(counts) {
        print!("{class:<12}");
        counts.iter().for_each(|count| print!("{count:>11}"));
        println!();
    }
}

/// What a penguin weighs.
fn regress() -> kiln::Result<()> {
    let table = Csv::open(TABLE)?
        .without(["year"])
        .one_hot(["species", "island", "sex"])
        .missing(Missing::DropRow)
        .target("body_mass_g")
        .read()?;
    println!(
        "{} penguins by {}",
        table.samples.len(),
        table.columns.join(", ")
    );

    // Grams are numbers of thousands: the network learns them on a scale of their own, and answers are brought back.
    let (train, test) = table.samples.shuffle(Seed(1)).split(0.7)?;
    let (scale, grams) = (Normaliser::fit(&train)?, Normaliser::fit_targets(&train)?);
    let train = train
        .change(|row| scale.apply(row))
        .map_targets(|mut mass| {
            grams.apply(&mut mass);
            mass
        });
    let mut net = Mass::new(Seed(1));
    let mut trainer = Trainer::new(Adam::new(0.003), Mse).epochs(60);
    trainer.fit(&mut net, &train)?;

    let test = test.change(|row| scale.apply(row));
    let mut answers = trainer.predict(&net, test.inputs())?;
    answers.iter_mut().for_each(|answer| grams.invert(answer));

    // R2: which share of the variance the answers explain.
    let masses = test.targets();
    let mean = masses.iter().map(|[mass]| mass).sum::<f32>() / masses.len() as f32;
    let spread = masses
        .iter()
        .map(|[mass]| (mass - mean).powi(2))
        .sum::<f32>();
    let errors = masses
        .iter()
        .zip(&answers)
        .map(|([mass], [answer])| mass - answer);
    let squares = errors.map(|error| error * error).sum::<f32>();
    let deviation = (squares / masses.len() as f32).sqrt();
    println!(
        "test R2 {:.3}, root mean square error {deviation:.0} g",
        1.0 - squares / spread
    );
    for (&[mass], &[answer]) in masses.iter().zip(&answers).take(5) {
        println!("  {mass:.0} g, seen as {answer:.0} g");
    }
    Ok(())
}
