//! What a model may take at most: numbers that it keeps, bytes that it works in.

use crate::{
    attributes::{Asked, Limit, Resource},
    graph::{Graph, Parameter},
    ids::BufferId,
    memory::{
        plan::{self, Plan},
        program::{Action, Event, Program},
    },
    report::Report,
    sizes::Constants,
    storage::bytes,
};
use syn::spanned::Spanned;

/// The limits that a model is declared with.
pub fn limits(asked: &Asked, constants: &Constants, report: &mut Report) -> Vec<Limit> {
    let limit = |(resource, most): &(Resource, syn::Expr)| {
        Some(Limit {
            resource: *resource,
            most: constants.amount(most, report)?,
            span: most.span(),
        })
    };
    asked.budget.iter().filter_map(limit).collect()
}

/// A program with its memory plan.
type Planned = (Program, Plan);

/// Reports every limit that a planned model exceeds, by how much, and where most of it goes. The programs are inference,
/// training and, of a stream, the step.
pub fn check(
    graph: &Graph,
    [inference, training]: [&Planned; 2],
    step: Option<&Planned>,
    report: &mut Report,
) {
    let model = &graph.name;
    for Limit {
        resource,
        most: budget,
        span,
    } in &graph.limits
    {
        let excess = |takes: usize| takes.checked_sub(*budget).filter(|&more| more > 0);
        let message = match resource {
            Resource::Params => {
                let (takes, largest) = parameters(graph);
                excess(takes).map(|more| {
                    format!(
                        "`{model}` has {takes} parameters, {more} more than its budget of {budget}; \
                         the largest layers are {largest}"
                    )
                })
            }
            Resource::Workspace => {
                let takes = bytes(inference.1.blocks);
                excess(takes).map(|more| {
                    let fullest = fullest(&inference.0);
                    format!(
                        "`{model}` takes {takes} bytes of workspace, {more} more than its budget of {budget}; {fullest}"
                    )
                })
            }
            Resource::Train => {
                let takes = bytes(training.1.blocks);
                excess(takes).map(|more| {
                    let fullest = fullest(&training.0);
                    format!(
                        "`{model}` takes {takes} bytes a sample in training, {more} more than its budget of {budget}; \
                         {fullest}"
                    )
                })
            }
            Resource::State => match step {
                Some(step) => {
                    let (takes, largest) = state(step);
                    excess(takes).map(|more| {
                        format!(
                            "the state of a stream of `{model}` takes {takes} bytes, {more} more than its budget of \
                             {budget}; the largest parts are {largest}"
                        )
                    })
                }
                None => Some(format!(
                    "`state` limits what a stream keeps, and `{model}` is none; write `stream`, too, or leave `state` out"
                )),
            },
        };
        if let Some(message) = message {
            report.error(*span, message);
        }
    }
}

/// Numbers that a model keeps, and which layers keep most of them.
fn parameters(graph: &Graph) -> (usize, String) {
    let layers = graph.layers.iter().map(|layer| {
        let numbers = layer.parameters.iter().map(Parameter::count);
        (numbers.sum::<usize>(), &layer.name[..])
    });
    let layers: Vec<_> = layers.collect();
    let all = layers.iter().map(|(count, _)| count).sum();
    (all, largest(layers))
}

/// The event of a program that holds most memory at once, and the largest buffers that it holds, with their bytes.
fn fullest(program: &Program) -> String {
    let (event, buffers) = plan::fullest(program);
    let buffers = buffers.into_iter().map(|BufferId(buffer)| {
        let buffer = &program.buffers[buffer];
        (bytes(buffer.blocks), &buffer.name[..])
    });
    let buffers = largest(buffers.collect());
    let event = program.events.get(event).map_or(String::new(), moment);
    format!("{event} holds most at once: {buffers}")
}

/// What happens in an event, in prose.
fn moment(event: &Event) -> String {
    let of = match event.label.is_empty() {
        true => &event.name,
        false => &event.label,
    };
    match event.action {
        Action::Load(_) | Action::Unload(_) | Action::Loss(_) | Action::Slopes(_) => {
            event.name.clone()
        }
        Action::Transpose(_) | Action::Backward(_) => format!("the backward pass of `{of}`"),
        Action::Forward(_) | Action::Fold(_) => format!("the forward pass of `{of}`"),
        Action::Update(..) | Action::Follow(_) => format!("the update of `{of}`"),
    }
}

/// Bytes of a `StreamState`, and its largest parts.
fn state((program, plan): &Planned) -> (usize, String) {
    let kept = program.kept.parts.iter();
    let kept = kept.map(|part| (bytes(part.blocks), &part.name[..]));
    let others = [
        (bytes(plan.blocks), "workspace of a step"),
        (bytes(1), "count of steps"),
    ];
    let parts = kept.chain(others).collect();
    (bytes(plan::state(program, plan)), largest(parts))
}

/// The largest of some counts, in prose.
fn largest(mut counts: Vec<(usize, &str)>) -> String {
    counts.sort_by(|a, b| b.cmp(a));
    let shown = counts.iter().take(SHOWN).filter(|(count, _)| *count > 0);
    let shown = shown.map(|(count, name)| format!("`{name}` ({count})"));
    shown.collect::<Vec<_>>().join(", ")
}

/// How many of the largest are told.
const SHOWN: usize = 4;
