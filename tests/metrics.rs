//! Metrics against scikit-learn, whose values `tests/golden/make_metrics.py` wrote, and what they say where it is silent.
#![forbid(unsafe_code)]

use kiln::{
    data::Samples,
    evaluate_with,
    metrics::{
        Accuracy, Average, BalancedAccuracy, ConfusionMatrix, F1, Labelled, Mae, Measures, Metric,
        Perplexity, Precision, R2, Recall, Rmse, RocAuc, TopK,
    },
    prelude::*,
};
use safetensors::SafeTensors;
use std::{fs, path::Path};

/// How far a value may be off: scores are read as they are, and sums are taken in double precision.
const TOLERANCE: f64 = 1e-9;

/// Logarithms of odds are kept as `f32`.
const ROUNDED: f64 = 1e-5;

struct Golden(Vec<u8>);

impl Golden {
    fn open() -> Self {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/data/metrics.safetensors");
        Self(fs::read(path).expect("the golden file"))
    }

    fn get<T: bytemuck::Pod>(&self, name: &str) -> Option<Vec<T>> {
        let file = SafeTensors::deserialize(&self.0).expect("safetensors");
        let tensor = file.tensor(name).ok()?;
        Some(bytemuck::pod_collect_to_vec(tensor.data()))
    }

    /// Holds every measure against the file's, and gives their names.
    fn check(&self, case: &str, measures: &Measures) -> Vec<String> {
        let mut names = Vec::new();
        for measure in measures.iter() {
            let name = format!("{case}.{}", measure.name);
            let Some(expected) = self.get::<f64>(&name) else {
                panic!("{name} is not in the file");
            };
            let (found, expected) = (measure.value, expected[0]);
            let tolerance = if name.contains("auc") {
                ROUNDED
            } else {
                TOLERANCE
            };
            let close = (found - expected).abs() <= tolerance * expected.abs().max(1e-3);
            assert!(
                close || found.is_nan() && expected.is_nan(),
                "{name}: {found} is not {expected}"
            );
            names.push(measure.name.to_string());
        }
        names
    }
}

/// What a metric says of a whole set.
fn measured<O, T>(metric: &mut dyn Metric<O, T>, outputs: &[O], targets: &[T]) -> Measures {
    // What was there before is forgotten.
    outputs
        .iter()
        .zip(targets)
        .for_each(|(y, t)| metric.add(y, t));
    metric.begin();
    assert_eq!(outputs.len(), targets.len());
    outputs
        .iter()
        .zip(targets)
        .for_each(|(y, t)| metric.add(y, t));
    let mut measures = Measures::default();
    metric.report(&mut measures);
    measures
}

fn boxed<O, T: Labelled<O>>(averages: &[Average]) -> Vec<Box<dyn Metric<O, T>>> {
    let mut metrics: Vec<Box<dyn Metric<O, T>>> = vec![
        Box::new(Accuracy::default()),
        Box::new(BalancedAccuracy::default()),
    ];
    for average in averages {
        metrics.push(Box::new(Precision::new(*average)));
        metrics.push(Box::new(Recall::new(*average)));
        metrics.push(Box::new(F1::new(*average)));
    }
    metrics
}

fn several<const N: usize>(golden: &Golden, case: &str) {
    let scores: Vec<[f32; N]> = golden.get(&format!("{case}.scores")).expect(case);
    let labels: Vec<i64> = golden.get(&format!("{case}.labels")).expect(case);
    let averages = [Average::Macro, Average::Micro, Average::Weighted];
    let mut metrics = boxed(&averages);
    metrics.push(Box::new(Perplexity::default()));
    for average in averages {
        metrics.push(Box::new(RocAuc::new(average)));
    }
    let found = golden.check(case, &measured(&mut metrics, &scores, &labels));
    assert_eq!(found.len(), 15);

    let distinct: Vec<[f32; N]> = scores
        .iter()
        .map(|scores| std::array::from_fn(|class| scores[class] - class as f32 * 1e-3))
        .collect();
    for k in 1..N {
        golden.check(case, &measured(&mut TopK::new(k), &distinct, &labels));
    }

    let mut matrix = ConfusionMatrix::default();
    assert!(measured(&mut matrix, &scores, &labels).is_empty());
    let expected: Vec<f64> = golden.get(&format!("{case}.confusion")).expect(case);
    for actual in 0..N {
        for predicted in 0..N {
            let count = matrix.count(actual, predicted) as f64;
            assert_eq!(
                count,
                expected[actual * N + predicted],
                "{case}: {actual}, {predicted}"
            );
        }
    }
}

#[test]
fn classification_is_scikit_learns() {
    let golden = Golden::open();
    several::<3>(&golden, "three");
    several::<3>(&golden, "three_uneven");
    several::<5>(&golden, "five");
    several::<5>(&golden, "five_absent");
    several::<5>(&golden, "five_alike");
    for case in ["binary", "binary_ties", "binary_rare", "binary_none"] {
        let scores: Vec<[f32; 1]> = golden.get(&format!("{case}.scores")).expect(case);
        let labels: Vec<i64> = golden.get(&format!("{case}.labels")).expect(case);
        let averages = [
            Average::Binary,
            Average::Macro,
            Average::Micro,
            Average::Weighted,
        ];
        let mut metrics = boxed(&averages);
        metrics.push(Box::new(RocAuc::new(Average::Binary)));
        let found = golden.check(case, &measured(&mut metrics, &scores, &labels));
        assert_eq!(found.len(), 15);
        // The same as numbers, and as two logits.
        let numbers: Vec<[f32; 1]> = labels.iter().map(|label| [*label as f32]).collect();
        let mut metrics = boxed(&averages);
        metrics.push(Box::new(RocAuc::new(Average::Binary)));
        golden.check(case, &measured(&mut metrics, &scores, &numbers));
        let pairs: Vec<[f32; 2]> = scores.iter().map(|[score]| [0.0, *score]).collect();
        let mut metrics = boxed(&averages);
        metrics.push(Box::new(RocAuc::new(Average::Binary)));
        golden.check(case, &measured(&mut metrics, &pairs, &labels));
    }
}

#[test]
fn regression_is_scikit_learns() {
    fn check<const N: usize>(golden: &Golden, case: &str) {
        let outputs: Vec<[f32; N]> = golden.get(&format!("{case}.scores")).expect(case);
        let targets: Vec<[f32; N]> = golden.get(&format!("{case}.targets")).expect(case);
        let mut metrics = (Mae::default(), Rmse::default(), R2::default());
        let found = golden.check(case, &measured(&mut metrics, &outputs, &targets));
        assert_eq!(found, ["mae", "rmse", "r2"]);
    }
    let golden = Golden::open();
    check::<1>(&golden, "one");
    check::<3>(&golden, "several");
    check::<1>(&golden, "constant");
    check::<1>(&golden, "constant_right");
    check::<3>(&golden, "alone");
}

#[test]
fn conventions_hold_where_nothing_is_decided() {
    let value = |metric: &mut dyn Metric<[f32; 3], i64>, outputs: &[[f32; 3]], labels: &[i64]| {
        measured(metric, outputs, labels)
            .iter()
            .next()
            .expect("a value")
            .value
    };
    // No rows at all, also where all labels are ignored.
    for labels in [&[][..], &[-100, 3]] {
        let outputs = &[[0.0, 1.0, 2.0]; 2][..labels.len()];
        assert!(value(&mut Accuracy::default(), outputs, labels).is_nan());
        assert!(value(&mut F1::default(), outputs, labels).is_nan());
        assert!(value(&mut TopK::new(1), outputs, labels).is_nan());
        assert!(value(&mut RocAuc::default(), outputs, labels).is_nan());
        assert!(value(&mut Perplexity::default(), outputs, labels).is_nan());
        assert!(value(&mut BalancedAccuracy::default(), outputs, labels).is_nan());
    }
    // An ignored label leaves its row out alone.
    let outputs = [[0.0, 1.0, 2.0], [5.0, 1.0, 2.0]];
    assert_eq!(value(&mut Accuracy::default(), &outputs, &[2, -100]), 1.0);
    // Among equal scores the first classes win.
    for (k, right) in [(1, 0.0), (2, 1.0), (3, 1.0), (0, 0.0)] {
        assert_eq!(value(&mut TopK::new(k), &[[1.0; 3]], &[1]), right, "{k}");
    }
    // A class that all rows have decides no area.
    assert!(value(&mut RocAuc::default(), &outputs, &[1, 1]).is_nan());
    // Probabilities instead of logits.
    let mut accuracy = Accuracy::default().threshold(0.5);
    let found = measured(&mut accuracy, &[[0.4_f32], [0.6]], &[[0.0_f32], [1.0]]);
    assert_eq!(found.get("accuracy"), Some(1.0));
    let mut auc = RocAuc::default().of_probabilities();
    let found = measured(
        &mut auc,
        &[[0.1_f32, 0.2, 0.7], [0.3, 0.3, 0.4]],
        &[2_u8, 0],
    );
    assert_eq!(found.get("roc_auc_macro"), Some(1.0));
    // Steps of a sequence are rows of their own.
    let mut matrix = ConfusionMatrix::default();
    measured(&mut matrix, &[[[1.0_f32, 0.0], [0.0, 1.0]]], &[[0_u8, 0]]);
    assert_eq!(
        [matrix.count(0, 0), matrix.count(0, 1), matrix.count(1, 1)],
        [1, 1, 0]
    );
}

model! {
    struct Net(x: [2]) -> [3] { Dense(8), Tanh, Dense(3) }
}

fn samples(count: usize) -> Samples<[f32; 2], u8> {
    let inputs: Vec<_> = (0..count)
        .map(|i| [(i as f32).sin(), (i as f32 * 0.7).cos()])
        .collect();
    let labels: Vec<_> = inputs
        .iter()
        .map(|[a, b]| u8::from(*a > *b) + u8::from(*a > 0.0))
        .collect();
    Samples::new(inputs, labels).expect("as many")
}

/// Outputs come in the order of the samples, whatever the threads.
struct Order(Vec<f32>);

impl<T> Metric<[f32; 3], T> for Order {
    fn begin(&mut self) {
        self.0.clear();
    }

    fn add(&mut self, output: &[f32; 3], _: &T) {
        self.0.push(output[0]);
    }

    fn report(&self, measures: &mut Measures) {
        measures.add("seen", self.0.len() as f64);
    }
}

#[test]
fn a_metric_sees_every_sample_once_and_in_order() -> kiln::Result<()> {
    let net = Net::new(Seed(3));
    // More than are held at once.
    for count in [1, 37, 40_000] {
        let data = samples(count);
        let expected: Vec<f32> = data
            .inputs()
            .iter()
            .map(|input| net.forward(input)[0])
            .collect();
        let plain = kiln::evaluate(&net, &data, &CrossEntropy, 1)?;
        for threads in [1, 2, 5] {
            let mut metrics = (Order(Vec::new()), Accuracy::default());
            let found = evaluate_with(&net, &data, &CrossEntropy, threads, &mut metrics)?;
            assert_eq!(metrics.0.0, expected, "{count} on {threads} threads");
            assert_eq!(found.metrics.get("seen"), Some(count as f64));
            assert_eq!((found.loss, found.accuracy), (plain.loss, plain.accuracy));
            assert!(
                (found.metrics.get("accuracy").unwrap_or(9.0) - plain.accuracy.unwrap_or(8.0))
                    .abs()
                    < 1e-12
            );
        }
    }
    Ok(())
}

#[test]
fn a_fit_measures_its_validation_data() -> kiln::Result<()> {
    let (train, test) = (samples(64), samples(100));
    let mut net = Net::new(Seed(3));
    let metrics = (
        F1::new(Average::Macro),
        F1::new(Average::Macro),
        ConfusionMatrix::default(),
    );
    let mut trainer = Trainer::new(Adam::new(0.01), CrossEntropy)
        .metrics(metrics)
        .epochs(2)
        .quiet();
    let history = trainer.fit_and_validate(&mut net, &train, &test)?;
    let validation = history.epochs[1].validation.clone().expect("validated");
    assert_eq!(validation, trainer.evaluate(&net, &test)?);
    let names: Vec<_> = validation
        .metrics
        .iter()
        .map(|measure| &*measure.name)
        .collect();
    assert_eq!(names, ["f1_macro", "f1_macro_2"]);
    assert_ne!(history.epochs[0].validation, history.epochs[1].validation);
    let line = validation.to_string();
    assert!(line.contains(" %, f1_macro 0."), "{line}");
    let counted: u64 = (0..9)
        .map(|at| trainer.metrics_mut().2.count(at / 3, at % 3))
        .sum();
    assert_eq!(counted, 100);
    Ok(())
}
