//! What tensors and models may hold: axes, numbers, images in their borders, memory that a caller has and an address
//! reaches.

use crate::{
    ast,
    graph::{Graph, Node, Value},
    report::Report,
    sizes::LIMIT,
    storage::Border,
};

/// What there is so far.
#[derive(Default)]
pub(super) struct Totals {
    /// Numbers of all values.
    values: u128,
    /// Numbers of all parameters.
    pub(super) parameters: u128,
}

/// The most axes of a tensor.
const AXES: usize = 4;

/// Shapes leave the batch out: an axis too many is probably that.
pub(super) fn check_no_batch(name: &str, shape: &[usize]) -> Result<(), String> {
    match shape {
        [batch, sample @ ..] if sample.len() == AXES => Err(format!(
            "`{name}` has the {} axes {shape:?}, and a sample has at most {AXES}; if {batch} is the batch, leave it out: `{name}: {sample:?}`",
            shape.len()
        )),
        _ => Ok(()),
    }
}

/// Tensors have one axis (features), two (time, features), three (channels, height, width), or four of any meaning.
pub(super) fn check_axes(name: &str, shape: &[usize]) -> Result<(), String> {
    if shape.len() <= AXES {
        return Ok(());
    }
    Err(format!(
        "`{name}` has the {} axes {shape:?}, and a tensor has at most {AXES}; `Reshape` makes one of several",
        shape.len()
    ))
}

/// A value holds so many numbers, and no more than are supported.
pub(super) fn check_volume(name: &str, shape: &[usize]) -> Result<u128, String> {
    let volume = volume(shape);
    if volume <= LIMIT as u128 {
        return Ok(volume);
    }
    Err(format!(
        "`{name}` is {shape:?}, {volume} numbers; a tensor has at most {LIMIT}, so make a size smaller"
    ))
}

/// All values of a sample together are no more numbers than one may be.
pub(super) fn check_values(name: &str, volume: u128, totals: &mut Totals) -> Result<(), String> {
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
pub(super) fn check_parameters(
    layer: &str,
    shape: &[usize],
    totals: &mut Totals,
) -> Result<(), String> {
    totals.parameters = totals.parameters.saturating_add(volume(shape));
    if totals.parameters <= PARAMETERS {
        return Ok(());
    }
    let parameters = std::mem::take(&mut totals.parameters);
    Err(format!(
        "up to `{layer}` the parameters are {parameters} numbers; a model has at most {PARAMETERS}, so make a layer smaller"
    ))
}

/// No image or sequence in the zeros around it holds more numbers than a value may.
pub(super) fn check_border(graph: &Graph, node: &Node) -> Result<(), String> {
    for (operand, input) in node.inputs.iter().enumerate() {
        let input = &graph.values[input.0];
        let border = node.op.lower().border(operand, &input.shape);
        let [channels, height, width] = match input.shape[..] {
            [channels, height, width] => [channels, height, width],
            [steps, features] => [features, 1, steps],
            _ => continue,
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

/// The most numbers that a model gives a caller by value: a gigabyte.
const GIVEN: u128 = 1 << 28;

/// Whether values of these shapes are ones that a caller can hold, and rustc evaluate.
pub fn fits_caller<'a>(shapes: impl Iterator<Item = &'a Vec<usize>>) -> bool {
    numbers(shapes) <= GIVEN
}

/// Outputs are values, so that a caller has to hold them.
pub(super) fn check_given(graph: &Graph, declared: &[ast::Shape], report: &mut Report) {
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
pub(super) fn volume(shape: &[usize]) -> u128 {
    let sizes = shape.iter().map(|&size| size as u128);
    sizes.fold(1, u128::saturating_mul)
}

/// What a number costs at most: a whole block, in a value, its delta, and the gates or positions kept between them.
const COST: u128 = 256;

/// All images together are addressable in their borders, and so are the weights of layers that read images as they lie.
pub(super) fn check_padded(graph: &Graph, parameters: u128, report: &mut Report) {
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
        let inputs = node.inputs.iter().enumerate();
        inputs.map(|(operand, input)| {
            let shape = &graph.values[input.0].shape;
            node.op.lower().border(operand, shape)
        })
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
