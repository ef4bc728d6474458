//! The independent judge of a memory plan. It shares nothing with the planner: it plays the events over memory and
//! remembers who wrote each block last. Blocks between two borders of buffers share their fate, so that they are
//! remembered once, however large the network is.

use crate::plan::Plan;
use crate::program::{BufferId, Program};
use std::ops::Range;

/// Plays a program; an error names the buffer that was lost, and who overwrote it.
pub fn check(program: &Program, plan: &Plan) -> Result<(), String> {
    let memory = Memory::new(program, plan);
    let mut owners: Vec<Option<BufferId>> = vec![None; memory.borders.len()];
    let name = |BufferId(buffer): BufferId| &program.buffers[buffer].name;
    for (time, event) in program.events.iter().enumerate() {
        for &buffer in event.reads.iter().chain(&event.writes) {
            if memory.place(buffer).end > plan.blocks {
                return Err(format!(
                    "`{}` lies outside the planned memory",
                    name(buffer)
                ));
            }
        }
        for &buffer in &event.reads {
            for stretch in memory.stretches(buffer) {
                let block = memory.borders[stretch];
                match owners[stretch] {
                    Some(owner) if owner == buffer => {}
                    Some(owner) => {
                        return Err(format!(
                            "event {time} reads `{}`, but `{}` has overwritten its block {block}",
                            name(buffer),
                            name(owner)
                        ));
                    }
                    None => {
                        return Err(format!(
                            "event {time} reads `{}` before anything was written",
                            name(buffer)
                        ));
                    }
                }
            }
        }
        for (index, &buffer) in event.writes.iter().enumerate() {
            if let Some(block) = memory.clash(buffer, &event.writes[..index]) {
                return Err(format!(
                    "event {time} writes block {block} of `{}` twice",
                    name(buffer)
                ));
            }
            let read = |&&other: &&BufferId| memory.clash(buffer, &[other]).is_some();
            if let Some(&other) = event.reads.iter().find(read) {
                return Err(format!(
                    "event {time} writes `{}` over `{}`, which it reads",
                    name(buffer),
                    name(other)
                ));
            }
            owners[memory.stretches(buffer)].fill(Some(buffer));
        }
    }
    Ok(())
}

/// Memory cut wherever a buffer begins or ends.
struct Memory<'a> {
    program: &'a Program,
    plan: &'a Plan,
    /// First block of each stretch, ascending.
    borders: Vec<usize>,
}

impl<'a> Memory<'a> {
    fn new(program: &'a Program, plan: &'a Plan) -> Self {
        let mut memory = Self {
            program,
            plan,
            borders: Vec::new(),
        };
        let places = (0..program.buffers.len()).map(|buffer| memory.place(BufferId(buffer)));
        let mut borders: Vec<usize> = places.flat_map(|place| [place.start, place.end]).collect();
        borders.sort_unstable();
        borders.dedup();
        memory.borders = borders;
        memory
    }

    /// The blocks of a buffer.
    fn place(&self, BufferId(buffer): BufferId) -> Range<usize> {
        let first = self.plan.offsets[buffer];
        first..first + self.program.buffers[buffer].blocks
    }

    /// The stretches of a buffer.
    fn stretches(&self, buffer: BufferId) -> Range<usize> {
        let place = self.place(buffer);
        let index = |block| self.borders.partition_point(|&border| border < block);
        index(place.start)..index(place.end)
    }

    /// A block that a buffer has in common with one of others.
    fn clash(&self, buffer: BufferId, others: &[BufferId]) -> Option<usize> {
        let place = self.place(buffer);
        let mut others = others.iter().filter(|&&other| other != buffer);
        others.find_map(|&other| {
            let other = self.place(other);
            let first = place.start.max(other.start);
            (first < place.end.min(other.end)).then_some(first)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::plan::{Plan, plan};
    use crate::program::{Buffer, BufferId, Event, Mode, Program};
    use proptest::prelude::*;

    fn program(sizes: &[usize], events: Vec<Event>) -> Program {
        let buffer = |(index, &blocks): (usize, &usize)| Buffer {
            name: format!("b{index}"),
            blocks,
        };
        Program {
            mode: Mode::Inference,
            buffers: sizes.iter().enumerate().map(buffer).collect(),
            events,
            roots: Vec::new(),
            values: Vec::new(),
            deltas: Vec::new(),
            stages: Vec::new(),
            transposed_blocks: 0,
            direct: false,
        }
    }

    fn event(reads: &[usize], writes: &[usize]) -> Event {
        let ids = |list: &[usize]| list.iter().copied().map(BufferId).collect();
        Event {
            reads: ids(reads),
            writes: ids(writes),
        }
    }

    #[test]
    fn memory_of_dead_buffers_is_used_again() {
        let chain = vec![
            event(&[], &[0]),
            event(&[0], &[1]),
            event(&[1], &[2]),
            event(&[2], &[]),
        ];
        let program = program(&[4, 4, 4], chain);
        let plan = plan(&program);
        assert_eq!(plan.blocks, 8);
        assert_eq!(check(&program, &plan), Ok(()));
    }

    #[test]
    fn overwritten_buffers_are_found() {
        let events = vec![event(&[], &[0]), event(&[], &[1]), event(&[0, 1], &[])];
        let program = program(&[2, 2], events);
        let bad = Plan {
            offsets: vec![0, 1],
            blocks: 3,
        };
        let message = check(&program, &bad).unwrap_err();
        assert_eq!(
            message,
            "event 2 reads `b0`, but `b1` has overwritten its block 1"
        );
    }

    #[test]
    fn writing_over_an_operand_is_found() {
        let events = vec![event(&[], &[0]), event(&[0], &[1])];
        let program = program(&[2, 2], events);
        let bad = Plan {
            offsets: vec![0, 0],
            blocks: 2,
        };
        assert_eq!(
            check(&program, &bad).unwrap_err(),
            "event 1 writes `b1` over `b0`, which it reads"
        );
    }

    proptest! {
        /// Random chains with random later readers: what the planner makes, the judge accepts.
        #[test]
        fn every_plan_passes(sizes in prop::collection::vec(1_usize..9, 1..24), seed in any::<u64>()) {
            let mut random = seed;
            let mut draw = move |below: usize| {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (random >> 33) as usize % below
            };
            let events = (0..sizes.len()).map(|index| {
                let reads = (0..draw(3)).filter(|_| index > 0).map(|_| draw(index.max(1))).collect::<Vec<_>>();
                event(&reads, &[index])
            });
            let program = program(&sizes, events.collect());
            let plan = plan(&program);
            prop_assert_eq!(check(&program, &plan), Ok(()));
            prop_assert!(plan.blocks <= sizes.iter().sum());
        }
    }
}
