//! Shapes flow from the inputs to the outputs; with them come the parameters that each layer learns.
//!
//! A value whose shape could not be found was reported where it went wrong; what depends on it is passed over in silence.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    ast,
    element::{Element, Typed},
    graph::{Graph, LayerId, Node, Parameter, Stated, ValueId},
    ops::{Application, Feed},
    report::{Mistakes, Report},
    sizes::Constants,
};
use limits::{
    Totals, check_axes, check_border, check_given, check_no_batch, check_padded, check_parameters,
    check_values, check_volume, volume,
};

pub use carried::pairs as carried;
pub use indices::{Reading, readings, taken};
pub use limits::fits_caller;

mod carried;
mod indices;
mod limits;

/// Finds all shapes and parameters, and compares what comes out with what is declared.
pub fn infer(
    graph: &mut Graph,
    declared: &[ast::Shape],
    constants: &Constants,
    report: &mut Report,
) {
    let mut totals = Totals::default();
    let whole = report.within(None);
    report.within(whole.clone());
    for input in graph.inputs.clone() {
        let value = &mut graph.values[input.0];
        let shape = std::mem::take(&mut value.shape);
        match check_no_batch(&value.name, &shape) {
            Ok(()) => settle(graph, input, shape, &mut totals, report),
            Err(message) => report.error(value.span, message),
        }
    }
    share_panels(graph);
    let mut known = BTreeMap::new();
    let mut mistakes = Mistakes::default();
    for index in 0..graph.nodes.len() {
        let node = &graph.nodes[index];
        let (output, span) = (node.output, node.span);
        report.within(node.place.clone());
        let shape = match apply(graph, node) {
            Some(Ok(shape)) => shape,
            Some(Err(mut message)) => {
                message += &operands(graph, node);
                if mistakes.is_new(node.call, &message) {
                    report.error(span, &message);
                }
                continue;
            }
            None => continue,
        };
        if let Err(message) = check_border(graph, node) {
            report.error(span, message);
            continue;
        }
        settle(graph, output, shape, &mut totals, report);
        let (values, node) = (&graph.values, &mut graph.nodes[index]);
        let inputs = node.inputs.iter().map(|input| &values[input.0].shape[..]);
        node.op.settle(&inputs.collect::<Vec<_>>());
        learn(graph, index, &mut known, &mut totals, report);
    }
    for stated in &graph.stated {
        report.within(stated.place.clone());
        check_stated(graph, stated, report);
    }
    report.within(whole);
    check_outputs(graph, declared, constants, report);
    check_given(graph, declared, report);
    carried::check(graph, report);
    check_padded(graph, totals.parameters, report);
}

/// Where one application of a layer needs its weights in panels, they lie so for all.
fn share_panels(graph: &mut Graph) {
    let needs = graph.nodes.iter().filter(|node| node.op.needs_panels());
    let layers: BTreeSet<_> = needs.filter_map(|node| node.layer).collect();
    for node in &mut graph.nodes {
        if node.layer.is_some_and(|layer| layers.contains(&layer)) {
            node.op.take_panels();
        }
    }
}

/// The result's shape by the operator's own rule, if all operands' are known.
fn apply(graph: &Graph, node: &Node) -> Option<Result<Vec<usize>, String>> {
    let values = node.inputs.iter().map(|input| &graph.values[input.0]);
    let feeds: Vec<Feed<'_>> = values
        .map(|value| Feed {
            from: &value.name,
            shape: &value.shape,
            element: value.element,
        })
        .collect();
    if feeds.iter().any(|feed| feed.shape.is_empty()) {
        return None;
    }
    let layer = &graph.values[node.output.0].name;
    let call = Application {
        layer,
        inputs: &feeds,
    };
    Some(check_elements(graph, node, &call).and_then(|()| node.op.infer(&call)))
}

/// Layers compute with numbers, and what looks tokens up takes tokens.
fn check_elements(graph: &Graph, node: &Node, call: &Application<'_>) -> Result<(), String> {
    let shapes: Vec<&[usize]> = call.inputs.iter().map(|feed| feed.shape).collect();
    for (operand, feed) in call.inputs.iter().enumerate() {
        let takes = node.op.tokens(operand, &shapes).is_some();
        if takes == feed.element.is_token() {
            continue;
        }
        let (layer, from) = (call.layer, feed.from);
        let given = Typed(feed.element, feed.shape);
        return Err(match (takes, feed.element) {
            (true, _) => {
                let is_input = graph.inputs.contains(&node.inputs[operand]);
                let repair = match (is_input, node.op.takes_length()) {
                    (true, true) => format!("declare `{from}: u32`"),
                    (true, false) => format!("declare `{from}: u32{:?}`", feed.shape),
                    (false, _) => {
                        "declare them in an input of their own, as in `words: u32[40]`".to_string()
                    }
                };
                format!(
                    "`{layer}` takes u32 indices, but `{from}` gives {given}, which are f32; {repair}"
                )
            }
            (false, Element::Scalar) => format!(
                "`{layer}` takes f32 numbers, but `{from}` is a u32; give it as a length, as in `mean(x, axis = 0, length = {from})`, \
                 or declare `{from}: [1]`"
            ),
            (false, _) => format!(
                "`{layer}` takes f32 numbers, but `{from}` gives {given}; put `Embedding` before it, which gives a vector \
                 for each token, or declare `{from}: {:?}`",
                feed.shape
            ),
        });
    }
    Ok(())
}

/// Gives a value its shape, if it is one that a tensor can have.
fn settle(
    graph: &mut Graph,
    id: ValueId,
    shape: Vec<usize>,
    totals: &mut Totals,
    report: &mut Report,
) {
    let value = &mut graph.values[id.0];
    let sound = check_axes(&value.name, &shape)
        .and_then(|()| check_volume(&value.name, &shape))
        .and_then(|volume| check_values(&value.name, volume, totals));
    match sound {
        Ok(()) => value.shape = shape,
        Err(message) => report.error(value.span, message),
    }
}

/// Where each layer's parameters stand, by name.
type Known = BTreeMap<(LayerId, String), usize>;

/// Gives a layer the parameters of one of its nodes; those it has from an earlier call are shared.
fn learn(
    graph: &mut Graph,
    index: usize,
    known: &mut Known,
    totals: &mut Totals,
    report: &mut Report,
) {
    let node = &mut graph.nodes[index];
    let Some(id) = node.layer else {
        return;
    };
    let layer = &mut graph.layers[id.0];
    let inputs: Vec<&[usize]> = node
        .inputs
        .iter()
        .map(|input| graph.values[input.0].shape.as_slice())
        .collect();
    for parameter in node.op.parameters(&inputs) {
        let place = (id, parameter.name.clone());
        let earlier = known.get(&place).copied();
        let sound = match earlier {
            Some(known) => check_shared(&layer.name, &layer.parameters[known], &parameter),
            None => check_parameters(&graph.values[node.output.0].name, &parameter.shape, totals),
        };
        if let Err(message) = sound {
            return report.error(node.span, message);
        }
        node.parameters
            .push(earlier.unwrap_or(layer.parameters.len()));
        if earlier.is_none() {
            known.insert(place, layer.parameters.len());
            layer.parameters.push(parameter);
        }
    }
}

/// A layer called twice shares its weights, which therefore have one shape.
fn check_shared(layer: &str, first: &Parameter, again: &Parameter) -> Result<(), String> {
    if first.shape == again.shape {
        return Ok(());
    }
    Err(format!(
        "`{layer}` shares its weights between calls, but its `{}` would be {:?} here and {:?} before; declare a second layer",
        first.name, again.shape, first.shape
    ))
}

/// A block is given what it says it takes.
fn check_stated(graph: &Graph, stated: &Stated, report: &mut Report) {
    let given = &graph.values[stated.value.0];
    if given.shape.is_empty() || (given.shape == stated.shape && given.element == stated.element) {
        return;
    }
    let message = format!(
        "the input `{}` of the block `{}` is declared {}, but `{}` gives {}{}; leave the shape out and it is inferred",
        stated.name,
        stated.block,
        Typed(stated.element, &stated.shape),
        given.name,
        Typed(given.element, &given.shape),
        arithmetic(graph, stated.value, &stated.shape)
    );
    report.error(stated.span, message);
}

/// What comes out is what the arrow promises.
fn check_outputs(
    graph: &Graph,
    declared: &[ast::Shape],
    constants: &Constants,
    report: &mut Report,
) {
    for (index, declared) in declared.iter().enumerate() {
        let promised = constants.shape(declared, report);
        let given = graph
            .outputs
            .get(index)
            .map(|output| &graph.values[output.0]);
        let (Some(promised), Some(given)) =
            (promised, given.filter(|given| !given.shape.is_empty()))
        else {
            continue;
        };
        if promised != given.shape {
            let (name, from, shape) = (&graph.name, &given.name, &given.shape);
            let output = graph.outputs[index];
            let (arithmetic, repair) = (
                arithmetic(graph, output, &promised),
                repair(graph, output, &promised),
            );
            report.error(
                declared.span,
                format!(
                    "`{name}` declares the output {promised:?}, but `{from}` gives {shape:?}{arithmetic}; {repair}"
                ),
            );
        }
    }
}

/// How the first size that is not as promised comes about, if the layer that makes it can tell: `, whose height is
/// (28 + 2 * 0 - 3) / 2 + 1 = 13`.
fn arithmetic(graph: &Graph, value: ValueId, promised: &[usize]) -> String {
    match made(graph, value, promised) {
        Some((sum, maker)) if maker == value => format!(", whose {sum}"),
        Some((sum, maker)) => format!(", whose {sum} behind `{}`", graph.values[maker.0].name),
        None => String::new(),
    }
}

/// How the sizes of two operands that should agree come about: `; the height is (28 + 2 * 0 - 3) / 2 + 1 = 13 behind `conv``.
fn operands(graph: &Graph, node: &Node) -> String {
    let [a, b] = node.inputs[..] else {
        return String::new();
    };
    let shape = |value: ValueId| &graph.values[value.0].shape[..];
    let sums = [made(graph, a, shape(b)), made(graph, b, shape(a))];
    let told = |(sum, maker): (String, ValueId)| {
        format!("; the {sum} behind `{}`", graph.values[maker.0].name)
    };
    sums.into_iter().flatten().map(told).collect()
}

/// How the first size that is not as promised comes about, and the value that has it first. What keeps the shape has its
/// sizes from the layer before.
fn made(graph: &Graph, value: ValueId, promised: &[usize]) -> Option<(String, ValueId)> {
    let shape = |value: ValueId| &graph.values[value.0].shape[..];
    let given = shape(value);
    if given.len() != promised.len() {
        return None;
    }
    let mut maker = value;
    for node in graph.nodes.iter().rev() {
        if node.output != maker {
            continue;
        }
        let inputs: Vec<&[usize]> = node.inputs.iter().map(|&input| shape(input)).collect();
        let mut differ = (0..given.len()).filter(|&axis| given[axis] != promised[axis]);
        if let Some(sum) = differ.find_map(|axis| node.op.arithmetic(&inputs, axis)) {
            return Some((sum, maker));
        }
        match node.inputs[..] {
            [input] if shape(input) == given => maker = input,
            _ => return None,
        }
    }
    None
}

/// What to do about an output that is not as promised.
fn repair(graph: &Graph, output: ValueId, promised: &[usize]) -> String {
    let value = &graph.values[output.0];
    let (from, shape) = (&value.name, &value.shape);
    match (promised, &shape[..]) {
        ([batch, sample @ ..], _) if sample == shape => {
            format!("if {batch} is the batch, leave it out")
        }
        ([..], [_, step @ ..]) if step == promised && shape.len() == 2 => {
            match behind_recurrence(graph, output) {
                Some(None) => format!(
                    "that is every step's state; put `Last` behind `{from}` for the last alone"
                ),
                Some(Some(next)) => format!(
                    "that is one for each step; put `Last` before `{next}`, for the last step alone"
                ),
                None => "that is one for each step; declare it, or leave the first axis out if it is the batch".to_string(),
            }
        }
        _ if volume(promised) == volume(shape) => {
            format!("declare that, or put `Reshape` behind `{from}`")
        }
        _ => format!("declare that, or change `{from}`"),
    }
}

/// The layer that follows the last recurrence on the way to a sequence, or `None` if that gives it itself; nothing if there
/// is no recurrence on the way.
fn behind_recurrence(graph: &Graph, mut output: ValueId) -> Option<Option<&str>> {
    let mut next = None;
    for node in graph.nodes.iter().rev() {
        if node.output != output {
            continue;
        }
        // What joins the directions of a layer is that layer.
        let remembers = |LayerId(layer): LayerId| graph.layers[layer].op.remembers();
        if node.op.remembers() || node.layer.is_some_and(remembers) {
            return Some(next);
        }
        next = Some(graph.values[output.0].name.as_str());
        output = *node.inputs.first()?;
    }
    None
}
