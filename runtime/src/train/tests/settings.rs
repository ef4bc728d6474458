//! Settings by which nothing is learnt are refused before training begins.

use super::{net, samples, trainer};
use crate::{
    error::{Error, Result},
    loss::CrossEntropy,
    optimizer::{Adam, AdamW, AnyOptimizer, Optimizer, Sgd},
    train::{Descent, Trainer, Training},
};
use alloc::string::ToString;

#[test]
fn settings_that_make_no_sense_are_refused() {
    let data = samples(10);
    let cases = [
        ("epochs", trainer().epochs(0)),
        ("batch", trainer().batch(0)),
        ("threads", trainer().threads(0)),
        ("clip_norm", trainer().clip_norm(-1.0)),
        ("clip_norm", trainer().clip_norm(f64::NAN)),
    ];
    for (name, mut trainer) in cases {
        match trainer.fit(&mut net(), &data) {
            Err(Error::Setting { setting, .. }) => assert_eq!(setting, name),
            other => panic!("{name}: {other:?}"),
        }
    }
    let none = trainer().threads(0).evaluate(&net(), &data);
    assert!(matches!(
        none,
        Err(Error::Setting {
            setting: "threads",
            ..
        })
    ));
    let none = Training::new(&net(), 0).map(|_| ());
    assert!(matches!(
        none,
        Err(Error::Setting {
            setting: "batch",
            ..
        })
    ));
}

#[test]
fn numbers_that_teach_nothing_are_refused() {
    fn refused(name: &str, optimizer: impl Optimizer) {
        let mut net = net();
        let before = net.arena().to_vec();
        let mut trainer = Trainer::new(optimizer, CrossEntropy).quiet();
        match trainer.fit(&mut net, &samples(10)) {
            Err(Error::Setting { setting, .. }) => assert_eq!(setting, name),
            other => panic!("{name}: {other:?}"),
        }
        assert_eq!(before, net.arena());
    }
    let by_hand = Descent::new(&net(), Sgd::new(-0.1));
    assert!(matches!(
        by_hand.map(|_| ()),
        Err(Error::Setting {
            setting: "learning_rate",
            ..
        })
    ));
    for rate in [f64::NAN, -0.1, f64::INFINITY, 1e39] {
        refused("learning_rate", Sgd::new(rate));
        refused("learning_rate", Sgd::new(rate).momentum(0.9));
        refused("learning_rate", Adam::new(rate));
        refused("learning_rate", AdamW::new(rate));
        refused("weight_decay", Sgd::new(0.1).weight_decay(rate));
        refused("weight_decay", Adam::default().weight_decay(rate));
        refused("epsilon", Adam::default().epsilon(rate));
    }
    for factor in [f64::NAN, -0.1, 1.1] {
        refused("momentum", Sgd::new(0.1).momentum(factor));
        refused("dampening", Sgd::new(0.1).momentum(0.9).dampening(factor));
        refused("beta1", Adam::default().betas(factor, 0.9));
        refused("beta2", AdamW::default().betas(0.9, factor));
    }
    // Between 0 and 1, but not as `f32`.
    let almost = 1.0 - 1e-9;
    refused("beta1", Adam::default().betas(almost, 0.9));
    refused("beta2", AdamW::default().betas(0.9, almost));
    // Smaller than any gradient that counts.
    refused("epsilon", Adam::default().epsilon(1e-19));
    refused("epsilon", AdamW::default().epsilon(f64::MIN_POSITIVE));
    // As in PyTorch.
    refused("nesterov", Sgd::new(0.1).momentum(0.0).nesterov());
    refused(
        "nesterov",
        Sgd::new(0.1).momentum(0.9).dampening(0.1).nesterov(),
    );
    refused(
        "nesterov",
        Sgd::new(0.1).momentum(0.9).nesterov().dampening(0.1),
    );
    refused("learning_rate", AnyOptimizer::from(Sgd::new(-0.1)));
    refused("momentum", AnyOptimizer::from(Sgd::new(0.1).momentum(2.0)));
    refused("epsilon", AnyOptimizer::from(Adam::default().epsilon(-1.0)));
    refused(
        "beta1",
        AnyOptimizer::from(AdamW::default().betas(1.0, 0.9)),
    );
    refused("beta1", Adam::default().betas(1.0, 0.9));
    refused("beta2", Adam::default().betas(0.9, 1.0));
    for zero in [
        Adam::new(0.0),
        Adam::default().epsilon(0.0).betas(0.0, 0.0),
        Adam::default().epsilon(1e-18),
    ] {
        assert!(zero.check().is_ok(), "{zero:?}");
    }
}

#[test]
fn a_schedule_is_checked_in_every_epoch() {
    let mut net = net();
    let schedule = |epoch| if epoch < 2 { 1.0 } else { -1.0 };
    let mut trainer = trainer().epochs(3).schedule(schedule);
    let error = trainer.fit(&mut net, &samples(10)).err();
    assert_eq!(
        error.map(|error| error.to_string()).as_deref(),
        Some(
            "`schedule` is -1.0 for epoch 2, counted from 0, but must be 0 or more and finite as `f32`, such as 1.0"
        )
    );
    for factor in [f64::NAN, f64::INFINITY, 1e300] {
        let mut net = super::net();
        let before = net.arena().to_vec();
        let mut trainer = super::trainer().schedule(move |_| factor);
        let found = trainer.fit(&mut net, &samples(10)).map(|_| ());
        assert!(
            matches!(
                found,
                Err(Error::Setting {
                    setting: "schedule",
                    ..
                })
            ),
            "{found:?}"
        );
        assert_eq!(before, net.arena());
    }
}

#[test]
fn batches_beyond_memory_are_refused() {
    for batch in [usize::MAX, usize::MAX / 64, 1 << 50] {
        let found = Training::new(&net(), batch).map(|_| ());
        assert!(
            matches!(
                found,
                Err(Error::Setting {
                    setting: "batch",
                    ..
                })
            ),
            "{found:?}"
        );
    }
}

#[test]
fn no_more_threads_are_started_than_are_of_use() {
    for threads in [10_000, usize::MAX] {
        let mut trainer = trainer().threads(threads);
        assert!(trainer.fit(&mut net(), &samples(10)).is_ok());
        assert!(trainer.evaluate(&net(), &samples(10)).is_ok());
    }
}

#[test]
fn gradients_are_not_turned_back() -> Result<()> {
    let data = samples(10);
    let mut training = Training::new(&net(), 10)?;
    training.backward(&net(), data.inputs(), data.targets(), &CrossEntropy)?;
    let before = training.gradients().norm();
    for limit in [0.0, -1.0, f64::NAN] {
        assert!(matches!(
            training.clip_norm(limit),
            Err(Error::Setting {
                setting: "clip_norm",
                ..
            })
        ));
    }
    assert_eq!(training.gradients().norm(), before);
    assert_eq!(training.clip_norm(f64::INFINITY)?, before);
    Ok(())
}

#[test]
fn a_descent_checks_what_enters_it() -> Result<()> {
    let data = samples(10);
    let (mut moved, start) = (net(), net());
    let mut training = Training::new(&moved, 10)?;
    training.backward(&moved, data.inputs(), data.targets(), &CrossEntropy)?;
    let mut descent = Descent::new(&moved, Sgd::new(0.1))?;
    for factor in [f64::NAN, f64::INFINITY, -1.0, 1e300] {
        let found = descent.scale_learning_rate(factor);
        assert!(
            matches!(
                found,
                Err(Error::Setting {
                    setting: "scale_learning_rate",
                    ..
                })
            ),
            "{found:?}"
        );
    }
    for rate in [f64::NAN, -0.1] {
        descent.optimizer.learning_rate = rate;
        let found = descent.apply(&mut moved, training.gradients());
        assert!(
            matches!(
                found,
                Err(Error::Setting {
                    setting: "learning_rate",
                    ..
                })
            ),
            "{found:?}"
        );
    }
    descent.optimizer.learning_rate = 0.1;
    assert_eq!(moved.arena(), start.arena());

    // The factor that was refused left the one before.
    let mut expected = start.clone();
    Descent::new(&expected, Sgd::new(0.1))?.apply(&mut expected, training.gradients())?;
    descent.apply(&mut moved, training.gradients())?;
    assert_eq!(moved.arena(), expected.arena());
    assert_ne!(moved.arena(), start.arena());
    Ok(())
}
