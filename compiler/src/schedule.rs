//! Schedules a layout's stages: the events of inference, and those of a training step.

use std::collections::{BTreeMap, BTreeSet};

use crate::graph::ValueId;
use crate::layout::Layout;
use crate::program::{Bindings, BufferId, Event, Mode, Program, Slot};

/// Schedules forward alone.
pub fn inference(layout: &Layout) -> Program {
    let mut program = begin(layout, Mode::Inference);
    // A chain of skipped stages ends at the first value that is computed.
    let mut sources: Vec<ValueId> = (0..layout.values.len()).map(ValueId).collect();
    for stage in layout
        .stages
        .iter()
        .filter(|stage| stage.op.lower().only_trains())
    {
        let root = program.roots[stage.inputs[0].0];
        sources[stage.output.0] = sources[root.0];
    }
    for root in &mut program.roots {
        *root = sources[root.0];
    }
    program.direct = reads_in_place(layout, &program.roots);
    if !program.direct {
        place_inputs(&mut program, layout);
    }
    for index in 0..layout.stages.len() {
        if !layout.stages[index].op.lower().only_trains() {
            forward_event(&mut program, layout, index);
        }
    }
    let outputs = layout
        .outputs
        .iter()
        .filter_map(|value| program.values[program.roots[value.0].0]);
    let reads = outputs.collect();
    program.events.push(Event {
        reads,
        writes: Vec::new(),
    });
    program
}

/// Schedules a training step.
pub fn training(layout: &Layout) -> Program {
    let mut program = begin(layout, Mode::Training);
    place_inputs(&mut program, layout);
    for index in 0..layout.stages.len() {
        forward_event(&mut program, layout, index);
    }
    let learns = learning(layout, &program.roots);
    let root = |program: &Program, value: ValueId| program.roots[value.0].0;

    let mut loss = Event::default();
    for &output in &layout.outputs {
        let output = root(&program, output);
        loss.reads.extend(program.values[output]);
        if learns[output] {
            let delta = delta_of(&mut program, layout, output);
            loss.writes.push(delta);
        }
    }
    program.events.push(loss);

    // The next stage that applies the same parameters.
    let mut twins = BTreeMap::new();
    for index in (0..layout.stages.len()).rev() {
        let stage = &layout.stages[index];
        let twin = match stage.shared {
            true => twins.insert((stage.layer, &stage.parameters), index),
            false => None,
        };
        backward_event(&mut program, layout, index, &learns, twin);
    }
    let mut update = Event::default();
    for (index, stage) in layout.stages.iter().enumerate() {
        if stage.parameters.is_empty() {
            continue;
        }
        let uses = stage.op.lower().uses();
        let mut read = |wanted: bool, slot: Slot| {
            if wanted {
                update.reads.extend(program.buffer(layout, index, slot));
            }
        };
        for operand in 0..stage.inputs.len() {
            read(uses.update_inputs, Slot::Input(operand));
        }
        read(uses.update_output, Slot::Output);
        read(uses.update_delta, Slot::Delta);
        let bindings = program.stages[index].iter();
        update
            .reads
            .extend(bindings.clone().flat_map(|bindings| &bindings.kept));
        update.reads.extend(
            bindings
                .flat_map(|bindings| &bindings.saved)
                .filter(|_| uses.update_saved),
        );
    }
    program.events.push(update);
    program
}

/// A program with no events yet.
fn begin(layout: &Layout, mode: Mode) -> Program {
    Program {
        mode,
        buffers: Vec::new(),
        events: Vec::new(),
        roots: layout.roots.clone(),
        values: vec![None; layout.values.len()],
        deltas: vec![None; layout.values.len()],
        stages: vec![None; layout.stages.len()],
        transposed_blocks: 0,
        direct: false,
    }
}

/// Floats of an input that is read in place at most: if it holds tiny numbers, a copy of it is read, on the stack if need
/// be.
const IN_PLACE: usize = 4096;

/// Whether the one input can be read where the caller has it: everybody who reads it reads rows of floats.
fn reads_in_place(layout: &Layout, roots: &[ValueId]) -> bool {
    let [input] = layout.inputs[..] else {
        return false;
    };
    if layout.values[input.0].shape.iter().product::<usize>() > IN_PLACE {
        return false;
    }
    let readers = layout
        .stages
        .iter()
        .filter(|stage| !stage.op.lower().only_trains())
        .all(|stage| {
            let reads = |(operand, value): (usize, &ValueId)| {
                roots[value.0] != input
                    || stage
                        .op
                        .lower()
                        .reads_floats(operand, &layout.values[value.0].shape)
            };
            stage.inputs.iter().enumerate().all(reads)
        });
    readers && layout.outputs.iter().all(|output| roots[output.0] != input)
}

/// Gives every input a buffer that the caller's data is copied to before anything runs.
fn place_inputs(program: &mut Program, layout: &Layout) {
    let mut event = Event::default();
    for &input in &layout.inputs {
        let blocks = layout.storages[input.0].blocks();
        let buffer = program.add(layout.values[input.0].name.clone(), blocks);
        program.values[input.0] = Some(buffer);
        event.writes.push(buffer);
    }
    program.events.push(event);
}

/// Adds the buffers and the event of a stage's forward.
fn forward_event(program: &mut Program, layout: &Layout, index: usize) {
    let stage = &layout.stages[index];
    let name = &layout.values[stage.output.0].name;
    let mut bindings = Bindings::default();
    layout.with_geometry(stage, |geometry| {
        let extra = match program.mode {
            Mode::Inference => stage.op.lower().scratch(geometry),
            Mode::Training => stage.op.lower().saved(geometry),
        };
        for (number, blocks) in extra.into_iter().enumerate() {
            let buffer = program.add(format!("{name} (extra {number})"), blocks);
            match program.mode {
                Mode::Inference => bindings.scratch.push(buffer),
                Mode::Training => bindings.saved.push(buffer),
            }
        }
    });
    let output = program.add(name.clone(), layout.storages[stage.output.0].blocks());
    program.values[program.roots[stage.output.0].0] = Some(output);
    let mut event = Event::default();
    for input in &stage.inputs {
        event.reads.extend(program.values[program.roots[input.0].0]);
    }
    event
        .writes
        .extend(bindings.saved.iter().chain(&bindings.scratch).copied());
    event.writes.push(output);
    program.events.push(event);
    program.stages[index] = Some(bindings);
}

/// Which roots depend on something learnt.
fn learning(layout: &Layout, roots: &[ValueId]) -> Vec<bool> {
    let mut learns = vec![false; layout.values.len()];
    for stage in &layout.stages {
        learns[roots[stage.output.0].0] |= !stage.parameters.is_empty()
            || stage.inputs.iter().any(|input| learns[roots[input.0].0]);
    }
    learns
}

/// The delta buffer of a root, made on first use.
fn delta_of(program: &mut Program, layout: &Layout, root: usize) -> BufferId {
    if let Some(delta) = program.deltas[root] {
        return delta;
    }
    let delta = program.add(
        format!("delta of {}", layout.values[root].name),
        layout.storages[root].blocks(),
    );
    program.deltas[root] = Some(delta);
    delta
}

/// Adds the deltas and the event of a stage's backward.
fn backward_event(
    program: &mut Program,
    layout: &Layout,
    index: usize,
    learns: &[bool],
    twin: Option<usize>,
) {
    let stage = &layout.stages[index];
    let output = program.roots[stage.output.0].0;
    let Some(delta) = program.deltas[output].filter(|_| learns[output]) else {
        return;
    };
    let uses = stage.op.lower().uses();
    let saved = program.stages[index]
        .as_ref()
        .map(|bindings| bindings.saved.clone())
        .unwrap_or_default();
    let mut event = Event {
        reads: saved.clone(),
        writes: saved,
    };
    event.reads.push(delta);
    event.writes.push(delta);
    if uses.backward_output {
        event.reads.extend(program.values[output]);
    }
    let mut adds = Vec::new();
    let mut written: BTreeSet<BufferId> = event.writes.iter().copied().collect();
    for input in &stage.inputs {
        let root = program.roots[input.0].0;
        if uses.backward_inputs {
            event.reads.extend(program.values[root]);
        }
        if !learns[root] {
            adds.push(None);
            continue;
        }
        let known = program.deltas[root].is_some();
        let delta = delta_of(program, layout, root);
        // The second time in `x * x` it adds to what this very stage has written.
        if written.insert(delta) && known {
            event.reads.push(delta);
        }
        event.writes.push(delta);
        adds.push(Some(known));
    }
    let wants_deltas = adds.iter().any(Option::is_some);
    let kept = layout.with_geometry(stage, |geometry| {
        stage.op.lower().kept(geometry, wants_deltas)
    });
    let name = &layout.values[stage.output.0].name;
    let keep = |blocks: usize| program.add(format!("kept for the update of {name}"), blocks);
    let kept = kept.into_iter().map(keep).collect::<Vec<_>>();
    event.writes.extend(&kept);
    program.events.push(event);

    let sizes = layout.with_geometry(stage, |geometry| {
        stage.op.lower().transposed(geometry, wants_deltas)
    });
    let shared = twin
        .and_then(|other| program.stages[other].as_ref())
        .map(|other| other.transposed.clone());
    let shared = shared.filter(|offsets| offsets.len() == sizes.len());
    let fresh = shared.is_none();
    let transposed = shared.unwrap_or_else(|| {
        let place = |blocks: usize| {
            let offset = program.transposed_blocks;
            program.transposed_blocks += blocks;
            offset
        };
        sizes.into_iter().map(place).collect()
    });
    if let Some(bindings) = &mut program.stages[index] {
        bindings.kept = kept;
        bindings.adds = adds;
        bindings.backward = true;
        bindings.transposes = fresh && !transposed.is_empty();
        bindings.transposed = transposed;
    }
}
