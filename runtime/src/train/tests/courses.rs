//! Tensors that are trained unlike the others, gradients in parts, limits, averages, and schedules by steps.

use super::{
    mlp::{Mlp, OUTPUTS},
    samples,
};
use crate::{
    error::{Error, Result},
    loss::{CrossEntropy, Mse},
    model::Model,
    optimizer::{Adam, AdamW, Optimizer, Sgd},
    parameters::{Seed, initialized},
    schedule::{Constant, Cosine, ReduceOnPlateau, Schedule, StepDecay, Unit},
    train::{Descent, Ema, Trainer, Training},
};
use alloc::{string::ToString, sync::Arc, vec::Vec};
use std::sync::Mutex;

type Net = Mlp<false, true>;

fn fresh() -> Net {
    initialized(Seed(3))
}

fn bits(net: &Net, name: &str) -> Vec<u32> {
    let numbers = net.parameters().get(name).expect(name);
    numbers.into_iter().map(f32::to_bits).collect()
}

fn all_bits(net: &Net) -> Vec<u32> {
    let names = net.parameters().names();
    names.flat_map(|(name, _)| bits(net, name)).collect()
}

/// Names of the parameters: those of the first layer, and those of the second.
const FIRST: [&str; 2] = ["hidden.weight", "hidden.bias"];
const SECOND: [&str; 2] = ["logits.weight", "logits.bias"];

/// Steps by hand on batches of five.
fn by_hand<O: Optimizer>(
    mut net: Net,
    descent: &mut Descent<Net, O>,
    steps: usize,
    mut after: impl FnMut(&mut Net),
) -> Result<Net> {
    let data = samples(5 * steps);
    let mut training = Training::new(&net, 5)?;
    for (inputs, targets) in data.inputs().chunks(5).zip(data.targets().chunks(5)) {
        training.backward(&net, inputs, targets, &CrossEntropy)?;
        descent.apply(&mut net, training.gradients())?;
        after(&mut net);
    }
    Ok(net)
}

fn trainer<O: Optimizer>(optimizer: O, threads: usize) -> Trainer<O, CrossEntropy> {
    let trainer = Trainer::new(optimizer, CrossEntropy).batch(5);
    trainer.shuffle(false).threads(threads).quiet()
}

#[test]
fn what_is_frozen_stays_and_the_rest_learns() -> Result<()> {
    let adam = AdamW::new(0.01).weight_decay(0.5);
    // The frozen layer is set back after every step.
    let start = fresh();
    let mut descent = Descent::new(&start, adam)?;
    let expected = by_hand(start.clone(), &mut descent, 4, |net| {
        for name in FIRST {
            let values = start.parameters().get(name).expect(name);
            net.parameters_mut().set(name, &values).expect(name);
        }
    })?;
    let mut descent = Descent::new(&start, adam)?;
    descent.freeze("hidden")?;
    let found = by_hand(start.clone(), &mut descent, 4, |_| ())?;
    assert_eq!(all_bits(&found), all_bits(&expected));
    assert_ne!(bits(&found, "logits.bias"), bits(&start, "logits.bias"));

    for threads in [1, 3] {
        for clips in [false, true] {
            let mut trainer = trainer(adam, threads);
            if clips {
                trainer = trainer.clip_norm(1e9);
            }
            trainer.freeze("hidden");
            let mut net = start.clone();
            trainer.fit(&mut net, &samples(20))?;
            assert_eq!(all_bits(&net), all_bits(&expected), "{threads}, {clips}");
        }
    }
    Ok(())
}

/// A frozen layer's gradients are no part of the norm.
#[test]
fn the_norm_leaves_out_what_is_frozen() -> Result<()> {
    let (start, data) = (fresh(), samples(5));
    let mut training = Training::new(&start, 5)?;
    training.backward(&start, data.inputs(), data.targets(), &CrossEntropy)?;
    for name in FIRST {
        let zeros = training.gradients().get(name).expect(name).len();
        let zeros = alloc::vec![0.0; zeros];
        training.gradients_mut().set(name, &zeros)?;
    }
    training.clip_norm(0.01)?;
    let mut expected = start.clone();
    Descent::new(&start, Sgd::new(1.0))?.apply(&mut expected, training.gradients())?;
    let mut trainer = trainer(Sgd::new(1.0), 1).clip_norm(0.01);
    trainer.freeze("hidden");
    let mut net = start;
    trainer.fit(&mut net, &data)?;
    for (name, _) in net.parameters().names() {
        let found = net.parameters().get(name).expect(name);
        let expected = expected.parameters().get(name).expect(name);
        for (found, expected) in found.into_iter().zip(expected) {
            assert!(
                (found - expected).abs() <= 1e-7,
                "{name}: {found}, {expected}"
            );
        }
    }
    Ok(())
}

/// A tensor's count of steps waits while it is frozen: its first step behind is Adam's first, of the learning rate.
#[test]
fn what_is_thawed_goes_on_where_it_was() -> Result<()> {
    let start = fresh();
    let check = |before: &Net, after: &Net| {
        let read = |net: &Net| net.parameters().get("logits.bias").expect("a bias");
        for (before, after) in read(before).into_iter().zip(read(after)) {
            let moved = (after - before).abs();
            assert!((moved - 0.01).abs() < 1e-5, "{moved}");
        }
    };
    let mut descent = Descent::new(&start, Adam::new(0.01))?;
    descent.freeze("logits.bias")?;
    let frozen = by_hand(start.clone(), &mut descent, 10, |_| ())?;
    assert_eq!(bits(&frozen, "logits.bias"), bits(&start, "logits.bias"));
    descent.thaw("logits")?;
    let thawed = by_hand(frozen.clone(), &mut descent, 1, |_| ())?;
    check(&frozen, &thawed);

    let mut trainer = trainer(Adam::new(0.01), 1);
    let mut net = start.clone();
    trainer.freeze("logits.bias");
    trainer.fit(&mut net, &samples(50))?;
    assert_eq!(all_bits(&net), all_bits(&frozen));
    trainer.thaw("logits.bias");
    trainer.fit(&mut net, &samples(5))?;
    assert_eq!(all_bits(&net), all_bits(&thawed));
    Ok(())
}

#[test]
fn rates_are_factors_of_the_learning_rate() -> Result<()> {
    let start = fresh();
    let run = |rate: f64, factor: f64| -> Result<Net> {
        let mut descent = Descent::new(&start, Sgd::new(rate))?;
        descent.rate("hidden", factor)?;
        by_hand(start.clone(), &mut descent, 1, |_| ())
    };
    let (mixed, fast, slow) = (run(0.5, 0.25)?, run(0.5, 1.0)?, run(0.125, 1.0)?);
    for name in FIRST {
        assert_eq!(bits(&mixed, name), bits(&slow, name));
        assert_ne!(bits(&mixed, name), bits(&fast, name));
    }
    for name in SECOND {
        assert_eq!(bits(&mixed, name), bits(&fast, name));
    }
    let mut trainer = trainer(Sgd::new(0.5), 2);
    trainer.rate("hidden", 3.0);
    trainer.rate("hidden", 0.25);
    let mut net = start.clone();
    trainer.fit(&mut net, &samples(5))?;
    assert_eq!(all_bits(&net), all_bits(&mixed));
    Ok(())
}

#[test]
fn vectors_are_spared_where_asked() -> Result<()> {
    let start = fresh();
    let decays = AdamW::new(0.01).weight_decay(0.5);
    let run = |optimizer, spares| -> Result<Net> {
        let mut descent = Descent::new(&start, optimizer)?;
        if spares {
            descent = descent.decay_matrices_only();
        }
        by_hand(start.clone(), &mut descent, 1, |_| ())
    };
    let spared = run(decays, true)?;
    let (all, none) = (run(decays, false)?, run(decays.weight_decay(0.0), false)?);
    for name in ["hidden.weight", "logits.weight"] {
        assert_eq!(bits(&spared, name), bits(&all, name));
        assert_ne!(bits(&spared, name), bits(&none, name));
    }
    for name in ["hidden.bias", "logits.bias"] {
        assert_eq!(bits(&spared, name), bits(&none, name));
        assert_ne!(bits(&spared, name), bits(&all, name));
    }
    let mut net = start.clone();
    let mut trainer = trainer(decays, 2).decay_matrices_only();
    trainer.fit(&mut net, &samples(5))?;
    assert_eq!(all_bits(&net), all_bits(&spared));
    Ok(())
}

#[test]
fn names_and_numbers_of_no_use_are_refused() -> Result<()> {
    let start = fresh();
    let mut descent = Descent::new(&start, Sgd::new(0.1))?;
    for name in ["hidden.wieght", "3", "", "hidden.", "hidden.weight.x"] {
        let error = descent.freeze(name).expect_err(name);
        assert!(matches!(error, Error::UnknownParameter { .. }), "{error}");
    }
    let error = descent.thaw("hidden.wieght").expect_err("a name");
    assert!(
        error.to_string().contains("did you mean `hidden.weight`?"),
        "{error}"
    );
    for rate in [-1.0, f64::NAN, 1e300] {
        let error = descent.rate("hidden", rate).expect_err("a rate");
        assert!(error.to_string().contains("`rate`"), "{error}");
        let mut trainer = trainer(Sgd::new(0.1), 1);
        trainer.rate("hidden", rate);
        assert!(trainer.fit(&mut fresh(), &samples(5)).is_err());
    }
    let mut net = start.clone();
    let mut refused = trainer(Sgd::new(0.1), 1);
    refused.freeze("hidden.wieght");
    let error = refused.fit(&mut net, &samples(5)).expect_err("a name");
    assert!(matches!(error, Error::UnknownParameter { .. }), "{error}");
    for limit in [0.0, -1.0, f64::NAN] {
        let mut refused = trainer(Sgd::new(0.1), 1).clip_value(limit);
        let error = refused.fit(&mut net, &samples(5)).expect_err("a limit");
        assert!(error.to_string().contains("`clip_value`"), "{error}");
        assert!(Training::new(&net, 5)?.clip_value(limit).is_err());
    }
    let error = trainer(Sgd::new(0.1), 1)
        .accumulate(0)
        .fit(&mut net, &samples(5));
    assert!(
        error
            .expect_err("none")
            .to_string()
            .contains("`accumulate`")
    );
    for decay in [1.0, -0.1, f64::NAN] {
        assert!(Ema::new(&net, decay).is_err());
    }
    assert_eq!(all_bits(&net), all_bits(&start));
    Ok(())
}

#[test]
fn parts_of_a_batch_make_the_whole() -> Result<()> {
    let (net, data) = (fresh(), samples(20));
    let (inputs, targets) = (data.inputs(), data.targets());
    let mut whole = Training::new(&net, 20)?;
    let loss = whole.backward(&net, inputs, targets, &CrossEntropy)?;
    let parts = |threads| -> Result<(f64, Training<Net>)> {
        let mut training = Training::with_threads(&net, 10, threads)?;
        let mut loss = 0.0;
        for part in [0..10, 10..16, 16..20] {
            let rows = part.len() as f64;
            let (inputs, targets) = (&inputs[part.clone()], &targets[part]);
            loss += rows * training.accumulate(&net, inputs, targets, &CrossEntropy)?;
        }
        // What is refused changes nothing.
        let before = training.gradients().get("hidden.weight");
        let nan = [[f32::NAN; 7]];
        assert!(
            training
                .accumulate(&net, &nan, &[0], &CrossEntropy)
                .is_err()
        );
        assert_eq!(training.gradients().get("hidden.weight"), before);
        Ok((loss / 20.0, training))
    };
    let (mean, one) = parts(1)?;
    assert!((mean - loss).abs() < 1e-6 * loss);
    let (_, many) = parts(3)?;
    for (name, _) in net.parameters().names() {
        let read = |training: &Training<Net>| training.gradients().get(name).expect(name);
        assert_eq!(read(&one), read(&many), "{name}");
        for (found, expected) in read(&one).into_iter().zip(read(&whole)) {
            let bound = 1e-5 * expected.abs() + 1e-7;
            assert!(
                (found - expected).abs() <= bound,
                "{name}: {found}, {expected}"
            );
        }
    }
    // The next batch begins anew.
    let mut again = one;
    again.backward(&net, &inputs[..10], &targets[..10], &CrossEntropy)?;
    let mut alone = Training::new(&net, 10)?;
    alone.backward(&net, &inputs[..10], &targets[..10], &CrossEntropy)?;
    let read = |training: &Training<Net>| training.gradients().get("hidden.weight");
    assert_eq!(read(&again), read(&alone));
    Ok(())
}

#[test]
fn a_trainer_accumulates() -> Result<()> {
    let data = samples(32);
    let run = |batch, parts, threads| -> Result<(Net, Vec<f64>)> {
        let mut net = fresh();
        let trainer = trainer(Sgd::new(0.1).momentum(0.9), threads)
            .epochs(2)
            .keep_steps();
        let history = trainer
            .batch(batch)
            .accumulate(parts)
            .fit(&mut net, &data)?;
        let steps = history.epochs.into_iter().flat_map(|epoch| epoch.steps);
        Ok((net, steps.collect()))
    };
    let (whole, losses) = run(15, 1, 1)?;
    let (parts, parts_losses) = run(5, 3, 1)?;
    let (threads, _) = run(5, 3, 3)?;
    assert_eq!(all_bits(&parts), all_bits(&threads));
    // Two steps of fifteen and one of the two that are left, twice.
    assert_eq!((losses.len(), parts_losses.len()), (6, 6));
    for (name, _) in whole.parameters().names() {
        let read = |net: &Net| net.parameters().get(name).expect(name);
        for (found, expected) in read(&parts).into_iter().zip(read(&whole)) {
            let bound = 1e-5 * expected.abs() + 1e-6;
            assert!(
                (found - expected).abs() <= bound,
                "{name}: {found}, {expected}"
            );
        }
    }
    Ok(())
}

#[test]
fn values_are_clipped() -> Result<()> {
    let (net, data) = (fresh(), samples(5));
    let mut training = Training::new(&net, 5)?;
    training.backward(&net, data.inputs(), data.targets(), &CrossEntropy)?;
    let before = training.gradients().get("logits.weight").expect("a weight");
    training.clip_value(0.05)?;
    let after = training.gradients().get("logits.weight").expect("a weight");
    let clipped = before.iter().map(|g| g.clamp(-0.05, 0.05));
    assert!(clipped.eq(after) && before.iter().any(|g| g.abs() > 0.05));
    let mut expected = net.clone();
    Descent::new(&net, Sgd::new(1.0))?.apply(&mut expected, training.gradients())?;
    let mut found = net.clone();
    trainer(Sgd::new(1.0), 2)
        .clip_value(0.05)
        .fit(&mut found, &data)?;
    assert_eq!(all_bits(&found), all_bits(&expected));

    let mut gradients = training.gradients_mut();
    let mut values = gradients.get("hidden.bias").expect("a bias");
    values[2] = f32::INFINITY;
    gradients.set("hidden.bias", &values)?;
    let error = training.clip_value(1.0).expect_err("infinite");
    assert!(
        matches!(
            error,
            Error::NanGradient {
                name: "hidden.bias",
                index: 2,
                ..
            }
        ),
        "{error}"
    );
    Ok(())
}

#[test]
fn averages_follow() -> Result<()> {
    let start = fresh();
    let mut ema = Ema::new(&start, 0.75)?;
    assert_eq!(all_bits(ema.network()), all_bits(&start));
    let mut descent = Descent::new(&start, Adam::new(0.05))?;
    let mut averages: Option<Vec<f64>> = None;
    let last = by_hand(start, &mut descent, 20, |net| {
        ema.follow(net);
        let names = net.parameters().names();
        let all = names.flat_map(|(name, _)| net.parameters().get(name).expect(name));
        let all = all.map(f64::from);
        averages = Some(match averages.take() {
            None => all.collect(),
            Some(averages) => {
                let pairs = averages.into_iter().zip(all);
                pairs
                    .map(|(average, weight)| 0.75 * average + 0.25 * weight)
                    .collect()
            }
        });
    })?;
    let average = ema.into_network();
    assert_ne!(all_bits(&average), all_bits(&last));
    let names = average.parameters().names();
    let found = names.flat_map(|(name, _)| average.parameters().get(name).expect(name));
    for (found, expected) in found.zip(averages.expect("an average")) {
        assert!(
            (f64::from(found) - expected).abs() < 1e-6,
            "{found}, {expected}"
        );
    }
    // Padding stays zero.
    let blocks = average.arena();
    assert_eq!(
        blocks.last().map(|block| &block.0[OUTPUTS..]),
        Some(&[0.0; 13][..])
    );
    Ok(())
}

#[test]
fn schedules_count_steps_or_epochs() -> Result<()> {
    let data = samples(20);
    let by_trainer = |schedule: Option<usize>| -> Result<Net> {
        let mut net = fresh();
        let trainer = trainer(Sgd::new(0.1), 2).epochs(2);
        let mut trainer = match schedule {
            None => trainer.schedule(StepDecay::new(2).gamma(0.5).warm_up(1)),
            Some(0) => trainer.schedule(StepDecay::new(1).gamma(0.5).per_epoch()),
            Some(_) => trainer.schedule(|epoch| 0.5_f64.powi(epoch as i32)),
        };
        trainer.fit(&mut net, &data)?;
        Ok(net)
    };
    let by_hand = |factor: &dyn Fn(u64) -> f64| -> Result<Net> {
        let mut net = fresh();
        let mut training = Training::new(&net, 5)?;
        let mut descent = Descent::new(&net, Sgd::new(0.1))?;
        let batches = data.inputs().chunks(5).zip(data.targets().chunks(5));
        for (step, (inputs, targets)) in batches.clone().chain(batches).enumerate() {
            training.backward(&net, inputs, targets, &CrossEntropy)?;
            descent.scale_learning_rate(factor(step as u64))?;
            descent.apply(&mut net, training.gradients())?;
        }
        Ok(net)
    };
    let steps = [0.5, 1.0, 1.0, 0.5, 0.5, 0.25, 0.25, 0.125];
    let expected = by_hand(&|step| steps[step as usize])?;
    assert_eq!(all_bits(&by_trainer(None)?), all_bits(&expected));
    let expected = by_hand(&|step| if step < 4 { 1.0 } else { 0.5 })?;
    assert_eq!(all_bits(&by_trainer(Some(0))?), all_bits(&expected));
    assert_eq!(all_bits(&by_trainer(Some(1))?), all_bits(&expected));
    Ok(())
}

/// Notes what it is told.
struct Noting(Arc<Mutex<Vec<f64>>>);

impl Schedule for Noting {
    fn factor(&self, step: u64) -> f64 {
        if step == 7 { f64::NAN } else { 1.0 }
    }

    fn observe(&mut self, loss: f64) {
        self.0.lock().expect("a list").push(loss);
    }

    fn restart(&mut self) {
        self.0.lock().expect("a list").push(f64::INFINITY);
    }
}

#[test]
fn schedules_are_told_the_loss_of_every_epoch() -> Result<()> {
    let noted = Arc::new(Mutex::new(Vec::new()));
    let mut net = fresh();
    let mut trainer = trainer(Sgd::new(0.1), 1).schedule(Noting(noted.clone()));
    assert_eq!(Schedule::unit(&Noting(noted.clone())), Unit::Step);
    let history = trainer.fit(&mut net, &samples(10))?;
    let validated = trainer.fit_and_validate(&mut net, &samples(10), &samples(7))?;
    let validation = validated.epochs[0]
        .validation
        .as_ref()
        .map(|validation| validation.loss);
    let expected = [
        Some(f64::INFINITY),
        Some(history.epochs[0].loss),
        validation,
    ];
    let found: Vec<_> = noted
        .lock()
        .expect("a list")
        .iter()
        .copied()
        .map(Some)
        .collect();
    assert_eq!(found, expected);
    // Steps go on to be counted, and a factor of no use is an error.
    let before = all_bits(&net);
    let error = trainer.fit(&mut net, &samples(20)).expect_err("NaN");
    let message = "`schedule` is NaN for step 7, counted from 0";
    assert!(error.to_string().starts_with(message), "{error}");
    assert_ne!(all_bits(&net), before);
    Ok(())
}

#[test]
fn schedules_of_no_use_are_refused_before_training() {
    fn refused(schedule: impl Schedule + 'static, setting: &str) {
        let mut net = fresh();
        let before = all_bits(&net);
        let mut trainer = trainer(Sgd::new(0.1), 1).schedule(schedule);
        let error = trainer.fit(&mut net, &samples(10)).expect_err(setting);
        assert!(error.to_string().contains(setting), "{error}");
        assert_eq!(all_bits(&net), before);
    }
    refused(Cosine::new(0), "`steps`");
    refused(Cosine::new(5).least(-1.0).warm_up(10), "`least`");
    refused(ReduceOnPlateau::new().reduce_by(2.0), "`reduce_by`");
    refused(
        Constant::new(1.0).then(5, Constant::new(f64::NAN)),
        "`factor`",
    );
    refused(|_| f64::NAN, "`schedule`");
}

/// A plateau lowers the rate of a training that goes nowhere.
#[test]
fn a_plateau_is_noticed() -> Result<()> {
    let data = samples(10);
    let mut net = fresh();
    let plateau = ReduceOnPlateau::new()
        .patience(0)
        .reduce_by(0.0)
        .threshold(0.5);
    let mut trainer = Trainer::new(Sgd::new(1e-3), CrossEntropy).schedule(plateau);
    trainer = trainer.batch(10).threads(1).quiet();
    // The second loss is no better than the first by half, so that the third epoch has a rate of 0.
    trainer.fit(&mut net, &data)?;
    trainer.fit(&mut net, &data)?;
    let before = all_bits(&net);
    trainer.fit(&mut net, &data)?;
    assert_eq!(all_bits(&net), before);
    Ok(())
}

/// A loss of one's own works with parts as any other.
#[test]
fn parts_of_another_loss() -> Result<()> {
    let (net, data) = (fresh(), samples(4));
    let targets = [[0.5; OUTPUTS]; 4];
    let mut training = Training::new(&net, 4)?;
    training.backward(&net, &data.inputs()[..2], &targets[..2], &Mse)?;
    training.accumulate(&net, &data.inputs()[2..], &targets[2..], &Mse)?;
    let found = training.gradients().get("logits.bias").expect("a bias");
    training.backward(&net, data.inputs(), &targets, &Mse)?;
    let expected = training.gradients().get("logits.bias").expect("a bias");
    for (found, expected) in found.into_iter().zip(expected) {
        assert!((found - expected).abs() < 1e-6);
    }
    Ok(())
}
