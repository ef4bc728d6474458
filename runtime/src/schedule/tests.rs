//! What no golden file says: refusals, and what is put together.

use super::{
    Constant, Cosine, Exponential, Linear, MultiStep, OneCycle, Polynomial, ReduceOnPlateau,
    Schedule, StepDecay, Unit,
};
use alloc::{boxed::Box, string::ToString, vec, vec::Vec};

#[test]
fn settings_of_no_use_are_refused() {
    let refused: Vec<(Box<dyn Schedule>, &str)> = vec![
        (Box::new(Constant::new(-1.0)), "factor"),
        (Box::new(Constant::new(f64::NAN).warm_up(5)), "factor"),
        (Box::new(Linear::new(f64::INFINITY, 1.0, 5)), "start"),
        (Box::new(Linear::new(0.5, -1.0, 5)), "end"),
        (Box::new(Linear::new(0.5, 1.0, 0)), "steps"),
        (Box::new(StepDecay::new(0)), "steps"),
        (Box::new(StepDecay::new(5).gamma(-0.1)), "gamma"),
        (Box::new(MultiStep::new([5, 3])), "milestones"),
        (Box::new(MultiStep::new([3, 5]).gamma(f64::NAN)), "gamma"),
        (Box::new(Exponential::new(1.1)), "gamma"),
        (Box::new(Polynomial::new(0)), "steps"),
        (Box::new(Polynomial::new(5).power(0.0)), "power"),
        (Box::new(Cosine::new(0)), "steps"),
        (Box::new(Cosine::new(5).least(-0.1)), "least"),
        (Box::new(Cosine::new(5).restarts(0)), "restarts"),
        (Box::new(OneCycle::new(1)), "steps"),
        (Box::new(OneCycle::new(3)), "steps"),
        (Box::new(OneCycle::new(100).rise(1.5)), "rise"),
        (
            Box::new(OneCycle::new(100).rise(0.6).three_phases()),
            "rise",
        ),
        (Box::new(OneCycle::new(100).rise(0.0)), "steps"),
        (Box::new(OneCycle::new(100).divisors(0.0, 1.0)), "divisors"),
        (
            Box::new(OneCycle::new(100).divisors(1.0, f64::NAN)),
            "divisors",
        ),
        (Box::new(OneCycle::new(100).momenta(0.5, 1.5)), "momenta"),
        (
            Box::new(OneCycle::new(100).momenta(f64::NAN, 0.9)),
            "momenta",
        ),
        (Box::new(ReduceOnPlateau::new().reduce_by(1.0)), "reduce_by"),
        (
            Box::new(ReduceOnPlateau::new().threshold(-1.0)),
            "threshold",
        ),
        (Box::new(ReduceOnPlateau::new().least(f64::NAN)), "least"),
        (
            Box::new(Constant::new(1.0).then(5, Constant::new(1.0).per_epoch())),
            "schedule",
        ),
        (
            Box::new(Constant::new(1.0).then(5, Constant::new(-1.0))),
            "factor",
        ),
    ];
    for (schedule, setting) in refused {
        let message = schedule.check().expect_err(setting).to_string();
        assert!(
            message.contains(&alloc::format!("`{setting}`")),
            "{message}"
        );
    }
}

/// Factors of what is admitted are numbers of use in any step, whatever the numbers.
#[test]
fn factors_are_of_use_in_any_step() {
    let all: Vec<Box<dyn Schedule>> = vec![
        Box::new(Constant::new(0.5).until(u64::MAX)),
        Box::new(Linear::new(0.0, 3.0, u64::MAX).warm_up(u64::MAX)),
        Box::new(StepDecay::new(1).gamma(0.0)),
        Box::new(MultiStep::new([0, 0, u64::MAX])),
        Box::new(MultiStep::new([])),
        Box::new(Exponential::new(0.999)),
        Box::new(Polynomial::new(1).power(1e-300)),
        Box::new(Cosine::new(1)),
        Box::new(Cosine::new(u64::MAX).restarts(u64::MAX)),
        Box::new(Cosine::new(1).restarts(2).then(u64::MAX, Cosine::new(3))),
        Box::new(OneCycle::new(4)),
        Box::new(OneCycle::new(u64::MAX).three_phases().linear()),
        Box::new(OneCycle::new(10).rise(1.0)),
        Box::new(OneCycle::new(10).rise(0.5).three_phases()),
        Box::new(ReduceOnPlateau::new()),
    ];
    for schedule in &all {
        schedule.check().expect("numbers of use");
        for step in (0..50).chain([1 << 40, u64::MAX - 1, u64::MAX]) {
            let factor = schedule.factor(step);
            assert!((0.0..=3.0).contains(&factor), "{factor} in step {step}");
        }
    }
}

#[test]
fn closures_count_epochs() {
    let halved = |epoch: usize| 0.5_f64.powi(epoch as i32);
    assert_eq!(Schedule::unit(&halved), Unit::Epoch);
    assert_eq!(Schedule::factor(&halved, 2), 0.25);
    let warm = halved.warm_up(1);
    assert_eq!(
        (warm.unit(), warm.factor(0), warm.factor(2)),
        (Unit::Epoch, 0.5, 0.5)
    );
    assert_eq!(Cosine::new(5).unit(), Unit::Step);
    assert_eq!(Cosine::new(5).per_epoch().unit(), Unit::Epoch);
}

/// What was observed is known to whatever stands around the plateau, and forgotten when another training begins.
#[test]
fn plateaus_are_observed_through_all_that_is_around() {
    let plateau = ReduceOnPlateau::new()
        .patience(0)
        .cooldown(1)
        .reduce_by(0.5)
        .least(0.25);
    let mut schedule = plateau.warm_up(2).then(100, Constant::new(1.0)).per_epoch();
    let mut factors = Vec::new();
    for loss in [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, f64::NAN] {
        schedule.observe(loss);
        factors.push(schedule.factor(50));
    }
    assert_eq!(factors, [1.0, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.25]);
    assert_eq!(schedule.factor(200), 1.0);
    schedule.restart();
    assert_eq!(schedule.factor(50), 1.0);
}
