//! The moving average that a trainer keeps.
#![forbid(unsafe_code)]

mod numbers;

use kiln::{
    Callback, EarlyStopping, Ema, Error, Moment, Monitor, Result,
    data::Samples,
    metrics::{Measures, Metric},
    prelude::*,
};
use numbers::numbers;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
};

model! {
    struct Net(x: [2]) -> [3] { Dense(8), BatchNorm, Relu, Dense(3) }

    struct Other(x: [2]) -> [3] { Dense(3) }
}

const BATCH: usize = 8;

fn samples(count: usize) -> Samples<[f32; 2], u8> {
    let inputs: Vec<_> = (0..count)
        .map(|i| [(i as f32).sin(), (i as f32 * 0.7).cos()])
        .collect();
    let labels = inputs
        .iter()
        .map(|[a, b]| u8::from(*a > *b) + u8::from(*a > 0.0));
    Samples::new(inputs.clone(), labels.collect::<Vec<_>>()).expect("as many")
}

fn trainer() -> Trainer<Adam, CrossEntropy> {
    let trainer = Trainer::new(Adam::new(0.02), CrossEntropy).batch(BATCH);
    trainer.epochs(3).shuffle(false).quiet()
}

/// The trainer's average is that of a loop by hand, and training is what it is without one.
#[test]
fn an_average_is_that_of_a_loop_by_hand() -> Result<()> {
    let (data, start) = (samples(40), Net::new(Seed(1)));
    let mut net = start.clone();
    let mut averaging = trainer().ema(0.75);
    assert!(averaging.averaged(&net).is_none());
    averaging.fit(&mut net, &data)?;
    let average = averaging.averaged(&net).expect("that of this network");

    let mut by_hand = start.clone();
    let mut training = Training::new(&by_hand, BATCH)?;
    let mut descent = Descent::new(&by_hand, Adam::new(0.02))?;
    let mut ema = Ema::new(&by_hand, 0.75)?;
    for _ in 0..3 {
        for (inputs, targets) in data
            .inputs()
            .chunks(BATCH)
            .zip(data.targets().chunks(BATCH))
        {
            training.backward(&by_hand, inputs, targets, &CrossEntropy)?;
            descent.apply(&mut by_hand, training.gradients())?;
            ema.follow(&by_hand);
        }
    }
    assert_eq!(numbers(&net), numbers(&by_hand));
    assert_eq!(numbers(&average), numbers(ema.network()));
    assert_ne!(numbers(&average), numbers(&net));

    // In fits one after another it goes on, and belongs to the network that was trained.
    let mut parts = start.clone();
    let mut averaging = trainer().epochs(1).ema(0.75);
    for _ in 0..3 {
        averaging.fit(&mut parts, &data)?;
    }
    let after = averaging.averaged(&parts).expect("that of this network");
    assert_eq!(numbers(&after), numbers(&average));
    assert!(averaging.averaged(&start).is_none());
    assert!(averaging.averaged(&Other::new(Seed(1))).is_none());
    averaging.reset();
    assert!(averaging.averaged(&parts).is_none());
    Ok(())
}

/// Notes what a callback is shown of the average.
#[derive(Default)]
struct Seen(Vec<f32>);

impl Callback for Seen {
    fn step_ends(&mut self, moment: &Moment<'_>) -> Result<()> {
        let averaged = moment.averaged.expect("an average");
        self.0 = averaged.get("0.weight").expect("a weight");
        Ok(())
    }
}

#[test]
fn an_average_is_validated_where_that_is_asked() -> Result<()> {
    let (data, validation, start) = (samples(40), samples(23), Net::new(Seed(1)));
    let run = |change: fn(Trainer<Adam, CrossEntropy>) -> Trainer<Adam, CrossEntropy>| {
        let (mut net, mut trainer) = (start.clone(), change(trainer()));
        let history = trainer.fit_and_validate(&mut net, &data, &validation)?;
        let last = history.last().expect("an epoch").validation.clone();
        let averaged = trainer.averaged(&net);
        Ok::<_, Error>((net, averaged, last.expect("validated")))
    };
    let (plain, none, _) = run(|trainer| trainer)?;
    assert!(none.is_none());
    let judge = |net: &Net| trainer().evaluate(net, &validation);
    let (net, averaged, found) = run(|trainer| trainer.ema(0.9))?;
    assert_eq!(numbers(&net), numbers(&plain));
    assert_eq!(found, judge(&net)?);
    let first = averaged.expect("an average");
    let (net, averaged, found) = run(|trainer| trainer.ema(0.9).validate_ema())?;
    assert_eq!(numbers(&net), numbers(&plain));
    let averaged = averaged.expect("an average");
    assert_eq!(numbers(&averaged), numbers(&first));
    assert_eq!(found, judge(&averaged)?);
    assert_ne!(found, judge(&net)?);

    let seen = Arc::new(Mutex::new(Seen::default()));
    let mut watched = trainer().ema(0.9).callback(Arc::clone(&seen));
    watched.fit(&mut start.clone(), &data)?;
    let seen = seen.lock().expect("no panic").0.clone();
    assert_eq!(Some(seen), averaged.parameters().get("0.weight"));
    Ok(())
}

/// The best weights are those that were validated: the average's, where that is asked.
#[test]
fn early_stopping_goes_by_the_average() -> Result<()> {
    let (data, validation) = (samples(40), samples(23));
    // A step so large that it gets worse after some epochs.
    let run = |validates: bool| -> Result<_> {
        let mut net = Net::new(Seed(1));
        let stopping = EarlyStopping::new(2).monitor(Monitor::ValidationLoss);
        let trainer = Trainer::new(Sgd::new(3.0), CrossEntropy)
            .batch(BATCH)
            .epochs(60);
        let mut trainer = trainer.early_stopping(stopping).ema(0.95).quiet();
        if validates {
            trainer = trainer.validate_ema();
        }
        let history = trainer.fit_and_validate(&mut net, &data, &validation)?;
        let best = history.best.expect("a best epoch");
        let told = history.epochs[best - 1]
            .validation
            .clone()
            .expect("validated");
        assert!(best < history.epochs.len());
        assert_eq!(told, trainer.evaluate(&net, &validation)?);
        let averaged = trainer.averaged(&net).expect("an average");
        Ok((numbers(&net), numbers(&averaged)))
    };
    let (net, averaged) = run(true)?;
    assert_eq!(net, averaged);
    let (net, averaged) = run(false)?;
    assert_ne!(net, averaged);
    Ok(())
}

/// Panics at some sample.
struct Panics;

impl<O, T> Metric<O, T> for Panics {
    fn begin(&mut self) {}

    fn add(&mut self, _: &O, _: &T) {
        panic!("a metric of the user's");
    }

    fn report(&self, _: &mut Measures) {}
}

#[test]
fn a_metric_that_panics_leaves_the_network_its_weights() -> Result<()> {
    let (data, mut net) = (samples(40), Net::new(Seed(1)));
    let mut expected = net.clone();
    trainer().epochs(1).fit(&mut expected, &data)?;
    let mut averaging = trainer().ema(0.9).validate_ema().metrics(Panics);
    let fit = AssertUnwindSafe(|| averaging.fit_and_validate(&mut net, &data, &samples(8)));
    assert!(catch_unwind(fit).is_err());
    assert_eq!(numbers(&net), numbers(&expected));
    Ok(())
}

#[test]
fn settings_of_no_use_are_refused() {
    let (data, start) = (samples(40), Net::new(Seed(1)));
    for decay in [1.0, -0.1, f64::NAN, f64::INFINITY] {
        let error = trainer().ema(decay).fit(&mut start.clone(), &data);
        let error = error.expect_err("no decay").to_string();
        assert!(
            error.contains("`ema`") && error.contains("at least 0 and below 1"),
            "{error}"
        );
    }
    let error = trainer().validate_ema().fit(&mut start.clone(), &data);
    let error = error.expect_err("no average").to_string();
    assert!(error.contains("`validate_ema`"), "{error}");
}
