//! The front end: from tokens to checked graphs, and every message on the way.

mod arguments;
mod blocks;
mod budgets;
mod dataflow;
mod depth;
mod exports;
mod initialisers;
mod layers;
mod mistakes;
mod models;
mod shapes;
mod sizes;
mod streams;
mod stubs;
mod syntax;
mod transposed;
mod weights;

use kiln_compiler::{ast::Model, graph::Graph, read, report::Report};

/// What is wrong with a declaration.
fn messages(source: &str) -> Vec<String> {
    let mut report = Report::default();
    read(source.parse().expect("source lexes"), &mut report);
    report.take_messages()
}

/// The one message about a declaration.
#[track_caller]
fn message(source: &str) -> String {
    match messages(source).as_slice() {
        [message] => message.clone(),
        messages => panic!("expected one message, got {messages:#?}"),
    }
}

/// The models of right declarations, and their graphs.
#[track_caller]
fn read_all(source: &str) -> (Vec<Model>, Vec<Graph>) {
    let mut report = Report::default();
    let read = read(source.parse().expect("source lexes"), &mut report);
    assert_eq!(report.take_messages(), [""; 0]);
    read
}

/// The graph of a right declaration.
#[track_caller]
fn graph(source: &str) -> Graph {
    let (_, mut graphs) = read_all(source);
    assert_eq!(graphs.len(), 1);
    graphs.remove(0)
}

/// What each node gives, in order.
fn shapes(graph: &Graph) -> Vec<&[usize]> {
    graph
        .nodes
        .iter()
        .map(|node| graph.values[node.output.0].shape.as_slice())
        .collect()
}
