//! What stands between the forward passes of a step and its backward passes: a loss that judges samples one by one, or
//! somebody outside who judges the whole batch.

use super::{least::Least, source::Targets};
use crate::{
    block::Block,
    loss::{Loss, Score, Totals, in_batch::InBatch},
    model::Model,
    network::{Network, Rows},
    simd::Isa,
};

/// The turn from forward to backward, at which a chunk's outputs are there and their deltas are made. `T` is what each sample
/// has for it: a target, or room for an output.
pub trait Turn<N: Model, T>: Sync {
    /// Whether chunks go forward before, from their samples on.
    fn comes(&self) -> bool {
        true
    }

    /// Whether chunks go back after it.
    fn returns(&self) -> bool {
        true
    }

    /// Parts of the scores that it leaves.
    fn parts(&self) -> usize {
        0
    }

    /// Whether something can be learnt from what was scored.
    fn teaches(&self, totals: &Totals) -> bool {
        let _ = totals;
        true
    }

    /// Turns the rows of a chunk.
    fn turn<S: Isa>(
        &self,
        s: S,
        rows: Rows<'_>,
        chunk: &mut [Block],
        targets: impl Targets<T>,
        scores: &mut [Score],
        pair: &mut [N::Output],
    );

    /// Whether chunks go back as far as the inputs.
    fn asks(&self) -> bool {
        false
    }

    /// Ends the way back: takes the deltas of inputs.
    fn arrive<S: Isa>(&self, s: S, rows: Rows<'_>, chunk: &mut [Block], targets: impl Targets<T>) {
        let _ = (s, rows, chunk, targets);
    }

    /// Whether nothing was wrong with any sample so far.
    fn is_sound(&self) -> bool {
        true
    }
}

/// A loss judges each sample.
impl<N: Model, T, L: Loss<N::Output, T>> Turn<N, T> for InBatch<'_, L> {
    fn parts(&self) -> usize {
        L::PARTS
    }

    fn teaches(&self, totals: &Totals) -> bool {
        totals.teaches(self.weights())
    }

    #[inline(always)]
    fn turn<S: Isa>(
        &self,
        s: S,
        rows: Rows<'_>,
        chunk: &mut [Block],
        targets: impl Targets<T>,
        scores: &mut [Score],
        pair: &mut [N::Output],
    ) {
        N::Network::loss_rows(s, rows, chunk, self, targets.all(), 1.0, scores, pair);
    }
}

/// The outputs are taken, and nothing goes back.
pub struct Taken;

impl<N: Model> Turn<N, N::Output> for Taken {
    fn returns(&self) -> bool {
        false
    }

    #[inline(always)]
    fn turn<S: Isa>(
        &self,
        s: S,
        rows: Rows<'_>,
        chunk: &mut [Block],
        mut targets: impl Targets<N::Output>,
        scores: &mut [Score],
        _: &mut [N::Output],
    ) {
        scores.fill(Score::default());
        let outputs = targets.gathered().unwrap_or_default();
        for (row, output) in outputs.iter_mut().enumerate() {
            N::Network::unload(s, output, chunk, rows.capacity, row);
        }
    }
}

/// The deltas come from outside.
pub struct Handed<'a, O> {
    /// Those of the batch.
    deltas: &'a [O],
    /// Whether the chunks do not hold what their forward passes left.
    comes: bool,
    /// Whether the gradients of inputs are wanted.
    asks: bool,
    /// The first sample whose delta is not finite; behind all of them if there is none.
    first: Least,
}

impl<'a, O> Handed<'a, O> {
    /// The deltas of a batch, whose samples go forward before if `comes`, and back to their inputs if `asks`.
    pub fn new(deltas: &'a [O], comes: bool, asks: bool) -> Self {
        Self {
            deltas,
            comes,
            asks,
            first: Least::new(deltas.len()),
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.deltas.len()
    }

    /// The first sample whose delta is not finite, if there is one, and that delta.
    pub fn unsound(&self) -> Option<(usize, &O)> {
        let first = self.first.get();
        self.deltas.get(first).map(|delta| (first, delta))
    }
}

impl<N: Model> Turn<N, N::Input> for Handed<'_, N::Output> {
    fn comes(&self) -> bool {
        self.comes
    }

    #[inline(always)]
    fn turn<S: Isa>(
        &self,
        s: S,
        rows: Rows<'_>,
        chunk: &mut [Block],
        _: impl Targets<N::Input>,
        scores: &mut [Score],
        _: &mut [N::Output],
    ) {
        scores.fill(Score::default());
        let deltas = &self.deltas[rows.first..][..rows.rows];
        for (row, delta) in deltas.iter().enumerate() {
            if !N::Network::load_delta(s, delta, chunk, rows.capacity, row) {
                self.first.add(rows.first + row);
            }
        }
    }

    fn asks(&self) -> bool {
        self.asks
    }

    #[inline(always)]
    fn arrive<S: Isa>(
        &self,
        s: S,
        rows: Rows<'_>,
        chunk: &mut [Block],
        mut targets: impl Targets<N::Input>,
    ) {
        let slopes = targets.gathered().unwrap_or_default();
        for (row, slope) in slopes.iter_mut().enumerate() {
            N::Network::slope(s, slope, chunk, rows.capacity, row);
        }
    }

    fn is_sound(&self) -> bool {
        self.first.get() == self.deltas.len()
    }
}
