//! How the sum over a layer's inputs is split: one rule for one sample, a batch, a step of a recurrence and training.
//!
//! The inputs of a layer are cut into contiguous *runs*. Each run is one chain of multiply-adds in ascending order; the
//! first goes on from what the sum starts with (a bias, or what is added to), every other one starts at zero, and the
//! runs' sums are added in ascending order. Nothing here depends on how many rows there are, so a row has the same bits
//! alone, anywhere in a batch, and in training.
//!
//! A chain waits some four cycles between two of its multiply-adds. Many rows are enough sums to fill them, and take one
//! run after another. One row has as many sums as the layer has panels of outputs; where those are few, it takes several
//! runs at once:
//!
//! ```text
//! Dense(100, 10), one panel, four runs of 25 inputs
//!
//! one row     sums 0..4 += x[k] w[k], x[25 + k] w[25 + k], x[50 + k] w[50 + k], x[75 + k] w[75 + k]     k = 0..25
//!             y = ((sum 0 + sum 1) + sum 2) + sum 3
//! many rows   y = bias + run 0;  y += run 1;  y += run 2;  y += run 3
//! ```
//!
//! Each further run costs a batch about as much as two inputs at most, so that short layers have fewer runs.
//!
//! The sums of training over the positions of a batch (samples times steps, or pixels) are cut, too, so that long ones keep
//! their digits: a chain has at most [`POSITIONS`], counted from the batch's first, and chains are joined in ascending
//! order. So no bit depends on how a batch is cut into chunks.

use super::InstructionSet;

/// Most inputs of a run: long sums lose digits, and so many blocks of a few panels stay in a level-2 cache.
pub const LONGEST: usize = 1024;

/// Most positions of a batch in one chain.
pub const POSITIONS: usize = 4096;

/// Most runs that one row takes at once.
const MOST: usize = 4;

/// Fewest inputs of a run for which one more pays: what a single row gains by it shrinks with the panels, and what it costs
/// a batch grows.
const fn shortest(panels: usize) -> usize {
    if panels > 2 { 2 * panels } else { 4 }
}

/// Blocks of sums that keep the multipliers of an instruction set busy: latency times multipliers, as far as loads keep
/// up. Every multiply-add of a single row loads its weights, so two multipliers of one register a block wait for loads.
const fn busy(set: InstructionSet) -> usize {
    match set {
        InstructionSet::Avx512 => 6,
        InstructionSet::Avx2 => 3,
        InstructionSet::Neon => 4,
        // A chain of additions beside products that wait for nobody.
        InstructionSet::Sse2 | InstructionSet::Wasm => 2,
        InstructionSet::Scalar => 1,
    }
}

/// Runs that one row takes at once: as many as keep the multipliers busy with `panels` sums each, and none so short that it
/// costs a batch more than one row gains.
pub const fn together(inputs: usize, panels: usize, set: InstructionSet) -> usize {
    let wanted = busy(set).div_ceil(if panels == 0 { 1 } else { panels });
    let worth = inputs / shortest(panels);
    let worth = if worth == 0 { 1 } else { worth };
    smaller(smaller(wanted, worth), MOST)
}

/// Runs of the sum over a layer's inputs, for a layer of `panels` blocks of outputs; a multiple of [`together`]. Where there
/// are a thousand, the last few may be empty.
pub const fn chains(inputs: usize, panels: usize, set: InstructionSet) -> usize {
    let together = together(inputs, panels, set);
    let rounds = inputs.div_ceil(together * LONGEST);
    if rounds == 0 {
        together
    } else {
        rounds * together
    }
}

/// Inputs of every run but the last, which may be shorter.
pub const fn run(inputs: usize, panels: usize, set: InstructionSet) -> usize {
    inputs.div_ceil(chains(inputs, panels, set))
}

/// How many more positions fit into the chain under way.
pub struct Chain {
    left: usize,
    /// Whether chains have ended before it.
    pub joined: bool,
}

impl Chain {
    /// The first chain of a batch.
    #[inline(always)]
    pub const fn first() -> Self {
        Self {
            left: POSITIONS,
            joined: false,
        }
    }

    /// Takes as many of `count` positions as fit. Any that are left belong to the next chain.
    #[inline(always)]
    pub fn take(&mut self, count: usize) -> usize {
        let taken = smaller(count, self.left);
        self.left -= taken;
        taken
    }

    /// Begins the next chain if this one is full.
    #[inline(always)]
    pub fn ends(&mut self) -> bool {
        let full = self.left == 0;
        if full {
            self.left = POSITIONS;
            self.joined = true;
        }
        full
    }

    /// Whether `count` positions more belong to the chain under way.
    #[inline(always)]
    pub fn has_room(&self, count: usize) -> bool {
        count <= self.left
    }

    /// Takes `count` positions that stay together, at most [`POSITIONS`]; `true` if they begin the next chain.
    #[inline(always)]
    pub fn next(&mut self, count: usize) -> bool {
        let full = self.left < count;
        if full {
            self.left = POSITIONS;
            self.joined = true;
        }
        self.left -= count;
        full
    }
}

const fn smaller(a: usize, b: usize) -> usize {
    if a < b { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETS: [InstructionSet; 6] = [
        InstructionSet::Avx512,
        InstructionSet::Avx2,
        InstructionSet::Sse2,
        InstructionSet::Neon,
        InstructionSet::Wasm,
        InstructionSet::Scalar,
    ];

    #[test]
    fn runs_cover_all_inputs_and_none_is_empty_or_long() {
        for set in SETS {
            for panels in 1..12 {
                for inputs in (1..5000).chain([8192, 65_536, 99_999]) {
                    let (chains, run) = (chains(inputs, panels, set), run(inputs, panels, set));
                    let together = together(inputs, panels, set);
                    assert!(run <= LONGEST && chains.is_multiple_of(together));
                    assert!((chains - 1) * run < inputs && inputs <= chains * run);
                }
            }
        }
    }

    #[test]
    fn few_outputs_have_more_runs() {
        let avx512 = |inputs, panels| chains(inputs, panels, InstructionSet::Avx512);
        assert_eq!([avx512(784, 8), avx512(128, 1)], [1, 4]);
        assert_eq!([avx512(7, 1), avx512(8, 1), avx512(15, 1)], [1, 2, 3]);
        assert_eq!([avx512(4096, 256), avx512(9000, 1)], [4, 12]);
    }
}
