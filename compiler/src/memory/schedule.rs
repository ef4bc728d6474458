//! Schedules a layout's stages: the events of inference, and those of a training step.

use crate::call::{Call, Form, Gradient, Size, Slot, View};
use crate::graph::Graph;
use crate::ids::{BufferId, JointId, LayerId, TensorId, TransposedId, ValueId};
use crate::memory::crossing::{Cross, Crossings};
use crate::memory::program::{Action, Answer, Crossing, Event, Mode, Place, Program};
use crate::memory::rows::{self, Wish};
use crate::parameter::Role;
use crate::place::fuse::Stage;
use crate::place::layout::Layout;
use crate::rt::Path;
use crate::site::Site;
use std::collections::{BTreeMap, BTreeSet};

/// Schedules forward alone, of a layout that is made for it.
pub fn inference(layout: &Layout) -> Program {
    let mut scheduler = Scheduler::new(layout, Mode::Inference);
    scheduler.program.direct = scheduler.reads_in_place();
    if !scheduler.program.direct {
        scheduler.load();
    }
    for index in 0..layout.stages.len() {
        scheduler.forward(index);
    }
    let outputs = std::mem::take(&mut scheduler.crossings.leaving).into_iter();
    let outputs = outputs.map(|output| scheduler.crossing(output));
    let outputs = Action::Unload(outputs.collect());
    scheduler.program.event("the outputs", "", outputs);
    scheduler.program
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

/// Floats of an input that is read in place at most: if it holds tiny numbers, a copy of it is read, on the stack if need
/// be.
const IN_PLACE: usize = 4096;

/// Blocks of a sample that updates must read to be worth a meeting of all chunks. With fewer, two dozen rows, which fill the
/// tiles, stay in a level-2 cache of a mebibyte from pass to pass, and go on without waiting.
const WORTH_A_MEETING: usize = (1 << 14) / 24;

/// What is known of a root, the value whose memory it and its views share.
#[derive(Clone, Copy, Debug, Default)]
struct Root {
    /// The buffer of its numbers; none where inference reads the caller's memory.
    value: Option<BufferId>,
    /// The buffer of its delta, once something has written one.
    delta: Option<BufferId>,
}

/// A call by which weights are transposed, but for where to: sites of one layer share what it makes.
type Transposition = (Path, Vec<Size>, Vec<Place>);

/// A program in the making.
struct Scheduler<'a> {
    layout: &'a Layout,
    program: Program,
    /// The root of each value in this mode.
    roots: Vec<ValueId>,
    /// What is known of each value that is a root.
    known: Vec<Root>,
    /// The stage that gives each value.
    givers: Vec<Option<usize>>,
    /// The stages that read each tensor, in order, and which of their parameters it is.
    sites: Vec<Vec<(usize, usize)>>,
    /// Buffers of the stages' own.
    own: BTreeMap<(usize, &'static str), BufferId>,
    /// What samples have in common at each stage.
    joint: BTreeMap<(usize, &'static str), JointId>,
    /// Transposed weights by what the stages call them, and by how they are made.
    transposed: BTreeMap<(usize, usize), TransposedId>,
    transpositions: BTreeMap<Transposition, TransposedId>,
    /// The events that transpose them.
    transposes: Vec<Event>,
    /// What each stage asks of its operands' deltas; `None` for a stage without backward.
    deltas: Vec<Option<Vec<Option<bool>>>>,
    /// Gradients whose deltas are all there, and whose updates wait for all chunks to meet.
    ready: Vec<(TensorId, Gradient<Place>)>,
    /// The inputs and the outputs, as they cross between the caller and the program.
    crossings: Crossings,
}

impl<'a> Scheduler<'a> {
    fn new(layout: &'a Layout, mode: Mode) -> Self {
        let mut givers = vec![None; layout.values.len()];
        let mut sites = vec![Vec::new(); layout.tensors.len()];
        for (index, stage) in layout.stages.iter().enumerate() {
            givers[stage.output.0] = Some(index);
            for (own, TensorId(tensor)) in layout.tensors_of(stage).into_iter().enumerate() {
                sites[tensor].push((index, own));
            }
        }
        Self {
            layout,
            givers,
            sites,
            program: Program::new(mode),
            roots: layout.values.iter().map(|value| value.root).collect(),
            known: vec![Root::default(); layout.values.len()],
            own: BTreeMap::new(),
            joint: BTreeMap::new(),
            transposed: BTreeMap::new(),
            transpositions: BTreeMap::new(),
            transposes: Vec::new(),
            deltas: vec![None; layout.stages.len()],
            ready: Vec::new(),
            crossings: Crossings::of(layout),
        }
    }

    /// Whether the one input can be read where the caller has it: everybody who reads it reads rows of floats.
    fn reads_in_place(&self) -> bool {
        let [input] = self.layout.inputs[..] else {
            return false;
        };
        if self.layout.values[input.0].shape.iter().product::<usize>() > IN_PLACE {
            return false;
        }
        let in_place = |stage: &Stage| {
            let floats = |(operand, value): (usize, &ValueId)| {
                let shape = &self.layout.values[value.0].shape;
                self.roots[value.0] != input || stage.op.lower().reads_floats(operand, shape)
            };
            stage.inputs.iter().enumerate().all(floats)
        };
        let outputs = &self.layout.outputs;
        self.layout.stages.iter().all(in_place)
            && outputs.iter().all(|output| self.roots[output.0] != input)
    }

    fn root(&mut self, value: ValueId) -> &mut Root {
        &mut self.known[self.roots[value.0].0]
    }

    fn name(&self, value: ValueId) -> &'a str {
        &self.layout.values[value.0].name
    }

    /// What expansions call a value: as the stage that gives it, or as the input that it is.
    fn label(&self, value: ValueId) -> String {
        let root = self.roots[value.0];
        match self.givers[root.0] {
            Some(stage) => self.layout.stages[stage].label.clone(),
            None => self.name(root).to_owned(),
        }
    }

    /// Whether a value depends on something learnt.
    fn learns(&self, value: ValueId) -> bool {
        self.layout.values[value.0].learns
    }

    /// The buffer of a value, made on first use.
    fn value_buffer(&mut self, value: ValueId) -> BufferId {
        if let Some(buffer) = self.root(value).value {
            return buffer;
        }
        let blocks = self.layout.values[value.0].storage.blocks();
        let (name, label) = (self.name(value).to_owned(), self.label(value));
        let buffer = self.program.buffer(name, label, blocks);
        *self.root(value).value.insert(buffer)
    }

    /// The buffer of a value's delta, made on first use.
    fn delta_buffer(&mut self, value: ValueId) -> BufferId {
        if let Some(buffer) = self.root(value).delta {
            return buffer;
        }
        let root = &self.layout.values[self.roots[value.0].0];
        let name = format!("delta of {}", root.name);
        let label = format!("{}_delta", self.label(self.roots[value.0]));
        let buffer = self.program.buffer(name, label, root.storage.blocks());
        *self.root(value).delta.insert(buffer)
    }

    /// Gives every input a buffer that the caller's data is copied to before anything runs.
    fn load(&mut self) {
        let inputs = self.crossings.entering.clone().into_iter();
        let inputs = inputs.map(|input| self.crossing(input)).collect();
        self.program.event("the inputs", "", Action::Load(inputs));
    }

    /// A value with its buffer, as the caller's array and the buffer are copied into one another.
    fn crossing(&mut self, cross: Cross) -> Crossing {
        Crossing {
            buffer: self.value_buffer(cross.value),
            stored: cross.stored,
        }
    }

    /// Whether a value is read from the caller's own arrays.
    fn reads_caller(&self, value: ValueId) -> bool {
        self.program.direct && self.layout.inputs.contains(&self.roots[value.0])
    }

    /// A stage as its operator sees it.
    fn site(&self, index: usize) -> Site<'a> {
        let stage = &self.layout.stages[index];
        let value = |value: &ValueId| &self.layout.values[value.0];
        let direct = |&value: &ValueId| self.reads_caller(value);
        Site {
            index,
            inputs: stage.inputs.iter().map(value).collect(),
            output: value(&stage.output),
            activation: stage.activation,
            pooling: stage.pooling,
            normalised: stage.normalised,
            absorbed: stage.absorbed.as_ref().map(|(absorbed, ..)| *absorbed),
            direct: stage.inputs.iter().map(direct).collect(),
            deltas: self.deltas[index].clone().unwrap_or_default(),
        }
    }

    /// What a stage calls by a slot, in this program.
    fn bind(&mut self, index: usize, view: View<Slot>) -> View<Place> {
        let stage = &self.layout.stages[index];
        let place = match view.memory {
            Slot::Input(operand) => {
                let input = stage.inputs[operand];
                match self.reads_caller(input) {
                    true => Place::Caller,
                    false => Place::Buffer(self.value_buffer(input)),
                }
            }
            Slot::Output => Place::Buffer(self.value_buffer(stage.output)),
            Slot::Delta => Place::Buffer(self.delta_buffer(stage.output)),
            Slot::InputDelta(operand) => Place::Buffer(self.delta_buffer(stage.inputs[operand])),
            Slot::Own(name) => Place::Buffer(self.own_buffer(index, name, view.form)),
            Slot::Parameter(own) => Place::Tensor(self.layout.tensors_of(stage)[own]),
            Slot::Transposed(own) => Place::Transposed(self.transposed[&(index, own)]),
            Slot::Joint(name) => Place::Joint(self.joint(index, name, view.form)),
        };
        View {
            memory: place,
            access: view.access,
            form: view.form,
        }
    }

    /// A buffer of a stage's own, made on first use.
    fn own_buffer(&mut self, index: usize, name: &'static str, form: Form) -> BufferId {
        if let Some(&buffer) = self.own.get(&(index, name)) {
            return buffer;
        }
        let stage = &self.layout.stages[index];
        let (of, label) = (self.name(stage.output), format!("{}_{name}", stage.label));
        let buffer = self
            .program
            .buffer(format!("{name} of {of}"), label, size(form));
        self.own.insert((index, name), buffer);
        buffer
    }

    /// What samples have in common at a stage, made on first use.
    fn joint(&mut self, index: usize, name: &'static str, form: Form) -> JointId {
        if let Some(&joint) = self.joint.get(&(index, name)) {
            return joint;
        }
        let stage = &self.layout.stages[index];
        let (of, label) = (self.name(stage.output), format!("{}_{name}", stage.label));
        let joint = format!("{name} of {of}");
        let joint = JointId(self.program.joint.add(joint, label, size(form)));
        self.joint.insert((index, name), joint);
        joint
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

    /// Schedules a call that transposes weights, if no other site of the layer did.
    fn transpose(&mut self, index: usize, call: Call<Slot>) {
        let fresh = TransposedId(self.program.transposed.parts.len());
        let (mut slot, mut blocks) = (0, 0);
        let call = call.map(|view| match view.memory {
            Slot::Transposed(own) => {
                (slot, blocks) = (own, size(view.form));
                View {
                    memory: Place::Transposed(fresh),
                    access: view.access,
                    form: view.form,
                }
            }
            _ => self.bind(index, view),
        });
        let reads = call.views().filter(|view| view.access.reads());
        let reads: Vec<_> = reads.map(|view| view.memory).collect();
        let key = (call.kernel.path, call.sizes.clone(), reads.clone());
        let id = *self.transpositions.entry(key).or_insert(fresh);
        if id == fresh {
            let of = reads.iter().find_map(|&place| match place {
                Place::Tensor(tensor) => Some(self.parameter_label(tensor)),
                _ => None,
            });
            let label = format!("{}_transposed", of.unwrap_or_default());
            let name = format!("{} transposed", self.name(self.layout.stages[index].output));
            self.program
                .transposed
                .add(name.clone(), label.clone(), blocks);
            self.transposes.push(Event {
                action: Action::Transpose(call),
                name,
                label,
                turns: 1,
                asked: false,
            });
        }
        self.transposed.insert((index, slot), id);
    }

    /// What expansions call a parameter: as the first stage that reads it.
    fn parameter_label(&self, TensorId(tensor): TensorId) -> String {
        let parameter = &self.layout.tensors[tensor].parameter.name;
        let stage = self.sites[tensor].first();
        let stage = stage.map_or("", |&(stage, _)| &self.layout.stages[stage].label);
        format!("{stage}_{parameter}")
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
        let inputs = self.crossings.entering.iter().filter(|input| asked(input));
        let inputs = inputs.cloned().collect::<Vec<_>>();
        if inputs.is_empty() {
            return;
        }
        let slope = |input: Cross| Crossing {
            buffer: self.delta_buffer(input.value),
            stored: input.stored,
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
        let buffers = reads.filter_map(|view| match view.memory {
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

/// Blocks of what a call names first.
fn size(form: Form) -> usize {
    form.blocks()
        .expect("the first call that names memory says how large it is")
}
