//! The cost model: how many rows of a batch pass through a program together.
//!
//! Two wishes pull apart. Weights come to the core once for all rows that pass together, and few rows do not fill the
//! tiles, so the more rows there are, the less of both each of them pays; a recurrence reads its weights at every step, and
//! a convolution once for each row anyhow, whose image fills the tiles by itself, unless it is small. And what an event
//! leaves for the next stays near the core only if the rows are few. All sizes are known while compiling, so both are
//! counted, in bytes that come from the level-2 cache:
//!
//! ```text
//! shared weights * turns * (far / rows + 1/2 max(1, TILE / rows)) + (sums + calls * CALL + passes * PASS) / rows
//!     + sum over passes of touched * far(rows * distinct)
//! ```
//!
//! where a byte that exceeds a cache costs as much as several. No bit of an answer depends on the choice, and the order in which
//! gradients are summed on the network alone.

use crate::call::Form;
use crate::ids::BufferId;
use crate::memory::program::{Action, Event, Mode, Place, Program};
use crate::storage::LANES;
use std::collections::BTreeSet;

/// Bytes of a block.
const BLOCK: usize = 4 * LANES;

/// A level-2 cache.
const NEAR: f64 = (1 << 20) as f64;

/// What a byte of weights costs that comes from behind the level-2 cache.
const FAR_WEIGHTS: f64 = 4.0;

/// What a byte of a value costs likewise: half of it comes while the core computes.
const FAR_VALUES: f64 = 2.0;

/// Rows that fill a tile. A product takes half of the time in which its weights come from the level-2 cache.
const TILE: f64 = 12.0;

/// What the call of a kernel costs: some tens of nanoseconds, for its code and its first weights are far.
const CALL: f64 = 8192.0;

/// What it costs to begin a pass over a chunk: what the chunk left is far, and so is the code.
const PASS: f64 = 4.0 * CALL;

/// More rows take more memory, and a lead takes a loop, so they are to gain something.
const WORTH: f64 = 0.99;

/// The choices. Tiles are of six or twelve rows.
const CHOICES: [usize; 14] = [1, 2, 4, 6, 8, 12, 24, 48, 96, 192, 264, 384, 576, 768];

/// What a bench asks for, to compare it with what the model chooses.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish {
    /// Rows that pass together, in both programs.
    pub rows: Option<usize>,
    /// Whether gradients are summed chunk by chunk, where samples do not meet.
    pub summed: Option<bool>,
}

/// The first events of inference, if rows pass through them in smaller groups than through the rest: early layers leave much
/// of a row and have few weights, and late ones little and many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lead {
    /// How many events.
    pub events: usize,
    /// Rows of a group.
    pub rows: usize,
}

/// How many rows pass through a program together, and what leads them. A row takes `blocks`, of which `live` says how many are
/// alive at each event.
pub fn choose(program: &Program, blocks: usize, live: &[usize]) -> (usize, Option<Lead>) {
    let whole = Cost::of(program, blocks);
    let rows = whole.least();
    match (program.mode, led(program, live)) {
        (Mode::Inference, Some((cost, rest, lead))) if cost < whole.of_row(rows) * WORTH => {
            (rest, Some(lead))
        }
        _ => (rows, None),
    }
}

/// The lead of least cost, the rows of the rest, and what both cost.
fn led(program: &Program, live: &[usize]) -> Option<(f64, usize, Lead)> {
    let events = program.events.iter().zip(live);
    let heads = legs(program, events.clone());
    let mut tails = legs(program, events.rev());
    tails.reverse();
    let mut best: Option<(f64, usize, Lead)> = None;
    for (cut, pair) in (1..).zip(heads.iter().zip(&tails[1..])) {
        let (Some((head, few)), Some((tail, many))) = pair else {
            continue;
        };
        let lead = Lead {
            events: cut,
            rows: *few,
        };
        if few < many && best.is_none_or(|(cost, ..)| head + tail < cost) {
            best = Some((head + tail, *many, lead));
        }
    }
    best
}

/// What the events up to each cost, and the rows for which that is least; nothing where no kernel is among them.
fn legs<'a>(
    program: &Program,
    events: impl Iterator<Item = (&'a Event, &'a usize)>,
) -> Vec<Option<(f64, usize)>> {
    let (mut tally, mut most) = (Tally::default(), 0);
    let leg = |(event, &live): (&Event, &usize)| {
        tally.count(program, event);
        most = most.max(live);
        let mut cost = Cost::within(program.mode).sharing(&tally);
        cost.passes.push(tally.values(most));
        let rows = cost.least();
        (tally.calls > 0).then(|| (cost.of_row(rows), rows))
    };
    events.map(leg).collect()
}

/// Whether gradients are summed chunk by chunk, of a program that finishes `learnt` blocks of them over the whole batch: if
/// that costs less than to bring back for them what the batch leaves.
pub fn are_summed(program: &Program, learnt: usize, wish: Wish) -> bool {
    let folds = |event: &Event| matches!(event.action, Action::Fold(_));
    if program.events.iter().any(folds) {
        return false;
    }
    if let Some(summed) = wish.summed {
        return summed && learnt > 0;
    }
    let left = left(program);
    if left * BATCH <= NEAR {
        return false;
    }
    let kept = Cost::of(program, usize::MAX);
    let summed = Cost {
        summed: sums(learnt),
        left,
        ..kept.clone()
    };
    let (rows, whole) = (summed.least(), kept.least());
    // A chunk that is half of a batch leaves what the batch leaves.
    2.0 * rows as f64 <= BATCH && summed.of_row(rows) < kept.of_row(whole) + left * (SPILL - 1.0)
}

/// What a row leaves, in bytes, if no buffer takes another's place.
fn left(program: &Program) -> f64 {
    let buffers = program.events.iter().flat_map(Event::buffers);
    let distinct: BTreeSet<_> = buffers.map(|(buffer, _)| buffer).collect();
    let blocks = distinct.iter().map(|id| program.buffers[id.0].blocks);
    bytes(blocks.sum())
}

/// Samples of a usual batch.
const BATCH: f64 = 32.0;

/// What a byte costs that a batch leaves in memory, to be read again at the end.
const SPILL: f64 = 8.0;

/// What is counted of a program, in bytes.
#[derive(Clone, Debug, Default)]
struct Cost {
    /// Weights that rows share, as often as they are read.
    weights: f64,
    /// What a byte of them costs.
    far: f64,
    /// Sums of gradients, which each chunk reads and writes.
    summed: f64,
    /// What a row leaves to be read for them.
    left: f64,
    /// Calls of kernels.
    calls: f64,
    /// What stays near of all rows.
    room: f64,
    /// What each pass touches of a row, and how much of that is distinct.
    passes: Vec<(f64, f64)>,
}

impl Cost {
    fn of(program: &Program, live: usize) -> Self {
        let mut cost = Self::within(program.mode);
        // Where gradients are summed, no chunk waits for another.
        let meets = |action: &Action| match action {
            Action::Fold(_) => true,
            Action::Update(..) => program.summed == 0,
            _ => false,
        };
        let mut whole = Tally::default();
        for pass in program.events.split(|event| meets(&event.action)) {
            let mut tally = Tally::default();
            for event in pass {
                whole.count(program, event);
                tally.count(program, event);
            }
            cost.passes.push(tally.values(live));
        }
        if program.summed > 0 {
            (cost.summed, cost.left) = (sums(program.summed), left(program));
        }
        cost.sharing(&whole)
    }

    /// That of nothing yet.
    fn within(mode: Mode) -> Self {
        Self {
            room: match mode {
                // Beside what is kept of rows, inference reads the caller's inputs and writes its outputs.
                Mode::Inference => NEAR / 2.0,
                Mode::Training | Mode::Stream => NEAR,
            },
            ..Self::default()
        }
    }

    /// With what the rows share that pass through some events.
    fn sharing(self, tally: &Tally) -> Self {
        Self {
            calls: tally.calls as f64,
            weights: bytes(tally.shared),
            far: far(bytes(tally.all), NEAR, FAR_WEIGHTS),
            ..self
        }
    }

    /// The rows of least cost.
    fn least(&self) -> usize {
        let mut best = CHOICES[0];
        for rows in CHOICES {
            if self.of_row(rows) < self.of_row(best) * WORTH {
                best = rows;
            }
        }
        best
    }

    /// What a row costs among so many.
    fn of_row(&self, rows: usize) -> f64 {
        let rows = rows as f64;
        let product = 0.5 * (TILE / rows).max(1.0);
        let weights = self.weights * (self.far / rows + product);
        let passes = self.passes.iter();
        let values =
            passes.map(|(touched, distinct)| touched * far(distinct * rows, self.room, FAR_VALUES));
        let once = self.calls * CALL + self.passes.len() as f64 * PASS;
        let left = self.left * (far(self.left * rows, self.room, SPILL) - 1.0);
        weights + (self.summed + once) / rows + values.sum::<f64>() + left
    }
}

/// What is counted of some events, in blocks.
#[derive(Clone, Debug, Default)]
struct Tally {
    /// Weights.
    all: usize,
    /// Those that rows share, as often as they are read.
    shared: usize,
    /// Calls of kernels.
    calls: usize,
    /// What is read and written of a row.
    touched: usize,
    /// Buffers of a row, and their blocks.
    buffers: BTreeSet<BufferId>,
    distinct: usize,
}

impl Tally {
    /// Counts what rows pass through; nothing else of an event is a matter of how many they are.
    fn count(&mut self, program: &Program, event: &Event) {
        let (Action::Forward(call) | Action::Backward(call)) = &event.action else {
            return;
        };
        self.calls += 1;
        for view in call.views() {
            match (view.memory, view.form) {
                (Place::Tensor(_) | Place::Transposed(_), Form::Panels { rows, panels }) => {
                    self.all += rows * panels;
                    self.shared += rows * panels * event.turns;
                }
                (Place::Buffer(buffer), _) => {
                    let blocks = program.buffers[buffer.0].blocks;
                    self.touched += blocks;
                    if self.buffers.insert(buffer) {
                        self.distinct += blocks;
                    }
                }
                _ => {}
            }
        }
    }

    /// What a pass touches of a row, and how much of that is distinct: buffers that follow one another share memory, of which
    /// so many blocks are there.
    fn values(&self, live: usize) -> (f64, f64) {
        (bytes(self.touched), bytes(self.distinct.min(live)))
    }
}

/// What it costs to read and write the sums of so many blocks of gradients.
fn sums(learnt: usize) -> f64 {
    2.0 * bytes(learnt) * far(bytes(learnt), NEAR, FAR_WEIGHTS)
}

fn bytes(blocks: usize) -> f64 {
    blocks as f64 * BLOCK as f64
}

/// What a byte costs among so many that are used in turn, if a cache has room for `near`, and others cost `cost`.
fn far(bytes: f64, near: f64, cost: f64) -> f64 {
    let stays = (near / bytes.max(1.0)).min(1.0);
    stays + (1.0 - stays) * cost
}

#[cfg(test)]
mod tests {
    use super::{Cost, NEAR};

    const KIB: f64 = 1024.0;

    #[test]
    fn large_activations_pass_by_few() {
        let convolutions = |scale| Cost {
            weights: 2.0 * KIB,
            far: 1.0,
            calls: 8.0,
            summed: 0.0,
            left: 0.0,
            room: NEAR,
            passes: vec![(2048.0 * KIB * scale, 512.0 * KIB * scale)],
        };
        assert_eq!(convolutions(4.0).least(), 1);
        assert_eq!(convolutions(1.0).least(), 2);
        assert_eq!(convolutions(0.25).least(), 6);
    }

    #[test]
    fn large_weights_serve_many_rows() {
        let dense = Cost {
            weights: 100e6,
            far: 4.0,
            calls: 8.0,
            summed: 0.0,
            left: 0.0,
            room: NEAR,
            passes: vec![(80.0 * KIB, 40.0 * KIB)],
        };
        assert_eq!(dense.least(), 576);
    }
}
