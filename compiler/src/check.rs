//! The independent judge of a memory plan. It shares nothing with the planner: it plays the events over memory and
//! remembers who wrote each block last. Neighbouring blocks of one owner are remembered once, however large the network is.

use crate::plan::Plan;
use crate::program::{BufferId, Event, Program};
use std::collections::BTreeMap;
use std::ops::Range;

/// Plays a program; an error names the buffer that was lost, and who overwrote it.
pub fn check(program: &Program, plan: &Plan) -> Result<(), String> {
    let judge = Judge { program, plan };
    let mut memory = Owners::default();
    for (time, event) in program.events.iter().enumerate() {
        judge.bounds(event)?;
        judge.reads(time, event, &memory)?;
        judge.writes(time, event)?;
        for &buffer in &event.writes {
            memory.write(buffer, judge.place(buffer));
        }
    }
    Ok(())
}

/// A program and the plan that is judged.
struct Judge<'a> {
    program: &'a Program,
    plan: &'a Plan,
}

impl Judge<'_> {
    fn name(&self, BufferId(buffer): BufferId) -> &str {
        &self.program.buffers[buffer].name
    }

    /// The blocks of a buffer.
    fn place(&self, BufferId(buffer): BufferId) -> Range<usize> {
        let first = self.plan.offsets[buffer];
        first..first + self.program.buffers[buffer].blocks
    }

    /// Every buffer lies within the planned memory.
    fn bounds(&self, event: &Event) -> Result<(), String> {
        let mut touched = event.reads.iter().chain(&event.writes);
        match touched.find(|&&buffer| self.place(buffer).end > self.plan.blocks) {
            Some(&buffer) => Err(format!(
                "`{}` lies outside the planned memory",
                self.name(buffer)
            )),
            None => Ok(()),
        }
    }

    /// What is read is there as it was written.
    fn reads(&self, time: usize, event: &Event, memory: &Owners) -> Result<(), String> {
        for &buffer in &event.reads {
            match memory.lost(buffer, self.place(buffer)) {
                None => {}
                Some((block, Some(owner))) => {
                    return Err(format!(
                        "event {time} reads `{}`, but `{}` has overwritten its block {block}",
                        self.name(buffer),
                        self.name(owner)
                    ));
                }
                Some((_, None)) => {
                    return Err(format!(
                        "event {time} reads `{}` before anything was written",
                        self.name(buffer)
                    ));
                }
            }
        }
        Ok(())
    }

    /// An event writes no block for two buffers, and none of another that it reads.
    fn writes(&self, time: usize, event: &Event) -> Result<(), String> {
        let mut read = Owners::default();
        for &buffer in &event.reads {
            read.write(buffer, self.place(buffer));
        }
        let mut written = Owners::default();
        for &buffer in &event.writes {
            let place = self.place(buffer);
            if let Some((block, _)) = written.other(buffer, place.clone()) {
                return Err(format!(
                    "event {time} writes block {block} of `{}` twice",
                    self.name(buffer)
                ));
            }
            if let Some((_, other)) = read.other(buffer, place.clone()) {
                return Err(format!(
                    "event {time} writes `{}` over `{}`, which it reads",
                    self.name(buffer),
                    self.name(other)
                ));
            }
            written.write(buffer, place);
        }
        Ok(())
    }
}

/// Who wrote each block last: the first block of each stretch, with its end and its owner; stretches never overlap.
#[derive(Default)]
struct Owners(BTreeMap<usize, (usize, BufferId)>);

impl Owners {
    /// The first stretch that is not wholly before a block.
    fn since(&self, block: usize) -> impl Iterator<Item = (Range<usize>, BufferId)> {
        let before = self.0.range(..block).next_back();
        let before = before.filter(|&(_, &(end, _))| end > block);
        before
            .into_iter()
            .chain(self.0.range(block..))
            .map(|(&start, &(end, owner))| (start..end, owner))
    }

    /// The first block in a place that is not a buffer's, and whose it is instead.
    fn lost(&self, buffer: BufferId, place: Range<usize>) -> Option<(usize, Option<BufferId>)> {
        let mut block = place.start;
        for (stretch, owner) in self.since(place.start) {
            if block >= place.end || stretch.start > block {
                break;
            }
            if owner != buffer {
                return Some((block, Some(owner)));
            }
            block = stretch.end;
        }
        (block < place.end).then_some((block, None))
    }

    /// The first block in a place that is another buffer's, and whose.
    fn other(&self, buffer: BufferId, place: Range<usize>) -> Option<(usize, BufferId)> {
        let within = self.since(place.start);
        let mut within = within.take_while(|(stretch, _)| stretch.start < place.end);
        let (stretch, owner) = within.find(|&(_, owner)| owner != buffer)?;
        Some((stretch.start.max(place.start), owner))
    }

    /// Makes blocks a buffer's; what is left of the stretches that lay there stays whose it was.
    fn write(&mut self, buffer: BufferId, place: Range<usize>) {
        if place.is_empty() {
            return;
        }
        let lay: Vec<_> = self
            .since(place.start)
            .take_while(|(stretch, _)| stretch.start < place.end)
            .collect();
        for (stretch, owner) in lay {
            self.0.remove(&stretch.start);
            if stretch.start < place.start {
                self.0.insert(stretch.start, (place.start, owner));
            }
            if place.end < stretch.end {
                self.0.insert(place.end, (stretch.end, owner));
            }
        }
        self.0.insert(place.start, (place.end, buffer));
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
