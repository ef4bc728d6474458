//! Samples that come one after another.

use super::{
    mlp::{INPUTS, OUTPUTS},
    net, samples, trainer,
};
use crate::error::{Error, Result};
use alloc::{boxed::Box, string::ToString, vec::Vec};
use core::sync::atomic::{AtomicUsize, Ordering};

type Sample = Result<([f32; INPUTS], usize)>;

/// A number of samples, always the same.
fn stream(count: usize) -> impl Fn(u64) -> Vec<Sample> + Sync {
    move |_| {
        let (inputs, targets) = samples(count).into_parts();
        inputs.into_iter().zip(targets).map(Ok).collect()
    }
}

/// In one buffer and in their order, a stream is a dataset.
#[test]
fn a_stream_is_trained_on_as_a_dataset() -> Result<()> {
    for threads in [1, 2] {
        let trainer = || {
            trainer()
                .threads(threads)
                .shuffle(false)
                .epochs(2)
                .batch(8)
                .keep_steps()
        };
        let (mut streamed, mut whole) = (net(), net());
        for buffer in [1, 16, 20, 1000] {
            streamed = net();
            let history = trainer().fit_stream(&mut streamed, buffer, stream(60))?;
            assert_eq!(history.epochs[1].steps.len(), 8);
            let mut trainer = trainer();
            whole = net();
            let expected = trainer.fit(&mut whole, &samples(60))?;
            assert_eq!(history.epochs[1].steps, expected.epochs[1].steps);
            assert_eq!(
                history.epochs[1].loss.to_bits(),
                expected.epochs[1].loss.to_bits()
            );
        }
        assert_eq!(streamed.arena(), whole.arena());
    }
    Ok(())
}

#[test]
fn buffers_are_shuffled_by_the_seed_alone() -> Result<()> {
    let fit = |threads, seed: u64, buffer| {
        let mut net = net();
        let mut trainer = trainer().threads(threads).epochs(2).batch(8).seed(seed);
        trainer.fit_stream_and_validate(&mut net, buffer, stream(60), &samples(10))?;
        Ok::<_, Error>(net.arena().to_vec())
    };
    assert_eq!(fit(1, 1, 24)?, fit(2, 1, 24)?);
    assert_eq!(fit(1, 1, 20)?, fit(1, 1, 24)?);
    assert_ne!(fit(1, 1, 24)?, fit(1, 2, 24)?);
    assert_ne!(fit(1, 1, 24)?, fit(1, 1, 64)?);
    Ok(())
}

#[test]
fn epochs_of_a_stream_are_counted() -> Result<()> {
    let (mut net, mut trainer) = (net(), trainer().epochs(2));
    let begun = AtomicUsize::new(0);
    for _ in 0..2 {
        trainer.fit_stream(&mut net, 100, |epoch| {
            assert_eq!(begun.fetch_add(1, Ordering::Relaxed) as u64, epoch);
            // In boxes, as large inputs are.
            stream(10)(epoch)
                .into_iter()
                .map(|sample| sample.map(|(input, target)| (Box::new(input), target)))
        })?;
    }
    assert_eq!(begun.into_inner(), 4);
    Ok(())
}

#[test]
fn what_is_wrong_with_a_stream_is_named_by_its_row() {
    let good = |row: usize| Ok(([row as f32 / 100.0; INPUTS], row % OUTPUTS));
    let fit = |wrong: &(dyn Fn(usize) -> Sample + Sync)| {
        let (mut kept, mut expected) = (net(), net());
        let trainer = || trainer().shuffle(false).batch(10);
        let stream = |_| (0..50).map(|row| if row == 37 { wrong(row) } else { good(row) });
        let error = trainer().fit_stream(&mut kept, 20, stream).unwrap_err();
        // The steps of the buffer before were taken, and of this one those before the row.
        let taken = match error {
            Error::NanInput { .. } => 30,
            _ => 20,
        };
        assert!(
            trainer()
                .fit_stream(&mut expected, 20, |_| (0..taken).map(good))
                .is_ok()
        );
        assert_eq!(kept.arena(), expected.arena());
        error
    };
    let nan = fit(&|_| Ok(([f32::NAN; INPUTS], 0)));
    assert!(
        matches!(
            nan,
            Error::NanInput {
                epoch: Some(1),
                row: 37,
                index: 0
            }
        ),
        "{nan}"
    );
    let label = fit(&|_| Ok(([0.0; INPUTS], OUTPUTS)));
    assert!(
        matches!(label, Error::LabelOutOfRange { row: 37, .. }),
        "{label}"
    );
    let own = fit(&|_| Err(Error::EmptyDataset));
    assert!(matches!(own, Error::EmptyDataset), "{own}");
    let panicked = fit(&|row| panic!("no sample {row}"));
    assert_eq!(
        panicked.to_string(),
        "row 37 of the dataset cannot be read: the dataset panicked (no sample 37); correct it, or let it give an error"
    );
}

#[test]
fn streams_that_cannot_be_trained_on_are_refused() {
    let found = trainer().fit_stream(&mut net(), 0, stream(10));
    assert!(matches!(
        found,
        Err(Error::Setting {
            setting: "buffer",
            ..
        })
    ));
    let found = trainer().fit_stream(&mut net(), usize::MAX, stream(10));
    assert!(matches!(
        found,
        Err(Error::Setting {
            setting: "buffer",
            ..
        })
    ));
    let found = trainer().batch(0).fit_stream(&mut net(), 10, stream(10));
    assert!(matches!(
        found,
        Err(Error::Setting {
            setting: "batch",
            ..
        })
    ));
    let found = trainer().fit_stream(&mut net(), 10, |_| Vec::<Sample>::new());
    assert!(matches!(found, Err(Error::EmptyDataset)));
    // An endless stream ends with the fit.
    let endless = |_| {
        (0..).map(|row: usize| Ok(([if row == 5000 { f32::NAN } else { 0.0 }; INPUTS], 0_usize)))
    };
    let found = trainer().fit_stream(&mut net(), 100, endless);
    assert!(matches!(found, Err(Error::NanInput { row: 5000, .. })));
}
