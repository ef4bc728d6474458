//! Training as a user of `kiln` meets it: every name is the facade's.

mod again;

use again::again;
use kiln::{
    AnyOptimizer, Block, Descent, Momentum, Optimizer, Plain, Update, data::Samples, prelude::*,
    simd::vectors::*,
};
use std::env;

model! {
    struct Logits(x: [4]) -> [3] { hidden: Dense(16), Tanh, out: Dense(3) }

    struct Probabilities(x: [4]) -> [3] { out: Dense(3), Softmax }

    struct Logarithms(x: [4]) -> [3] { out: Dense(3), LogSoftmax }

    struct Dropped(x: [4]) -> [3] { Dropout(1), out: Dense(3) }
}

/// Sixty points, labelled by the largest of their first three coordinates.
fn points<T>(label: impl Fn(usize) -> T) -> Samples<[f32; 4], T> {
    let point =
        |i: usize| -> [f32; 4] { std::array::from_fn(|j| ((i * 4 + j) as f32 * 1.7).sin()) };
    let points: Vec<_> = (0..60).map(point).collect();
    let labels: Vec<_> = points
        .iter()
        .map(|x| label(kiln::argmax(&x[..3])))
        .collect();
    Samples::new(points, labels).expect("as many labels as points")
}

/// Each type of label teaches the same weights.
#[test]
fn labels_may_be_any_integers() {
    fn taught<T: kiln::Label>(label: impl Fn(usize) -> T) -> Option<Vec<f32>> {
        let mut net = Logits::new(Seed(1));
        let data = points(label);
        let mut trainer = Trainer::new(Adam::new(0.01), CrossEntropy)
            .epochs(3)
            .quiet();
        trainer.fit(&mut net, &data).expect("labels below 3");
        trainer.evaluate(&net, &data).expect("labels below 3");
        net.parameters().get("hidden.weight")
    }
    let expected = taught(|label| label);
    assert_eq!(taught(|label| label as u8), expected);
    assert_eq!(taught(|label| label as u32), expected);
    assert_eq!(taught(|label| label as i32), expected);
    assert_eq!(taught(|label| label as i64), expected);

    let data = points(|label| label as i64 - 1);
    let row = data
        .targets()
        .iter()
        .position(|label| *label < 0)
        .expect("a first class");
    let error = Trainer::new(Adam::new(0.01), CrossEntropy)
        .quiet()
        .fit(&mut Logits::new(Seed(1)), &data);
    assert_eq!(
        error.expect_err("a negative label").to_string(),
        format!(
            "row {row} of the dataset: label -1, but 3 classes take labels below 3; \
             count classes from 0, or give the last layer an output for each class"
        )
    );
}

/// The classifier and its trainer, whatever a configuration says.
struct Learner {
    net: Logits,
    trainer: Trainer<AnyOptimizer, CrossEntropy>,
    _named: Option<(Sgd<Plain>, Sgd<Momentum>)>,
}

#[test]
fn an_optimizer_may_be_chosen_while_the_program_runs() {
    for name in ["sgd", "momentum", "adam", "adamw"] {
        let optimizer: AnyOptimizer = match name {
            "sgd" => Sgd::new(0.5).into(),
            "momentum" => Sgd::new(0.1).momentum(0.9).into(),
            "adam" => Adam::new(0.05).into(),
            _ => AdamW::new(0.05).into(),
        };
        let mut learner = Learner {
            net: Logits::new(Seed(1)),
            trainer: Trainer::new(optimizer, CrossEntropy).epochs(60).quiet(),
            _named: None,
        };
        let history = learner
            .trainer
            .fit(&mut learner.net, &points(|label| label));
        let history = history.expect("clean data");
        assert!(
            history
                .last()
                .is_some_and(|epoch| epoch.accuracy > Some(0.9)),
            "{name}: {history:?}"
        );
        assert!(Descent::new(&learner.net, optimizer).is_ok());
    }
}

/// Every weight moves by the same amount.
struct SignDescent(f64);

struct SignStep(f32);

impl Optimizer for SignDescent {
    type Step = SignStep;

    fn step(&self, _: u64, factor: f64) -> SignStep {
        SignStep((self.0 * factor) as f32)
    }

    fn learning_rate(&self) -> f64 {
        self.0
    }

    fn set_learning_rate(&mut self, learning_rate: f64) {
        self.0 = learning_rate;
    }
}

impl Update for SignStep {
    type State = ();

    #[inline(always)]
    fn apply<S: Simd>(&self, s: S, gradient: f32x16<S>, weight: &mut Block, _: &mut ()) {
        let (zero, rate) = (f32x16::splat(s, 0.0), f32x16::splat(s, self.0));
        let down = gradient.simd_gt(zero).select(rate, zero);
        let up = gradient.simd_lt(zero).select(rate, zero);
        weight.store(weight.load(s) - down + up);
    }
}

#[test]
fn an_optimizer_of_ones_own_teaches() {
    let mut net = Logits::new(Seed(1));
    let mut trainer = Trainer::new(SignDescent(0.005), CrossEntropy)
        .epochs(60)
        .quiet();
    let history = trainer
        .fit(&mut net, &points(|label| label))
        .expect("clean data");
    assert!(
        history
            .last()
            .is_some_and(|epoch| epoch.accuracy > Some(0.9)),
        "{history:?}"
    );
}

/// As in PyTorch: zeros in training, whose gradients are zero; nothing in inference.
#[test]
fn all_may_be_dropped() {
    let net = Dropped::new(Seed(1));
    let inputs = [[1.0, -2.0, 3.0, 1e30]];
    let mut training = Training::new(&net, 1).expect("a batch");
    let loss = training
        .backward(&net, &inputs, &[2], &CrossEntropy)
        .expect("finite numbers");
    let bias: [f32; 3] = net
        .parameters()
        .get("out.bias")
        .unwrap()
        .try_into()
        .unwrap();
    let expected = -f64::from(kiln::softmax(&bias)[2]).ln();
    assert!((loss - expected).abs() < 1e-6, "{loss}, {expected}");
    assert_eq!(training.gradients().get("out.weight"), Some(vec![0.0; 12]));
    assert!(
        training
            .gradients()
            .get("out.bias")
            .unwrap()
            .iter()
            .all(|slope| slope.abs() > 0.1)
    );
    let doubled = [0.0, 0.0, 0.0, 0.0];
    assert_eq!(net.forward(&doubled), bias);
    assert_ne!(net.forward(&[1.0, -2.0, 3.0, 4.0]), bias);
}

/// Set for the process that trains.
const CHILD: &str = "KILN_TEST_SOFTMAX";

/// The test runs itself in a process of its own, where nothing was said before.
#[test]
fn a_softmax_too_many_is_told_once() {
    if env::var_os(CHILD).is_some() {
        let data = points(|label| label);
        let trainer = || Trainer::new(Sgd::new(0.1), CrossEntropy);
        let by_hand = points(|label| [0.0, 1.0, 2.0].map(|class| f32::from(class == label as f32)));
        assert!(trainer().fit(&mut Logits::new(Seed(1)), &data).is_ok());
        assert!(trainer().fit(&mut Logarithms::new(Seed(1)), &data).is_ok());
        assert!(
            trainer()
                .quiet()
                .fit(&mut Probabilities::new(Seed(1)), &data)
                .is_ok()
        );
        assert!(
            Trainer::new(Sgd::new(0.1), Mse)
                .fit(&mut Probabilities::new(Seed(1)), &by_hand)
                .is_ok()
        );
        eprintln!("until here nothing");
        for _ in 0..2 {
            assert!(
                trainer()
                    .fit(&mut Probabilities::new(Seed(1)), &data)
                    .is_ok()
            );
        }
        return;
    }
    let mut child = again().expect("a test knows its own file");
    child
        .args(["a_softmax_too_many_is_told_once", "--exact", "--nocapture"])
        .env(CHILD, "1");
    let output = child.output().expect("a test can run itself");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let (before, after) = said.split_once("until here nothing").expect("the middle");
    assert!(!before.contains("Softmax"), "{said}");
    assert_eq!(
        after
            .matches("kiln: `Probabilities` ends in `Softmax`")
            .count(),
        1,
        "{said}"
    );
    assert_eq!(after.matches("`kiln::softmax`").count(), 1, "{said}");
}
