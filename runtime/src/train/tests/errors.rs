//! Nothing a user hands over makes it panic.

use super::{
    mlp::{INPUTS, Mlp, OUTPUTS},
    net, samples, trainer,
};
use crate::{
    block::Block,
    data::Samples,
    error::{Error, Result},
    loss::{CrossEntropy, Loss},
    model::Model as _,
    optimizer::Sgd,
    parameters::Parameters,
    simd::Isa,
    train::{Trainer, Training},
};

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
            matches!(found, Err(Error::NanInput { row: 17, index: 4 })),
            "{found:?}"
        );
        let found = trainer.evaluate(&net(), &data).map(|_| ());
        assert!(
            matches!(found, Err(Error::NanInput { row: 17, index: 4 })),
            "{found:?}"
        );
        let mut training = Training::new(&net(), 40)?;
        let found = training.backward(&net(), data.inputs(), data.targets(), &CrossEntropy);
        assert!(
            matches!(found, Err(Error::NanInput { row: 17, index: 4 })),
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

/// `Relu` takes NaN for 0, so that the loss does not show what is wrong.
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
    let mut trainer = Trainer::new(Sgd::new(3e38), Steep).batch(40).quiet();
    let found = trainer.fit(&mut net(), &data).map(|_| ());
    assert!(
        matches!(found, Err(Error::NanWeight { epoch: Some(1), .. })),
        "{found:?}"
    );
    Ok(())
}

/// A loss with large gradients.
struct Steep;

impl Loss<[f32; OUTPUTS], usize> for Steep {
    fn row<S: Isa>(
        &self,
        _: S,
        _: &[f32; OUTPUTS],
        _: &usize,
        scale: f32,
        delta: &mut [f32; OUTPUTS],
    ) -> f32 {
        delta.fill(1e10 * scale);
        1.0
    }
}

#[test]
fn nothing_is_predicted_from_what_is_no_number() {
    let found = trainer().predict(&net(), &[[0.5; INPUTS], [f32::NAN; INPUTS]]);
    assert!(
        matches!(found, Err(Error::NanInput { row: 1, index: 0 })),
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
    let short = Parameters::<Mlp<false>, _>::new(&net.arena()[..1]);
    assert_eq!(short.get("hidden.weight"), None);
    let mut blocks = [Block::ZERO; 3];
    let mut short = Parameters::<Mlp<false>, _>::new(&mut blocks[..]);
    let found = short.set("logits.bias", &[1.0; OUTPUTS]);
    assert!(matches!(found, Err(Error::Layout { found: 48, .. })));
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
