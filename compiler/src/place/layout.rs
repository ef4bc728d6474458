//! Layout: every value gets its storage, every parameter its packing; copies are inserted where a kernel cannot
//! read what another wrote.

use crate::graph::{Graph, Value};
use crate::ids::{LayerId, TensorId, ValueId};
use crate::ops::{Op, copying, repack::Repack};
use crate::packing::Packing;
use crate::parameter::Parameter;
use crate::place::fuse::Stage;
use crate::shapes;
use crate::site::{Activation, Operand, Placed};
use crate::storage::{Border, Form, Storage};
use std::collections::BTreeSet;

/// The graph with everything placed but memory.
#[derive(Clone, Debug)]
pub struct Layout {
    /// All values, those of inserted copies at the end.
    pub values: Vec<Placed>,
    /// Stages in order.
    pub stages: Vec<Stage>,
    /// What the caller gives.
    pub inputs: Vec<ValueId>,
    /// What the caller gets, stored flat.
    pub outputs: Vec<ValueId>,
    /// Parameters in the order of the arena: what is learnt first.
    pub tensors: Vec<Tensor>,
    /// Blocks of the arena.
    pub arena_blocks: usize,
    /// Blocks of what is learnt, at its beginning.
    pub learnt_blocks: usize,
    /// The tensors of each layer, in the order of its parameters.
    pub tensors_of_layer: Vec<Vec<TensorId>>,
}

/// A parameter with its place in the arena.
#[derive(Clone, Debug)]
pub struct Tensor {
    /// Layer and name, as in a `state_dict`.
    pub name: String,
    /// Shape, initialisation and penalties.
    pub parameter: Parameter,
    /// First block in the arena.
    pub offset: usize,
    /// How it is packed there.
    pub packing: Packing,
    /// Applications of its layer.
    pub calls: usize,
}

/// Places values and parameters.
pub fn place(graph: &Graph, stages: Vec<Stage>) -> Layout {
    let borders = borders(graph, &stages);
    let values = graph.values.iter().enumerate();
    let mut layout = Layout {
        values: values.map(|(index, value)| placed(index, value)).collect(),
        stages: Vec::new(),
        inputs: graph.inputs.clone(),
        outputs: Vec::new(),
        tensors: Vec::new(),
        arena_blocks: 0,
        learnt_blocks: 0,
        tensors_of_layer: Vec::new(),
    };
    for &input in &graph.inputs {
        if let Some(tokens) = &mut layout.values[input.0].tokens {
            *tokens = shapes::taken(graph, input);
        }
    }
    if graph.asked.input_gradients {
        for input in &graph.inputs {
            let slopes = !graph.values[input.0].element.is_token();
            let input = &mut layout.values[input.0];
            (input.learns, input.asked) = (slopes, slopes);
        }
    }
    let mut packings: Vec<Vec<Option<Packing>>> = graph
        .layers
        .iter()
        .map(|layer| vec![None; layer.parameters.len()])
        .collect();
    for mut stage in stages {
        for operand in 0..stage.inputs.len() {
            let border = borders[stage.inputs[operand].0];
            layout.fit_operand(&mut stage, operand, border);
        }
        let operands = stage
            .inputs
            .iter()
            .map(|value| &layout.values[value.0].storage)
            .collect::<Vec<_>>();
        let output = stage.output.0;
        let shape = &layout.values[output].shape;
        if let Some(LayerId(layer)) = stage.layer {
            let own = stage.op.lower().packing(&operands, shape);
            for (&index, packing) in stage.parameters.iter().zip(own) {
                packings[layer][index] = Some(packing);
            }
        }
        let layer = stage.layer.map(|LayerId(layer)| &graph.layers[layer]);
        let learnt =
            |&index: &usize| layer.is_some_and(|layer| layer.parameters[index].is_learnt());
        let descends = |input: &ValueId| {
            let value = &layout.values[input.0];
            value.learns && !value.asked
        };
        let descends = stage.parameters.iter().any(learnt) || stage.inputs.iter().any(descends);
        let asks = |input: &ValueId| layout.values[input.0].asked;
        let asked = !descends && stage.inputs.iter().any(asks);
        let learns = descends || asked;
        if stage.op.lower().is_view() {
            // Flat storage is row-major, so it serves the new shape as well as the old.
            let storage = match operands[0].form {
                Form::Flat => Storage::flat(shape),
                _ => operands[0].clone(),
            };
            let root = layout.values[stage.inputs[0].0].root;
            let output = &mut layout.values[output];
            (output.storage, output.root) = (storage, root);
            (output.learns, output.asked) = (learns, asked);
        } else {
            let storage = stage.op.lower().gives(&operands, shape, borders[output]);
            let output = &mut layout.values[output];
            output.storage = storage;
            (output.learns, output.asked) = (learns, asked);
            layout.stages.push(stage);
        }
    }
    for &output in &graph.outputs {
        let value = &layout.values[output.0];
        let flat = Storage::flat(&value.shape);
        let taken = |other: &ValueId| layout.values[other.0].root == value.root;
        let fits = value.storage.is_compact()
            && !graph.inputs.contains(&value.root)
            && !layout.outputs.iter().any(taken);
        let output = if fits {
            output
        } else {
            layout.copy(output, flat)
        };
        layout.outputs.push(output);
    }
    layout.pack(graph, packings);
    layout
}

/// A value as it begins: flat, and a view of nothing.
fn placed(index: usize, value: &Value) -> Placed {
    Placed {
        name: value.name.clone(),
        shape: value.shape.clone(),
        storage: Storage::flat(&value.shape),
        root: ValueId(index),
        tokens: value.element.is_token().then_some([0, u32::MAX]),
        learns: false,
        asked: false,
    }
}

/// The border each value's storage should have: what its readers want, looking through stages that keep their operand's
/// storage. Operands that are stored alike have one border, so that neither is copied into the other's.
fn borders(graph: &Graph, stages: &[Stage]) -> Vec<Border> {
    let mut borders = vec![Border::default(); graph.values.len()];
    // The stages that a value's border concerns: the one that gives it, and those that keep the storage of what they read.
    let mut concerned = vec![Vec::new(); graph.values.len()];
    for (index, stage) in stages.iter().enumerate() {
        if stage.op.lower().keeps_storage() {
            for value in stage.inputs.iter().chain([&stage.output]) {
                concerned[value.0].push(index);
            }
        }
    }
    let mut waiting = (0..stages.len()).collect::<Vec<_>>();
    while let Some(index) = waiting.pop() {
        let stage = &stages[index];
        let lower = stage.op.lower();
        let border = |(operand, value): (usize, &ValueId)| {
            let shape = &graph.values[value.0].shape;
            lower.border(operand, shape)
        };
        let inputs = stage.inputs.iter().enumerate();
        let mut wanted = inputs.map(border).collect::<Vec<_>>();
        if lower.keeps_storage() {
            let values = stage.inputs.iter().chain([&stage.output]);
            let borders = values.map(|value| borders[value.0]);
            let alike = borders.chain(wanted.iter().copied());
            let alike = alike.fold(Border::default(), Border::union);
            wanted.fill(alike);
        }
        for (value, wanted) in stage.inputs.iter().zip(wanted) {
            let border = borders[value.0].union(wanted);
            if border != borders[value.0] {
                borders[value.0] = border;
                waiting.extend(&concerned[value.0]);
            }
        }
    }
    borders
}

impl Layout {
    /// Sees to it that a stage can read an operand, by a copy if need be.
    fn fit_operand(&mut self, stage: &mut Stage, operand: usize, border: Border) {
        let value = stage.inputs[operand];
        let placed = &self.values[value.0];
        let offer = Operand {
            index: operand,
            shape: &placed.shape,
            storage: &placed.storage,
            first: &self.values[stage.inputs[0].0].storage,
            learns: placed.learns,
            shared: stage.shared,
        };
        if !stage.op.lower().accepts(offer) {
            let wanted = stage.op.lower().wants(offer, border);
            stage.inputs[operand] = self.copy(value, wanted);
        }
    }

    /// Inserts a copy of `value` into `storage`, by way of flat memory where their axes interleave.
    fn copy(&mut self, value: ValueId, storage: Storage) -> ValueId {
        let flat = Storage::flat(&self.values[value.0].shape);
        let value = match copying::fits(&self.values[value.0].storage, &storage) {
            true => value,
            false => self.copy(value, flat),
        };
        let copy = ValueId(self.values.len());
        let source = self.values[value.0].clone();
        self.values.push(Placed {
            storage,
            root: copy,
            ..source
        });
        self.stages.push(Stage {
            label: format!("copy_{}", self.stages.len()),
            op: Op::Repack(Repack),
            layer: None,
            parameters: Vec::new(),
            inputs: vec![value],
            output: copy,
            activation: Activation::IDENTITY,
            pooling: None,
            absorbed: None,
            normalised: false,
            shared: false,
            draws: 0,
        });
        copy
    }

    /// Lines the parameters up in the arena, in the order of their layers: first what is learnt.
    fn pack(&mut self, graph: &Graph, packings: Vec<Vec<Option<Packing>>>) {
        let mut calls = vec![0; graph.layers.len()];
        for LayerId(layer) in self.stages.iter().filter_map(|stage| stage.layer) {
            calls[layer] += 1;
        }
        self.tensors_of_layer = vec![Vec::new(); graph.layers.len()];
        for (ids, layer) in self.tensors_of_layer.iter_mut().zip(&graph.layers) {
            ids.resize(layer.parameters.len(), TensorId(0));
        }
        for learnt in [true, false] {
            for (index, (layer, packings)) in graph.layers.iter().zip(&packings).enumerate() {
                for (own, parameter) in layer.parameters.iter().enumerate() {
                    if parameter.is_learnt() != learnt {
                        continue;
                    }
                    let packing = packings[own].clone();
                    let packing = packing.expect("resolve rejects layers that are never applied");
                    let offset = self.arena_blocks;
                    self.arena_blocks += packing.blocks;
                    self.tensors_of_layer[index][own] = TensorId(self.tensors.len());
                    self.tensors.push(Tensor {
                        name: layer.tensor(parameter),
                        parameter: parameter.clone(),
                        offset,
                        packing,
                        calls: calls[index],
                    });
                }
            }
            if learnt {
                self.learnt_blocks = self.arena_blocks;
            }
        }
    }

    /// The first parameter that lies otherwise than in another layout, which is to read it as it lies.
    pub fn moved<'a>(&'a self, other: &'a Self) -> Option<&'a str> {
        let lies = |tensor: &&Tensor| (tensor.offset, tensor.packing.clone());
        let (own, others) = (self.tensors.iter(), other.tensors.iter());
        let mut pairs = own.zip(others);
        let moved = pairs.find(|(own, other)| lies(own) != lies(other));
        let longer = self
            .tensors
            .get(other.tensors.len())
            .or(other.tensors.get(self.tensors.len()));
        moved
            .map(|(own, _)| own)
            .or(longer)
            .map(|tensor| &*tensor.name)
    }

    /// Marks the stages into which inference absorbs a normalisation, so that training uses the kernels of inference.
    pub fn normalise(&mut self, outputs: &BTreeSet<ValueId>) {
        for stage in &mut self.stages {
            stage.normalised = outputs.contains(&stage.output);
        }
    }

    /// The tensors a stage reads: its own, and then those of what it absorbed.
    pub fn tensors_of(&self, stage: &Stage) -> Vec<TensorId> {
        let own = stage.layer.map(|layer| (layer, &stage.parameters));
        let absorbed = stage.absorbed.as_ref();
        let absorbed = absorbed.map(|(_, layer, parameters)| (*layer, parameters));
        let of = |(LayerId(layer), parameters): (LayerId, &Vec<usize>)| {
            let tensors = &self.tensors_of_layer[layer];
            parameters
                .iter()
                .map(|&index| tensors[index])
                .collect::<Vec<_>>()
        };
        own.into_iter().chain(absorbed).flat_map(of).collect()
    }
}
