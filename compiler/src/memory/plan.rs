//! The memory plan: every buffer gets an offset, so that buffers alive at the same time never overlap.
//!
//! Greedy by size (Pisarchyk and Lee 2020, "Efficient memory management for deep neural net inference"): the largest
//! buffer first, each at the lowest offset that no buffer alive at the same time occupies.

mod occupied;

use crate::ids::BufferId;
use crate::memory::{program::Program, rows};
use occupied::{Lifetime, Occupied};

/// Offsets for one program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// First block of each buffer, for one sample.
    pub offsets: Vec<usize>,
    /// Blocks per sample in all.
    pub blocks: usize,
    /// Rows of a batch that pass through the program together.
    pub rows: usize,
}

/// Places all buffers of a program.
pub fn plan(program: &Program) -> Plan {
    let lifetimes = lifetimes(program);
    let mut order = (0..program.buffers.len()).collect::<Vec<_>>();
    order.sort_by_key(|&buffer| (std::cmp::Reverse(program.buffers[buffer].blocks), buffer));

    let mut offsets = vec![0; program.buffers.len()];
    let mut memory = Occupied::new(program.events.len());
    for buffer in order {
        let Some(lifetime) = lifetimes[buffer] else {
            continue;
        };
        let blocks = program.buffers[buffer].blocks;
        offsets[buffer] = memory.lowest(lifetime, blocks);
        memory.occupy(lifetime, &(offsets[buffer]..offsets[buffer] + blocks));
    }
    let end = |buffer: usize| offsets[buffer] + program.buffers[buffer].blocks;
    let blocks = (0..program.buffers.len()).map(end).max().unwrap_or(0);
    let rows = rows::choose(program, blocks);
    Plan {
        offsets,
        blocks,
        rows,
    }
}

/// When each buffer is alive; `None` where nothing touches it.
fn lifetimes(program: &Program) -> Vec<Option<Lifetime>> {
    let mut lifetimes = vec![None; program.buffers.len()];
    for (time, event) in program.events.iter().enumerate() {
        for (BufferId(buffer), _) in event.buffers() {
            let (first, _) = lifetimes[buffer].unwrap_or((time, time));
            lifetimes[buffer] = Some((first, time));
        }
    }
    lifetimes
}
