//! The inputs whose next values are results.

use crate::{
    graph::{Graph, ValueId},
    nearest::nearest,
    report::Report,
};
use proc_macro2::Ident;
use syn::ext::IdentExt;

/// The inputs that `#[kiln(carry(..))]` names, each with the number of the result that is its next value: the last results
/// are, in the order in which the inputs are named.
pub fn pairs(graph: &Graph) -> impl Iterator<Item = (usize, usize)> {
    let named = graph.asked.carried.iter().zip(first(graph)..);
    named.filter_map(|(name, output)| Some((place(graph, name)?, output)))
}

/// The number of the first result that is carried.
fn first(graph: &Graph) -> usize {
    graph
        .outputs
        .len()
        .saturating_sub(graph.asked.carried.len())
}

/// The number of an input.
fn place(graph: &Graph, name: &Ident) -> Option<usize> {
    let name = name.unraw().to_string();
    graph
        .inputs
        .iter()
        .position(|input| graph.values[input.0].name == name)
}

/// What a step hands on has the shape of what the next one takes.
pub fn check(graph: &Graph, report: &mut Report) {
    let (carried, results) = (&graph.asked.carried, graph.outputs.len());
    if let Some(name) = carried.get(results).filter(|_| results > 0) {
        let there = match results {
            1 => "is one result".to_string(),
            _ => format!("are {results} results"),
        };
        let message = format!(
            "`carry` names {} inputs, but there {there}; each takes one of the last",
            carried.len()
        );
        report.error(name.span(), message);
        return;
    }
    for (index, name) in carried.iter().enumerate() {
        let names = graph
            .inputs
            .iter()
            .map(|input| &graph.values[input.0].name[..]);
        let Some(input) = place(graph, name) else {
            let repair = match nearest(&name.unraw().to_string(), names.clone()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there is `{}`", names.collect::<Vec<_>>().join("`, `")),
            };
            report.error(name.span(), format!("there is no input `{name}`; {repair}"));
            continue;
        };
        if carried[..index].contains(name) {
            report.error(
                name.span(),
                format!("`{name}` is carried already; name it once"),
            );
            continue;
        }
        let output = first(graph) + index;
        let shape = |value: Option<&ValueId>| {
            let shape = value.map(|value| &graph.values[value.0].shape);
            shape.filter(|shape| !shape.is_empty())
        };
        let pair = (
            shape(graph.inputs.get(input)),
            shape(graph.outputs.get(output)),
        );
        if let (Some(takes), Some(gives)) = pair
            && takes != gives
        {
            let message = format!(
                "`{name}` is {takes:?}, but its next value, result {} of {results}, is {gives:?}; \
                 the last results are the next values of what `carry` names, in its order",
                output + 1
            );
            report.error(name.span(), message);
        }
    }
}
