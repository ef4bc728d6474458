//! A program in the making: which memory each stage's slots are, made on first use.

use crate::call::{Call, Form, Gradient, Size, Slot, View};
use crate::ids::{BufferId, JointId, KeptId, TensorId, TransposedId, ValueId};
use crate::memory::crossing::{Cross, Crossings};
use crate::memory::program::{Action, Crossing, Event, Mode, Place, Program};
use crate::place::fuse::Stage;
use crate::place::layout::Layout;
use crate::rt::Path;
use crate::site::Site;
use std::collections::BTreeMap;

/// Floats of an input that is read in place at most: if it holds tiny numbers, a copy of it is read, on the stack if
/// need be.
const IN_PLACE: usize = 4096;

/// What is known of a root, the value whose memory it and its views share.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Root {
    /// The buffer of its numbers; none where inference reads the caller's memory.
    pub(super) value: Option<BufferId>,
    /// The buffer of its delta, once something has written one.
    pub(super) delta: Option<BufferId>,
}

/// A call by which weights are transposed, but for where to: sites of one layer share what it makes.
type Transposition = (Path, Vec<Size>, Vec<Place>);

/// A program in the making.
pub(super) struct Scheduler<'a> {
    pub(super) layout: &'a Layout,
    pub(super) program: Program,
    /// The root of each value in this mode.
    pub(super) roots: Vec<ValueId>,
    /// What is known of each value that is a root.
    pub(super) known: Vec<Root>,
    /// The stage that gives each value.
    givers: Vec<Option<usize>>,
    /// The stages that read each tensor, in order, and which of their parameters it is.
    pub(super) sites: Vec<Vec<(usize, usize)>>,
    /// Buffers of the stages' own.
    own: BTreeMap<(usize, &'static str), BufferId>,
    /// What samples have in common at each stage.
    joint: BTreeMap<(usize, &'static str), JointId>,
    /// What each stage keeps from step to step.
    kept: BTreeMap<(usize, &'static str), KeptId>,
    /// Transposed weights by what the stages call them, and by how they are made.
    transposed: BTreeMap<(usize, usize), TransposedId>,
    transpositions: BTreeMap<Transposition, TransposedId>,
    /// The events that transpose them.
    pub(super) transposes: Vec<Event>,
    /// What each stage asks of its operands' deltas; `None` for a stage without backward.
    pub(super) deltas: Vec<Option<Vec<Option<bool>>>>,
    /// Gradients whose deltas are all there, and whose updates wait for all chunks to meet.
    pub(super) ready: Vec<(TensorId, Gradient<Place>)>,
    /// The inputs and the outputs, as they cross between the caller and the program.
    pub(super) crossings: Crossings,
}

impl<'a> Scheduler<'a> {
    pub(super) fn new(layout: &'a Layout, mode: Mode) -> Self {
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
            kept: BTreeMap::new(),
            transposed: BTreeMap::new(),
            transpositions: BTreeMap::new(),
            transposes: Vec::new(),
            deltas: vec![None; layout.stages.len()],
            ready: Vec::new(),
            crossings: Crossings::of(layout),
        }
    }

    /// Whether the one input can be read where the caller has it: everybody who reads it reads rows of floats.
    pub(super) fn reads_in_place(&self) -> bool {
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

    pub(super) fn root(&mut self, value: ValueId) -> &mut Root {
        &mut self.known[self.roots[value.0].0]
    }

    pub(super) fn name(&self, value: ValueId) -> &'a str {
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

    /// What messages call a value: its layer where one gives it, and else its own name, as of an input or a copy.
    fn title(&self, value: ValueId) -> String {
        let root = self.roots[value.0];
        let stage = self.givers[root.0].map(|stage| &self.layout.stages[stage]);
        match stage.filter(|stage| stage.layer.is_some()) {
            Some(stage) => stage.label.clone(),
            None => self.name(root).to_owned(),
        }
    }

    /// Whether a value depends on something learnt.
    pub(super) fn learns(&self, value: ValueId) -> bool {
        self.layout.values[value.0].learns
    }

    /// The buffer of a value, made on first use.
    fn value_buffer(&mut self, value: ValueId) -> BufferId {
        if let Some(buffer) = self.root(value).value {
            return buffer;
        }
        let blocks = self.layout.values[value.0].storage.blocks();
        let (name, label) = (self.title(value), self.label(value));
        let buffer = self.program.buffer(name, label, blocks);
        *self.root(value).value.insert(buffer)
    }

    /// The buffer of a value's delta, made on first use.
    pub(super) fn delta_buffer(&mut self, value: ValueId) -> BufferId {
        if let Some(buffer) = self.root(value).delta {
            return buffer;
        }
        let root = &self.layout.values[self.roots[value.0].0];
        let name = format!("delta of {}", self.title(value));
        let label = format!("{}_delta", self.label(value));
        let buffer = self.program.buffer(name, label, root.storage.blocks());
        *self.root(value).delta.insert(buffer)
    }

    /// A value with its buffer, as the caller's array and the buffer are copied into one another.
    pub(super) fn crossing(&mut self, cross: Cross) -> Crossing {
        Crossing {
            buffer: self.value_buffer(cross.value),
            stored: cross.stored,
            tokens: cross.tokens,
        }
    }

    /// Whether a value is read from the caller's own arrays.
    pub(super) fn reads_caller(&self, value: ValueId) -> bool {
        self.program.direct && self.layout.inputs.contains(&self.roots[value.0])
    }

    /// A stage as its operator sees it.
    pub(super) fn site(&self, index: usize) -> Site<'a> {
        let stage = &self.layout.stages[index];
        let value = |value: &ValueId| &self.layout.values[value.0];
        let direct = |&value: &ValueId| self.reads_caller(value);
        Site {
            index,
            draws: stage.draws,
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
    pub(super) fn bind(&mut self, index: usize, view: View<Slot>) -> View<Place> {
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
            Slot::Kept(name) => Place::Kept(self.kept(index, name, view.form)),
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
        let of = &self.layout.stages[index].label;
        let label = format!("{of}_{name}");
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
        let of = &self.layout.stages[index].label;
        let label = format!("{of}_{name}");
        let joint = format!("{name} of {of}");
        let joint = JointId(self.program.joint.add(joint, label, size(form)));
        self.joint.insert((index, name), joint);
        joint
    }

    /// What a stage keeps from step to step, made on first use.
    fn kept(&mut self, index: usize, name: &'static str, form: Form) -> KeptId {
        if let Some(&kept) = self.kept.get(&(index, name)) {
            return kept;
        }
        let of = &self.layout.stages[index].label;
        let label = format!("{of}_{name}");
        let kept = format!("{name} of {of}");
        let kept = KeptId(self.program.kept.add(kept, label, size(form)));
        self.kept.insert((index, name), kept);
        kept
    }

    /// Schedules a call that transposes weights, if no other site of the layer did.
    pub(super) fn transpose(&mut self, index: usize, call: Call<Slot>) {
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
}

/// Blocks of what a call names first.
fn size(form: Form) -> usize {
    form.blocks()
        .expect("the first call that names memory says how large it is")
}
