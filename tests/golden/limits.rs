//! Twenty steps with limits of norms: in a loop of one's own, and in the trainer, which applies gradients as they are
//! finished or keeps them to be clipped.

use kiln::{
    Adam, CrossEntropy, Descent, Model, Optimizer, Seed, Sgd, Trainer, Training, data::Samples,
};

use crate::{assert_close, file::Golden, on_every_instruction_set};

kiln::model! {
    struct Limited(image: [2, 6, 6]) -> [17] {
        Conv2d(18, kernel = 3, max_norm = 0.75),
        Tanh,
        Reshape(18, 16),
        lstm: Lstm(5, max_norm = 0.625, name = "3.lstm"),
        Flatten,
        Dense(17, max_norm = 0.75),
    }
}

type Image = [[[f32; 6]; 6]; 2];

#[test]
fn norms_are_limited() {
    check("sgd", Sgd::new(0.1).momentum(0.9), None);
    check("adam", Adam::new(0.02), None);
    check("sgd_clipped", Sgd::new(0.5).momentum(0.5), Some(0.25));
}

fn check(name: &str, optimizer: impl Optimizer + Copy, clip: Option<f64>) {
    let golden = Golden::open("train_limits");
    let (inputs, targets): (Vec<Image>, _) = (golden.get("inputs"), golden.classes("targets"));
    let losses: Vec<f32> = golden.get(&format!("{name}.losses"));
    let mut start = Limited::new(Seed(0));
    for (parameter, _) in start.parameters().names() {
        let values: Vec<f32> = golden.get(&format!("weights.{parameter}"));
        start
            .parameters_mut()
            .set(parameter, &values)
            .expect(parameter);
    }
    let compare = |found: &[f32], net: &Limited, here: &str| {
        assert_close(found, &losses, here);
        for (parameter, _) in net.parameters().names() {
            let found = net.parameters().get(parameter).expect(parameter);
            let expected: Vec<f32> = golden.get(&format!("{name}.{parameter}"));
            assert_close(&found, &expected, &format!("{parameter}, {here}"));
        }
    };
    on_every_instruction_set(name, |set| {
        let mut net = start.clone();
        let mut training = Training::new(&net, inputs.len()).expect("a batch");
        let mut descent = Descent::new(&net, optimizer).expect("a rate");
        let mut step = || {
            let loss = training
                .backward(&net, &inputs, &targets, &CrossEntropy)
                .expect("finite numbers");
            if let Some(limit) = clip {
                training.clip_norm(limit).expect("finite numbers");
            }
            descent
                .apply(&mut net, training.gradients())
                .expect("a rate");
            loss as f32
        };
        let found = (0..losses.len()).map(|_| step()).collect::<Vec<_>>();
        compare(&found, &net, &format!("{name}, by hand, on {set:?}"));

        for threads in [1, 3] {
            let mut net = start.clone();
            let data = Samples::new(inputs.clone(), &targets[..]).expect("as many targets");
            let trainer = Trainer::new(optimizer, CrossEntropy)
                .epochs(losses.len())
                .batch(data.len());
            let mut trainer = trainer.shuffle(false).threads(threads).quiet();
            if let Some(limit) = clip {
                trainer = trainer.clip_norm(limit);
            }
            let history = trainer.fit(&mut net, &data).expect("finite numbers");
            let epochs = history.epochs.iter();
            let found = epochs.map(|epoch| epoch.loss as f32).collect::<Vec<_>>();
            let here = format!("{name}, by {threads} threads, on {set:?}");
            compare(&found, &net, &here);
        }
    });
}
