//! Valid models at random: the same for a seed wherever they are written.

mod causal;
mod chain;
mod dataflow;
mod layers;
mod padding;
mod shape;
mod states;

use kiln_compiler::graph::{Graph, Node, ValueId};

use crate::dice::Dice;

/// Operations of one sample above which the interpreter becomes slow.
const MOST_FLOPS: u64 = 2_000_000;

/// The first model of a seed that the front end accepts and that is not too large: its source and its graph.
pub fn model(seed: u64) -> (String, Graph) {
    let mut dice = Dice::new(seed);
    let name = format!("Seed{seed}");
    loop {
        let source = source(&mut dice, &name);
        if let Some(graph) = accepted(&source) {
            return (source, graph);
        }
    }
}

/// The first model of a seed that streams and is not too large: its source and its graph.
pub fn stream(seed: u64) -> (String, Graph) {
    let mut dice = Dice::new(!seed);
    let name = format!("Stream{seed}");
    loop {
        let source = format!("#[kiln(stream)]\n{}", causal::causal(&mut dice, &name));
        if let Some(graph) = accepted(&source) {
            return (source, graph);
        }
    }
}

/// A model that is valid but for its size, perhaps.
pub fn source(dice: &mut Dice, name: &str) -> String {
    match dice.once_in(3) {
        true => chain::chain(dice, name),
        false => dataflow::dataflow(dice, name),
    }
}

/// The graph of a model, if it is valid and small.
fn accepted(source: &str) -> Option<Graph> {
    let graph = kiln_compiler::graphs(source.parse().ok()?).ok()?.pop()?;
    let flops: u64 = graph.nodes.iter().map(|node| flops(&graph, node)).sum();
    (flops <= MOST_FLOPS).then_some(graph)
}

fn flops(graph: &Graph, node: &Node) -> u64 {
    let shape = |value: ValueId| &graph.values[value.0].shape[..];
    let inputs: Vec<&[usize]> = node.inputs.iter().map(|&input| shape(input)).collect();
    node.op.flops(&inputs, shape(node.output))
}
