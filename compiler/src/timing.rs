//! How a whole network runs in time: the pace of every value, and the frames of a step.
//!
//! A step takes as many frames of the inputs as give a whole number of frames everywhere: the least common multiple of all
//! paces, which is one unless a layer has a stride in time.

use crate::{
    element::Element,
    graph::{Graph, Node},
    ops::Op,
    pace::{Pace, Timed, Timing},
    report::{Mistakes, Report},
};

/// How a network runs.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// The pace of each value.
    pub paces: Vec<Pace>,
    /// Frames of the inputs in a step.
    pub frames: usize,
}

impl Schedule {
    /// Frames of a value in a step, if it is a sequence.
    pub fn frames_of(&self, value: usize) -> Option<usize> {
        match self.paces[value] {
            Pace::Steps(stride) => Some(self.frames / stride),
            Pace::Newest | Pace::Still => None,
        }
    }
}

/// Finds how a network runs; what is not causal is reported at its layer. Nothing is given back then.
pub fn infer(graph: &Graph, report: &mut Report) -> Option<Schedule> {
    let before = report.count();
    let mut paces = vec![None; graph.values.len()];
    enter(graph, &mut paces, report);
    let whole = report.within(None);
    let mut mistakes = Mistakes::default();
    for node in &graph.nodes {
        report.within(node.place.clone().or_else(|| whole.clone()));
        match pace(graph, node, &paces) {
            Some(Ok(pace)) => paces[node.output.0] = Some(pace),
            Some(Err(message)) if mistakes.is_new(node.call, &message) => {
                report.error(node.span, message);
            }
            Some(Err(_)) | None => {}
        }
    }
    report.within(whole);
    if report.count() > before {
        return None;
    }
    let paces: Vec<Pace> = paces
        .into_iter()
        .map(|pace| pace.unwrap_or(Pace::Still))
        .collect();
    let frames = paces.iter().try_fold(1, |frames: usize, pace| match *pace {
        Pace::Steps(stride) => common(frames, stride),
        Pace::Newest | Pace::Still => Some(frames),
    });
    let steps = graph
        .inputs
        .first()
        .map_or(0, |input| graph.values[input.0].shape[0]);
    match frames.filter(|&frames| frames <= steps) {
        Some(frames) => Some(Schedule { paces, frames }),
        None => {
            let message = format!(
                "the strides in time of `{}` meet only after more frames than a sequence of {steps} has; \
                 declare a longer one, or choose strides that divide one another",
                graph.name
            );
            report.error(graph.name.span(), message);
            None
        }
    }
}

/// The least common multiple of two numbers above zero, if it is a number.
fn common(a: usize, b: usize) -> Option<usize> {
    let (mut divisor, mut rest) = (a, b);
    while rest > 0 {
        (divisor, rest) = (rest, divisor % rest);
    }
    (a / divisor).checked_mul(b)
}

/// Inputs: the first is a sequence, and so are all that are as long. Any other is the same for all frames.
fn enter(graph: &Graph, paces: &mut [Option<Pace>], report: &mut Report) {
    let mut steps = None;
    for input in &graph.inputs {
        let value = &graph.values[input.0];
        let is_sequence = value.shape.len() <= 2;
        let first = *steps.get_or_insert(value.shape[0]);
        let runs = is_sequence && value.shape[0] == first && value.element != Element::Scalar;
        paces[input.0] = Some(match runs {
            true => Pace::Steps(1),
            false => Pace::Still,
        });
        if !is_sequence && *input == graph.inputs[0] {
            let message = format!(
                "a stream takes a sequence [time, features] or [time], but `{}` is {:?}; \
                 declare it with time as its first axis, or drop `stream`",
                value.name, value.shape
            );
            report.error(value.span, message);
        }
    }
}

/// The pace of what a node gives, by its operator's own rule, if all operands' are known. Without a sequence among them,
/// nothing runs.
fn pace(graph: &Graph, node: &Node, paces: &[Option<Pace>]) -> Option<Result<Pace, String>> {
    let timed = |input: &crate::ids::ValueId| {
        let value = &graph.values[input.0];
        Some(Timed {
            from: &value.name,
            shape: &value.shape,
            pace: paces[input.0]?,
        })
    };
    let inputs: Vec<Timed<'_>> = node.inputs.iter().map(timed).collect::<Option<_>>()?;
    let runs = |input: &Timed<'_>| matches!(input.pace, Pace::Steps(_));
    if !inputs.iter().any(runs) {
        let newest = inputs.iter().any(|input| input.pace == Pace::Newest);
        return Some(Ok(match newest {
            true => Pace::Newest,
            false => Pace::Still,
        }));
    }
    let output = &graph.values[node.output.0];
    let timing = Timing {
        layer: &output.name,
        inputs: &inputs,
        output: &output.shape,
    };
    Some(node.op.pace(&timing).and_then(|pace| match pace {
        Pace::Steps(_) if output.shape.len() > 2 => {
            let what = format!(
                "gives {:?}, which has more axes than [time, features]",
                output.shape
            );
            timing.refused(&what, "keep the features of a step one axis")
        }
        pace => Ok(pace),
    }))
}

/// The network of one step: every sequence is as long as a step, and operators are those that answer steps.
pub fn framed(graph: &Graph, schedule: &Schedule) -> Graph {
    let mut framed = graph.clone();
    for (index, value) in framed.values.iter_mut().enumerate() {
        if let Some(frames) = schedule.frames_of(index) {
            value.shape[0] = frames;
        }
    }
    for node in &mut framed.nodes {
        let inputs = node
            .inputs
            .iter()
            .map(|input| &framed.values[input.0].shape[..]);
        let runs = node
            .inputs
            .iter()
            .any(|input| schedule.frames_of(input.0).is_some());
        if runs {
            let mut op: Op = node.op.framed();
            op.settle(&inputs.collect::<Vec<_>>());
            node.op = op;
        }
    }
    framed
}
