//! Which indices are taken of tokens and lengths.

use crate::{
    graph::{Graph, Node},
    ids::ValueId,
};

/// One reading of a value whose numbers are indices.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    /// What reads it.
    pub node: &'a Node,
    /// The value.
    pub value: ValueId,
    /// The least index that is taken, and the greatest.
    pub taken: [u32; 2],
}

/// All readings of indices in a graph whose shapes are known, in its order.
pub fn readings(graph: &Graph) -> impl Iterator<Item = Reading<'_>> {
    graph.nodes.iter().flat_map(|node| {
        let shapes = node
            .inputs
            .iter()
            .map(|value| &graph.values[value.0].shape[..]);
        let shapes = shapes.collect::<Vec<_>>();
        let operands = node.inputs.iter().enumerate();
        operands.filter_map(move |(operand, &value)| {
            let taken = node.op.tokens(operand, &shapes)?;
            Some(Reading { node, value, taken })
        })
    })
}

/// The indices that all readers of a value take: the least, and the greatest.
pub fn taken(graph: &Graph, value: ValueId) -> [u32; 2] {
    let readings = readings(graph).filter(|reading| reading.value == value);
    readings.fold([0, u32::MAX], |[least, most], reading| {
        [least.max(reading.taken[0]), most.min(reading.taken[1])]
    })
}
