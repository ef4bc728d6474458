//! Shapes flow from the inputs to the outputs; with them come the parameters that each layer learns.
//!
//! A value whose shape could not be found was reported where it went wrong; what depends on it is passed over in silence.

use std::collections::BTreeMap;

use crate::{
    ast,
    graph::{Graph, LayerId, Node, Parameter, Stated, Value, ValueId},
    ops::{Application, Feed},
    report::Report,
    sizes::{Constants, LIMIT},
    storage::Border,
};

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
    let mut known = BTreeMap::new();
    for index in 0..graph.nodes.len() {
        let node = &graph.nodes[index];
        let (output, span) = (node.output, node.span);
        report.within(node.place.clone());
        let shape = match apply(graph, node) {
            Some(Ok(shape)) => shape,
            Some(Err(message)) => {
                report.error(span, message);
                continue;
            }
            None => continue,
        };
        if let Err(message) = check_border(graph, node) {
            report.error(span, message);
            continue;
        }
        settle(graph, output, shape, &mut totals, report);
        learn(graph, index, &mut known, &mut totals, report);
    }
    for stated in &graph.stated {
        report.within(stated.place.clone());
        check_stated(graph, stated, report);
    }
    report.within(whole);
    check_outputs(graph, declared, constants, report);
    check_given(graph, declared, report);
    check_padded(graph, totals.parameters, report);
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
    Some(node.op.infer(&Application {
        layer,
        inputs: &feeds,
    }))
}

/// What there is so far.
#[derive(Default)]
struct Totals {
    /// Numbers of all values.
    values: u128,
    /// Numbers of all parameters.
    parameters: u128,
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

/// Shapes leave the batch out: four axes are an image's and the batch.
fn check_no_batch(name: &str, shape: &[usize]) -> Result<(), String> {
    match shape {
        [batch, sample @ ..] if sample.len() == 3 => Err(format!(
            "`{name}` has the 4 axes {shape:?}, and a sample has at most 3; if {batch} is the batch, leave it out: `{name}: {sample:?}`"
        )),
        _ => Ok(()),
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

/// A value holds so many numbers, and no more than are supported.
fn check_volume(name: &str, shape: &[usize]) -> Result<u128, String> {
    let volume = volume(shape);
    if volume <= LIMIT as u128 {
        return Ok(volume);
    }
    Err(format!(
        "`{name}` is {shape:?}, {volume} numbers; a tensor has at most {LIMIT}, so make a size smaller"
    ))
}

/// All values of a sample together are no more numbers than one may be.
fn check_values(name: &str, volume: u128, totals: &mut Totals) -> Result<(), String> {
    totals.values += volume;
    if totals.values <= LIMIT as u128 {
        return Ok(());
    }
    let values = std::mem::take(&mut totals.values);
    Err(format!(
        "up to `{name}` the values of a sample are {values} numbers; a model has at most {LIMIT}, so make a size smaller"
    ))
}

/// The most numbers that a model learns: 2^48 bytes, which is what addresses reach.
const PARAMETERS: u128 = 1 << 46;

/// All parameters of a model are addressable.
fn check_parameters(layer: &str, shape: &[usize], totals: &mut Totals) -> Result<(), String> {
    totals.parameters = totals.parameters.saturating_add(volume(shape));
    if totals.parameters <= PARAMETERS {
        return Ok(());
    }
    let parameters = std::mem::take(&mut totals.parameters);
    Err(format!(
        "up to `{layer}` the parameters are {parameters} numbers; a model has at most {PARAMETERS}, so make a layer smaller"
    ))
}

/// No image in the zeros around it holds more numbers than a value may.
fn check_border(graph: &Graph, node: &Node) -> Result<(), String> {
    for (operand, input) in node.inputs.iter().enumerate() {
        let (border, input) = (node.op.lower().border(operand), &graph.values[input.0]);
        let &[channels, height, width] = &input.shape[..] else {
            continue;
        };
        let height = border
            .top
            .saturating_add(height)
            .saturating_add(border.bottom);
        let width = border
            .left
            .saturating_add(width)
            .saturating_add(border.right);
        let volume = volume(&[channels, height, width]);
        if volume > LIMIT as u128 {
            let name = &graph.values[node.output.0].name;
            return Err(format!(
                "`{name}` pads {:?} to {volume} numbers; a tensor has at most {LIMIT}, so make the padding smaller",
                input.shape
            ));
        }
    }
    Ok(())
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
    if given.shape.is_empty() || given.shape == stated.shape {
        return;
    }
    let message = format!(
        "the input `{}` of the block `{}` is declared {:?}, but `{}` gives {:?}; leave the shape out and it is inferred",
        stated.name, stated.block, stated.shape, given.name, given.shape
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
            let repair = repair(graph, graph.outputs[index], &promised);
            report.error(
                declared.span,
                format!("`{name}` declares the output {promised:?}, but `{from}` gives {shape:?}; {repair}"),
            );
        }
    }
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
        if node.op.remembers() {
            return Some(next);
        }
        next = Some(graph.values[output.0].name.as_str());
        output = *node.inputs.first()?;
    }
    None
}

/// The most numbers that a model gives a caller by value: a gigabyte.
const GIVEN: u128 = 1 << 28;

/// Whether values of these shapes are ones that a caller can hold, and rustc evaluate.
pub fn fits_caller(shapes: &[Vec<usize>]) -> bool {
    numbers(shapes.iter()) <= GIVEN
}

/// Outputs are values, so that a caller has to hold them.
fn check_given(graph: &Graph, declared: &[ast::Shape], report: &mut Report) {
    let shapes = graph
        .outputs
        .iter()
        .map(|output| &graph.values[output.0].shape);
    let (given, name) = (numbers(shapes), &graph.name);
    if let Some(first) = declared.first()
        && report.is_clean()
        && given > GIVEN
    {
        report.error(
            first.span,
            format!("`{name}` gives {given} numbers, and a caller holds {GIVEN} at most; make its output smaller"),
        );
    }
}

/// How many numbers tensors of these shapes hold.
fn numbers<'a>(shapes: impl Iterator<Item = &'a Vec<usize>>) -> u128 {
    shapes.fold(0, |numbers, shape| volume(shape).saturating_add(numbers))
}

/// How many numbers a tensor of this shape holds.
fn volume(shape: &[usize]) -> u128 {
    let sizes = shape.iter().map(|&size| size as u128);
    sizes.fold(1, u128::saturating_mul)
}

/// What a number costs at most: a whole block, in a value, its delta, and the gates or positions kept between them.
const COST: u128 = 256;

/// All images together are addressable in their borders, and so are the weights of layers that read images as they lie.
fn check_padded(graph: &Graph, parameters: u128, report: &mut Report) {
    let most = isize::MAX as u128 / 4 / COST;
    let weights = parameters.saturating_mul(swelling(graph));
    if report.is_clean() && padded(graph).max(weights) > most {
        let name = &graph.name;
        let message = format!(
            "`{name}` pads its images to more numbers than memory can address; make a padding smaller"
        );
        report.error(name.span(), message);
    }
}

/// How many times as many numbers an image is in the largest border of all.
fn swelling(graph: &Graph) -> u128 {
    let border = largest_border(graph);
    let swelling = |value: &Value| match value.shape[..] {
        [_, height, width] => {
            let rows = height as u128 + border.top as u128 + border.bottom as u128;
            let columns = width as u128 + border.left as u128 + border.right as u128;
            (rows * columns).div_ceil(height as u128 * width as u128)
        }
        _ => 1,
    };
    graph.values.iter().map(swelling).max().unwrap_or(1)
}

/// The smallest border that contains those around all images.
fn largest_border(graph: &Graph) -> Border {
    let borders = graph.nodes.iter().flat_map(|node| {
        let border = |operand| node.op.lower().border(operand);
        (0..node.inputs.len()).map(border)
    });
    borders.fold(Border::default(), Border::union)
}

/// No fewer numbers than images hold in their borders: every image is taken for the largest, in the largest border of
/// all, and its delta for one that reads as many zeros again on both sides.
fn padded(graph: &Graph) -> u128 {
    let images = graph
        .values
        .iter()
        .filter_map(|value| match value.shape[..] {
            [channels, height, width] => Some([channels, height, width].map(|size| size as u128)),
            _ => None,
        });
    let border = largest_border(graph);
    let largest = |axis: usize| images.clone().map(|image| image[axis]).max().unwrap_or(0);
    let height = 3 * (largest(1) + border.top as u128 + border.bottom as u128);
    let width = 3 * (largest(2) + border.left as u128 + border.right as u128);
    let pixels = height.saturating_mul(width);
    let volumes = images
        .clone()
        .map(|[channels, ..]| pixels.saturating_mul(channels));
    volumes.fold(0, u128::saturating_add)
}
