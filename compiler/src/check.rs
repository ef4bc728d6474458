//! The independent judge of a memory plan. It shares nothing with the planner: it plays the events over memory and
//! remembers who wrote each block last.

use crate::plan::Plan;
use crate::program::{BufferId, Program};

/// Plays a program; an error names the buffer that was lost, and who overwrote it.
pub fn check(program: &Program, plan: &Plan) -> Result<(), String> {
    let mut owners: Vec<Option<BufferId>> = vec![None; plan.blocks];
    let name = |BufferId(buffer): BufferId| &program.buffers[buffer].name;
    let place = |BufferId(buffer): BufferId| {
        let first = plan.offsets[buffer];
        first..first + program.buffers[buffer].blocks
    };
    for (time, event) in program.events.iter().enumerate() {
        for &buffer in &event.reads {
            for block in place(buffer) {
                match owners.get(block) {
                    Some(&Some(owner)) if owner == buffer => {}
                    Some(&Some(owner)) => {
                        return Err(format!(
                            "event {time} reads `{}`, but `{}` has overwritten its block {block}",
                            name(buffer),
                            name(owner)
                        ));
                    }
                    Some(None) => {
                        return Err(format!(
                            "event {time} reads `{}` before anything was written",
                            name(buffer)
                        ));
                    }
                    None => {
                        return Err(format!(
                            "`{}` lies outside the planned memory",
                            name(buffer)
                        ));
                    }
                }
            }
        }
        let mut written: Vec<Option<BufferId>> = vec![None; plan.blocks];
        for &buffer in &event.writes {
            for block in place(buffer) {
                let Some(slot) = written.get_mut(block) else {
                    return Err(format!(
                        "`{}` lies outside the planned memory",
                        name(buffer)
                    ));
                };
                if slot.is_some_and(|other| other != buffer) {
                    return Err(format!(
                        "event {time} writes block {block} of `{}` twice",
                        name(buffer)
                    ));
                }
                let read = event
                    .reads
                    .iter()
                    .find(|&&other| other != buffer && place(other).contains(&block));
                if let Some(&other) = read {
                    return Err(format!(
                        "event {time} writes `{}` over `{}`, which it reads",
                        name(buffer),
                        name(other)
                    ));
                }
                *slot = Some(buffer);
                owners[block] = Some(buffer);
            }
        }
    }
    Ok(())
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
