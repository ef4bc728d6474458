//! Streams: which networks are causal, and what is said of those that are not.

use super::{graph, mistakes};
use kiln_compiler::{pace::Pace, report::Report, timing};

#[test]
fn what_is_not_causal_is_told_at_its_layer() {
    let checked = mistakes::check(include_str!("streams.txt"));
    assert!(checked > 35, "{checked}");
}

#[test]
fn a_step_is_as_long_as_all_strides_need() {
    let graph = graph(
        "#[kiln(stream)] struct A(x: [48, 4], knob: [3]) -> ([24, 4], [16, 4], [4], [3]) {
            a: Conv1d(4, 2, stride = 2), b: Conv1d(4, 3, stride = 3),
            forward { (a(x), b(x), last(x), relu(knob)) }
        }",
    );
    let schedule = timing::infer(&graph, &mut Report::default()).expect("it is causal");
    let paces = graph.outputs.iter().map(|output| schedule.paces[output.0]);
    let expected = [Pace::Steps(2), Pace::Steps(3), Pace::Newest, Pace::Still];
    assert_eq!(paces.collect::<Vec<_>>(), expected);
    assert_eq!(schedule.frames, 6);
    let framed = timing::framed(&graph, &schedule);
    let shapes = framed
        .outputs
        .iter()
        .map(|output| framed.values[output.0].shape.clone());
    assert_eq!(
        shapes.collect::<Vec<_>>(),
        [vec![3, 4], vec![2, 4], vec![4], vec![3]]
    );
}
