//! Layout: every value gets its storage, every parameter its packing; copies are inserted where a kernel cannot
//! read what another wrote.

use crate::fuse::{Activation, Stage};
use crate::graph::{Graph, LayerId, Parameter, Value, ValueId};
use crate::ops::{
    Op, copying,
    lower::{Geometry, Operand},
    repack::Repack,
};
use crate::storage::{Border, Form, LANES, Storage};

/// The graph with everything placed but memory.
#[derive(Clone, Debug)]
pub struct Layout {
    /// All values, those of inserted copies at the end.
    pub values: Vec<Value>,
    /// The storage of each value.
    pub storages: Vec<Storage>,
    /// The value whose memory each value shares: itself, or what it is a view of.
    pub roots: Vec<ValueId>,
    /// Whether each value depends on something learnt.
    pub learns: Vec<bool>,
    /// Stages in order.
    pub stages: Vec<Stage>,
    /// What the caller gives.
    pub inputs: Vec<ValueId>,
    /// What the caller gets, stored flat.
    pub outputs: Vec<ValueId>,
    /// Parameters in the order of the arena.
    pub tensors: Vec<Tensor>,
    /// Blocks of the arena.
    pub arena_blocks: usize,
    /// Where each layer's parameters begin in `tensors`.
    pub first_tensor: Vec<usize>,
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
}

/// How one parameter lies in its stretch of the arena.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packing {
    /// Floats before the first element.
    pub offset: usize,
    /// Axes whose row-major order is the parameter's own; they may factor its dimensions.
    pub axes: Vec<PackedAxis>,
    /// Blocks it takes.
    pub blocks: usize,
    /// Rows summed for one sample's gradient.
    pub cost: usize,
}

impl Packing {
    /// A bias of `n` lanes, its gradient summed over `rows` rows.
    pub fn bias(n: usize, rows: usize) -> Self {
        Self {
            offset: 0,
            axes: vec![PackedAxis::lanes(n, 1)],
            blocks: n.div_ceil(LANES),
            cost: rows,
        }
    }
}

/// Index i adds `(i % 16) * stride + (i / 16) * block_stride` floats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackedAxis {
    /// Indices.
    pub size: usize,
    /// Floats between neighbours within sixteen.
    pub stride: usize,
    /// Floats between groups of sixteen.
    pub block_stride: usize,
}

impl PackedAxis {
    /// An axis with one stride throughout.
    pub fn plain(size: usize, stride: usize) -> Self {
        Self {
            size,
            stride,
            block_stride: stride * LANES,
        }
    }

    /// An axis cut into lanes: sixteen neighbours share a block, the next sixteen are `panel` blocks on.
    pub fn lanes(size: usize, panel: usize) -> Self {
        Self {
            size,
            stride: 1,
            block_stride: panel * LANES,
        }
    }
}

/// Places values and parameters.
pub fn place(graph: &Graph, stages: Vec<Stage>) -> Layout {
    let borders = borders(graph, &stages);
    let mut layout = Layout {
        values: graph.values.clone(),
        storages: graph
            .values
            .iter()
            .map(|value| Storage::flat(&value.shape))
            .collect(),
        roots: (0..graph.values.len()).map(ValueId).collect(),
        learns: vec![false; graph.values.len()],
        stages: Vec::new(),
        inputs: graph.inputs.clone(),
        outputs: Vec::new(),
        tensors: Vec::new(),
        arena_blocks: 0,
        first_tensor: Vec::new(),
    };
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
            .map(|value| &layout.storages[value.0])
            .collect::<Vec<_>>();
        let output = stage.output.0;
        let shape = &layout.values[output].shape;
        if let Some(LayerId(layer)) = stage.layer {
            let own = stage.op.lower().packing(&operands, shape);
            for (&index, packing) in stage.parameters.iter().zip(own) {
                packings[layer][index] = Some(packing);
            }
        }
        layout.learns[output] =
            !stage.parameters.is_empty() || stage.inputs.iter().any(|input| layout.learns[input.0]);
        if stage.op.lower().is_view() {
            // Flat storage is row-major, so it serves the new shape as well as the old.
            layout.storages[output] = match operands[0].form {
                Form::Flat => Storage::flat(shape),
                _ => operands[0].clone(),
            };
            layout.roots[output] = layout.roots[stage.inputs[0].0];
        } else {
            layout.storages[output] = stage.op.lower().gives(&operands, shape, borders[output]);
            layout.stages.push(stage);
        }
    }
    for &output in &graph.outputs {
        let flat = Storage::flat(&layout.values[output.0].shape);
        let fits = layout.storages[output.0].is_compact()
            && !graph.inputs.contains(&layout.roots[output.0])
            && !layout
                .outputs
                .iter()
                .any(|&other| layout.roots[other.0] == layout.roots[output.0]);
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

/// The border each value's storage should have: what its readers want, looking through stages that keep their operand's
/// storage.
fn borders(graph: &Graph, stages: &[Stage]) -> Vec<Border> {
    let mut borders = vec![Border::default(); graph.values.len()];
    for stage in stages.iter().rev() {
        for (operand, value) in stage.inputs.iter().enumerate() {
            let mut border = stage.op.lower().border(operand);
            if stage.op.lower().keeps_storage() {
                border = border.union(borders[stage.output.0]);
            }
            borders[value.0] = borders[value.0].union(border);
        }
    }
    borders
}

impl Layout {
    /// Calls `f` with the geometry a stage works on.
    pub fn with_geometry<R>(&self, stage: &Stage, f: impl FnOnce(&Geometry<'_>) -> R) -> R {
        let inputs = stage
            .inputs
            .iter()
            .map(|value| &self.storages[value.0])
            .collect::<Vec<_>>();
        let input_shapes = stage
            .inputs
            .iter()
            .map(|value| &self.values[value.0].shape[..])
            .collect::<Vec<_>>();
        f(&Geometry {
            inputs: &inputs,
            input_shapes: &input_shapes,
            output: &self.storages[stage.output.0],
            output_shape: &self.values[stage.output.0].shape,
            activation: stage.activation,
            pooling: stage.pooling,
        })
    }

    /// Sees to it that a stage can read an operand, by a copy if need be.
    fn fit_operand(&mut self, stage: &mut Stage, operand: usize, border: Border) {
        let value = stage.inputs[operand];
        let offer = Operand {
            index: operand,
            shape: &self.values[value.0].shape,
            storage: &self.storages[value.0],
            first: &self.storages[stage.inputs[0].0],
            learns: self.learns[value.0],
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
        let value = match copying::fits(&self.storages[value.0], &storage) {
            true => value,
            false => self.copy(value, flat),
        };
        let copy = ValueId(self.values.len());
        let source = self.values[value.0].clone();
        let span = source.span;
        self.values.push(source);
        self.storages.push(storage);
        self.roots.push(copy);
        self.learns.push(self.learns[value.0]);
        self.stages.push(Stage {
            op: Op::Repack(Repack),
            layer: None,
            parameters: Vec::new(),
            inputs: vec![value],
            output: copy,
            activation: Activation::IDENTITY,
            pooling: None,
            shared: false,
            span,
        });
        copy
    }

    /// Lines the parameters up in the arena, in the order of their layers.
    fn pack(&mut self, graph: &Graph, packings: Vec<Vec<Option<Packing>>>) {
        for (layer, packings) in graph.layers.iter().zip(packings) {
            self.first_tensor.push(self.tensors.len());
            for (parameter, packing) in layer.parameters.iter().zip(packings) {
                let packing = packing.expect("resolve rejects layers that are never applied");
                let offset = self.arena_blocks;
                self.arena_blocks += packing.blocks;
                self.tensors.push(Tensor {
                    name: format!("{}.{}", layer.name, parameter.name),
                    parameter: parameter.clone(),
                    offset,
                    packing,
                });
            }
        }
    }

    /// The tensors a stage reads.
    pub fn tensors_of(&self, stage: &Stage) -> Vec<usize> {
        let first = stage
            .layer
            .map_or(0, |LayerId(layer)| self.first_tensor[layer]);
        stage.parameters.iter().map(|index| first + index).collect()
    }
}
