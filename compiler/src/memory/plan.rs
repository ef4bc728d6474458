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
    /// The first events, if rows pass through them in groups of their own.
    pub lead: Option<Lead>,
}

/// Events that rows pass through group by group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lead {
    /// How many events.
    pub events: usize,
    /// Rows of a group.
    pub rows: usize,
    /// Blocks at the beginning of a sample's that no other event touches: one group after another has them.
    pub blocks: usize,
}

impl Plan {
    /// Whether nothing but the lead touches a buffer.
    pub fn is_near(&self, BufferId(buffer): BufferId) -> bool {
        self.lead
            .is_some_and(|lead| self.offsets[buffer] < lead.blocks)
    }

    /// The first block of a buffer in the memory it lies in: the lead's own, or what is there for all rows.
    pub fn first(&self, buffer: BufferId) -> usize {
        let offset = self.offsets[buffer.0];
        match self.lead {
            Some(lead) if !self.is_near(buffer) => offset - lead.blocks,
            _ => offset,
        }
    }
}

/// Places all buffers of a program; so many rows pass together if they are given, and none of them ahead.
pub fn plan(program: &Program, rows: Option<usize>) -> Plan {
    let lifetimes = lifetimes(program);
    let (offsets, blocks) = place(program, &lifetimes);
    let plan = Plan {
        offsets,
        blocks,
        rows: rows.unwrap_or(1).max(1),
        lead: None,
    };
    if rows.is_some() {
        return plan;
    }
    let (rows, lead) = rows::choose(program, blocks, &alive(program, &lifetimes));
    match lead {
        Some(lead) => led(program, rows, lead),
        None => Plan { rows, ..plan },
    }
}

/// Places the buffers of an inference with a lead: those that it alone touches, and behind them the others. What it leaves of one
/// group is there while the next goes through it.
pub fn led(program: &Program, rows: usize, lead: rows::Lead) -> Plan {
    let lifetimes = lifetimes(program);
    let rows::Lead { events, rows: few } = lead;
    let near = |lifetime: &Lifetime| lifetime.1 < events;
    let own: Vec<_> = lifetimes
        .iter()
        .map(|lifetime| lifetime.filter(near))
        .collect();
    let others: Vec<_> = lifetimes
        .iter()
        .map(|lifetime| {
            let (first, last) = lifetime.filter(|lifetime| !near(lifetime))?;
            Some((if first < events { 0 } else { first }, last))
        })
        .collect();
    let (mut offsets, blocks) = place(program, &own);
    let (behind, rest) = place(program, &others);
    for (offset, (behind, other)) in offsets.iter_mut().zip(behind.into_iter().zip(&others)) {
        if other.is_some() {
            *offset = blocks + behind;
        }
    }
    Plan {
        offsets,
        blocks: blocks + rest,
        rows,
        lead: Some(Lead {
            events,
            rows: few,
            blocks,
        }),
    }
}

/// The offsets of buffers that are alive, and all blocks they take.
fn place(program: &Program, lifetimes: &[Option<Lifetime>]) -> (Vec<usize>, usize) {
    let mut order = (0..program.buffers.len()).collect::<Vec<_>>();
    order.sort_by_key(|&buffer| (std::cmp::Reverse(program.buffers[buffer].blocks), buffer));

    let mut offsets = vec![0; program.buffers.len()];
    let (mut memory, mut end) = (Occupied::new(program.events.len()), 0);
    for buffer in order {
        let Some(lifetime) = lifetimes[buffer] else {
            continue;
        };
        let blocks = program.buffers[buffer].blocks;
        offsets[buffer] = memory.lowest(lifetime, blocks);
        memory.occupy(lifetime, &(offsets[buffer]..offsets[buffer] + blocks));
        end = end.max(offsets[buffer] + blocks);
    }
    (offsets, end)
}

/// How many blocks are alive at each event.
fn alive(program: &Program, lifetimes: &[Option<Lifetime>]) -> Vec<usize> {
    let mut change = vec![[0; 2]; program.events.len()];
    for (buffer, lifetime) in program.buffers.iter().zip(lifetimes) {
        if let &Some((first, last)) = lifetime {
            change[first][0] += buffer.blocks;
            change[last][1] += buffer.blocks;
        }
    }
    let mut now = 0;
    let at = |[begins, ends]: [usize; 2]| {
        let alive = now + begins;
        now = alive - ends;
        alive
    };
    change.into_iter().map(at).collect()
}

/// Blocks of a `StreamState`: what lasts from step to step, the workspace of a step, and a count of steps, which is as far
/// as blocks are aligned.
pub fn state(program: &Program, plan: &Plan) -> usize {
    program.kept.blocks() + plan.blocks + 1
}

/// The event at which most blocks are alive, and the buffers that are.
pub fn fullest(program: &Program) -> (usize, Vec<BufferId>) {
    let lifetimes = lifetimes(program);
    let alive = alive(program, &lifetimes);
    let most = alive.iter().max();
    let event = alive
        .iter()
        .position(|blocks| Some(blocks) == most)
        .unwrap_or(0);
    let is_alive = |(_, lifetime): &(usize, &Option<Lifetime>)| {
        lifetime.is_some_and(|(first, last)| (first..=last).contains(&event))
    };
    let buffers = lifetimes.iter().enumerate().filter(is_alive);
    (event, buffers.map(|(buffer, _)| BufferId(buffer)).collect())
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
