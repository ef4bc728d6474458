//! The weights that a model is compiled with: read from a file, and compared with its layers.

use crate::{
    attributes::Asked,
    facade::Facade,
    graph::{Graph, LayerId, Role},
    nearest::{list, nearest},
    packing::Packing,
    place::layout::Layout,
    report::Report,
    storage::LANES,
};
use kiln_weights::{
    Dtype, Number, SafeTensors, Unfit, flush_number, split_count, tensor::TensorView,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};
use syn::LitStr;

/// The numbers of every tensor in row-major order, by its name.
pub type Weights = BTreeMap<String, Vec<f32>>;

/// Reads the file that a model asks for, if it asks for one. A mistake in a tensor is an error at its layer, a mistake in
/// the file an error at the file's name.
pub fn read(graph: &Graph, facade: &Facade, report: &mut Report) -> Option<Weights> {
    let Asked { weights, .. } = &graph.asked;
    let file = weights.as_ref()?;
    let name = file.value();
    let bytes = match fs::read(facade.file(&name)) {
        Ok(bytes) => bytes,
        Err(error) => {
            report.error_over(file, unreadable(&name, &error));
            return None;
        }
    };
    match kiln_weights::parse(&bytes) {
        Ok(tensors) => Some(matched(graph, file, &tensors, report)),
        Err(reason) => {
            report.error_over(
                file,
                format!("`{name}` is not a valid file of weights; {reason}"),
            );
            None
        }
    }
}

/// The message for a file that cannot be read.
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
        if let Some(prefix) = shared_prefix(&names, &spare) {
            report.error_over(file, prefixed(prefix, &file_name));
            return weights;
        }
        if names.iter().all(|name| alike(name, &spare).is_none()) {
            report.error_over(file, foreign(&names, &spare, &file_name));
            return weights;
        }
    }
    for parameter in parameters(graph) {
        let Parameter { layer, name, .. } = &parameter;
        let numbers = match left.remove(&name[..]) {
            Some(view) => numbers(&parameter, &view, &file_name),
            None => {
                let near = alike(name, &spare);
                // It is told here, and not once more as a tensor that no layer has.
                if let Some(near) = near {
                    left.remove(near);
                }
                Err(missing(&parameter, near, &spare, &file_name))
            }
        };
        match numbers {
            Ok(numbers) => {
                weights.insert(name.clone(), numbers);
            }
            Err(message) => {
                let before = report.within(place(graph, *layer));
                report.error(graph.layers[layer.0].span, message);
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
    layer: LayerId,
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
            layer: LayerId(index),
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

/// Whether `long` is `name` behind a prefix that ends in a dot, as wrappers of modules save it.
fn prefix_of<'a>(long: &'a str, name: &str) -> Option<&'a str> {
    let prefix = long.strip_suffix(name)?;
    prefix.ends_with('.').then_some(prefix)
}

/// The prefix that all names of a file have, if one of the model's names is behind it.
fn shared_prefix<'a>(names: &BTreeSet<String>, spare: &BTreeSet<&'a str>) -> Option<&'a str> {
    let first = spare.first()?;
    let prefixes = first.match_indices('.').map(|(dot, _)| &first[..=dot]);
    let shared = prefixes.take_while(|&prefix| spare.iter().all(|name| name.starts_with(prefix)));
    let is_known = |prefix: &&str| {
        spare
            .iter()
            .any(|name| names.contains(&name[prefix.len()..]))
    };
    shared.into_iter().find(is_known)
}

/// The tensor of a file that may be a parameter under another name.
fn alike<'a>(name: &str, spare: &BTreeSet<&'a str>) -> Option<&'a str> {
    let behind = |other: &&&str| prefix_of(other, name).is_some();
    let found = spare.iter().find(behind).copied();
    found.or_else(|| nearest(name, spare.iter().copied()))
}

/// The message for a file whose names all begin alike.
fn prefixed(prefix: &str, file: &str) -> String {
    format!(
        "every name in `{file}` begins with `{prefix}`; save it without, as \
         `{{k.removeprefix(\"{prefix}\"): v for k, v in state.items()}}`, or name the layers so, as in \
         `fc: Dense(10, name = \"{prefix}fc\")`"
    )
}

/// The message for a file that holds nothing like any tensor of the model.
fn foreign(names: &BTreeSet<String>, spare: &BTreeSet<&str>, file: &str) -> String {
    let expected = list(names.iter().map(|name| &name[..]));
    let found = match spare.is_empty() {
        true => "nothing".to_string(),
        false => list(spare.iter().copied()),
    };
    format!("`{file}` has no tensor of this model; expected {expected}, found {found}")
}

/// The message for a tensor that the file lacks; `near` may be the same tensor.
fn missing(
    parameter: &Parameter<'_>,
    near: Option<&str>,
    spare: &BTreeSet<&str>,
    file: &str,
) -> String {
    let Parameter { name, shape, .. } = parameter;
    let repair = match near {
        Some(near) => format!("is `{near}` the same by another name?"),
        None if spare.is_empty() => "it may be of another model".to_string(),
        None => format!("no layer has {}", list(spare.iter().copied())),
    };
    format!("`{file}` has no `{name}` {shape:?}; {repair}")
}

/// The message for tensors that no layer has.
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
        true => split_count(kiln_weights::count(view.data())).into(),
        false => number.read(view.data()).collect(),
    })
}

/// The message for a tensor of another type. Numbers of 64 bits are refused because they would be rounded silently.
fn mistyped(name: &str, is_count: bool, found: Dtype, file: &str) -> String {
    let expected = Number::expected(is_count, false);
    let repair = match is_count {
        true => "a count of batches is a whole number",
        false => "save it as `tensor.float()`",
    };
    format!("`{name}` is {found} in `{file}`, but should be {expected}; {repair}")
}

/// The message for a number that a network cannot hold.
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

/// Puts numbers in row-major order to their places.
fn put(packing: &Packing, numbers: &[f32], places: &mut [f32]) {
    let mut indices = vec![0; packing.axes.len()];
    for &number in numbers {
        let axes = packing.axes.iter().zip(&indices);
        let steps = axes
            .map(|(axis, index)| index % LANES * axis.stride + index / LANES * axis.block_stride);
        let place = packing.offset + steps.sum::<usize>();
        places[place] = flush_number(number);
        for (axis, index) in packing.axes.iter().zip(&mut indices).rev() {
            *index += 1;
            if *index < axis.size {
                break;
            }
            *index = 0;
        }
    }
}
