//! The independent judge of a program and its memory plan. It shares nothing with the planner: it compares every call with
//! what its kernel takes, and every view with the memory that it names, and plays the events over memory, remembering who
//! wrote each block last. Neighbouring blocks of one owner are remembered once, however large the network is.

mod forms;
mod owners;
mod signature;

use crate::call::Access;
use crate::ids::{BufferId, TensorId};
use crate::memory::plan::Plan;
use crate::memory::program::{Action, Event, Place, Program, Shared};
pub use forms::Given;
use owners::Owners;
use std::collections::BTreeSet;
use std::ops::Range;

/// Plays a program; an error names the call that is not what its kernel takes or does not fit what it views, or the buffer
/// that was lost and who overwrote it.
pub fn check(program: &Program, plan: &Plan, given: &Given) -> Result<(), String> {
    let judge = Judge { program, plan };
    parts(&program.transposed)?;
    parts(&program.joint)?;
    let indices = forms::indices(program, given)?;
    parts(&program.kept)?;
    let (mut memory, mut made) = (Owners::default(), BTreeSet::new());
    let mut updated = BTreeSet::new();
    // Two groups go through the lead one after another, and what it leaves of the first is there until the rest.
    let lead = plan.lead.map_or(0, |lead| lead.events);
    let kept = judge.kept(lead);
    let first = (0..lead).map(|time| (time, false));
    let others = (0..program.events.len()).map(|time| (time, time < lead));
    for (time, again) in first.chain(others) {
        let event = &program.events[time];
        judge.sides(time, event)?;
        if let Some(call) = event.action.call() {
            signature::signature(&event.name, call)?;
        }
        if let Action::Update(_, gradient) = &event.action {
            signature::terms(&event.name, gradient)?;
        }
        forms::forms(event, program, given)?;
        forms::crossings(event, program, given)?;
        forms::tokens(event, &indices)?;
        judge.shared(event, &mut made)?;
        judge.updated(event, &mut updated)?;
        judge.bounds(event)?;
        judge.reads(time, event, &memory)?;
        judge.writes(time, event)?;
        for buffer in written(event) {
            memory.write(buffer, judge.place(buffer));
        }
        if again {
            judge.keeps(time, &kept, &memory)?;
        }
    }
    Ok(())
}

/// Regions of shared memory lie one behind another.
fn parts(shared: &Shared) -> Result<(), String> {
    let mut end = 0;
    for region in &shared.parts {
        if region.offset != end {
            let (name, offset) = (&region.name, region.offset);
            return Err(format!("`{name}` begins at {offset} instead of {end}"));
        }
        end += region.blocks;
    }
    Ok(())
}

/// Buffers whose contents must still be there.
fn read(event: &Event) -> impl Iterator<Item = BufferId> {
    let reads = |(buffer, access): (BufferId, Access)| access.reads().then_some(buffer);
    event.buffers().filter_map(reads)
}

/// Buffers that hold something from here on.
fn written(event: &Event) -> impl Iterator<Item = BufferId> {
    let writes = |(buffer, access): (BufferId, Access)| access.writes().then_some(buffer);
    event.buffers().filter_map(writes)
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

    /// What all samples share is there: no event reads what is not made, and none changes it but a transposition, which
    /// makes transposed weights and nothing else, a fold, which makes what samples have in common and nothing else, and what
    /// follows, which changes parameters and nothing else. What a stream keeps is its own, and there from the beginning.
    fn shared(&self, event: &Event, made: &mut BTreeSet<Place>) -> Result<(), String> {
        for (place, access) in event.touches() {
            let lasting = !matches!(place, Place::Buffer(_) | Place::Kept(_));
            let changes = match event.action {
                Action::Transpose(_) => matches!(place, Place::Transposed(_)),
                Action::Fold(_) => matches!(place, Place::Joint(_)),
                Action::Follow(_) => matches!(place, Place::Tensor(_)),
                _ => !lasting,
            };
            if access.writes() && !changes {
                return Err(match lasting {
                    true => format!("`{}` writes what all samples share", event.name),
                    false => format!("`{}` writes what is a sample's own", event.name),
                });
            }
            let what = match place {
                Place::Joint(_) => "what nobody joined",
                Place::Transposed(_) => "weights that nobody transposed",
                Place::Caller | Place::Buffer(_) | Place::Tensor(_) | Place::Kept(_) => continue,
            };
            if access.reads() && !made.contains(&place) {
                return Err(format!("`{}` reads {what}", event.name));
            }
            if access.writes() {
                made.insert(place);
            }
        }
        Ok(())
    }

    /// An update is the last that happens to a parameter in a step: whoever reads it later would not find what forward
    /// found.
    fn updated(&self, event: &Event, updated: &mut BTreeSet<TensorId>) -> Result<(), String> {
        for (place, _) in event.touches() {
            if matches!(place, Place::Tensor(tensor) if updated.contains(&tensor)) {
                return Err(format!("`{}` reads weights of the next step", event.name));
            }
        }
        match event.action {
            Action::Update(tensor, _) if !updated.insert(tensor) => {
                Err(format!("`{}` is updated twice", event.name))
            }
            _ => Ok(()),
        }
    }

    /// What a lead of so many events leaves for the rest.
    fn kept(&self, lead: usize) -> BTreeSet<BufferId> {
        let (lead, rest) = self.program.events.split_at(lead);
        let read: BTreeSet<_> = rest.iter().flat_map(read).collect();
        lead.iter()
            .flat_map(written)
            .filter(|id| read.contains(id))
            .collect()
    }

    /// What a group has left is there while the next goes through the lead.
    fn keeps(&self, time: usize, kept: &BTreeSet<BufferId>, memory: &Owners) -> Result<(), String> {
        let lost = |&&buffer: &&BufferId| memory.lost(buffer, self.place(buffer)).is_some();
        match kept.iter().find(lost) {
            Some(&buffer) => Err(format!(
                "event {time} overwrites `{}` of the group before",
                self.name(buffer)
            )),
            None => Ok(()),
        }
    }

    /// The memory of a lead is touched by no other event.
    fn sides(&self, time: usize, event: &Event) -> Result<(), String> {
        let Some(lead) = self.plan.lead else {
            return Ok(());
        };
        let wrong = |&(buffer, _): &(BufferId, Access)| {
            let Range { start, end } = self.place(buffer);
            let near = time < lead.events && end <= lead.blocks;
            !near && start < lead.blocks
        };
        match event.buffers().find(wrong) {
            Some((buffer, _)) => Err(format!(
                "event {time} touches `{}` in memory of a lead",
                self.name(buffer)
            )),
            None => Ok(()),
        }
    }

    /// Every buffer lies within the planned memory.
    fn bounds(&self, event: &Event) -> Result<(), String> {
        let mut touched = event.buffers();
        match touched.find(|&(buffer, _)| self.place(buffer).end > self.plan.blocks) {
            Some((buffer, _)) => Err(format!(
                "`{}` lies outside the planned memory",
                self.name(buffer)
            )),
            None => Ok(()),
        }
    }

    /// What is read is there as it was written.
    fn reads(&self, time: usize, event: &Event, memory: &Owners) -> Result<(), String> {
        for buffer in read(event) {
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
        let mut reads = Owners::default();
        for buffer in read(event) {
            reads.write(buffer, self.place(buffer));
        }
        let mut writes = Owners::default();
        for buffer in written(event) {
            let place = self.place(buffer);
            if event
                .buffers()
                .filter(|&(other, _)| other == buffer)
                .count()
                > 1
            {
                return Err(format!(
                    "event {time} takes `{}` twice and writes it",
                    self.name(buffer)
                ));
            }
            if let Some((block, _)) = writes.other(buffer, place.clone()) {
                return Err(format!(
                    "event {time} writes block {block} of `{}` twice",
                    self.name(buffer)
                ));
            }
            if let Some((_, other)) = reads.other(buffer, place.clone()) {
                return Err(format!(
                    "event {time} writes `{}` over `{}`, which it reads",
                    self.name(buffer),
                    self.name(other)
                ));
            }
            writes.write(buffer, place);
        }
        Ok(())
    }
}
