//! Losses that see the whole batch, in a trainer and in loops by hand.
#![forbid(unsafe_code)]

mod numbers;

use kiln::{
    BatchLoss, Checkpoints, EarlyStopping, Error, Lent, Parameters, Result, Score, TrainingIn,
    Weighted, WholeBatch,
    data::Samples,
    evaluate, judge, memory,
    metrics::{Measures, Metric},
    prelude::*,
    schedule::OneCycle,
};
use numbers::numbers;
use std::{
    env, fs,
    panic::{AssertUnwindSafe, catch_unwind},
    process,
    sync::atomic::{AtomicUsize, Ordering},
};

model! {
    /// Samples meet in it, and it has masks.
    struct Net(x: [3]) -> ([2], [1]) {
        first: Dense(9),
        norm: BatchNorm,
        embed: Dense(2),
        level: Dense(1),
        forward {
            let h = dropout(tanh(norm(first(x))), 0.2);
            (embed(h), level(h))
        }
    }

    #[kiln(input_gradients)]
    struct Small(x: [3]) -> [2] { Dense(4), Tanh, Dense(2) }
}

type Output = ([f32; 2], [f32; 1]);

/// A class, and a number.
type Target = (u8, f32);

/// Pairs of one class come together, others part; and the mean of the levels is the mean of the targets.
#[derive(Clone, Copy)]
struct Contrast;

impl Contrast {
    /// The first part alone.
    fn pairs(y: &[[f32; 2]], class: &[u8], mut slope_at: impl FnMut(usize, [f32; 2])) -> f64 {
        let share = 1.0 / (y.len() * y.len()) as f32;
        let mut sum = 0.0;
        for i in 0..y.len() {
            for j in 0..y.len() {
                let difference = [y[i][0] - y[j][0], y[i][1] - y[j][1]];
                let square = difference[0] * difference[0] + difference[1] * difference[1];
                let slope = match class[i] == class[j] {
                    true => 1.0,
                    false if square < 1.0 => -1.0,
                    false => 0.0,
                };
                sum += f64::from(if slope < 0.0 {
                    1.0 - square
                } else {
                    slope * square
                });
                slope_at(i, difference.map(|axis| 4.0 * share * slope * axis));
            }
        }
        sum * f64::from(share)
    }
}

impl BatchLoss<Output, Target> for Contrast {
    fn judge(
        &self,
        outputs: &[Output],
        targets: &[Target],
        gradients: &mut [Output],
    ) -> Result<f64> {
        let y: Vec<_> = outputs.iter().map(|(y, _)| *y).collect();
        let class: Vec<_> = targets.iter().map(|(class, _)| *class).collect();
        let loss = Self::pairs(&y, &class, |i, slope| {
            gradients[i].0[0] += slope[0];
            gradients[i].0[1] += slope[1];
        });
        let count = outputs.len() as f32;
        let off = outputs
            .iter()
            .zip(targets)
            .map(|((_, [level]), (_, target))| level - target);
        let mean = off.sum::<f32>() / count;
        for (_, [slope]) in gradients.iter_mut() {
            *slope = 2.0 * mean / count;
        }
        Ok(loss + f64::from(mean * mean))
    }

    fn check(&self, row: usize, (class, _): &Target) -> Result<()> {
        match class {
            0..=2 => Ok(()),
            _ => Err(Error::LabelOutOfRange {
                row,
                label: (*class).into(),
                classes: 3,
            }),
        }
    }
}

fn samples(count: usize) -> Samples<[f32; 3], Target> {
    let inputs: Vec<_> = (0..count)
        .map(|i| {
            [
                (i as f32).sin(),
                (i as f32 * 0.7).cos(),
                (i as f32 * 0.3).sin(),
            ]
        })
        .collect();
    let target = |[a, b, c]: &[f32; 3]| (u8::from(a > b) + u8::from(*a > 0.0), 0.5 * c);
    let targets: Vec<_> = inputs.iter().map(target).collect();
    Samples::new(inputs, targets).expect("as many")
}

fn trainer() -> Trainer<Adam, WholeBatch<Contrast>> {
    let trainer = Trainer::new(Adam::new(0.02), WholeBatch(Contrast)).batch(8);
    trainer.epochs(3).shuffle(false).keep_steps().quiet()
}

/// A trainer takes the steps of a loop by hand, to the bit, on any number of threads, clipped or not.
#[test]
fn a_trainer_takes_the_steps_of_a_loop_by_hand() -> Result<()> {
    let (data, start) = (samples(45), Net::new(Seed(1)));
    for clip in [None, Some(0.05)] {
        let mut net = start.clone();
        let mut training = Training::new(&net, 8)?;
        let mut descent = Descent::new(&net, Adam::new(0.02))?;
        let mut losses = Vec::new();
        for _ in 0..3 {
            for (inputs, targets) in data.inputs().chunks(8).zip(data.targets().chunks(8)) {
                losses.push(training.backward_with(&net, inputs, |outputs, gradients| {
                    Contrast.judge(outputs, targets, gradients)
                })?);
                if let Some(limit) = clip {
                    training.clip_norm(limit)?;
                }
                descent.apply(&mut net, training.gradients())?;
            }
        }
        for threads in 1..=3 {
            let (mut trained, mut trainer) = (start.clone(), trainer().threads(threads));
            if let Some(limit) = clip {
                trainer = trainer.clip_norm(limit);
            }
            let history = trainer.fit(&mut trained, &data)?;
            assert_eq!(
                numbers(&trained),
                numbers(&net),
                "{threads} threads, {clip:?}"
            );
            let steps: Vec<f64> = history
                .epochs
                .iter()
                .flat_map(|epoch| epoch.steps.clone())
                .collect();
            for (step, loss) in steps.iter().zip(&losses) {
                assert!((step - loss).abs() <= 1e-15 * loss, "{step}, {loss}");
            }
            // The mean of an epoch: batches of 8, and one of 5.
            let sum: f64 = losses[..5].iter().map(|loss| 8.0 * loss).sum();
            let mean = (sum + 5.0 * losses[5]) / 45.0;
            assert!((history.epochs[0].loss - mean).abs() < 1e-12);
            assert!(history.epochs[2].loss < history.epochs[0].loss);
        }
    }
    Ok(())
}

/// Counts what it sees.
#[derive(Default)]
struct Seen(Vec<Target>);

impl Metric<Output, Target> for Seen {
    fn begin(&mut self) {
        self.0.clear();
    }

    fn add(&mut self, _: &Output, target: &Target) {
        self.0.push(*target);
    }

    fn report(&self, measures: &mut Measures) {
        measures.add("seen", self.0.len() as f64);
    }
}

/// The mean over batches in the order of the data, each weighted by its samples; metrics see the samples as ever.
#[test]
fn validation_and_evaluation_cut_the_data_into_batches() -> Result<()> {
    let (data, validation, mut net) = (samples(45), samples(37), Net::new(Seed(1)));
    let stopping = EarlyStopping::new(1);
    let mut trainer = trainer()
        .metrics(Seen::default())
        .early_stopping(stopping)
        .epochs(20);
    let history = trainer.fit_and_validate(&mut net, &data, &validation)?;
    assert!(history.best.is_some());
    let outputs = trainer.predict(&net, validation.inputs())?;
    let mut sum = 0.0;
    for (outputs, targets) in outputs.chunks(8).zip(validation.targets().chunks(8)) {
        let mut gradients = vec![([0.0; 2], [0.0]); outputs.len()];
        sum += Contrast.judge(outputs, targets, &mut gradients)? * outputs.len() as f64;
    }
    let mut trainer = trainer.threads(1);
    let alone = trainer.evaluate(&net, &validation)?;
    assert!(
        (alone.loss - sum / 37.0).abs() < 1e-12,
        "{} {}",
        alone.loss,
        sum / 37.0
    );
    assert_eq!(
        (alone.accuracy, alone.metrics.get("seen")),
        (None, Some(37.0))
    );
    assert_eq!(trainer.metrics_mut().0, validation.targets());
    for threads in 2..=4 {
        trainer = trainer.threads(threads);
        assert_eq!(trainer.evaluate(&net, &validation)?, alone);
    }
    let best = history.best.expect("a best epoch");
    let told = history.epochs[best - 1]
        .validation
        .clone()
        .expect("validated");
    assert_eq!(told, alone);
    Ok(())
}

/// A run goes on at each of its steps, and a stream is trained on, too.
#[test]
fn a_run_goes_on() -> Result<()> {
    let folder = env::temp_dir().join(format!("kiln-whole-batch-{}", process::id()));
    let (data, start) = (samples(30), Net::new(Seed(1)));
    let fresh = || trainer().shuffle(true).validation_split(0.2).ema(0.9);
    let mut net = start.clone();
    let expected = fresh().fit(&mut net, &data)?;
    let every = Checkpoints::new(&folder).every_steps(1).keep_last(100);
    fresh().checkpoints(every).fit(&mut start.clone(), &data)?;
    let files: Vec<_> = fs::read_dir(&folder)?.collect();
    assert_eq!(files.len(), 9);
    for file in files {
        let mut resumed = Net::new(Seed(9));
        let mut trainer = fresh().threads(2);
        trainer.resume(file?.path(), &mut resumed)?;
        let history = trainer.fit(&mut resumed, &data)?;
        assert_eq!(numbers(&resumed), numbers(&net));
        let losses = |history: &kiln::History| -> Vec<u64> {
            history
                .epochs
                .iter()
                .map(|epoch| epoch.loss.to_bits())
                .collect()
        };
        assert_eq!(losses(&history), losses(&expected));
    }
    fs::remove_dir_all(&folder)?;

    let [mut whole, mut streamed] = [start.clone(), start];
    let ordered = || trainer().epochs(2);
    ordered().fit(&mut whole, &data)?;
    let stream = |_: u64| {
        data.inputs()
            .iter()
            .zip(data.targets())
            .map(|(x, t)| Ok((*x, *t)))
    };
    ordered().fit_stream(&mut streamed, 16, stream)?;
    assert_eq!(numbers(&streamed), numbers(&whole));
    Ok(())
}

#[test]
fn loops_by_hand_take_it() -> Result<()> {
    let inputs = [[0.1, 0.2, -0.3], [0.5, -0.5, 0.2], [-0.9, 0.3, 0.4]];
    let classes = [0_u8, 1, 0];
    let loss = WholeBatch::from_fn(|y: &[[f32; 2]], class: &[u8], gradients| {
        Ok(Contrast::pairs(y, class, |i, slope| {
            gradients[i][0] += slope[0];
            gradients[i][1] += slope[1];
        }))
    });
    let net = Small::new(Seed(1));
    let mut training = Training::new(&net, 3)?;
    let expected =
        training.backward_with(&net, &inputs, |y, gradients| loss.0(y, &classes, gradients))?;
    let weights = training.gradients().get("0.weight");
    assert_eq!(training.backward(&net, &inputs, &classes, &loss)?, expected);
    assert_eq!(training.gradients().get("0.weight"), weights);
    let outputs = training.forward(&net, &inputs)?.to_vec();
    let mut gradients = [[0.0; 2]; 3];
    assert_eq!(judge(&loss, &outputs, &classes, &mut gradients)?, expected);
    let mut training = training.with_input_gradients()?;
    assert_eq!(training.backward(&net, &inputs, &classes, &loss)?, expected);
    assert_eq!(training.gradients().get("0.weight"), weights);
    let slopes = training.input_gradients().to_vec();
    // By differences.
    for (row, axis) in [(0, 0), (1, 2), (2, 1)] {
        let mut at = |step: f32| -> Result<f64> {
            let mut moved = inputs;
            moved[row][axis] += step;
            training.backward(&net, &moved, &classes, &loss)
        };
        let slope = (at(1.0 / 128.0)? - at(-1.0 / 128.0)?) * 64.0;
        assert!(
            (slope - f64::from(slopes[row][axis])).abs() < 1e-3,
            "{slope}"
        );
    }
    Ok(())
}

#[test]
fn what_it_cannot_see_is_refused() -> Result<()> {
    let (data, start) = (samples(20), Net::new(Seed(1)));
    let mut net = start.clone();
    let refused = |result: Result<()>, expected: &str| {
        let error = result.expect_err(expected).to_string();
        assert!(error.contains(expected), "{error}");
    };
    let fit = trainer().accumulate(2).fit(&mut net, &data);
    refused(fit.map(drop), "1 with a `WholeBatch`");
    let none = trainer().batch(0).evaluate(&net, &data);
    refused(none.map(drop), "`batch`");
    let alone = evaluate(&net, &data, &WholeBatch(Contrast), 1);
    refused(alone.map(drop), "`Trainer::evaluate` has batches");

    // A part of another loss.
    let pair = WholeBatch::from_fn(|_: &[[f32; 2]], _: &[u8], _| Ok(0.0));
    let mut parts = Trainer::new(Sgd::new(0.1), (pair, Mse)).quiet();
    let targets: Vec<_> = data
        .targets()
        .iter()
        .map(|(class, level)| (*class, [*level]))
        .collect();
    let tuples = Samples::new(data.inputs().to_vec(), targets)?;
    refused(parts.fit(&mut net, &tuples).map(drop), "a `WholeBatch`");
    let mut half = Trainer::new(Sgd::new(0.1), Weighted::new(WholeBatch(Contrast), 0.5)).quiet();
    refused(half.fit(&mut net, &data).map(drop), "a `WholeBatch`");

    // Memory of the caller's.
    let mut blocks = vec![kiln::Block::ZERO; memory::training::<Small>(2)];
    let (mut scores, mut outputs) = (
        [Score::default(); 2],
        vec![[0.0; 2]; memory::outputs::<Small>()],
    );
    let lent = Lent {
        blocks: &mut blocks,
        scores: &mut scores,
        outputs: &mut outputs,
    };
    let mut training = TrainingIn::<Small>::new(2, lent)?;
    let mut descent = Descent::new(&Small::new(Seed(1)), Sgd::new(0.1))?;
    let mut arena = vec![kiln::Block::ZERO; memory::parameters::<Small>()];
    let mut parameters = Parameters::<Small, _>::new(&mut arena[..])?;
    let pair = WholeBatch::from_fn(|_: &[[f32; 2]], _: &[u8], _| Ok(0.0));
    let learnt = training.learn(
        &mut parameters,
        &[[0.0; 3]; 2],
        &[0, 1],
        &pair,
        &mut descent,
    );
    refused(
        learnt.map(drop),
        "`Training` and `Trainer` take a `WholeBatch`",
    );

    // A target that the loss refuses, by its row.
    let mut targets = data.targets().to_vec();
    targets[13].0 = 3;
    let wrong = Samples::new(data.inputs().to_vec(), targets)?;
    let fit = trainer().fit(&mut net, &wrong);
    assert!(matches!(fit, Err(Error::LabelOutOfRange { row: 13, .. })));
    assert_eq!(numbers(&net), numbers(&start));
    Ok(())
}

/// Is not finite from some step on.
struct Breaks {
    loss: f64,
    slope: f32,
}

impl BatchLoss<Output, Target> for Breaks {
    fn judge(&self, y: &[Output], _: &[Target], gradients: &mut [Output]) -> Result<f64> {
        // The last batch of an epoch.
        if y.len() < 8 {
            gradients[1].1[0] = self.slope;
            return Ok(self.loss);
        }
        gradients[0].0 = [0.5; 2];
        Ok(1.0)
    }
}

#[test]
fn what_is_not_finite_ends_the_fit_before_its_step() -> Result<()> {
    let (data, start) = (samples(20), Net::new(Seed(1)));
    let run = |loss, slope| -> Result<Error> {
        // As it was before that step.
        let before = {
            let mut net = start.clone();
            let head = Samples::new(data.inputs()[..16].to_vec(), data.targets()[..16].to_vec())?;
            let loss = WholeBatch(Breaks { loss, slope });
            let mut trainer = Trainer::new(Adam::new(0.02), loss)
                .batch(8)
                .shuffle(false)
                .quiet();
            trainer.fit(&mut net, &head)?;
            numbers(&net)
        };
        let mut net = start.clone();
        let loss = WholeBatch(Breaks { loss, slope });
        let mut trainer = Trainer::new(Adam::new(0.02), loss)
            .batch(8)
            .shuffle(false)
            .quiet();
        let error = trainer.fit(&mut net, &data).expect_err("not finite");
        assert_eq!(numbers(&net), before);
        Ok(error)
    };
    assert!(matches!(
        run(f64::NAN, 0.0)?,
        Error::NanLoss {
            epoch: Some(1),
            step: 3
        }
    ));
    assert!(matches!(run(f64::INFINITY, 0.0)?, Error::NanLoss { .. }));
    let error = run(1.0, f32::NAN)?;
    // Number 2 of the tuple.
    assert!(
        matches!(error, Error::NanOutputGradient { row: 1, index: 2 }),
        "{error}"
    );
    // A validation that is not finite names where.
    let loss = WholeBatch(Breaks {
        loss: f64::NAN,
        slope: 0.0,
    });
    let judging = Trainer::new(Adam::new(0.02), loss).batch(8).quiet();
    assert!(matches!(
        judging.evaluate(&start, &data),
        Err(Error::NanScore { row: 16 })
    ));
    Ok(())
}

/// Panics in one of its calls.
struct Panics {
    calls: AtomicUsize,
    at: usize,
}

impl BatchLoss<Output, Target> for Panics {
    fn judge(&self, y: &[Output], t: &[Target], gradients: &mut [Output]) -> Result<f64> {
        assert_ne!(self.calls.fetch_add(1, Ordering::Relaxed), self.at, "judge");
        Contrast.judge(y, t, gradients)
    }
}

/// Steps before a panic are of no consequence to the fit that comes next, nor is the momentum of the last of them.
#[test]
fn after_a_panic_a_fit_begins_anew() -> Result<()> {
    let data = samples(20);
    let trainer = |at| {
        let calls = AtomicUsize::new(0);
        Trainer::new(Adam::new(0.02), WholeBatch(Panics { calls, at }))
            .batch(8)
            .schedule(OneCycle::new(30))
            .quiet()
    };
    let (mut net, mut other) = (Net::new(Seed(1)), trainer(5));
    other.fit(&mut net, &data)?;
    let left = net.clone();
    let fit = AssertUnwindSafe(|| other.fit(&mut net, &data));
    assert!(catch_unwind(fit).is_err());
    assert_ne!(numbers(&net), numbers(&left));
    assert_eq!(*other.optimizer_mut(), Adam::new(0.02));
    let (mut again, mut anew) = (left.clone(), left);
    other.fit(&mut again, &data)?;
    trainer(99).fit(&mut anew, &data)?;
    assert_eq!(numbers(&again), numbers(&anew));
    Ok(())
}
