//! The memory plan: every buffer gets an offset, so that buffers alive at the same time never overlap.
//!
//! Greedy by size (Pisarchyk and Lee 2020, "Efficient memory management for deep neural net inference"): the largest
//! buffer first, each at the lowest offset that no buffer alive at the same time occupies.

use crate::program::{BufferId, Program};

/// Offsets for one program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// First block of each buffer, for one sample.
    pub offsets: Vec<usize>,
    /// Blocks per sample in all.
    pub blocks: usize,
}

/// First and last event that touch a buffer.
type Lifetime = (usize, usize);

/// Places all buffers of a program.
pub fn plan(program: &Program) -> Plan {
    let lifetimes = lifetimes(program);
    let mut order = (0..program.buffers.len()).collect::<Vec<_>>();
    order.sort_by_key(|&buffer| (std::cmp::Reverse(program.buffers[buffer].blocks), buffer));

    let mut offsets = vec![0; program.buffers.len()];
    let mut placed: Vec<usize> = Vec::new();
    for buffer in order {
        let mut neighbours = placed.clone();
        neighbours.retain(|&other| overlap(lifetimes[buffer], lifetimes[other]));
        neighbours.sort_by_key(|&other| offsets[other]);
        let blocks = program.buffers[buffer].blocks;
        let mut offset = 0;
        for other in neighbours {
            if offset + blocks <= offsets[other] {
                break;
            }
            offset = offset.max(offsets[other] + program.buffers[other].blocks);
        }
        offsets[buffer] = offset;
        placed.push(buffer);
    }
    let end = |buffer: usize| offsets[buffer] + program.buffers[buffer].blocks;
    let blocks = (0..program.buffers.len()).map(end).max().unwrap_or(0);
    Plan { offsets, blocks }
}

/// When each buffer is alive.
fn lifetimes(program: &Program) -> Vec<Lifetime> {
    let mut lifetimes = vec![(usize::MAX, 0); program.buffers.len()];
    for (time, event) in program.events.iter().enumerate() {
        for &BufferId(buffer) in event.reads.iter().chain(&event.writes) {
            let (first, last) = &mut lifetimes[buffer];
            *first = (*first).min(time);
            *last = time;
        }
    }
    lifetimes
}

/// Whether two lifetimes share an event.
fn overlap(a: Lifetime, b: Lifetime) -> bool {
    a.0 <= b.1 && b.0 <= a.1
}
