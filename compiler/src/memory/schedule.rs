//! Schedules a layout's stages: the events of inference, and those of a training step.

use crate::call::{Call, Gradient, Slot};
use crate::graph::Graph;
use crate::ids::{BufferId, LayerId, ValueId};
use crate::memory::crossing::Cross;
use crate::memory::program::{Action, Answer, Crossing, Event, Mode, Place, Program};
use crate::memory::rows::{self, Wish};
use crate::parameter::Role;
use crate::place::layout::Layout;
use scheduler::Scheduler;
use std::collections::BTreeSet;

mod scheduler;

/// Schedules forward alone, of a layout that is made for it.
pub fn inference(layout: &Layout) -> Program {
    let mut scheduler = Scheduler::new(layout, Mode::Inference);
    scheduler.program.direct = scheduler.reads_in_place();
    if !scheduler.program.direct {
        scheduler.load();
    }
    scheduler.answer()
}

/// Schedules the step of a stream, of a layout that is made for it.
pub fn stream(layout: &Layout) -> Program {
    let mut scheduler = Scheduler::new(layout, Mode::Stream);
    scheduler.load();
    scheduler.answer()
}

/// Schedules a training step: every gradient is finished over the whole batch, or chunk by chunk where that is cheaper.
pub fn training(layout: &Layout, wish: Wish) -> Program {
    let batch = step(layout, 0);
    match rows::are_summed(&batch, layout.learnt_blocks, wish) {
        true => step(layout, layout.learnt_blocks),
        false => batch,
    }
}

/// Schedules a training step of which so many blocks of gradients are summed chunk by chunk: all of them, or none, which are
/// finished as soon as their deltas are there.
fn step(layout: &Layout, summed: usize) -> Program {
    let mut scheduler = Scheduler::new(layout, Mode::Training);
    scheduler.program.summed = summed;
    scheduler.load();
    for index in 0..layout.stages.len() {
        scheduler.forward(index);
    }
    scheduler.loss();
    for index in (0..layout.stages.len()).rev() {
        scheduler.backward(index);
        if index == 0 {
            scheduler.slopes();
        }
        scheduler.finish(index);
    }
    scheduler.update();
    scheduler.follow();
    let transposes = std::mem::take(&mut scheduler.transposes);
    scheduler.program.events.splice(0..0, transposes);
    scheduler.program
}

/// The first layer that learns nothing from a sample alone.
pub fn lonely(graph: &Graph, layout: &Layout) -> Option<String> {
    let scheduler = Scheduler::new(layout, Mode::Training);
    let lonely = |index: &usize| {
        let stage = &layout.stages[*index];
        stage.op.lower().needs_company(&scheduler.site(*index))
    };
    let index = (0..layout.stages.len()).find(lonely)?;
    let LayerId(layer) = layout.stages[index].layer?;
    let layer = &graph.layers[layer];
    Some(format!("{} ({})", layer.name, layer.kind))
}

/// Blocks of a sample that updates must read to be worth a meeting of all chunks. With fewer, two dozen rows, which fill the
/// tiles, stay in a level-2 cache of a mebibyte from pass to pass, and go on without waiting.
const WORTH_A_MEETING: usize = (1 << 14) / 24;

impl Scheduler<'_> {
    /// Goes forward through all stages, and hands over the outputs.
    fn answer(mut self) -> Program {
        for index in 0..self.layout.stages.len() {
            self.forward(index);
        }
        let outputs = std::mem::take(&mut self.crossings.leaving).into_iter();
        let outputs = outputs.map(|output| self.crossing(output));
        let outputs = Action::Unload(outputs.collect());
        self.program.event("the outputs", "", outputs);
        self.program
    }

    /// Gives every input a buffer that the caller's data is copied to before anything runs.
    fn load(&mut self) {
        let inputs = self.crossings.entering.clone().into_iter();
        let inputs = inputs.map(|input| self.crossing(input)).collect();
        self.program.event("the inputs", "", Action::Load(inputs));
    }

    /// Adds a call of a stage: what writes what samples have in common is a fold, where all meet anyhow.
    fn call(&mut self, index: usize, call: Call<Slot>, action: fn(Call<Place>) -> Action) {
        let action = match call.writes(|memory| matches!(memory, Slot::Joint(_))) {
            true => Action::Fold,
            false => action,
        };
        let call = call.map(|view| self.bind(index, view));
        let stage = &self.layout.stages[index];
        let name = self.name(stage.output);
        let action = action(call);
        let meets = matches!(action, Action::Fold(_));
        let turns = stage.op.lower().turns(&self.site(index));
        let asked = matches!(action, Action::Backward(_)) && self.is_asked(index, &action);
        self.program.events.push(Event {
            action,
            name: name.to_owned(),
            label: stage.label.clone(),
            turns,
            asked,
        });
        if meets {
            self.update();
        }
    }

    /// Adds the events of a stage's forward, if it does not happen as a value crosses.
    fn forward(&mut self, index: usize) {
        if self.crossings.copies.contains(&index) {
            return;
        }
        let stage = &self.layout.stages[index];
        let site = self.site(index);
        let calls = match self.program.mode {
            Mode::Inference => stage.op.lower().infer(&site),
            Mode::Training => stage.op.lower().forward(&site),
            Mode::Stream => stage.op.lower().step(&site),
        };
        for call in calls {
            self.call(index, call, Action::Forward);
        }
    }

    /// The loss reads every output, and writes the delta of those that depend on something learnt.
    fn loss(&mut self) {
        let outputs = std::mem::take(&mut self.crossings.leaving);
        let answer = |output: Cross| {
            let value = output.value;
            let delta = self.learns(value).then(|| Crossing {
                buffer: self.delta_buffer(value),
                stored: output.stored.clone(),
                tokens: None,
            });
            let value = self.crossing(output);
            Answer { value, delta }
        };
        let answers = outputs.into_iter().map(answer).collect();
        self.program.event("the loss", "", Action::Loss(answers));
    }

    /// Whether a call of a stage's backward serves the gradients of inputs alone: the stage does, or all that is written are
    /// deltas that do.
    fn is_asked(&self, index: usize, action: &Action) -> bool {
        let stage = &self.layout.stages[index];
        let asked = |value: &ValueId| self.layout.values[value.0].asked;
        let deltas = stage.inputs.iter().filter(|value| asked(value));
        let deltas = deltas.filter_map(|value| self.known[self.roots[value.0].0].delta);
        let deltas: BTreeSet<_> = deltas.map(Place::Buffer).collect();
        let views = action.views().into_iter();
        let mut written = views.filter(|(_, view)| view.access.writes());
        asked(&stage.output) || written.all(|(_, view)| deltas.contains(&view.memory))
    }

    /// The caller takes the deltas of the inputs, where they are asked for.
    fn slopes(&mut self) {
        let asked = |input: &Cross| self.layout.values[input.value.0].asked;
        let inputs = self.crossings.entering.iter().enumerate();
        let inputs = inputs.filter(|(_, input)| asked(input));
        let inputs = inputs.map(|(part, input)| (part, input.clone()));
        let inputs = inputs.collect::<Vec<_>>();
        if inputs.is_empty() {
            return;
        }
        let slope = |(part, input): (usize, Cross)| {
            let slope = Crossing {
                buffer: self.delta_buffer(input.value),
                stored: input.stored,
                tokens: None,
            };
            (part, slope)
        };
        let slopes = inputs.into_iter().map(slope).collect();
        let slopes = Action::Slopes(slopes);
        self.program.event("the gradients of inputs", "", slopes);
    }

    /// Adds the events of a stage's backward, if its result has a delta and the stage does not happen as a value crosses.
    fn backward(&mut self, index: usize) {
        let stage = &self.layout.stages[index];
        if self.crossings.copies.contains(&index)
            || self.root(stage.output).delta.is_none()
            || !self.learns(stage.output)
        {
            return;
        }
        let mut deltas = Vec::new();
        for &input in &stage.inputs {
            let learns = self.learns(input);
            // The second time in `x * x` it adds to what this very stage has written.
            deltas.push(learns.then_some(self.root(input).delta.is_some()));
            if learns {
                self.delta_buffer(input);
            }
        }
        self.deltas[index] = Some(deltas);
        let site = self.site(index);
        for call in stage.op.lower().transpose(&site) {
            self.transpose(index, call);
        }
        for call in stage.op.lower().backward(&site) {
            self.call(index, call, Action::Backward);
        }
    }

    /// Finishes the parameters for which `index` is the last stage of backward that reads them: all sites that do contribute to
    /// the gradient, in the order of forward. They are updated at once if that frees enough.
    fn finish(&mut self, index: usize) {
        for tensor in self.layout.tensors_of(&self.layout.stages[index]) {
            let sites = self.sites[tensor.0].clone();
            let is_frozen = self.layout.tensors[tensor.0].parameter.role == Role::Frozen;
            if is_frozen || sites.first().is_none_or(|&(first, _)| first != index) {
                continue;
            }
            let mut whole: Option<Gradient<Place>> = None;
            for (site, own) in sites {
                let Some(gradient) = self.gradient(site, own) else {
                    continue;
                };
                match &mut whole {
                    Some(known) => known.terms.extend(gradient.terms),
                    none => *none = Some(gradient),
                }
            }
            self.ready.extend(whole.map(|gradient| (tensor, gradient)));
        }
        let reads = self.ready.iter().flat_map(|(_, gradient)| gradient.views());
        let buffers = reads.filter_map(|(_, view)| match view.memory {
            Place::Buffer(buffer) => Some(buffer),
            _ => None,
        });
        let blocks = buffers.collect::<BTreeSet<_>>().into_iter();
        let blocks = blocks.map(|BufferId(buffer)| self.program.buffers[buffer].blocks);
        if self.program.summed > 0 || blocks.sum::<usize>() > WORTH_A_MEETING {
            self.update();
        }
    }

    /// What a stage contributes to the gradient of one of its parameters.
    fn gradient(&mut self, index: usize, own: usize) -> Option<Gradient<Place>> {
        self.deltas[index].as_ref()?;
        let stage = &self.layout.stages[index];
        let gradient = stage.op.lower().update(&self.site(index), own)?;
        Some(gradient.map(|view| self.bind(index, view)))
    }

    /// Adds an event for each gradient that is ready, in the order of the arena.
    fn update(&mut self) {
        let mut ready = std::mem::take(&mut self.ready);
        ready.sort_by_key(|&(tensor, _)| tensor);
        for (tensor, gradient) in ready {
            let name = &self.layout.tensors[tensor.0].name;
            self.program
                .event(name, "", Action::Update(tensor, gradient));
        }
    }

    /// Adds the events by which statistics follow the batch, application by application.
    fn follow(&mut self) {
        for (index, stage) in self.layout.stages.iter().enumerate() {
            for call in stage.op.lower().follow(&self.site(index)) {
                self.call(index, call, Action::Follow);
            }
        }
    }
}
