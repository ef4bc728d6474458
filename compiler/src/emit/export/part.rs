//! Inputs and outputs as both languages know them.

use crate::element::Element;
use crate::emit::arrays::parts;
use crate::emit::model::{Model, Stream};
use crate::exports::plain;
use crate::graph::{Graph, ValueId};
use crate::shapes;
use proc_macro2::{Ident, Span, TokenStream};

/// A value that crosses.
pub struct Part {
    /// Its parameter.
    pub name: Ident,
    /// Its type in Rust.
    pub rust: TokenStream,
    /// Its element in C.
    pub element: &'static str,
    /// What it is, for the header.
    pub doc: String,
    /// How many numbers it has.
    pub count: usize,
    /// Whether its numbers are indices.
    pub is_index: bool,
}

/// Inputs and outputs of a model.
pub fn of_model(model: &Model<'_>) -> (Vec<Part>, Vec<Part>) {
    let graph = model.graph;
    let shape = |value: ValueId| &graph.values[value.0].shape[..];
    (
        inputs(graph, "input", "", shape),
        outputs(graph, "output", "", shape),
    )
}

/// What a step of its stream takes and gives.
pub fn of_stream(model: &Model<'_>, stream: &Stream) -> (Vec<Part>, Vec<Part>) {
    let framed = &stream.graph;
    let shape = |value: ValueId| {
        let shape = &framed.values[value.0].shape[..];
        match stream.schedule.frames_of(value.0) {
            Some(1) => &shape[1..],
            _ => shape,
        }
    };
    (
        inputs(model.graph, "frame", " in a step", shape),
        outputs(model.graph, "answer", " in a step", shape),
    )
}

/// Inputs by their names. What is said of indices is that of the whole model, which checks them.
fn inputs<'a>(
    graph: &Graph,
    word: &str,
    when: &str,
    shape: impl Fn(ValueId) -> &'a [usize],
) -> Vec<Part> {
    let part = |&id: &ValueId| {
        let value = &graph.values[id.0];
        let name = match graph.inputs.len() {
            1 => word.to_string(),
            _ => format!("{word}_{}", plain(&value.name)),
        };
        let mut part = Part::new(&name, value.element, shape(id));
        part.doc = format!("`{}`{when}, {}", value.name, part.doc);
        if part.is_index {
            let [least, most] = shapes::taken(graph, id);
            part.doc += &format!(", each from {least} to {most}");
        }
        part
    };
    graph.inputs.iter().map(part).collect()
}

/// Outputs by their numbers, counted from 1.
fn outputs<'a>(
    graph: &Graph,
    word: &str,
    when: &str,
    shape: impl Fn(ValueId) -> &'a [usize],
) -> Vec<Part> {
    let count = graph.outputs.len();
    let part = |(index, &id): (usize, &ValueId)| {
        let number = index + 1;
        let (name, result) = match count {
            1 => (word.to_string(), "the result".to_string()),
            _ => (
                format!("{word}_{number}"),
                format!("result {number} of {count}"),
            ),
        };
        let mut part = Part::new(&name, graph.values[id.0].element, shape(id));
        part.doc = format!("{result}{when}, {}", part.doc);
        part
    };
    graph.outputs.iter().enumerate().map(part).collect()
}

impl Part {
    /// A value of this shape.
    fn new(name: &str, element: Element, shape: &[usize]) -> Self {
        let (element_of_c, is_index) = match element {
            Element::F32 => ("float", false),
            Element::U32 | Element::Scalar => ("uint32_t", true),
        };
        // One frame of tokens is one token.
        let shown = if shape.is_empty() { &[1] } else { shape };
        Self {
            name: Ident::new(name, Span::call_site()),
            rust: parts(std::iter::once((element, shape))),
            element: element_of_c,
            doc: format!("{shown:?}"),
            count: shape.iter().product(),
            is_index,
        }
    }
}
