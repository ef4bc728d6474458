//! Nothing a user hands over makes it panic.

use super::{
    mlp::{INPUTS, Mlp, OUTPUTS},
    net, samples, trainer,
};
use crate::{
    data::Samples,
    error::{Error, Result},
    loss::{CrossEntropy, Loss, Mse},
    model::Model as _,
    optimizer::Sgd,
    parameters::Parameters,
    simd::Isa,
    train::{Trainer, Training},
};
use alloc::vec::Vec;

/// No class, as an error shows it.
const LABEL: i128 = OUTPUTS as i128;

#[test]
fn labels_are_checked_before_the_first_step() -> Result<()> {
    let (inputs, mut targets) = samples(40).into_parts();
    targets[33] = OUTPUTS;
    let data = Samples::new(inputs, targets)?;
    let mut net = net();
    let before = net.arena().to_vec();
    let found = trainer().batch(4).fit(&mut net, &data);
    let expected = |error| {
        matches!(
            error,
            Err(Error::LabelOutOfRange {
                row: 33,
                label: LABEL,
                classes: OUTPUTS
            })
        )
    };
    assert!(expected(found.map(|_| ())));
    assert_eq!(before, net.arena());
    assert!(expected(trainer().evaluate(&net, &data).map(|_| ())));
    match trainer().fit_and_validate(&mut net, &samples(4), &data) {
        Err(Error::Validation(error)) => assert!(expected(Err(*error))),
        other => panic!("{other:?}"),
    }
    assert_eq!(before, net.arena());
    Ok(())
}

#[test]
fn a_bad_number_is_named() -> Result<()> {
    for threads in [1, 2] {
        let (mut inputs, targets) = samples(40).into_parts();
        inputs[17][4] = f32::NAN;
        inputs[18][1] = f32::INFINITY;
        let data = Samples::new(inputs, targets)?;
        let mut trainer = trainer().threads(threads).shuffle(false).batch(8);
        let found = trainer.fit(&mut net(), &data).map(|_| ());
        assert!(
            matches!(
                found,
                Err(Error::NanInput {
                    epoch: Some(1),
                    row: 17,
                    index: 4
                })
            ),
            "{found:?}"
        );
        let found = trainer.evaluate(&net(), &data).map(|_| ());
        assert!(
            matches!(
                found,
                Err(Error::NanInput {
                    epoch: None,
                    row: 17,
                    index: 4
                })
            ),
            "{found:?}"
        );
        let mut training = Training::new(&net(), 40)?;
        let found = training.backward(&net(), data.inputs(), data.targets(), &CrossEntropy);
        assert!(
            matches!(
                found,
                Err(Error::NanInput {
                    epoch: None,
                    row: 17,
                    index: 4
                })
            ),
            "{found:?}"
        );
    }
    Ok(())
}

#[test]
fn divergence_is_an_error_and_the_step_is_not_taken() -> Result<()> {
    let mut net = net();
    let mut trainer = Trainer::new(Sgd::new(1e38), CrossEntropy)
        .batch(10)
        .epochs(4)
        .quiet();
    let found = trainer.fit(&mut net, &samples(40)).map(|_| ());
    let Err(Error::NanLoss {
        epoch: Some(1),
        step,
    }) = found
    else {
        panic!("{found:?}");
    };
    assert!(step > 1);
    Ok(())
}

#[test]
fn batches_must_fit() -> Result<()> {
    let data = samples(10);
    let mut training = Training::new(&net(), 8)?;
    let mut backward = |inputs: &[[f32; INPUTS]], targets: &[usize]| {
        training.backward(&net(), inputs, targets, &CrossEntropy)
    };
    let (inputs, targets) = (data.inputs(), data.targets());
    assert!(matches!(
        backward(inputs, targets),
        Err(Error::Batch {
            expected: 8,
            found: 10
        })
    ));
    assert!(matches!(
        backward(&inputs[..4], &targets[..3]),
        Err(Error::Counts {
            inputs: 4,
            targets: 3
        })
    ));
    assert!(matches!(backward(&[], &[]), Err(Error::EmptyDataset)));
    assert!(matches!(
        backward(&inputs[..1], &[7]),
        Err(Error::LabelOutOfRange {
            row: 0,
            label: 7,
            ..
        })
    ));
    assert!(backward(&inputs[..8], &targets[..8]).is_ok());
    Ok(())
}

/// Before anything is computed, and after a step whose own loss was finite.
#[test]
fn weights_that_are_not_finite_are_named() -> Result<()> {
    let data = samples(40);
    let mut diverged = net();
    let bias = diverged.parameters().get("hidden.bias").unwrap_or_default();
    diverged
        .parameters_mut()
        .set("hidden.bias", &[&bias[..17], &[f32::NAN; 3]].concat())?;
    let is_named = |error| {
        matches!(
            error,
            Error::NanWeight {
                epoch: None,
                name: "hidden.bias",
                index: 17
            }
        )
    };
    let found = trainer().fit(&mut diverged, &data).map(|_| ());
    assert!(found.is_err_and(is_named));
    let found = trainer().evaluate(&diverged, &data).map(|_| ());
    assert!(found.is_err_and(is_named));
    let found = trainer().predict(&diverged, data.inputs()).map(|_| ());
    assert!(found.is_err_and(is_named));

    // One step, and no other whose loss could tell.
    let mut trainer = Trainer::new(Sgd::new(3e38), Steep(1e10)).batch(40).quiet();
    let found = trainer.fit(&mut net(), &data).map(|_| ());
    assert!(
        matches!(found, Err(Error::NanWeight { epoch: Some(1), .. })),
        "{found:?}"
    );
    Ok(())
}

/// A loss with large gradients, or infinite ones.
struct Steep(f32);

impl Loss<[f32; OUTPUTS], usize> for Steep {
    fn row<S: Isa>(
        &self,
        _: S,
        _: &[f32; OUTPUTS],
        _: &usize,
        scale: f32,
        delta: &mut [f32; OUTPUTS],
    ) -> f32 {
        delta.fill(self.0 * scale);
        1.0
    }
}

#[test]
fn nothing_is_predicted_from_what_is_no_number() {
    let found = trainer().predict(&net(), &[[0.5; INPUTS], [f32::NAN; INPUTS]]);
    assert!(
        matches!(
            found,
            Err(Error::NanInput {
                epoch: None,
                row: 1,
                index: 0
            })
        ),
        "{found:?}"
    );
    assert!(
        trainer()
            .predict(&net(), &[])
            .is_ok_and(|none| none.is_empty())
    );
}

#[test]
fn an_arena_may_be_too_small() {
    let net = net();
    for blocks in [0, 1, net.arena().len() - 1] {
        let short = &net.arena()[..blocks];
        let parameters = Parameters::<Mlp<false>, _>::new(short).err();
        let gradients = Parameters::<Mlp<false>, _>::of_gradients(short).err();
        for error in [parameters, gradients] {
            assert!(matches!(error, Some(Error::Lent { found, .. }) if found == blocks));
        }
    }
}

/// A loss that is never finite.
struct Nowhere;

impl<O> Loss<O, usize> for Nowhere {
    fn row<S: Isa>(&self, _: S, _: &O, _: &usize, _: f32, _: &mut O) -> f32 {
        f32::NAN
    }
}

#[test]
fn a_users_loss_may_fail() {
    let mut net = net();
    let before = net.arena().to_vec();
    let mut trainer = Trainer::new(Sgd::new(0.1), Nowhere).quiet();
    let found = trainer.fit(&mut net, &samples(40)).map(|_| ());
    assert!(matches!(
        found,
        Err(Error::NanLoss {
            epoch: Some(1),
            step: 1
        })
    ));
    assert_eq!(before, net.arena());
}

/// Squares of gradients above 1.8e19 overflow in `f32`, and so would clipping stop all weights.
#[test]
fn large_gradients_are_clipped_to_the_limit() -> Result<()> {
    let mut training = Training::new(&net(), 1)?;
    for (numbers, limit, norm, expected) in [
        ([-3e19, -4e19, 0.0], 1.0, 5e19, [-0.6, -0.8, 0.0]),
        ([3e38, 0.0, 0.0], 1.0, 3e38, [1.0, 0.0, 0.0]),
        ([3e-38, 4e-38, 0.0], 1.0, 5e-38, [3e-38, 4e-38, 0.0]),
        ([0.0, 3e30, 4e30], 1e-10, 5e30, [0.0, 6e-11, 8e-11]),
    ] {
        training.gradients_mut().set("logits.bias", &numbers)?;
        let found = training.clip_norm(limit)?;
        assert!((found - norm).abs() < 1e-6 * norm, "{found}, {norm}");
        let clipped = training.gradients().get("logits.bias").unwrap_or_default();
        for (found, expected) in clipped.into_iter().zip(expected) {
            assert!(
                (found - expected).abs() <= 1e-6 * expected.abs(),
                "{found}, {expected}"
            );
        }
    }
    training
        .gradients_mut()
        .set("logits.bias", &[1.0, f32::NAN, 0.0])?;
    let found = training.clip_norm(1.0);
    let name = "logits.bias";
    assert!(
        matches!(found, Err(Error::NanGradient { epoch: None, name: n, index: 1, .. }) if n == name),
        "{found:?}"
    );
    Ok(())
}

#[test]
fn a_clipped_fit_moves_or_says_why_not() -> Result<()> {
    let trainer = |steep| {
        Trainer::new(Sgd::new(0.1), Steep(steep))
            .clip_norm(1.0)
            .batch(40)
            .quiet()
    };
    let (mut moved, start) = (net(), net());
    trainer(1e30).fit(&mut moved, &samples(40))?;
    let change = |name: &str| -> f64 {
        let (before, after) = (start.parameters().get(name), moved.parameters().get(name));
        let pairs = before
            .into_iter()
            .flatten()
            .zip(after.into_iter().flatten());
        pairs.map(|(a, b)| f64::from(a - b).powi(2)).sum()
    };
    let length: f64 = start
        .parameters()
        .names()
        .map(|(name, _)| change(name))
        .sum();
    assert!((length.sqrt() - 0.1).abs() < 1e-6, "{length}");

    let mut kept = net();
    let found = trainer(f32::INFINITY)
        .fit(&mut kept, &samples(40))
        .map(|_| ());
    assert!(
        matches!(
            found,
            Err(Error::NanGradient {
                epoch: Some(1),
                step: 1,
                ..
            })
        ),
        "{found:?}"
    );
    assert_eq!(kept.arena(), start.arena());
    Ok(())
}

/// Inputs and weights are finite, and their products are not.
#[test]
fn answers_that_overflow_are_named() -> Result<()> {
    let mut large = net();
    for name in ["hidden.weight", "logits.weight"] {
        let numbers = large.parameters().get(name).unwrap_or_default();
        let numbers: Vec<f32> = numbers.iter().map(|w| w * 1e36).collect();
        large.parameters_mut().set(name, &numbers)?;
    }
    for threads in [1, 2] {
        let found = trainer()
            .threads(threads)
            .evaluate(&large, &samples(40))
            .map(|_| ());
        assert!(
            matches!(found, Err(Error::NanOutput { row: 0, .. })),
            "{found:?}"
        );
        let found = trainer()
            .threads(threads)
            .predict(&large, samples(40).inputs())
            .map(|_| ());
        assert!(
            matches!(found, Err(Error::NanOutput { row: 0, .. })),
            "{found:?}"
        );
    }
    let found = trainer().fit_and_validate(
        &mut net(),
        &samples(4),
        &Samples::new(samples(4).into_parts().0, [0_u8; 4])?,
    );
    assert!(found.is_ok_and(|history| history.epochs[0].validation.is_some()));
    let targets = Samples::new(samples(4).into_parts().0, [[3e38_f32; OUTPUTS]; 4])?;
    let found = Trainer::new(Sgd::new(0.1), Mse)
        .evaluate(&net(), &targets)
        .map(|_| ());
    assert!(
        matches!(found, Err(Error::NanScore { row: 0 })),
        "{found:?}"
    );
    let found = Trainer::new(Sgd::new(0.1), Nowhere)
        .evaluate(&net(), &samples(4))
        .map(|_| ());
    assert!(
        matches!(found, Err(Error::NanScore { row: 0 })),
        "{found:?}"
    );
    Ok(())
}
