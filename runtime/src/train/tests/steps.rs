//! What steps compute, on how many threads.

use super::{
    inference::reference,
    mlp::{INPUTS, Mlp, OUTPUTS},
    samples,
};
use crate::{
    block::Block,
    error::Result,
    loss::{CrossEntropy, Mse},
    model::Model,
    network::Network,
    optimizer::{Adam, AdamW, AnyOptimizer, Optimizer, Sgd},
    parameters::{Seed, initialized},
    train::{Descent, Trainer, Training},
};
use alloc::{boxed::Box, vec::Vec};

/// The parameters after training, and the losses of all epochs.
fn trained<O: Optimizer>(
    optimizer: O,
    change: impl Fn(Trainer<O, CrossEntropy>) -> Trainer<O, CrossEntropy>,
) -> Result<(Vec<u32>, Vec<f64>)> {
    let mut net: Mlp<true, true> = initialized(Seed(3));
    let trainer = Trainer::new(optimizer, CrossEntropy).epochs(3).batch(13);
    let mut trainer = change(trainer.seed(5).quiet());
    let history = trainer.fit_and_validate(&mut net, &samples(50), &samples(30))?;
    let mut losses: Vec<_> = history.epochs.iter().map(|epoch| epoch.loss).collect();
    let validations = history
        .epochs
        .iter()
        .filter_map(|epoch| epoch.validation.as_ref());
    losses.extend(validations.map(|validation| validation.loss));
    Ok((bits(&net), losses))
}

fn bits<N: Model>(net: &N) -> Vec<u32> {
    let parameters = net.parameters();
    let numbers = parameters.blocks().iter().flat_map(|block| block.0);
    numbers.map(f32::to_bits).collect()
}

#[test]
fn any_number_of_threads_gives_the_same_bits() -> Result<()> {
    let one = trained(Adam::default(), |trainer| trainer.threads(1))?;
    let clipped = trained(Sgd::new(0.1).momentum(0.9), |trainer| {
        trainer.threads(1).clip_norm(0.05)
    })?;
    assert_ne!(one.0, clipped.0);
    for threads in [2, 3, 4, 7] {
        let many = trained(Adam::default(), |trainer| trainer.threads(threads))?;
        assert_eq!(one, many, "{threads} threads");
        let many = trained(Sgd::new(0.1).momentum(0.9), |trainer| {
            trainer.threads(threads).clip_norm(0.05)
        })?;
        assert_eq!(clipped, many, "{threads} threads, clipped");
    }
    Ok(())
}

#[test]
fn fits_go_on_where_they_ended() -> Result<()> {
    let (data, mut whole, mut parts) = (
        samples(50),
        initialized::<Mlp<true>>(Seed(3)),
        initialized::<Mlp<true>>(Seed(3)),
    );
    let trainer = || {
        Trainer::new(Adam::new(0.01), CrossEntropy)
            .batch(16)
            .threads(1)
            .quiet()
    };
    trainer().epochs(3).fit(&mut whole, &data)?;
    let mut trainer = trainer();
    for _ in 0..3 {
        trainer.fit(&mut parts, &data)?;
    }
    assert_eq!(bits(&whole), bits(&parts));
    Ok(())
}

/// What a trainer keeps belongs to the weights that it left, not to a name, a size, or a place in memory.
#[test]
fn only_the_network_that_was_trained_goes_on() -> Result<()> {
    let data = samples(50);
    let trainer = || {
        Trainer::new(Adam::new(0.01), CrossEntropy)
            .batch(16)
            .threads(1)
            .quiet()
    };
    let fresh = |seed| initialized::<Mlp<true>>(Seed(seed));
    let used = || -> Result<_> {
        let (mut trainer, mut net) = (trainer(), fresh(3));
        trainer.fit(&mut net, &data)?;
        Ok((trainer, net))
    };
    let anew = |mut net: Mlp<true>| -> Result<_> {
        trainer().fit(&mut net, &data)?;
        Ok(bits(&net))
    };
    let (mut twice, left) = (fresh(3), used()?.1);
    trainer().epochs(2).fit(&mut twice, &data)?;

    // A clone in another place goes on, for it is where training ended.
    let mut moved = alloc::boxed::Box::new(left.clone());
    used()?.0.fit(&mut *moved, &data)?;
    assert!(bits(&*moved) == bits(&twice));

    // Another network of the same kind begins anew, and so does the first one then: the moments are no longer its own.
    let (mut trainer_of_two, mut first) = used()?;
    let mut second = fresh(4);
    trainer_of_two.fit(&mut second, &data)?;
    assert!(bits(&second) == anew(fresh(4))?);
    trainer_of_two.fit(&mut first, &data)?;
    assert!(bits(&first) == anew(left.clone())?);

    // Another kind with the same name, size and weights begins anew.
    let other_kind = || Mlp::<false>::from_arena(Box::<[Block]>::from(left.arena()).into());
    let (mut found, mut expected) = (other_kind(), other_kind());
    used()?.0.fit(&mut found, &data)?;
    trainer().fit(&mut expected, &data)?;
    assert!(bits(&found) == bits(&expected));

    // So do weights that were changed, and a trainer that was reset.
    let mut changed = left.clone();
    changed.arena_mut()[0].0[0] += 1.0;
    let expected = anew(changed.clone())?;
    used()?.0.fit(&mut changed, &data)?;
    assert!(bits(&changed) == expected);
    let (mut trainer, mut net) = used()?;
    trainer.reset();
    trainer.fit(&mut net, &data)?;
    assert!(bits(&net) == anew(left)?);
    Ok(())
}

#[test]
fn a_task_is_learnt() -> Result<()> {
    let mut net: Mlp<false> = initialized(Seed(1));
    let mut trainer = Trainer::new(Adam::new(0.01), CrossEntropy)
        .epochs(30)
        .schedule(|epoch| if epoch < 20 { 1.0 } else { 0.1 })
        .threads(2)
        .quiet();
    let before = trainer.evaluate(&net, &samples(500))?;
    let history = trainer.fit(&mut net, &samples(500))?;
    let after = trainer.evaluate(&net, &samples(500))?;
    assert!(after.loss < 0.15 && before.loss > 1.0, "{before}; {after}");
    assert!(after.accuracy > Some(0.96), "{after}");
    assert_eq!(history.epochs.len(), 30);
    // Each sample counts once, though the last batch is smaller.
    assert!(history.epochs[29].accuracy > Some(0.96), "{history:?}");
    let answers = trainer.predict(&net, samples(500).inputs())?;
    let data = samples(500);
    let right = answers.iter().zip(data.targets());
    let right = right.filter(|(answer, target)| crate::loss::argmax(*answer) == **target);
    assert_eq!(Some(right.count() as f64 / 500.0), after.accuracy);
    Ok(())
}

/// Gradients of the mean loss, penalties included, against central differences in double precision.
#[test]
fn gradients_agree_with_differences() -> Result<()> {
    let mut net: Mlp<false, true> = initialized(Seed(11));
    let data = samples(9);
    let target = |label: usize| core::array::from_fn(|i| if i == label { 0.9 } else { -0.2 });
    let targets: Vec<[f32; OUTPUTS]> = data.targets().iter().copied().map(target).collect();
    let mut training = Training::with_threads(&net, 12, 2)?;
    training.backward(&net, data.inputs(), &targets, &Mse)?;
    let loss = |net: &Mlp<false, true>| {
        let square = |(y, t): (f64, &f32)| (y - f64::from(*t)).powi(2) / OUTPUTS as f64;
        let mse = |(input, target): (_, &[f32; OUTPUTS])| -> f64 {
            reference(net, input)
                .into_iter()
                .zip(target)
                .map(square)
                .sum()
        };
        let sum: f64 = data.inputs().iter().zip(&targets).map(mse).sum();
        let penalty = Mlp::<false, true>::PENALTY.loss(&net.arena()[..2 * INPUTS]);
        sum / data.len() as f64 + penalty
    };
    for (name, _) in net.parameters().names() {
        let gradient = training.gradients().get(name).unwrap_or_default();
        let original = net.parameters().get(name).unwrap_or_default();
        assert_eq!(gradient.len(), original.len());
        for (index, &gradient) in gradient.iter().enumerate() {
            // The weight that is set, which rounding shifts a little, and the loss there.
            let mut at = |shift: f32| -> Result<(f64, f64)> {
                let mut values = original.clone();
                values[index] += shift;
                net.parameters_mut().set(name, &values)?;
                Ok((f64::from(values[index]), loss(&net)))
            };
            let (up, down) = (at(1e-5)?, at(-1e-5)?);
            net.parameters_mut().set(name, &original)?;
            let difference = (up.1 - down.1) / (up.0 - down.0);
            let error = (difference - f64::from(gradient)).abs();
            assert!(
                error < 1e-6,
                "{name}[{index}]: {gradient}, {difference} by differences"
            );
        }
    }
    Ok(())
}

/// A loop of one's own does what the trainer does, and both clips agree with PyTorch's definition.
#[test]
fn a_loop_by_hand_takes_the_same_steps() -> Result<()> {
    let data = samples(26);
    let (mut by_hand, mut trained) = (
        initialized::<Mlp<true, true>>(Seed(2)),
        initialized::<Mlp<true, true>>(Seed(2)),
    );
    let mut training = Training::new(&by_hand, 13)?.seed(9);
    let mut descent = Descent::new(&by_hand, Sgd::new(0.05).momentum(0.9).nesterov()).unwrap();
    let mut losses = 0.0;
    for (inputs, targets) in data.inputs().chunks(13).zip(data.targets().chunks(13)) {
        losses += training.backward(&by_hand, inputs, targets, &CrossEntropy)?;
        let before = training.clip_norm(0.1)?;
        assert!(before > 0.1);
        assert!((training.gradients().norm() - 0.1).abs() < 1e-4);
        descent.apply(&mut by_hand, training.gradients())?;
    }
    let mut trainer = Trainer::new(Sgd::new(0.05).momentum(0.9).nesterov(), CrossEntropy);
    trainer = trainer
        .batch(13)
        .seed(9)
        .shuffle(false)
        .clip_norm(0.1)
        .threads(1)
        .quiet();
    let history = trainer.fit(&mut trained, &data)?;
    assert_eq!(bits(&by_hand), bits(&trained));
    assert!((history.epochs[0].loss - losses / 2.0).abs() < 1e-9);
    Ok(())
}

/// Fused updates and updates through the arena round differently in no place.
#[test]
fn the_arena_and_the_registers_agree() -> Result<()> {
    let data = samples(20);
    let (mut stored, mut fused) = (
        initialized::<Mlp<true, true>>(Seed(2)),
        initialized::<Mlp<true, true>>(Seed(2)),
    );
    let trainer = |clip: bool, net: &mut Mlp<true, true>| {
        let trainer = Trainer::new(Adam::default(), CrossEntropy)
            .batch(7)
            .threads(1)
            .quiet();
        let mut trainer = if clip {
            trainer.clip_norm(1e9)
        } else {
            trainer
        };
        trainer.fit(net, &data)
    };
    trainer(true, &mut stored)?;
    trainer(false, &mut fused)?;
    assert_eq!(bits(&stored), bits(&fused));
    Ok(())
}

#[test]
fn padding_stays_zero() -> Result<()> {
    let mut net: Mlp<true, true> = initialized(Seed(2));
    let mut zeros: Mlp<true, true> = initialized(Seed(2));
    let mut trainer = Trainer::new(Adam::default().weight_decay(0.1), CrossEntropy)
        .epochs(5)
        .quiet();
    trainer.fit(&mut net, &samples(40))?;
    for (name, shape) in net.parameters().names() {
        zeros
            .parameters_mut()
            .set(name, &alloc::vec![0.0; shape.iter().product()])?;
        net.parameters_mut()
            .set(name, &alloc::vec![0.0; shape.iter().product()])?;
    }
    assert!(bits(&zeros).iter().all(|&bits| bits == 0));
    assert!(bits(&net).iter().all(|&bits| bits & 0x7fff_ffff == 0));
    Ok(())
}

#[test]
fn steps_are_kept_if_asked_for() -> Result<()> {
    let mut net: Mlp<true> = initialized(Seed(2));
    let trainer = || {
        Trainer::new(Adam::default(), CrossEntropy)
            .batch(7)
            .epochs(2)
            .quiet()
    };
    let history = trainer().keep_steps().fit(&mut net.clone(), &samples(20))?;
    for epoch in &history.epochs {
        assert_eq!(epoch.steps.len(), 3);
        let sum = 7.0 * (epoch.steps[0] + epoch.steps[1]) + 6.0 * epoch.steps[2];
        assert!((sum / 20.0 - epoch.loss).abs() < 1e-12);
    }
    let history = trainer().fit(&mut net, &samples(20))?;
    assert!(history.epochs.iter().all(|epoch| epoch.steps.is_empty()));
    Ok(())
}

/// An optimizer that is chosen while the program runs takes the steps of the one that it holds.
#[test]
fn a_chosen_optimizer_takes_the_same_steps() -> Result<()> {
    fn same<O: Optimizer + Copy + Into<AnyOptimizer>>(optimizer: O) -> Result<()> {
        let change = |trainer: Trainer<O, CrossEntropy>| trainer.threads(1);
        let expected = trained(optimizer, change)?;
        assert_eq!(
            trained(optimizer.into(), |trainer| trainer.threads(2))?,
            expected
        );
        Ok(())
    }
    same(Sgd::new(0.1).weight_decay(0.01))?;
    same(Sgd::new(0.1).momentum(0.9).nesterov())?;
    same(Adam::new(0.01))?;
    same(AdamW::new(0.01))
}
