//! What a model may take at most: numbers that it keeps, bytes that it works in.

use crate::{
    attributes::{Asked, Limit, Resource},
    graph::{Graph, Layer, Parameter},
    ids::BufferId,
    memory::{
        plan::{self, Plan},
        program::Program,
    },
    report::Report,
    sizes::Constants,
    storage::LANES,
};
use syn::spanned::Spanned;

/// The limits that a model is declared with.
pub fn limits(asked: &Asked, constants: &Constants, report: &mut Report) -> Vec<Limit> {
    let limit = |(resource, most): &(Resource, syn::Expr)| {
        Some(Limit {
            resource: *resource,
            most: constants.integer(most, report)?,
            span: most.span(),
        })
    };
    asked.budget.iter().filter_map(limit).collect()
}

/// Reports every limit that a planned model exceeds, by how much, and where most of it goes.
pub fn check(graph: &Graph, [inference, training]: [&(Program, Plan); 2], report: &mut Report) {
    let model = &graph.name;
    for limit in &graph.limits {
        let (takes, unit, most) = match limit.resource {
            Resource::Params => {
                let (numbers, most) = parameters(graph);
                (numbers, "numbers of parameters", most)
            }
            Resource::Workspace => {
                let (bytes, most) = memory(inference);
                (bytes, "bytes of workspace", most)
            }
            Resource::Train => {
                let (bytes, most) = memory(training);
                (bytes, "bytes a sample in training", most)
            }
        };
        if let Some(more @ 1..) = takes.checked_sub(limit.most) {
            report.error(
                limit.span,
                format!("`{model}` takes {takes} {unit}, {more} more than its budget; {most}"),
            );
        }
    }
}

/// Numbers that a model keeps, and which layers keep most of them.
fn parameters(graph: &Graph) -> (usize, String) {
    let count = |layer: &Layer| {
        let numbers = layer.parameters.iter().map(Parameter::count);
        (numbers.sum::<usize>(), layer.name.clone())
    };
    let layers: Vec<_> = graph.layers.iter().map(count).collect();
    let all = layers.iter().map(|(count, _)| count).sum();
    (all, format!("most are in {}", largest(layers)))
}

/// Bytes of a program's buffers for one sample, and which of them are there when there is most.
fn memory((program, plan): &(Program, Plan)) -> (usize, String) {
    let (event, buffers) = plan::fullest(program);
    let bytes = |blocks: usize| blocks * LANES * size_of::<f32>();
    let named = buffers.into_iter().map(|BufferId(buffer)| {
        let buffer = &program.buffers[buffer];
        (bytes(buffer.blocks), buffer.name.clone())
    });
    let at = program.events.get(event).map_or("", |event| &event.name);
    let most = largest(named.collect());
    (
        bytes(plan.blocks),
        format!("at `{at}` most is taken by {most}"),
    )
}

/// The largest of some counts, in prose.
fn largest(mut counts: Vec<(usize, String)>) -> String {
    counts.sort_by(|a, b| b.cmp(a));
    let shown = counts.iter().take(SHOWN).filter(|(count, _)| *count > 0);
    let shown = shown.map(|(count, name)| format!("`{name}` ({count})"));
    shown.collect::<Vec<_>>().join(", ")
}

/// How many of the largest are told.
const SHOWN: usize = 4;
