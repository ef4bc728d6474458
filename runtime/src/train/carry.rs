//! States that samples hand on to those that follow them.

use crate::{
    data::Dataset,
    error::{Error, Result},
    model::Model,
    network::Network,
};
use alloc::format;

/// The answers of the batch before, which lie in the order of their samples; none at the beginning.
pub struct Before<'a, O> {
    /// Its first sample.
    pub first: usize,
    /// What it was answered.
    pub outputs: &'a [O],
}

impl<O> Clone for Before<'_, O> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<O> Copy for Before<'_, O> {}

impl<O> Before<'_, O> {
    /// Hands the state of the sample that `sample` follows on to its input. Where none is known yet, the input stays as it
    /// is.
    pub fn hand<N, D>(&self, data: &D, sample: usize, input: &mut N::Input) -> Result<()>
    where
        N: Model<Output = O>,
        D: Dataset<Input = N::Input>,
    {
        let Some(before) = data.follows(sample).filter(|_| !self.outputs.is_empty()) else {
            return Ok(());
        };
        let place = before.checked_sub(self.first);
        match place.and_then(|place| self.outputs.get(place)) {
            Some(output) => {
                N::Network::carry(output, input);
                Ok(())
            }
            None => Err(self.missing(before, sample)),
        }
    }

    /// The error of a sample whose state is not there.
    #[cold]
    fn missing(&self, before: usize, sample: usize) -> Error {
        let last = self.first + self.outputs.len() - 1;
        let source = format!(
            "it follows sample {before}, but the batch before it has samples {} to {last}; \
             give `batch` as many samples as there are sequences side by side",
            self.first
        );
        Error::Sample {
            row: sample,
            source: source.into(),
        }
    }
}

/// Whether any of `count` samples follows another, and the network has a state to go on with.
pub fn follow<N: Model, D: Dataset>(data: &D, count: usize) -> bool {
    N::Network::CARRIES && (0..count).any(|sample| data.follows(sample).is_some())
}
