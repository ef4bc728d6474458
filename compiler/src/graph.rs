//! The network as data: values, the nodes that compute them, and the layers that own parameters.
//!
//! Nodes are in an order in which every value is computed before it is used. Spans travel along, so that every
//! later pass can point at what the user wrote.

use crate::attributes::{Asked, Limit};
use crate::element::Element;
pub use crate::ids::{LayerId, ValueId};
use crate::ops::Op;
pub use crate::parameter::{Init, Parameter, Role};
use proc_macro2::{Ident, Span};

/// A checked network.
#[derive(Clone, Debug)]
pub struct Graph {
    /// Doc comments and other attributes of the struct.
    pub attributes: Vec<syn::Attribute>,
    /// What they ask of the compiler.
    pub asked: Asked,
    /// What it may take at most.
    pub limits: Vec<Limit>,
    /// Visibility of the struct.
    pub visibility: syn::Visibility,
    /// The struct's name.
    pub name: Ident,
    /// Values the caller gives, in order.
    pub inputs: Vec<ValueId>,
    /// Values the caller gets, in order.
    pub outputs: Vec<ValueId>,
    /// All values.
    pub values: Vec<Value>,
    /// All computations, in topological order.
    pub nodes: Vec<Node>,
    /// All layers, in the order of their declaration; parameterless ones are layers too.
    pub layers: Vec<Layer>,
    /// What blocks say of the shapes of their inputs.
    pub stated: Vec<Stated>,
}

/// A shape that a block states for one of its inputs.
#[derive(Clone, Debug)]
pub struct Stated {
    /// What is given for it.
    pub value: ValueId,
    /// The input's name.
    pub name: String,
    /// The block's name.
    pub block: String,
    /// The shape.
    pub shape: Vec<usize>,
    /// The element.
    pub element: Element,
    /// Where it is stated.
    pub span: Span,
    /// The use of the block.
    pub place: Option<String>,
}

/// A tensor, without its batch dimension.
#[derive(Clone, Debug)]
pub struct Value {
    /// What messages call it: an input's name, or the layer or operator that gives it.
    pub name: String,
    /// Sizes in PyTorch's order, channels first; empty until known, for no tensor is without axes.
    pub shape: Vec<usize>,
    /// What its numbers are.
    pub element: Element,
    /// Where it is written.
    pub span: Span,
}

/// One application of an operator. Nodes that name the same layer share its parameters.
#[derive(Clone, Debug)]
pub struct Node {
    /// What is computed.
    pub op: Op,
    /// The layer applied; `None` for operators and functions of `forward`.
    pub layer: Option<LayerId>,
    /// Operands.
    pub inputs: Vec<ValueId>,
    /// The result.
    pub output: ValueId,
    /// Which of the layer's parameters it reads, as indices into [`Layer::parameters`]: all of them, but for a stacked
    /// layer (`Lstm(128, layers = 2)`), which is one node for each level, every level with parameters of its own.
    pub parameters: Vec<usize>,
    /// Which of the model's calls it is a part of.
    pub call: usize,
    /// Where it is written.
    pub span: Span,
    /// The use of the block it is written in; empty for the model itself.
    pub within: String,
    /// The same for messages, which also name what is made of a template.
    pub place: Option<String>,
}

/// A declared layer.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Its name in a `state_dict`: the declared one, or its index as in `nn.Sequential`.
    pub name: String,
    /// The block, chain or repetition it is part of, `stage1.0`; empty for the model itself.
    pub within: String,
    /// Its kind as the user wrote it.
    pub kind: String,
    /// What it was declared as.
    pub op: Op,
    /// Its parameters in PyTorch's order, once however often it is called; empty until shapes are known.
    pub parameters: Vec<Parameter>,
    /// Where it is written.
    pub span: Span,
}

impl Layer {
    /// The name of one of its parameters in a `state_dict`: `fc.weight`.
    pub fn tensor(&self, parameter: &Parameter) -> String {
        format!("{}.{}", self.name, parameter.name)
    }
}
