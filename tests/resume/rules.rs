//! Whatever the rule remembers goes on.

use super::run::{Folder, Net, numbers, resume_everywhere, samples, told, trainer};
use kiln::{
    AnyOptimizer, Block, Optimizer, Result, Update,
    prelude::*,
    schedule::{Constant, OneCycle, Schedule},
    simd::vectors::*,
};
use std::fs;

#[test]
fn plain_descent_goes_on() -> Result<()> {
    resume_everywhere("sgd", || Sgd::new(0.1), |trainer| trainer).map(|_| ())
}

#[test]
fn momentum_goes_on() -> Result<()> {
    let momentum = || Sgd::new(0.05).momentum(0.9).dampening(0.1);
    resume_everywhere("momentum", momentum, |trainer| trainer.clip_norm(0.5)).map(|_| ())
}

#[test]
fn adam_goes_on() -> Result<()> {
    resume_everywhere("adam", || Adam::new(0.02), |trainer| trainer).map(|_| ())
}

#[test]
fn an_optimizer_that_is_chosen_goes_on() -> Result<()> {
    resume_everywhere(
        "any",
        || AnyOptimizer::from(AdamW::new(0.02)),
        |trainer| trainer.shuffle(false),
    )?;
    let momentum = || AnyOptimizer::from(Sgd::new(0.05).momentum(0.9));
    resume_everywhere("any_momentum", momentum, |trainer| trainer).map(|_| ())
}

/// Remembers three blocks, and gives nothing a name.
struct Slow;

struct SlowStep;

impl Optimizer for Slow {
    type Step = SlowStep;

    fn step(&self, _: u64, _: f64) -> SlowStep {
        SlowStep
    }

    fn learning_rate(&self) -> f64 {
        0.05
    }

    fn set_learning_rate(&mut self, _: f64) {}
}

impl Update for SlowStep {
    type State = [Block; 3];

    /// The gradients of three steps, each of which counts less.
    #[inline(always)]
    fn apply<S: Simd>(
        &self,
        s: S,
        gradient: f32x16<S>,
        weight: &mut Block,
        [a, b, c]: &mut [Block; 3],
    ) {
        (*c, *b) = (*b, *a);
        a.store(gradient);
        let half = f32x16::splat(s, 0.5);
        let sum = c.load(s).mul_add(half, b.load(s)).mul_add(half, a.load(s));
        weight.store(sum.mul_add(f32x16::splat(s, -0.05), weight.load(s)));
    }
}

#[test]
fn an_optimizer_of_ones_own_goes_on() -> Result<()> {
    resume_everywhere("own", || Slow, |trainer| trainer)?;
    let folder = Folder::new("own-names");
    let mut net = Net::new(Seed(1));
    let mut trainer = trainer(Slow).epochs(1);
    trainer.fit(&mut net, &samples(47))?;
    let path = folder.0.join("here");
    trainer.save_checkpoint(&path, &net)?;
    let bytes = fs::read(path)?;
    let file = safetensors::SafeTensors::deserialize(&bytes).expect("safetensors");
    assert_eq!(
        file.tensor("optimizer.state.2.out.weight")
            .expect("a state")
            .shape(),
        [3, 8]
    );
    Ok(())
}

#[test]
fn fits_go_on_one_after_another() -> Result<()> {
    let (folder, data) = (Folder::new("between"), samples(47));
    let path = folder.0.join("between");
    let mut net = Net::new(Seed(1));
    let mut undisturbed = trainer(Adam::new(0.02)).epochs(1);
    undisturbed.fit(&mut net, &data)?;
    undisturbed.save_checkpoint(&path, &net)?;
    let expected = undisturbed.fit(&mut net, &data)?;
    let mut other = Net::new(Seed(2));
    let mut resumed = trainer(Adam::new(0.02)).epochs(1);
    resumed.resume(&path, &mut other)?;
    let found = resumed.fit(&mut other, &data)?;
    assert_eq!(told(&found), told(&expected));
    assert_eq!(numbers(&other), numbers(&net));
    Ok(())
}

#[test]
fn every_rule_goes_on() -> Result<()> {
    fn goes_on<O: Optimizer + Copy>(name: &str, optimizer: O) -> Result<()> {
        resume_everywhere(name, || optimizer, |trainer| trainer.epochs(2)).map(|_| ())
    }
    goes_on("amsgrad", Adam::new(0.02).amsgrad())?;
    goes_on("nadam", NAdam::new(0.02))?;
    goes_on("radam", RAdam::new(0.02))?;
    goes_on("rmsprop", RmsProp::new(0.01).momentum(0.5).centered())?;
    goes_on("adagrad", Adagrad::new(0.05))?;
    goes_on("adadelta", Adadelta::new(1.0))?;
    goes_on("lion", Lion::new(0.01))
}

/// The momentum of a step is the schedule's, or the optimizer's own again where the schedule says none.
#[test]
fn a_cycled_momentum_goes_on() -> Result<()> {
    let cycle = OneCycle::new(12).then(12, Constant::new(0.5));
    resume_everywhere(
        "cycle",
        || Sgd::new(0.1).momentum(0.5),
        |trainer| trainer.schedule(cycle),
    )?;
    resume_everywhere(
        "cycled_adam",
        || Adam::new(0.02),
        |trainer| trainer.schedule(cycle),
    )?;
    Ok(())
}

/// An optimizer without momentum is refused before the first step, and a momentum that it does not take at its own.
#[test]
fn a_momentum_that_cannot_be_cycled_is_refused() -> Result<()> {
    fn refused<O: Optimizer + Copy>(
        optimizer: O,
        schedule: impl Schedule + 'static,
        expected: &str,
    ) -> Result<()> {
        let (mut net, data) = (Net::new(Seed(1)), samples(47));
        let before = numbers(&net);
        let mut descent = Descent::new(&net, optimizer)?;
        let error = descent.follow(&schedule).expect_err(expected).to_string();
        assert!(error.contains(expected), "{error}");
        let mut trainer = trainer(optimizer).schedule(schedule);
        let error = trainer
            .fit(&mut net, &data)
            .expect_err(expected)
            .to_string();
        assert!(error.contains(expected), "{error}");
        assert_eq!(numbers(&net), before);
        Ok(())
    }
    let none = "one that cycles the momentum of an optimizer without momentum";
    refused(Sgd::new(0.1), OneCycle::new(20), none)?;
    refused(RmsProp::new(0.1), OneCycle::new(20), none)?;
    refused(Adagrad::new(0.1), OneCycle::new(20), none)?;
    refused(Adadelta::new(0.1), OneCycle::new(20), none)?;
    refused(NAdam::new(0.1), OneCycle::new(20), none)?;
    refused(AnyOptimizer::from(Sgd::new(0.1)), OneCycle::new(20), none)?;
    // 1 is a momentum of `Sgd`, and no decay of a mean.
    let most = OneCycle::new(20).momenta(0.5, 1.0);
    refused(Adam::new(0.1), most, "`momenta` is 1.0")?;
    trainer(Sgd::new(0.1))
        .schedule(OneCycle::new(20).keep_momentum())
        .fit(&mut Net::new(Seed(1)), &samples(47))?;
    let wrong = OneCycle::new(20).momenta(-0.5, f64::NAN);
    assert!(wrong.check().is_err());
    Ok(())
}

/// A checkpoint has the name and the tensors of the rule that is at work, be it chosen while the program runs or not.
#[test]
fn states_have_pytorchs_names() -> Result<()> {
    let (folder, data) = (Folder::new("states"), samples(47));
    let path = folder.0.join("here");
    let kinds: [(AnyOptimizer, &str, &[&str]); 15] = [
        (Sgd::new(0.1).into(), "Sgd", &[]),
        (
            Sgd::new(0.1).momentum(0.5).into(),
            "Sgd with momentum",
            &["momentum_buffer"],
        ),
        (
            Adam::new(0.01).into(),
            "Adam",
            &["exp_avg", "exp_avg_sq_root"],
        ),
        (
            AdamW::new(0.01).into(),
            "AdamW",
            &["exp_avg", "exp_avg_sq_root"],
        ),
        (
            Adam::new(0.01).amsgrad().into(),
            "Adam with AMSGrad",
            &["exp_avg", "exp_avg_sq_root", "max_exp_avg_sq_root"],
        ),
        (
            AdamW::new(0.01).amsgrad().into(),
            "AdamW with AMSGrad",
            &["exp_avg", "exp_avg_sq_root", "max_exp_avg_sq_root"],
        ),
        (
            NAdam::new(0.01).into(),
            "NAdam",
            &["exp_avg", "exp_avg_sq_root"],
        ),
        (
            RAdam::new(0.01).into(),
            "RAdam",
            &["exp_avg", "exp_avg_sq_root"],
        ),
        (RmsProp::new(0.01).into(), "RmsProp", &["square_avg_root"]),
        (
            RmsProp::new(0.01).momentum(0.5).into(),
            "RmsProp with momentum",
            &["momentum_buffer", "square_avg_root"],
        ),
        (
            RmsProp::new(0.01).centered().into(),
            "centered RmsProp",
            &["grad_avg", "variance_root"],
        ),
        (
            RmsProp::new(0.01).centered().momentum(0.5).into(),
            "centered RmsProp with momentum",
            &["grad_avg", "momentum_buffer", "variance_root"],
        ),
        (Adagrad::new(0.01).into(), "Adagrad", &["sum_root"]),
        (
            Adadelta::new(0.1).into(),
            "Adadelta",
            &["acc_delta", "square_avg"],
        ),
        (Lion::new(0.001).into(), "Lion", &["exp_avg"]),
    ];
    for (optimizer, name, states) in kinds {
        let mut net = Net::new(Seed(1));
        let mut trainer = trainer(optimizer).epochs(1);
        trainer.fit(&mut net, &data)?;
        trainer.save_checkpoint(&path, &net)?;
        let bytes = fs::read(&path)?;
        let file = safetensors::SafeTensors::deserialize(&bytes).expect("safetensors");
        let mut found: Vec<_> = file
            .names()
            .into_iter()
            .filter_map(|name| name.strip_prefix("optimizer.")?.strip_suffix(".out.bias"))
            .collect();
        found.sort();
        assert_eq!(found, states, "{name}");
        assert_eq!(optimizer.name(), name);
    }
    // That of a chosen rule goes on by the rule itself.
    let mut net = Net::new(Seed(1));
    let mut chosen = trainer(AnyOptimizer::from(RAdam::new(0.02))).epochs(1);
    chosen.fit(&mut net, &data)?;
    chosen.save_checkpoint(&path, &net)?;
    chosen.fit(&mut net, &data)?;
    let mut resumed = Net::new(Seed(2));
    let mut known = trainer(RAdam::new(0.02)).epochs(1);
    known.resume(&path, &mut resumed)?;
    known.fit(&mut resumed, &data)?;
    assert_eq!(numbers(&resumed), numbers(&net));
    Ok(())
}
