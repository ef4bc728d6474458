//! Losses whose samples do not count the same.

use super::{
    mlp::{INPUTS, Mlp, OUTPUTS},
    net, samples,
};
use crate::{
    data::{Dataset, Samples},
    error::{Error, Result},
    loss::{CrossEntropy, CrossEntropyWith, Loss},
    model::Model,
    optimizer::{Adam, Sgd},
    parameters::{Seed, initialized},
    simd::Isa,
    train::{Trainer, Training, evaluate, predict},
};
use alloc::vec::Vec;
use core::borrow::Borrow;

const WEIGHTS: [f32; OUTPUTS] = [0.5, 3.0, 1.25];

fn loss() -> CrossEntropyWith<[f32; OUTPUTS]> {
    CrossEntropy
        .weight(WEIGHTS)
        .ignore_index(-1)
        .label_smoothing(0.1)
}

/// Samples of which every third has the label that is left out, and so has all of a batch of eight.
fn partial(count: usize) -> Samples<[f32; INPUTS], i64> {
    let (inputs, labels) = samples(count).into_parts();
    let label = |(index, label): (usize, usize)| match index % 3 == 0 || (8..16).contains(&index) {
        true => -1,
        false => label as i64,
    };
    let labels: Vec<i64> = labels.into_iter().enumerate().map(label).collect();
    Samples::new(inputs, labels).expect("as many")
}

/// The mean loss and accuracy in double precision, by PyTorch's definition.
fn expected(net: &Mlp<false>, data: &Samples<[f32; INPUTS], i64>) -> Result<(f64, f64)> {
    let answers = predict(net, data.inputs(), 1)?;
    let (mut sum, mut weight, mut right, mut count) = (0.0, 0.0, 0.0, 0.0);
    for (logits, &label) in answers.iter().zip(data.targets()) {
        let Ok(label) = usize::try_from(label) else {
            continue;
        };
        let total: f64 = logits.iter().map(|&x| f64::from(x).exp()).sum();
        for (class, &x) in logits.iter().enumerate() {
            let y = 0.1 / OUTPUTS as f64 + if class == label { 0.9 } else { 0.0 };
            sum += f64::from(WEIGHTS[class]) * y * (total.ln() - f64::from(x));
        }
        weight += f64::from(WEIGHTS[label]);
        right += f64::from(u8::from(crate::loss::argmax(logits) == label));
        count += 1.0;
    }
    Ok((sum / weight, right / count))
}

/// Means are over samples, not over batches: of an epoch, of its steps, and of an evaluation.
#[test]
fn means_are_weighted_over_samples() -> Result<()> {
    let (data, mut still) = (partial(53), net());
    let (mean, accuracy) = expected(&still, &data)?;
    for threads in [1, 2] {
        let found = evaluate(&still, &data, &loss(), threads)?;
        assert!((found.loss - mean).abs() < 1e-6, "{found}, {mean}");
        assert!(
            found
                .accuracy
                .is_some_and(|found| (found - accuracy).abs() < 1e-9)
        );
        let trainer = Trainer::new(Sgd::new(0.0), loss())
            .batch(8)
            .threads(threads);
        let mut trainer = trainer.shuffle(false).keep_steps().quiet();
        let epoch = trainer
            .fit_and_validate(&mut still, &data, &data)?
            .epochs
            .remove(0);
        assert!((epoch.loss - found.loss).abs() < 1e-6);
        assert!(epoch.accuracy == found.accuracy && epoch.validation == Some(found));
        assert_eq!(epoch.steps.len(), 7);
        assert_eq!(epoch.steps[1], 0.0, "nothing of it counts");
        let first = partial(53).first(8)?;
        assert!((epoch.steps[0] - evaluate(&still, &first, &loss(), 1)?.loss).abs() < 1e-6);
    }
    Ok(())
}

/// Gradients are those of the samples that count, divided by what these count.
#[test]
fn gradients_are_those_of_what_counts() -> Result<()> {
    let (data, net) = (partial(24), net());
    let kept = |(x, &label): (&[f32; INPUTS], &i64)| (label >= 0).then_some((*x, label));
    let (inputs, labels): (Vec<_>, Vec<_>) = data
        .inputs()
        .iter()
        .zip(data.targets())
        .filter_map(kept)
        .unzip();
    let mut training = Training::with_threads(&net, 24, 2)?;
    let all = training.backward(&net, data.inputs(), data.targets(), &loss())?;
    let mut alone = Training::new(&net, 24)?;
    let some = alone.backward(&net, &inputs, &labels, &loss())?;
    assert!((all - some).abs() < 1e-12);
    let (found, wanted) = (training.gradients(), alone.gradients());
    let pairs = found.blocks().iter().zip(wanted.blocks());
    for (a, b) in pairs.flat_map(|(a, b)| a.0.into_iter().zip(b.0)) {
        assert!((a - b).abs() < 1e-6, "{a}, {b}");
    }
    Ok(())
}

#[test]
fn what_does_not_count_teaches_nothing() -> Result<()> {
    let mut net = net();
    let before = net.arena().to_vec();
    let data = Samples::new(samples(20).into_parts().0, [-1_i64; 20])?;
    let mut training = Training::new(&net, 20)?;
    assert_eq!(
        training.backward(&net, data.inputs(), data.targets(), &loss())?,
        0.0
    );
    assert_eq!(training.gradients().norm(), 0.0);
    let mut trainer = Trainer::new(Adam::new(0.1), loss()).batch(6).quiet();
    let history = trainer.fit(&mut net, &data)?;
    assert_eq!(
        (history.epochs[0].loss, history.epochs[0].accuracy),
        (0.0, None)
    );
    assert_eq!(net.arena(), before);
    let found = trainer.evaluate(&net, &data)?;
    assert_eq!((found.loss, found.accuracy), (0.0, None));
    Ok(())
}

#[test]
fn weighted_fits_have_the_same_bits_on_any_number_of_threads() -> Result<()> {
    let fit = |threads| {
        let mut net: Mlp<true, true> = initialized(Seed(3));
        let trainer = Trainer::new(Adam::default(), loss()).epochs(3).batch(13);
        let history = trainer
            .threads(threads)
            .quiet()
            .fit(&mut net, &partial(50))?;
        let losses: Vec<f64> = history.epochs.iter().map(|epoch| epoch.loss).collect();
        Ok::<_, Error>((losses, net.parameters().blocks().to_vec()))
    };
    let one = fit(1)?;
    for threads in [2, 3, 7] {
        assert!(fit(threads)? == one, "{threads} threads");
    }
    Ok(())
}

#[test]
fn impossible_settings_are_refused_once_before_training() -> Result<()> {
    let mut net = net();
    let before = net.arena().to_vec();
    let data = samples(8);
    let wrong = CrossEntropy.label_smoothing(1.5);
    let refused = |result: Result<()>| {
        let Err(Error::Setting { setting, .. }) = result else {
            panic!("{result:?}");
        };
        assert_eq!(setting, "label_smoothing");
    };
    let mut trainer = Trainer::new(Sgd::new(0.1), wrong).quiet();
    refused(trainer.fit(&mut net, &data).map(drop));
    refused(trainer.fit_and_validate(&mut net, &data, &data).map(drop));
    refused(trainer.evaluate(&net, &data).map(drop));
    refused(evaluate(&net, &data, &wrong, 1).map(drop));
    let mut training = Training::new(&net, 8)?;
    refused(
        training
            .backward(&net, data.inputs(), data.targets(), &wrong)
            .map(drop),
    );
    assert_eq!(net.arena(), before);
    Ok(())
}

/// A dataset whose samples do not have the targets that it gave before.
struct Liar(Samples<[f32; INPUTS], i64>);

impl Dataset for Liar {
    type Input = [f32; INPUTS];
    type Target = i64;

    fn len(&self) -> usize {
        self.0.inputs().len()
    }

    fn sample(&self, index: usize) -> Result<(impl Borrow<[f32; INPUTS]>, impl Borrow<i64>)> {
        Ok((&self.0.inputs()[index], &self.0.targets()[index]))
    }

    fn target(&self, _: usize) -> Result<impl Borrow<i64>> {
        Ok(0)
    }
}

#[test]
fn targets_must_count_what_they_counted_before() {
    let mut net = net();
    let before = net.arena().to_vec();
    // All labels count the same by `target`, and some nothing by `sample`.
    let mut trainer = Trainer::new(Sgd::new(0.1), CrossEntropy.ignore_index(-1)).quiet();
    let found = trainer.fit(&mut net, &Liar(partial(24))).map(drop);
    assert!(
        matches!(
            found,
            Err(Error::StepWeight {
                expected: 24.0,
                found: 11.0
            })
        ),
        "{found:?}"
    );
    // By a weight as well.
    let mut trainer = Trainer::new(Sgd::new(0.1), loss()).quiet().clip_norm(1.0);
    let found = trainer.fit(&mut net, &Liar(partial(24))).map(drop);
    assert!(
        matches!(found, Err(Error::StepWeight { expected: 12.0, .. })),
        "{found:?}"
    );
    assert_eq!(net.arena(), before);
}

/// A loss of one's own whose weight is whatever the target says.
struct Own;

impl Loss<[f32; OUTPUTS], f32> for Own {
    fn row<S: Isa>(
        &self,
        _: S,
        output: &[f32; OUTPUTS],
        target: &f32,
        scale: f32,
        delta: &mut [f32; OUTPUTS],
    ) -> f32 {
        delta[0] = scale * target;
        target * output[0]
    }

    fn sample_weight(&self, target: &f32) -> f32 {
        *target
    }
}

#[test]
fn weights_of_ones_own_are_checked() -> Result<()> {
    let inputs = samples(6).into_parts().0;
    let net = net();
    for bad in [-1.0, f32::NAN, f32::INFINITY] {
        let targets = [1.0, 2.0, 0.0, bad, 1.0, bad];
        let mut training = Training::new(&net, 6)?;
        let found = training.backward(&net, &inputs, &targets, &Own).map(drop);
        assert!(
            matches!(found, Err(Error::SampleWeight { row: 3, .. })),
            "{found:?}"
        );
        let data = Samples::new(inputs.clone(), targets)?;
        let found = Trainer::new(Sgd::new(0.1), Own)
            .quiet()
            .fit(&mut net.clone(), &data);
        assert!(matches!(
            found.map(drop),
            Err(Error::SampleWeight { row: 3, .. })
        ));
    }
    let targets = [1.0, 2.0, 0.0, 3.0, 1.0, 0.5];
    let data = Samples::new(inputs, targets)?;
    let answers = predict(&net, data.inputs(), 1)?;
    let products = answers
        .iter()
        .zip(targets)
        .map(|(y, t)| f64::from(y[0] * t));
    let found = evaluate(&net, &data, &Own, 1)?;
    assert!((found.loss - products.sum::<f64>() / 7.5).abs() < 1e-6);
    Ok(())
}
