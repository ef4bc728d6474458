//! The factors of every schedule, step by step, and a run by one of them.

use kiln::{
    Adagrad, Adam, AdamW, AnyOptimizer, Descent, Lion, Model, Mse, Optimizer, RAdam, RmsProp, Seed,
    Sgd, Trainer, Training,
    data::Samples,
    schedule::{
        Constant, Cosine, Exponential, Linear, MultiStep, OneCycle, Polynomial, ReduceOnPlateau,
        Schedule, StepDecay,
    },
};

use crate::{assert_close, file::Golden, on_every_instruction_set};

kiln::model! {
    struct Mlp(x: [6]) -> [4] {
        Dense(21),
        Tanh,
        Dense(4),
    }
}

/// Holds a factor against PyTorch's learning rate.
fn assert_factor(name: &str, step: usize, found: f64, expected: f32) {
    let expected = f64::from(expected);
    assert!(
        (found - expected).abs() <= 1e-6 * expected.max(1e-3),
        "{name} in step {step}: {found}, PyTorch {expected}"
    );
}

#[test]
fn factors() {
    let golden = Golden::open("schedules");
    let check = |name: &str, schedule: &dyn Schedule| {
        schedule.check().expect(name);
        let rates: Vec<f32> = golden.get(name);
        assert_eq!(rates.len(), 60);
        for (step, rate) in rates.into_iter().enumerate() {
            assert_factor(name, step, schedule.factor(step as u64), rate);
        }
    };
    check("constant", &Constant::new(1.0 / 3.0).until(5));
    check("linear", &Linear::new(1.0 / 3.0, 1.0, 5));
    check("linear_down", &Linear::new(0.75, 0.125, 40));
    check("step_decay", &StepDecay::new(7));
    check("step_decay_half", &StepDecay::new(10).gamma(0.5));
    check("multi_step", &MultiStep::new([3, 20, 20, 41]).gamma(0.5));
    check("exponential", &Exponential::new(0.9));
    check("polynomial", &Polynomial::new(5));
    check("polynomial_square", &Polynomial::new(30).power(2.0));
    check("cosine", &Cosine::new(50));
    check("cosine_least", &Cosine::new(20).least(0.125));
    check("restarts", &Cosine::new(7).restarts(1));
    check("restarts_longer", &Cosine::new(5).least(0.125).restarts(2));
    check("restarts_thrice", &Cosine::new(2).restarts(3));
    check("one_cycle", &OneCycle::new(60));
    check("one_cycle_linear", &linear_cycle());
    check("one_cycle_three", &OneCycle::new(60).three_phases());
    check("warm_up_cosine", &Cosine::new(50).warm_up(10));
    check("warm_up_exponential", &Exponential::new(0.9).warm_up(5));
    let chained = Constant::new(0.5)
        .until(10)
        .then(10, Exponential::new(0.9))
        .then(30, StepDecay::new(10).gamma(0.5));
    check("chained", &chained);
}

fn linear_cycle() -> OneCycle {
    let cycle = OneCycle::new(61).rise(0.25).divisors(10.0, 100.0);
    cycle.linear().momenta(0.5, 0.75)
}

#[test]
fn momenta() {
    let golden = Golden::open("schedules");
    let check = |name: &str, schedule: &dyn Schedule, first: u64| {
        let momenta: Vec<f32> = golden.get(&format!("{name}.momenta"));
        assert_eq!(momenta.len(), 60);
        for (step, expected) in momenta.into_iter().enumerate() {
            let found = schedule.momentum(first + step as u64).expect(name);
            assert_factor(name, step, found, expected);
        }
    };
    check("one_cycle", &OneCycle::new(60), 0);
    check("one_cycle_linear", &linear_cycle().per_epoch(), 0);
    let three = OneCycle::new(60).three_phases();
    check("one_cycle_three", &three.warm_up(5), 5);
    check("one_cycle_three", &Constant::new(1.0).then(7, three), 7);
    assert_eq!(three.warm_up(5).momentum(2), Some(0.95));
    assert_eq!(Constant::new(1.0).then(7, three).momentum(6), None);
    assert_eq!(three.keep_momentum().momentum(0), None);
}

#[test]
fn plateaus() {
    let golden = Golden::open("schedules");
    let losses: Vec<f32> = golden.get("losses");
    let check = |name: &str, mut schedule: ReduceOnPlateau| {
        schedule.check().expect(name);
        let rates: Vec<f32> = golden.get(name);
        assert!(rates.last() < rates.first(), "{name} was reduced");
        for (step, (loss, rate)) in losses.iter().zip(rates).enumerate() {
            assert_factor(name, step, schedule.factor(step as u64), rate);
            schedule.observe(f64::from(*loss));
        }
    };
    let usual = ReduceOnPlateau::new();
    check("plateau", usual);
    let patient = usual.patience(2).reduce_by(0.5).threshold(0.0625);
    check("plateau_patience", patient);
    let absolute = usual
        .patience(3)
        .reduce_by(0.25)
        .absolute_threshold(0.03125);
    check("plateau_absolute", absolute.cooldown(4));
    let least = usual.patience(0).reduce_by(0.5).least(0.0625);
    check("plateau_least", least);
}

/// Twenty steps, by hand and in the trainer.
#[test]
fn a_run() {
    let run = Run(Golden::open("train_scheduled"));
    run.check("adam", Adam::new(0.01), Cosine::new(16).warm_up(4));
}

/// So with a momentum that goes through a cycle.
#[test]
fn cycles() {
    let run = Run(Golden::open("train_one_cycle"));
    let (cycle, sgd) = (OneCycle::new(20), Sgd::new(0.1).momentum(0.9));
    run.check("sgd", sgd, cycle);
    run.check("nesterov", sgd.nesterov(), cycle.three_phases());
    run.check("adam", Adam::new(0.01), cycle);
    run.check("adamw", AdamW::new(0.01), cycle.momenta(0.5, 0.75));
    run.check("radam", RAdam::new(0.01), cycle.linear());
    run.check("rms_prop", RmsProp::new(1e-3).momentum(0.5), cycle);
    run.check("lion", Lion::new(1e-3), cycle);
    run.check("adam", AnyOptimizer::from(Adam::new(0.01)), cycle);
    run.check("adagrad_kept", Adagrad::new(0.1), cycle.keep_momentum());
}

/// Runs of twenty steps that stand in a file.
struct Run(Golden);

impl Run {
    fn check<O: Optimizer + Copy>(
        &self,
        name: &str,
        optimizer: O,
        schedule: impl Schedule + Copy + 'static,
    ) {
        let Self(golden) = self;
        let inputs: Vec<[f32; 6]> = golden.get("inputs");
        let targets: Vec<[f32; 4]> = golden.get("targets");
        let expected: Vec<f32> = golden.get(&format!("{name}.losses"));
        let mut start = Mlp::new(Seed(0));
        for (name, _) in start.parameters().names() {
            let values: Vec<f32> = golden.get(&format!("weights.{name}"));
            start.parameters_mut().set(name, &values).expect(name);
        }
        let compare = |losses: &[f32], net: &Mlp, here: &str| {
            assert_close(losses, &expected, here);
            for (parameter, _) in net.parameters().names() {
                let found = net.parameters().get(parameter).expect(parameter);
                let expected: Vec<f32> = golden.get(&format!("{name}.{parameter}"));
                assert_close(&found, &expected, &format!("{parameter}, {here}"));
            }
        };
        on_every_instruction_set(name, |set| {
            let mut net = start.clone();
            let mut training = Training::new(&net, inputs.len()).expect("a batch");
            let mut descent = Descent::new(&net, optimizer).expect("numbers of use");
            let mut losses = Vec::new();
            for _ in 0..expected.len() {
                let loss = training.backward(&net, &inputs, &targets, &Mse);
                losses.push(loss.expect("finite numbers") as f32);
                descent.follow(&schedule).expect("a schedule");
                let gradients = training.gradients();
                descent.apply(&mut net, gradients).expect("a step");
            }
            compare(&losses, &net, &format!("{name} by hand, on {set:?}"));

            let mut net = start.clone();
            let data = Samples::new(inputs.clone(), targets.clone()).expect("as many");
            let trainer = Trainer::new(optimizer, Mse).schedule(schedule);
            let trainer = trainer.epochs(expected.len()).batch(5);
            let mut trainer = trainer.shuffle(false).quiet();
            let history = trainer.fit(&mut net, &data).expect("finite numbers");
            let losses = history.epochs.iter().map(|epoch| epoch.loss as f32);
            let losses = losses.collect::<Vec<_>>();
            compare(&losses, &net, &format!("{name} by the trainer, on {set:?}"));
            // The optimizer is as it was.
            let (now, before) = (trainer.optimizer_mut().momentum(), optimizer.momentum());
            assert_eq!(now, before, "{name}");
        });
    }
}
