//! A loop of one's own that saves its descent goes on like one that never stopped; files of others are refused.

use super::run::{Folder, Net, Other, numbers, samples};
use kiln::{AnyOptimizer, Error, Optimizer, Result, data::Samples, prelude::*};
use std::{collections::BTreeMap, fs};

/// Steps of a loop.
const STEPS: u64 = 8;

/// A loop's state.
struct Loop<O: Optimizer> {
    net: Net,
    training: Training<Net>,
    descent: Descent<Net, O>,
}

impl<O: Optimizer> Loop<O> {
    fn new(optimizer: O) -> Result<Self> {
        let net = Net::new(Seed(1));
        Ok(Self {
            training: Training::new(&net, 8)?.seed(3),
            descent: Descent::new(&net, optimizer)?,
            net,
        })
    }

    /// Takes the next step: layers are frozen, thawed and slowed down on the way, and the rate is set at every call.
    fn step(&mut self, data: &Samples<[f32; 2], u8>) -> Result<()> {
        let step = self.descent.steps();
        match step {
            1 => self.descent.freeze("hidden")?,
            3 => self.descent.rate("out", 0.5)?,
            4 => self.descent.thaw("hidden")?,
            6 => self.descent.freeze("out.bias")?,
            _ => {}
        }
        self.descent
            .scale_learning_rate(1.0 / (1.0 + step as f64))?;
        if step == 5 {
            let rate = self.descent.optimizer.learning_rate();
            self.descent.optimizer.set_learning_rate(rate / 3.0);
        }
        let first = step as usize * 5;
        let (inputs, targets) = (&data.inputs()[first..][..8], &data.targets()[first..][..8]);
        self.training
            .backward(&self.net, inputs, targets, &CrossEntropy)?;
        self.descent.apply(&mut self.net, self.training.gradients())
    }

    fn run(&mut self, data: &Samples<[f32; 2], u8>) -> Result<Vec<u32>> {
        while self.descent.steps() < STEPS {
            self.step(data)?;
        }
        Ok(numbers(&self.net))
    }
}

/// What a file says, in whatever order its words stand.
fn content(bytes: &[u8]) -> (BTreeMap<String, String>, BTreeMap<String, Vec<u8>>) {
    let file = safetensors::SafeTensors::deserialize(bytes).expect("safetensors");
    let (_, header) = safetensors::SafeTensors::read_metadata(bytes).expect("a header");
    let words = header.metadata().iter().flatten();
    let tensors = file
        .iter()
        .map(|(name, tensor)| (name.to_string(), tensor.data().to_vec()));
    (
        words
            .map(|(name, word)| (name.clone(), word.clone()))
            .collect(),
        tensors.collect(),
    )
}

/// Saves at every step and goes on from there, in a process that was begun anew as far as the loop knows.
fn goes_on<O: Optimizer + Clone>(name: &str, optimizer: &O) -> Result<()> {
    let (folder, data) = (Folder::new(&format!("descent-{name}")), samples(47));
    let [alone, both, weights] = ["alone", "both", "weights"].map(|file| folder.0.join(file));
    let expected = Loop::new(optimizer.clone())?.run(&data)?;
    let mut before = Loop::new(optimizer.clone())?;
    for step in 0..=STEPS {
        // Two files.
        before.net.save(&weights)?;
        before.descent.save(&alone)?;
        let net = Net::open(&weights)?;
        let mut resumed = Loop {
            training: Training::new(&net, 8)?.seed(3).from_step(step),
            descent: Descent::open(&net, optimizer.clone(), &alone)?,
            net,
        };
        assert_eq!(resumed.descent.steps(), step);
        assert_eq!(resumed.run(&data)?, expected, "{name} at step {step}");
        // One file.
        before.descent.save_with(&both, &before.net)?;
        let mut resumed = Loop::new(optimizer.clone())?;
        resumed.net = Net::new(Seed(9));
        resumed.descent.load_with(&both, &mut resumed.net)?;
        resumed.training = Training::new(&resumed.net, 8)?.seed(3).from_step(step);
        assert_eq!(
            resumed.run(&data)?,
            expected,
            "{name} at step {step}, from one file"
        );
        // A clone.
        let mut cloned = Loop {
            net: before.net.clone(),
            training: Training::new(&before.net, 8)?
                .seed(3)
                .from_step(before.training.steps()),
            descent: before.descent.clone(),
        };
        assert_eq!(cloned.run(&data)?, expected, "{name} cloned at step {step}");
        if step < STEPS {
            before.step(&data)?;
        }
    }
    Ok(())
}

#[test]
fn every_rule_goes_on() -> Result<()> {
    goes_on("sgd", &Sgd::new(0.1).weight_decay(0.01))?;
    goes_on("momentum", &Sgd::new(0.05).momentum(0.9).nesterov())?;
    goes_on("adam", &Adam::new(0.02))?;
    goes_on("amsgrad", &AdamW::new(0.02).amsgrad())?;
    goes_on("nadam", &NAdam::new(0.02))?;
    goes_on("rmsprop", &RmsProp::new(0.01).momentum(0.5).centered())?;
    goes_on("adagrad", &Adagrad::new(0.05))?;
    goes_on("lion", &Lion::new(0.01))?;
    goes_on("any", &AnyOptimizer::from(RAdam::new(0.02)))
}

/// A descent with all that there is to be kept.
fn descent() -> Result<Loop<Adam>> {
    let (mut run, data) = (Loop::new(Adam::new(0.02))?, samples(47));
    for _ in 0..4 {
        run.step(&data)?;
    }
    run.descent = run.descent.decay_matrices_only();
    Ok(run)
}

#[test]
fn tensors_have_pytorchs_names() -> Result<()> {
    let run = descent()?;
    let bytes = run.descent.to_bytes()?;
    let file = safetensors::SafeTensors::deserialize(&bytes).expect("safetensors");
    for (name, shape) in run.net.parameters().names() {
        let found = file.tensor(&format!("optimizer.exp_avg.{name}"));
        let learnt = !name.contains("running") && !name.contains("tracked");
        assert_eq!(
            found.ok().map(|found| found.shape().to_vec()),
            learnt.then(|| shape.to_vec())
        );
    }
    assert!(file.names().iter().all(|name| !name.starts_with("model.")));
    // Written again it is the same file.
    let again = Descent::from_bytes(&run.net, Adam::new(1.0), &bytes)?;
    assert!(content(&again.to_bytes()?) == content(&bytes));
    assert_eq!(again.optimizer.learning_rate, 0.02);
    Ok(())
}

#[test]
fn a_descent_of_something_else_is_refused() -> Result<()> {
    let run = descent()?;
    let bytes = run.descent.to_bytes()?;
    let other = Other::new(Seed(1));
    let mut descent = Descent::new(&other, Sgd::new(0.1).momentum(0.9))?;
    let start = descent.to_bytes()?;
    let error = descent.load_bytes(&bytes).expect_err("another");
    let Error::Checkpoint {
        path: None, what, ..
    } = &error
    else {
        panic!("{error}");
    };
    assert_eq!(*what, "an optimizer's state");
    let message = error.to_string();
    for line in [
        "the bytes are an optimizer's state of another run:\n  network: expected `Other`, found `Net`\n",
        "\n  optimizer: expected `Sgd with momentum`, found `Adam`\n",
        "\n  shape.hidden.weight: expected `[9, 2]`, found `[8, 2]`\n",
        "\n  shape.fc.weight: expected `[3, 9]`, found none\n",
        "\n  shape.out.weight: expected none, found `[3, 8]`\n",
        "\n  tensor `optimizer.momentum_buffer.fc.bias`: expected F32 [3], found nothing\n",
        "\n  repair: load it into a descent of the model and the optimizer that wrote it",
    ] {
        assert!(message.contains(line), "{line} in {message}");
    }
    assert!(content(&descent.to_bytes()?) == content(&start));
    assert_eq!(descent.optimizer, Sgd::new(0.1).momentum(0.9));
    // A rule that remembers nothing does not fit another network either.
    let plain = Descent::new(&run.net, Sgd::new(0.1))?.to_bytes()?;
    let error = Descent::from_bytes(&other, Sgd::new(0.1), &plain)
        .err()
        .expect("another");
    assert!(
        error
            .to_string()
            .contains("shape.fc.weight: expected `[3, 9]`, found none"),
        "{error}"
    );

    // Weights alone, a checkpoint, a descent without the weights that are asked for, another version.
    let folder = Folder::new("descent-others");
    let path = folder.0.join("file");
    let refused = |expected: &str| -> Result<()> {
        let mut net = Net::new(Seed(2));
        let start = numbers(&net);
        let mut descent = Descent::new(&net, Adam::new(0.02))?;
        let error = descent
            .load_with(&path, &mut net)
            .expect_err(expected)
            .to_string();
        assert!(error.contains(expected), "{error}");
        assert_eq!((numbers(&net), descent.steps()), (start, 0));
        Ok(())
    };
    run.net.save(&path)?;
    refused("expected an optimizer's state, found weights alone")?;
    let mut trainer = Trainer::new(Adam::new(0.02), CrossEntropy).batch(8).quiet();
    let mut net = Net::new(Seed(1));
    trainer.fit(&mut net, &samples(47))?;
    trainer.save_checkpoint(&path, &net)?;
    refused("expected an optimizer's state, found a checkpoint; give another file")?;
    run.descent.save(&path)?;
    refused("tensor `model.hidden.weight`: expected F32 [8, 2], found nothing")?;
    let error = trainer.resume(&path, &mut net).expect_err("no checkpoint");
    assert!(
        error
            .to_string()
            .contains("expected a checkpoint, found an optimizer's state")
    );
    let mut newer = bytes.clone();
    let mark = b"\"kiln.descent\":\"1\"";
    let at = newer
        .windows(mark.len())
        .position(|window| window == mark)
        .expect("the version");
    newer[at + mark.len() - 2] = b'7';
    fs::write(&path, &newer)?;
    refused("expected an optimizer's state of version 1, found one of version 7")?;

    // Weights that are not finite are not saved.
    let mut broken = run.net.clone();
    broken.parameters_mut().set("out.bias", &[f32::MAX; 3])?;
    let mut wild = Descent::new(&broken, Sgd::new(1e38))?;
    wild.apply(&mut broken, run.training.gradients())?;
    assert!(matches!(
        wild.save_with(&path, &broken),
        Err(Error::NanWeight { .. })
    ));
    Ok(())
}

#[test]
fn a_damaged_file_is_refused() -> Result<()> {
    let run = descent()?;
    let bytes = run.descent.to_bytes()?;
    let mut descent = Descent::new(&run.net, Adam::new(0.02))?;
    let start = descent.to_bytes()?;
    for end in 0..bytes.len() {
        assert!(
            descent.load_bytes(&bytes[..end]).is_err(),
            "cut at byte {end}"
        );
    }
    let mut changed = bytes.clone();
    // In each byte another bit.
    for byte in 0..bytes.len() {
        changed[byte] ^= 1 << (byte * 5 % 8);
        assert!(
            descent.load_bytes(&changed).is_err(),
            "byte {byte}, {:?}",
            bytes[byte] as char
        );
        changed[byte] = bytes[byte];
    }
    assert!(content(&descent.to_bytes()?) == content(&start));
    descent.load_bytes(&bytes)?;
    assert!(content(&descent.to_bytes()?) == content(&bytes));
    Ok(())
}
