//! The weights that a model is compiled with: read from a file, and compared with its layers.

use crate::{
    attributes::Asked,
    graph::{Graph, Layer, LayerId, Role},
    nearest::{list, nearest},
    packing::Packing,
    place::layout::Layout,
    report::Report,
    storage::LANES,
};
use kiln_weights::{Dtype, Number, SafeTensors, Unfit, tensor::TensorView};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};
use syn::LitStr;

/// The numbers of every tensor in row-major order, by its name.
pub type Weights = BTreeMap<String, Vec<f32>>;

/// Reads the file that a model asks for, if it asks for one. What is wrong with a tensor is an error at its layer, what is
/// wrong with the file one at its name.
pub fn read(graph: &Graph, folder: &Path, report: &mut Report) -> Option<Weights> {
    let Asked { weights, .. } = &graph.asked;
    let file = weights.as_ref()?;
    let name = file.value();
    let bytes = match fs::read(folder.join(&name)) {
        Ok(bytes) => bytes,
        Err(error) => {
            report.error_over(file, unreadable(&name, &error));
            return None;
        }
    };
    match kiln_weights::parse(&bytes) {
        Ok(tensors) => Some(matched(graph, file, &tensors, report)),
        Err(reason) => {
            report.error_over(file, format!("`{name}` holds no weights; {reason}"));
            None
        }
    }
}

/// What is said of a file that is not there.
fn unreadable(name: &str, error: &std::io::Error) -> String {
    format!(
        "`{name}` cannot be read ({error}); a path begins beside the crate's Cargo.toml, and until there are weights \
         the model is declared without `weights`"
    )
}

/// The tensors of a file, one for each of the model's.
fn matched(
    graph: &Graph,
    file: &LitStr,
    tensors: &SafeTensors<'_>,
    report: &mut Report,
) -> Weights {
    let mut left: BTreeMap<&str, TensorView<'_>> = tensors.iter().collect();
    let names: BTreeSet<String> = parameters(graph).map(|parameter| parameter.name).collect();
    let spare = |name: &&str| !names.contains(*name);
    let spare: BTreeSet<&str> = left.keys().copied().filter(spare).collect();
    let file_name = file.value();
    let mut weights = Weights::new();
    if !names.is_empty() && spare.len() == left.len() {
        report.error_over(file, foreign(&names, &spare, &file_name));
        return weights;
    }
    for parameter in parameters(graph) {
        let Parameter { layer, name, .. } = &parameter;
        let numbers = match left.remove(&name[..]) {
            Some(view) => numbers(&parameter, &view, &file_name),
            None => Err(missing(&parameter, &spare, &file_name)),
        };
        match numbers {
            Ok(numbers) => {
                weights.insert(name.clone(), numbers);
            }
            Err(message) => {
                let before = report.within(place(graph, parameter.id));
                report.error(layer.span, message);
                report.within(before);
            }
        }
    }
    if !left.is_empty() {
        report.error_over(file, unexpected(&left, &file_name));
    }
    weights
}

/// A parameter as a `state_dict` has it.
struct Parameter<'a> {
    id: LayerId,
    layer: &'a Layer,
    /// Layer and name.
    name: String,
    shape: &'a [usize],
    role: Role,
}

/// All parameters, in the order of the layers.
fn parameters(graph: &Graph) -> impl Iterator<Item = Parameter<'_>> {
    let layers = graph.layers.iter().enumerate();
    layers.flat_map(|(index, layer)| {
        layer.parameters.iter().map(move |parameter| Parameter {
            id: LayerId(index),
            layer,
            name: layer.tensor(parameter),
            shape: &parameter.shape,
            role: parameter.role,
        })
    })
}

/// The use of a block in which a layer is declared.
fn place(graph: &Graph, layer: LayerId) -> Option<String> {
    let mut nodes = graph.nodes.iter();
    let node = nodes.find(|node| node.layer == Some(layer))?;
    node.place.clone()
}

/// What is said of a file of which no layer has a tensor.
fn foreign(names: &BTreeSet<String>, spare: &BTreeSet<&str>, file: &str) -> String {
    let expected = list(names.iter().map(|name| &name[..]));
    let found = match spare.is_empty() {
        true => "nothing".to_string(),
        false => list(spare.iter().copied()),
    };
    format!("`{file}` has no tensor of this model; expected {expected}, found {found}")
}

/// What is said of a tensor that a file has not.
fn missing(parameter: &Parameter<'_>, spare: &BTreeSet<&str>, file: &str) -> String {
    let Parameter { name, shape, .. } = parameter;
    let prefixed = |other: &&&str| {
        other
            .strip_suffix(&name[..])
            .is_some_and(|it| it.ends_with('.'))
    };
    let near = spare.iter().find(prefixed).copied();
    let near = near.or_else(|| nearest(name, spare.iter().copied()));
    let repair = match near {
        Some(near) => format!("is `{near}` the same by another name?"),
        None if spare.is_empty() => "it may be of another model".to_string(),
        None => format!("what no layer has is {}", list(spare.iter().copied())),
    };
    format!("`{file}` has no `{name}` {shape:?}; {repair}")
}

/// What is said of tensors that no layer has.
fn unexpected(left: &BTreeMap<&str, TensorView<'_>>, file: &str) -> String {
    let names = list(left.keys().copied());
    format!("`{file}` holds {names}, which no layer has; save the weights of this model alone")
}

/// The numbers of a tensor as `f32`, or what is wrong with it.
fn numbers(
    parameter: &Parameter<'_>,
    view: &TensorView<'_>,
    file: &str,
) -> Result<Vec<f32>, String> {
    let Parameter {
        name, shape, role, ..
    } = parameter;
    if view.shape() != *shape {
        let found = view.shape();
        return Err(format!(
            "`{name}` is {shape:?} here, but {found:?} in `{file}`; declare the layer as it was trained, or train it anew"
        ));
    }
    let is_count = *role == Role::Count;
    let number = Number::of(is_count, view.dtype()).filter(|&number| number != Number::F64);
    let Some(number) = number else {
        return Err(mistyped(name, is_count, view.dtype(), file));
    };
    let is_variance = matches!(
        role,
        Role::Statistic {
            is_variance: true,
            ..
        }
    );
    let negative = || {
        is_variance
            .then(|| number.first_negative(view.data()))
            .flatten()
    };
    if let Some(unfit) = number.first_unfit(view.data()).or_else(negative) {
        return Err(unusable(name, unfit, file));
    }
    Ok(match is_count {
        true => halves(kiln_weights::count(view.data())).into(),
        false => number.read(view.data()).collect(),
    })
}

/// A count as a network keeps it: what is below 2^24, and how often that.
fn halves(count: u64) -> [f32; 2] {
    [(count & 0xff_ffff) as f32, (count >> 24) as f32]
}

/// What is said of a tensor of another type. Numbers of 64 bits would be rounded, which nobody would see.
fn mistyped(name: &str, is_count: bool, found: Dtype, file: &str) -> String {
    let (expected, repair) = match is_count {
        true => ("I64", "a count of batches is a whole number"),
        false => ("F32, F16 or BF16", "save it as `tensor.float()`"),
    };
    format!("`{name}` is {found} in `{file}`, but should be {expected}; {repair}")
}

/// What is said of a number that is none.
fn unusable(name: &str, unfit: Unfit, file: &str) -> String {
    let (found, expected) = match unfit {
        Unfit::NotFinite(index) | Unfit::TooLarge(index) => (
            format!("number {index} of `{name}` is not finite"),
            "the training has diverged",
        ),
        Unfit::Negative(index, number) => (
            format!("number {index} of `{name}` is {number}"),
            "a variance is 0 or more",
        ),
        Unfit::Count(count) => (
            format!("`{name}` is {count}"),
            "a count of batches is a whole number below 2^48",
        ),
    };
    format!("{found} in `{file}`; {expected}")
}

/// The arena in little-endian bytes: every tensor packed as kernels read it.
pub fn packed(layout: &Layout, weights: &Weights) -> Vec<u8> {
    let mut arena = vec![0.0_f32; layout.arena_blocks * LANES];
    for tensor in &layout.tensors {
        let Some(numbers) = weights.get(&tensor.name) else {
            continue;
        };
        let places = &mut arena[tensor.offset * LANES..][..tensor.packing.blocks * LANES];
        match tensor.parameter.role {
            Role::Count => {
                places[tensor.packing.offset..][..numbers.len()].copy_from_slice(numbers)
            }
            _ => put(&tensor.packing, numbers, places),
        }
    }
    arena
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect()
}

/// Puts numbers in row-major order to their places; those below 2^-63 count as zero.
fn put(packing: &Packing, numbers: &[f32], places: &mut [f32]) {
    let mut indices = vec![0; packing.axes.len()];
    for &number in numbers {
        let axes = packing.axes.iter().zip(&indices);
        let steps = axes
            .map(|(axis, index)| index % LANES * axis.stride + index / LANES * axis.block_stride);
        let place = packing.offset + steps.sum::<usize>();
        places[place] = if number.abs() < LEAST { 0.0 } else { number };
        for (axis, index) in packing.axes.iter().zip(&mut indices).rev() {
            *index += 1;
            if *index < axis.size {
                break;
            }
            *index = 0;
        }
    }
}

/// The least magnitude that is kept, 2^-63.
const LEAST: f32 = 1.0 / (1_u64 << 63) as f32;
