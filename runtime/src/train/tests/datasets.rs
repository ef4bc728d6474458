//! Datasets whose words are not to be trusted.

use super::{
    mlp::{INPUTS, OUTPUTS},
    net, trainer,
};
use crate::{
    data::Dataset,
    error::{Error, Result},
};
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

    fn sample(&self, _: usize) -> Result<(impl Borrow<[f32; INPUTS]>, usize)> {
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

    fn sample(&self, _: usize) -> Result<(impl Borrow<[f32; INPUTS]>, usize)> {
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
    let other_inputs = Changing::new(9, 3 * 9, f32::INFINITY, 0);
    let found = trainer().epochs(3).fit(&mut net(), &other_inputs);
    assert!(
        matches!(
            found,
            Err(Error::NanInput { index: 0, .. } | Error::NanWeight { epoch: Some(_), .. })
        ),
        "{found:?}"
    );
}
