//! Twenty steps of a norm and the moving average of its weights, by hand and in the trainer.

use kiln::{Adam, Descent, Ema, Model, Mse, Seed, Trainer, Training, data::Samples};

use crate::{assert_close, file::Golden, on_every_instruction_set};

kiln::model! {
    struct Normed(x: [6]) -> [4] {
        Dense(21, bias = false),
        BatchNorm,
        Tanh,
        Dense(4),
    }
}

const STEPS: usize = 20;

#[test]
fn averages() {
    let golden = Golden::open("train_averages");
    let inputs: Vec<[f32; 6]> = golden.get("inputs");
    let targets: Vec<[f32; 4]> = golden.get("targets");
    let mut start = Normed::new(Seed(0));
    for (name, _) in start.parameters().names() {
        if !name.ends_with("tracked") {
            let values: Vec<f32> = golden.get(&format!("weights.{name}"));
            start.parameters_mut().set(name, &values).expect(name);
        }
    }
    let compare = |average: &Normed, label: &str, here: &str| {
        for (name, _) in average.parameters().names() {
            let found = average.parameters().get(name).expect(name);
            if name.ends_with("tracked") {
                assert_eq!(found, [STEPS as f32], "{name}, {here}");
                continue;
            }
            let expected: Vec<f32> = golden.get(&format!("{label}.{name}"));
            assert_close(&found, &expected, &format!("{name}, {label} {here}"));
        }
    };
    for (label, decay) in [("usual", 0.999), ("fast", 0.75), ("short", 0.25)] {
        on_every_instruction_set(label, |set| {
            let mut net = start.clone();
            let mut training = Training::new(&net, inputs.len()).expect("a batch");
            let mut descent = Descent::new(&net, Adam::new(0.01)).expect("numbers of use");
            let mut ema = Ema::new(&net, decay).expect("a decay");
            for _ in 0..STEPS {
                let loss = training.backward(&net, &inputs, &targets, &Mse);
                loss.expect("finite numbers");
                let gradients = training.gradients();
                descent.apply(&mut net, gradients).expect("a step");
                ema.follow(&net);
            }
            compare(ema.network(), label, &format!("by hand, on {set:?}"));

            let mut net = start.clone();
            let data = Samples::new(inputs.clone(), targets.clone()).expect("as many");
            let trainer = Trainer::new(Adam::new(0.01), Mse).ema(decay);
            let mut trainer = trainer.epochs(STEPS).batch(5).shuffle(false).quiet();
            trainer.fit(&mut net, &data).expect("finite numbers");
            let average = trainer.averaged(&net).expect("an average");
            compare(&average, label, &format!("by the trainer, on {set:?}"));
        });
    }
}
