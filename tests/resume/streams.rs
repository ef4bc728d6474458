//! Fits of streams go on, and do what those of datasets do.

use super::run::{Folder, Net, numbers, samples, told, trainer};
use kiln::{Checkpoints, EarlyStopping, Error, Result, Stopped, data::Dataset, prelude::*};
use std::borrow::Borrow;

type Sample = Result<([f32; 2], u8)>;

/// Other samples in each epoch, and not as many.
fn stream(epoch: u64) -> Vec<Sample> {
    let (data, count) = (samples(60), 37 + 8 * (epoch as usize % 2));
    let row = |index| {
        let (input, target) = data.sample(index + epoch as usize)?;
        Ok((*input.borrow(), *target.borrow()))
    };
    (0..count).map(row).collect()
}

#[test]
fn streams_go_on_at_every_step() -> Result<()> {
    let (folder, validation) = (Folder::new("stream"), samples(10));
    let fresh = || trainer(RAdam::new(0.02)).accumulate(2).epochs(3);
    let every = Checkpoints::new(&folder.0).every_steps(1).keep_last(1000);
    let mut net = Net::new(Seed(1));
    let mut undisturbed = fresh().checkpoints(every);
    let expected = undisturbed.fit_stream_and_validate(&mut net, 16, stream, &validation)?;
    let names = folder.names();
    // Buffers of 16 are a step each; 37 and 45 samples are three.
    assert_eq!(names.len(), 3 * expected.epochs.len());
    for (index, file) in names.iter().enumerate() {
        let mut resumed = Net::new(Seed(9));
        let mut trainer = fresh().threads(1 + index % 2);
        trainer.resume(folder.0.join(file), &mut resumed)?;
        let found = trainer.fit_stream_and_validate(&mut resumed, 16, stream, &validation)?;
        assert_eq!(told(&found), told(&expected), "{file}");
        assert_eq!(numbers(&resumed), numbers(&net), "{file}");
    }

    // Neither another buffer, nor a dataset, nor a stream that has become shorter than what it was.
    let mut resumed = Net::new(Seed(9));
    let mut trainer = fresh();
    trainer.resume(folder.0.join(&names[1]), &mut resumed)?;
    let refused = |expected: &str, result: Result<kiln::History>| match result {
        Err(Error::Setting { setting, .. }) => assert_eq!(setting, expected),
        other => panic!("{expected}: {other:?}"),
    };
    let found = trainer.fit_stream_and_validate(&mut resumed, 32, stream, &validation);
    refused("buffer", found);
    refused("data", trainer.fit(&mut resumed, &samples(47)));
    let short = |epoch| stream(epoch).into_iter().take(20);
    let found = trainer.fit_stream_and_validate(&mut resumed, 16, short, &validation);
    refused("samples", found);
    Ok(())
}

#[test]
fn streams_stop_and_go_on() -> Result<()> {
    let validation = samples(10);
    let mut net = Net::new(Seed(1));
    let mut undisturbed = trainer(Adam::new(0.02));
    let expected = undisturbed.fit_stream_and_validate(&mut net, 16, stream, &validation)?;

    struct After(u64);
    impl kiln::Callback for After {
        fn step_ends(&mut self, moment: &kiln::Moment<'_>) -> Result<()> {
            if moment.steps == self.0 {
                moment.stop();
            }
            Ok(())
        }
    }
    for steps in [1, 2, 5, 6, 7] {
        let mut other = Net::new(Seed(1));
        let mut stopped = trainer(Adam::new(0.02)).callback(After(steps));
        let found = stopped.fit_stream_and_validate(&mut other, 16, stream, &validation)?;
        assert_eq!(found.stopped, Some(Stopped::Interrupted), "{steps}");
        let found = stopped.fit_stream_and_validate(&mut other, 16, stream, &validation)?;
        assert_eq!(told(&found), told(&expected), "{steps}");
        assert_eq!(numbers(&other), numbers(&net), "{steps}");
    }

    // Nothing is better by so much.
    let early = EarlyStopping::new(1).min_delta(1e3);
    let mut early = trainer(Adam::new(0.02)).early_stopping(early);
    let found = early.fit_stream_and_validate(&mut net, 16, stream, &validation)?;
    assert_eq!((found.stopped, found.best), (Some(Stopped::Early), Some(1)));
    assert_eq!(found.epochs.len(), 2);

    // The last part of a stream is not known.
    let found = trainer(Adam::new(0.02)).fit_stream(&mut net, 16, stream);
    let setting = "validation_split";
    assert!(
        matches!(&found, Err(Error::Setting { setting: found, .. }) if *found == setting),
        "{found:?}"
    );
    Ok(())
}

/// The first epoch has less than a batch.
#[test]
fn epochs_of_a_stream_may_grow() -> Result<()> {
    let growing = |epoch: u64| stream(0).into_iter().take(3 + 20 * epoch as usize);
    let mut net = Net::new(Seed(1));
    let trainer = Trainer::new(Sgd::new(0.1), CrossEntropy).batch(8).epochs(2);
    let history = trainer
        .keep_steps()
        .quiet()
        .fit_stream(&mut net, 16, growing)?;
    let steps: Vec<_> = history
        .epochs
        .iter()
        .map(|epoch| epoch.steps.len())
        .collect();
    assert_eq!(steps, [1, 3]);
    Ok(())
}
