//! Learns the digits 5 to 9 from a few examples each, on layers that have learnt 0 to 4: frozen first, then at a low rate. The same
//! network without them stands beside it.
//!
//! `cargo run --release --example finetune`
#![forbid(unsafe_code)]

use kiln::{
    data::{Augment, Images, Parts},
    prelude::*,
};

model! {
    /// Tells five digits from each other: by features, which may serve other digits too, and a head, which does not.
    pub struct Five(image: [1, 14, 14]) -> [5] {
        features: {
            Conv2d(16, kernel = 3),
            Relu,
            MaxPool2d(2),
            Conv2d(32, kernel = 3),
            Relu,
            MaxPool2d(2),
            Flatten,
            Dense(64),
            Relu,
        },
        head: Dense(5),
    }
}

/// Examples of each digit to learn from.
const FEW: usize = 5;

/// How often all is done with other examples: a few of them may be good or bad ones.
const DRAWS: u64 = 10;

fn main() -> kiln::Result<()> {
    let (train, test) = kiln::data::digits()?;
    let (train, test) = (scatter(train)?, scatter(test)?);
    let test_high = five(&test, 5)?;

    let low = five(&train, 0)?;
    let mut pretrained = Five::new(Seed(1));
    let mut trainer = Trainer::new(Adam::new(0.002), CrossEntropy)
        .epochs(40)
        .quiet();
    trainer.fit(&mut pretrained, &Augment::new(&low, Seed(1)).shift(3))?;
    let evaluation = trainer.evaluate(&pretrained, &five(&test, 0)?)?;
    println!("0 to 4 of {} examples: {evaluation}", low.len());

    let high = five(&train, 5)?;
    let mut sums = [0.0; 3];
    for draw in 0..DRAWS {
        let few = few(high.clone().shuffle(Seed(draw)))?;
        let accuracy = |trainer: &Trainer<_, _>, net: &Five| {
            let evaluation = trainer.evaluate(net, &test_high)?;
            Ok::<_, kiln::Error>(100.0 * evaluation.accuracy.unwrap_or_default())
        };

        // From scratch: nothing is known of digits.
        let mut net = Five::new(Seed(draw));
        let mut trainer = Trainer::new(Adam::new(0.002), CrossEntropy)
            .epochs(100)
            .quiet();
        trainer.fit(&mut net, &few)?;
        sums[0] += accuracy(&trainer, &net)?;

        // On the features of 0 to 4, a new head alone.
        let mut net = Five::new(Seed(draw));
        copy_features(&pretrained, &mut net)?;
        let mut trainer = Trainer::new(Adam::new(0.002), CrossEntropy)
            .epochs(100)
            .quiet();
        trainer.freeze("features");
        trainer.fit(&mut net, &few)?;
        sums[1] += accuracy(&trainer, &net)?;

        // All of it, once the head is good: a tenth of the rate keeps the features near what they were.
        trainer.thaw("features");
        trainer.rate("features", 0.1);
        trainer.fit(&mut net, &few)?;
        sums[2] += accuracy(&trainer, &net)?;
    }

    println!("5 to 9 of {FEW} examples each, mean test accuracy of {DRAWS} draws:");
    for (how, sum) in ["from scratch", "features frozen", "then thawed"]
        .iter()
        .zip(sums)
    {
        println!("  {how:<16}{:.1} %", sum / DRAWS as f64);
    }
    Ok(())
}

/// Puts each digit somewhere on a larger image: what it looks like must be told from where it is, which takes many examples
/// to learn, and is the same for all digits.
fn scatter(digits: Images<8, 8>) -> kiln::Result<Images<14, 14>> {
    let mut places = (0..7)
        .flat_map(|top| (0..7).map(move |left| (top, left)))
        .cycle();
    digits.map_into(|[digit], [image]: &mut [[[f32; 14]; 14]; 1]| {
        let (top, left) = places.next().unwrap_or_default();
        for (from, to) in digit.iter().zip(&mut image[top..]) {
            to[left..left + 8].copy_from_slice(from);
        }
    })
}

/// The five digits from `first` on, as classes 0 to 4.
fn five(digits: &Images<14, 14>, first: usize) -> kiln::Result<Images<14, 14>> {
    let wanted = |&index: &usize| (first..first + 5).contains(&digits.targets()[index]);
    let indices = (0..digits.len()).filter(wanted).collect::<Vec<_>>();
    Ok(digits
        .subset(indices)?
        .to_samples()?
        .map_targets(|digit| digit - first))
}

/// The first examples of each class.
fn few(digits: Images<14, 14>) -> kiln::Result<Images<14, 14>> {
    let mut counts = [0; 5];
    let wanted = |&index: &usize| {
        let count = &mut counts[digits.targets()[index]];
        *count += 1;
        *count <= FEW
    };
    let indices = (0..digits.len()).filter(wanted).collect::<Vec<_>>();
    digits.subset(indices)?.to_samples()
}

/// Gives a network the features of another, and leaves its head.
fn copy_features(from: &Five, to: &mut Five) -> kiln::Result<()> {
    for (name, _) in from
        .parameters()
        .names()
        .filter(|(name, _)| name.starts_with("features."))
    {
        let values = from.parameters().get(name).unwrap_or_default();
        to.parameters_mut().set(name, &values)?;
    }
    Ok(())
}
