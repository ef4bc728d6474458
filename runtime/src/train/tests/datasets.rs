//! Datasets whose words are not to be trusted.

use super::{
    mlp::{INPUTS, OUTPUTS},
    net, trainer,
};
use crate::{
    data::Dataset,
    error::{Error, Result},
};
use alloc::vec::Vec;
use core::{
    borrow::Borrow,
    sync::atomic::{AtomicUsize, Ordering},
};

/// No class, as an error shows it.
const LABEL: i128 = OUTPUTS as i128;

/// Whatever a dataset says of its size, and whatever it gives the second time.
struct Changing {
    len: usize,
    empty: bool,
    /// Samples given before the change.
    good: usize,
    given: AtomicUsize,
    label: usize,
    input: f32,
}

impl Changing {
    fn new(len: usize, good: usize, input: f32, label: usize) -> Self {
        Self {
            len,
            empty: len > 0,
            good,
            given: AtomicUsize::new(0),
            label,
            input,
        }
    }
}

impl Dataset for Changing {
    type Input = [f32; INPUTS];
    type Target = usize;

    fn len(&self) -> usize {
        self.len
    }

    fn is_empty(&self) -> bool {
        self.empty
    }

    fn sample(&self, _: usize) -> Result<(impl Borrow<[f32; INPUTS]>, impl Borrow<usize>)> {
        if self.given.fetch_add(1, Ordering::Relaxed) < self.good {
            Ok(([0.0; INPUTS], 0))
        } else {
            Ok(([self.input; INPUTS], self.label))
        }
    }
}

/// Three samples, until it was asked how many there are.
#[derive(Default)]
struct Vanishing {
    asked: AtomicUsize,
}

impl Dataset for Vanishing {
    type Input = [f32; INPUTS];
    type Target = usize;

    fn len(&self) -> usize {
        if self.asked.fetch_add(1, Ordering::Relaxed) == 0 {
            3
        } else {
            0
        }
    }

    fn sample(&self, _: usize) -> Result<(impl Borrow<[f32; INPUTS]>, impl Borrow<usize>)> {
        Ok(([0.0; INPUTS], 0))
    }
}

#[test]
fn datasets_may_vanish() {
    let new = Vanishing::default;
    assert!(trainer().evaluate(&net(), &new()).is_ok());
    assert!(trainer().fit(&mut net(), &new()).is_ok());
    let found = trainer().fit_and_validate(&mut net(), &new(), &new());
    assert!(found.is_ok(), "{found:?}");
}

#[test]
fn datasets_may_lie() {
    let empty = || Changing::new(0, 0, 0.0, 0);
    let found = trainer().evaluate(&net(), &empty()).map(|_| ());
    assert!(matches!(found, Err(Error::EmptyDataset)), "{found:?}");
    let found = trainer().fit(&mut net(), &empty()).map(|_| ());
    assert!(matches!(found, Err(Error::EmptyDataset)), "{found:?}");
    let full = Changing::new(3, 3, 0.0, 0);
    assert!(trainer().fit(&mut net(), &full).is_ok());

    // All are asked for once before training, and for a second time by the first epoch.
    let other_labels = Changing::new(9, 2 * 9, 0.0, OUTPUTS);
    let found = trainer().epochs(2).fit(&mut net(), &other_labels);
    assert!(
        matches!(
            found,
            Err(Error::LabelOutOfRange {
                label: LABEL,
                classes: OUTPUTS,
                ..
            })
        ),
        "{found:?}"
    );
    // The next epoch's inputs are refused when they are met, and the network is that of the epochs before.
    for (bad, threads) in [(f32::INFINITY, 1), (f32::NAN, 2)] {
        let (mut kept, mut expected) = (net(), net());
        let other_inputs = Changing::new(9, 4 * 9, bad, 0);
        let mut trainer = trainer().threads(threads).epochs(3);
        let found = trainer.fit(&mut kept, &other_inputs);
        assert!(
            matches!(
                found,
                Err(Error::NanInput {
                    epoch: Some(3),
                    index: 0,
                    ..
                })
            ),
            "{found:?}"
        );
        let unchanged = Changing::new(9, usize::MAX, 0.0, 0);
        let mut trainer = super::trainer().epochs(2);
        assert!(trainer.fit(&mut expected, &unchanged).is_ok());
        assert_eq!(kept.arena(), expected.arena());
    }
}

/// As many samples as a dataset cares to say: no list of them is made, and the first one that cannot be read ends it.
#[test]
fn datasets_may_be_endless() {
    struct Endless(usize);
    impl Dataset for Endless {
        type Input = [f32; INPUTS];
        type Target = u8;

        fn len(&self) -> usize {
            self.0
        }

        fn sample(&self, row: usize) -> Result<(impl Borrow<[f32; INPUTS]>, impl Borrow<u8>)> {
            if row < 100 {
                return Ok(([0.0; INPUTS], 0));
            }
            Err(Error::Sample {
                row,
                source: "there is none".into(),
            })
        }
    }
    for len in [1_000_000_000, 1 << 40] {
        let data = Endless(len);
        let found = trainer().fit(&mut net(), &data).map(|_| ());
        assert!(
            matches!(found, Err(Error::Sample { row: 100, .. })),
            "{found:?}"
        );
        let found = trainer().evaluate(&net(), &data).map(|_| ());
        assert!(
            matches!(found, Err(Error::Sample { row: 100, .. })),
            "{found:?}"
        );
    }
    for len in [usize::MAX, (1 << 48) + 1] {
        let found = trainer().fit(&mut net(), &Endless(len)).map(|_| ());
        assert!(
            matches!(
                found,
                Err(Error::Setting {
                    setting: "Dataset::len",
                    ..
                })
            ),
            "{found:?}"
        );
        let found = trainer().evaluate(&net(), &Endless(len)).map(|_| ());
        assert!(
            matches!(
                found,
                Err(Error::Setting {
                    setting: "Dataset::len",
                    ..
                })
            ),
            "{found:?}"
        );
        let found = trainer().fit_and_validate(&mut net(), &Endless(100), &Endless(len));
        assert!(matches!(found, Err(Error::Validation(_))), "{found:?}");
    }
}

/// More samples than are listed, and than are scored at once: each is met once in an epoch, and the sums have the same bits
/// on any number of threads.
#[test]
fn many_samples_are_met_once() {
    struct Counted(Vec<AtomicUsize>);
    impl Dataset for Counted {
        type Input = [f32; INPUTS];
        type Target = i64;

        fn len(&self) -> usize {
            self.0.len()
        }

        fn sample(&self, row: usize) -> Result<(impl Borrow<[f32; INPUTS]>, impl Borrow<i64>)> {
            self.0[row].fetch_add(1, Ordering::Relaxed);
            Ok(([row as f32 / 66_000.0; INPUTS], (row % OUTPUTS) as i64))
        }

        fn target(&self, row: usize) -> Result<impl Borrow<i64>> {
            Ok((row % OUTPUTS) as i64)
        }
    }
    let mut losses = Vec::new();
    for threads in [1, 2] {
        let data = Counted((0..66_000).map(|_| AtomicUsize::new(0)).collect());
        let mut net = net();
        let mut trainer = trainer().batch(3000).threads(threads);
        let history = trainer.fit(&mut net, &data).ok();
        assert!(
            data.0
                .iter()
                .all(|count| count.load(Ordering::Relaxed) == 1)
        );
        let evaluation = trainer.evaluate(&net, &data).ok();
        assert!(
            data.0
                .iter()
                .all(|count| count.load(Ordering::Relaxed) == 2)
        );
        losses.push((
            history.map(|history| history.epochs[0].loss.to_bits()),
            evaluation,
        ));
    }
    assert!(losses[0].0.is_some() && losses[0].1.is_some());
    assert_eq!(losses[0], losses[1]);
}

/// Whichever of its methods panics, and in whichever epoch: an error that names the row, and the network of the steps before.
#[test]
fn datasets_may_panic() {
    #[derive(Clone, Copy, Debug, PartialEq)]
    enum In {
        Len,
        Target,
        Sample,
        Epoch(u64),
        Nothing,
    }
    struct Panicking(In);
    impl Dataset for Panicking {
        type Input = [f32; INPUTS];
        type Target = usize;

        fn len(&self) -> usize {
            assert_ne!(self.0, In::Len, "no length");
            30
        }

        fn sample(&self, row: usize) -> Result<(impl Borrow<[f32; INPUTS]>, impl Borrow<usize>)> {
            assert!(self.0 != In::Sample || row != 17, "no sample");
            Ok(([row as f32 / 30.0; INPUTS], row % OUTPUTS))
        }

        fn sample_in(
            &self,
            epoch: u64,
            row: usize,
        ) -> Result<(impl Borrow<[f32; INPUTS]>, impl Borrow<usize>)> {
            assert!(
                self.0 != In::Epoch(epoch) || row != 17,
                "no sample in epoch {epoch}"
            );
            self.sample(row)
        }

        fn target(&self, row: usize) -> Result<impl Borrow<usize>> {
            assert!(self.0 != In::Target || row != 17, "no target");
            Ok(row % OUTPUTS)
        }
    }
    for threads in [1, 2] {
        let trainer = |epochs| trainer().threads(threads).batch(30).epochs(epochs);
        for (panics, row, steps, said) in [
            (In::Len, 0, 0, "no length"),
            (In::Target, 17, 0, "no target"),
            (In::Sample, 17, 0, "no sample"),
            (In::Epoch(2), 17, 2, "no sample in epoch 2"),
        ] {
            let (mut kept, mut expected) = (net(), net());
            let error = trainer(3).fit(&mut kept, &Panicking(panics)).map(|_| ());
            match error {
                Err(Error::Sample { row: found, source }) => {
                    assert_eq!(found, row);
                    let message = alloc::format!(
                        "the dataset panicked ({said}); correct it, or let it give an error"
                    );
                    let source = alloc::format!("{source}");
                    // An `assert_ne` says more.
                    assert!(source == message || panics == In::Len, "{source}");
                }
                other => panic!("{other:?}"),
            }
            if steps > 0 {
                assert!(
                    trainer(steps)
                        .fit(&mut expected, &Panicking(In::Nothing))
                        .is_ok()
                );
            }
            assert_eq!(kept.arena(), expected.arena());
            let evaluated = trainer(1).evaluate(&net(), &Panicking(panics));
            assert_eq!(
                evaluated.is_ok(),
                matches!(panics, In::Epoch(_)),
                "{panics:?}"
            );
        }
    }
}

/// A trainer asks for the samples of an epoch by its number, and counts on in the next fit.
#[test]
fn epochs_are_counted_from_the_first_fit() {
    struct Epochs(Vec<AtomicUsize>);
    impl Dataset for Epochs {
        type Input = [f32; INPUTS];
        type Target = usize;

        fn len(&self) -> usize {
            12
        }

        fn sample(&self, row: usize) -> Result<(impl Borrow<[f32; INPUTS]>, impl Borrow<usize>)> {
            Ok(([0.0; INPUTS], row % OUTPUTS))
        }

        fn sample_in(
            &self,
            epoch: u64,
            row: usize,
        ) -> Result<(impl Borrow<[f32; INPUTS]>, impl Borrow<usize>)> {
            self.0[epoch as usize].fetch_add(1, Ordering::Relaxed);
            self.sample(row)
        }
    }
    let data = Epochs((0..6).map(|_| AtomicUsize::new(0)).collect());
    let (mut net, mut trainer) = (net(), trainer().epochs(2));
    assert!(trainer.fit(&mut net, &data).is_ok());
    assert!(trainer.fit_and_validate(&mut net, &data, &data).is_ok());
    let counts = data.0.iter().map(|count| count.load(Ordering::Relaxed));
    assert_eq!(counts.collect::<Vec<_>>(), [12, 12, 12, 12, 0, 0]);
}
