//! Shapes flow from the inputs to the outputs; with them come the parameters that each layer learns.
//!
//! A value whose shape could not be found was reported where it went wrong; what depends on it is passed over in silence.

use crate::{
    ast,
    graph::{Graph, Node, Parameter, ValueId},
    ops::{Call, Feed},
    report::Report,
    sizes::{Constants, LIMIT},
};

/// Finds all shapes and parameters, and compares what comes out with what is declared.
pub fn infer(
    graph: &mut Graph,
    declared: &[ast::Shape],
    constants: &Constants,
    report: &mut Report,
) {
    for input in graph.inputs.clone() {
        let shape = std::mem::take(&mut graph.values[input.0].shape);
        settle(graph, input, shape, report);
    }
    for index in 0..graph.nodes.len() {
        let node = &graph.nodes[index];
        match apply(graph, node) {
            Some(Ok(shape)) => {
                settle(graph, node.output, shape, report);
                learn(graph, index, report);
            }
            Some(Err(message)) => report.error(node.span, message),
            None => {}
        }
    }
    check_outputs(graph, declared, constants, report);
    check_total(graph, report);
}

/// The result's shape by the operator's own rule, if all operands' are known.
fn apply(graph: &Graph, node: &Node) -> Option<Result<Vec<usize>, String>> {
    let values = node.inputs.iter().map(|input| &graph.values[input.0]);
    let feeds: Vec<Feed<'_>> = values
        .map(|value| Feed {
            from: &value.name,
            shape: &value.shape,
        })
        .collect();
    if feeds.iter().any(|feed| feed.shape.is_empty()) {
        return None;
    }
    let layer = &graph.values[node.output.0].name;
    Some(node.op.infer(&Call {
        layer,
        inputs: &feeds,
    }))
}

/// Gives a value its shape, if it is one that a tensor can have.
fn settle(graph: &mut Graph, id: ValueId, shape: Vec<usize>, report: &mut Report) {
    let value = &mut graph.values[id.0];
    let sound = check_axes(&value.name, &shape).and_then(|()| check_volume(&value.name, &shape));
    match sound {
        Ok(()) => value.shape = shape,
        Err(message) => report.error(value.span, message),
    }
}

/// Gives a layer the parameters of one of its nodes; those it has from an earlier call are shared.
fn learn(graph: &mut Graph, index: usize, report: &mut Report) {
    let node = &mut graph.nodes[index];
    let Some(layer) = node.layer.map(|id| &mut graph.layers[id.0]) else {
        return;
    };
    let inputs: Vec<&[usize]> = node
        .inputs
        .iter()
        .map(|input| graph.values[input.0].shape.as_slice())
        .collect();
    for parameter in node.op.parameters(&inputs) {
        let known = layer
            .parameters
            .iter()
            .position(|known| known.name == parameter.name);
        let sound = match known {
            Some(known) => check_shared(&layer.name, &layer.parameters[known], &parameter),
            None => check_volume(
                &format!("{}.{}", layer.name, parameter.name),
                &parameter.shape,
            ),
        };
        if let Err(message) = sound {
            return report.error(node.span, message);
        }
        node.parameters
            .push(known.unwrap_or(layer.parameters.len()));
        if known.is_none() {
            layer.parameters.push(parameter);
        }
    }
}

/// Tensors have one axis (features), two (time, features) or three (channels, height, width).
fn check_axes(name: &str, shape: &[usize]) -> Result<(), String> {
    if shape.len() <= 3 {
        return Ok(());
    }
    Err(format!(
        "`{name}` has the {} axes {shape:?}; there are 1 (features), 2 (time, features) or 3 (channels, height, width)",
        shape.len()
    ))
}

/// A tensor's bytes are addressable.
fn check_volume(name: &str, shape: &[usize]) -> Result<(), String> {
    let volume = shape
        .iter()
        .try_fold(1, |volume: usize, &size| volume.checked_mul(size));
    if volume.is_some_and(|volume| volume <= LIMIT) {
        return Ok(());
    }
    Err(format!(
        "`{name}` is {shape:?}, more numbers than memory can address"
    ))
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
            report.error(
                declared.span,
                format!("`{name}` declares the output {promised:?}, but `{from}` gives {shape:?}"),
            );
        }
    }
}

/// All tensors together are addressable too, even when every size is rounded up to sixteen.
fn check_total(graph: &Graph, report: &mut Report) {
    let values = graph.values.iter().map(|value| &value.shape);
    let parameters = graph
        .layers
        .iter()
        .flat_map(|layer| &layer.parameters)
        .map(|parameter| &parameter.shape);
    let volume = |shape: &Vec<usize>| shape.iter().map(|&size| size as u128).product::<u128>();
    let total: u128 = values.chain(parameters).map(volume).sum();
    if report.is_clean() && total * 16 > LIMIT as u128 {
        report.error(
            graph.name.span(),
            format!(
                "`{}` holds {total} numbers, more than memory can address",
                graph.name
            ),
        );
    }
}
