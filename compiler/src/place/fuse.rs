//! Fusion: a contraction takes the activation and the pooling that follow it into its own registers. An activation whose
//! derivative needs its input stays a stage of its own, which `absorb` lets inference take.

use crate::graph::{Graph, LayerId, Node, ValueId};
use crate::ops::Op;
use crate::site::{Absorbed, Activation, Pooling};
use std::collections::BTreeMap;

/// An operator and what it absorbed.
#[derive(Clone, Debug)]
pub struct Stage {
    /// What expansions call it: `layer1_0_conv1`.
    pub label: String,
    /// What is computed.
    pub op: Op,
    /// The layer applied.
    pub layer: Option<LayerId>,
    /// Which of the layer's parameters are read, as indices into its list.
    pub parameters: Vec<usize>,
    /// Operands.
    pub inputs: Vec<ValueId>,
    /// The result, after activation and pooling.
    pub output: ValueId,
    /// Applied to the operator's result.
    pub activation: Activation,
    /// Applied after the activation, or before it, which is the same: a pooling is taken behind one that rises alone.
    pub pooling: Option<Pooling>,
    /// What inference absorbed besides, and the layer whose parameters that reads.
    pub absorbed: Option<(Absorbed, LayerId, Vec<usize>)>,
    /// Whether inference absorbs a normalisation into it.
    pub normalised: bool,
    /// Whether another stage applies the same layer.
    pub shared: bool,
    /// How many nodes before it draw random bits, whatever was fused: by this number its own bits are drawn.
    pub draws: usize,
}

/// Turns nodes into stages.
pub fn fuse(graph: &Graph) -> Vec<Stage> {
    let mut uses = vec![0_usize; graph.values.len()];
    for value in graph
        .nodes
        .iter()
        .flat_map(|node| &node.inputs)
        .chain(&graph.outputs)
    {
        uses[value.0] += 1;
    }
    let mut calls = BTreeMap::new();
    for node in graph
        .nodes
        .iter()
        .filter(|node| !node.parameters.is_empty())
    {
        *calls
            .entry((node.layer, &node.parameters))
            .or_insert(0_usize) += 1;
    }
    let mut stages: Vec<Stage> = Vec::new();
    let mut draws = 0;
    // The stage that gives each value.
    let mut givers: Vec<Option<usize>> = vec![None; graph.values.len()];
    for node in &graph.nodes {
        // The stage before may absorb this node if nobody else reads what stands between them.
        let giver = match node.inputs[..] {
            [value] if uses[value.0] == 1 => givers[value.0],
            _ => None,
        };
        if let Some(giver) = giver
            && stages[giver].absorb(&node.op)
        {
            stages[giver].output = node.output;
            givers[node.output.0] = Some(giver);
            continue;
        }
        givers[node.output.0] = Some(stages.len());
        stages.push(Stage {
            label: label(graph, node, stages.len()),
            op: node.op.clone(),
            layer: node.layer,
            parameters: node.parameters.clone(),
            inputs: node.inputs.clone(),
            output: node.output,
            activation: Activation::IDENTITY,
            pooling: None,
            absorbed: None,
            normalised: false,
            shared: calls
                .get(&(node.layer, &node.parameters))
                .is_some_and(|&calls| calls > 1),
            draws,
        });
        draws += usize::from(node.op.lower().only_trains());
    }
    stages
}

/// What the functions of an expansion call a node: the name of its layer, or its kind and number. What a layer does first by
/// another operator is called after both.
fn label(graph: &Graph, node: &Node, number: usize) -> String {
    let kind = node.op.kind().to_lowercase();
    let Some(LayerId(layer)) = node.layer else {
        return format!("{kind}_{number}");
    };
    let layer = &graph.layers[layer];
    let is_named = layer.name.contains(|letter: char| letter.is_alphabetic());
    match is_named && node.op.kind() == layer.op.kind() {
        true => plain(&layer.name),
        false => plain(&format!("{kind}_{}", layer.name)),
    }
}

/// A name as part of an identifier.
fn plain(name: &str) -> String {
    let letter = |letter: char| match letter.is_ascii_alphanumeric() {
        true => letter.to_ascii_lowercase(),
        false => '_',
    };
    name.chars().map(letter).collect()
}

impl Stage {
    /// Takes `next` into this stage if both sides allow it.
    fn absorb(&mut self, next: &Op) -> bool {
        if let Some(activation) = next.lower().as_activation()
            && !activation.reads_input
            && self.activation == Activation::IDENTITY
            && self.op.lower().absorbs_activation()
        {
            self.activation = activation;
            return true;
        }
        if let Some(pooling) = next.lower().as_pooling()
            && self.pooling.is_none()
            && self.activation.rises
            && self.op.lower().absorbs_pooling(&pooling)
        {
            self.pooling = Some(pooling);
            return true;
        }
        false
    }
}
