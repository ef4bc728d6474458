//! Fusion: a contraction takes the activation and the pooling that follow it into its own registers.

use crate::graph::{Graph, LayerId, ValueId};
use crate::ops::Op;
use proc_macro2::Span;

/// An elementwise function that never decreases, which a kernel can apply to its accumulators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Activation {
    /// The runtime's type that computes it.
    pub name: &'static str,
    /// Whether f(0) = 0, so that zeros around a value's elements stay zero.
    pub keeps_zero: bool,
}

impl Activation {
    /// x itself.
    pub const IDENTITY: Self = Self {
        name: "Identity",
        keeps_zero: true,
    };
}

/// Windows whose largest element survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pooling {
    /// Rows and columns of a window.
    pub kernel: (usize, usize),
    /// Rows and columns between windows.
    pub stride: (usize, usize),
    /// Rows and columns of minus infinity around the image.
    pub padding: (usize, usize),
}

/// One kernel call to be: an operator and what it absorbed.
#[derive(Clone, Debug)]
pub struct Stage {
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
    /// Applied after (or, all activations being monotone, before) the activation.
    pub pooling: Option<Pooling>,
    /// Whether another stage applies the same layer.
    pub shared: bool,
    /// Where it is written.
    pub span: Span,
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
    let calls = |layer: Option<LayerId>, parameters: &[usize]| {
        let same =
            |node: &&crate::graph::Node| node.layer == layer && node.parameters == parameters;
        graph.nodes.iter().filter(same).count()
    };
    let mut stages: Vec<Stage> = Vec::new();
    for node in &graph.nodes {
        // The stage before may absorb this node if nobody else reads what stands between them.
        let absorbed = match (
            stages
                .iter_mut()
                .find(|stage| node.inputs == [stage.output]),
            &node.inputs[..],
        ) {
            (Some(stage), [value]) if uses[value.0] == 1 => stage.absorb(&node.op),
            _ => false,
        };
        if absorbed {
            if let Some(stage) = stages
                .iter_mut()
                .find(|stage| node.inputs == [stage.output])
            {
                stage.output = node.output;
            }
        } else {
            stages.push(Stage {
                op: node.op.clone(),
                layer: node.layer,
                parameters: node.parameters.clone(),
                inputs: node.inputs.clone(),
                output: node.output,
                activation: Activation::IDENTITY,
                pooling: None,
                shared: !node.parameters.is_empty() && calls(node.layer, &node.parameters) > 1,
                span: node.span,
            });
        }
    }
    stages
}

impl Stage {
    /// Takes `next` into this stage if both sides allow it.
    fn absorb(&mut self, next: &Op) -> bool {
        if let Some(activation) = next.lower().as_activation()
            && self.activation == Activation::IDENTITY
            && self.op.lower().absorbs_activation()
        {
            self.activation = activation;
            return true;
        }
        if let Some(pooling) = next.lower().as_pooling()
            && self.pooling.is_none()
            && self.op.lower().absorbs_pooling(&pooling)
        {
            self.pooling = Some(pooling);
            return true;
        }
        false
    }
}
