//! The judge of memory plans, judged: it refuses a plan exactly if two buffers share a block while both are alive.
#![forbid(unsafe_code)]

use kiln_compiler::{
    check::check,
    plan::Plan,
    program::{Buffer, BufferId, Event, Mode, Program},
};
use proptest::prelude::*;

/// A program whose event number i writes and reads the buffers `writes[i]` and `reads[i]`.
fn program(sizes: &[usize], writes: &[Vec<usize>], reads: &[Vec<usize>]) -> Program {
    let ids = |list: &[usize]| list.iter().copied().map(BufferId).collect();
    let events = writes.iter().zip(reads).map(|(writes, reads)| Event {
        reads: ids(reads),
        writes: ids(writes),
    });
    let buffer = |(index, &blocks): (usize, &usize)| Buffer {
        name: format!("b{index}"),
        blocks,
    };
    Program {
        mode: Mode::Inference,
        buffers: sizes.iter().enumerate().map(buffer).collect(),
        events: events.collect(),
        roots: Vec::new(),
        values: Vec::new(),
        deltas: Vec::new(),
        stages: Vec::new(),
        transposed_blocks: 0,
        direct: false,
    }
}

/// What is wrong with two buffers of two blocks at these offsets in four blocks.
fn message(offsets: [usize; 2], writes: &[Vec<usize>], reads: &[Vec<usize>]) -> String {
    let plan = Plan {
        offsets: offsets.to_vec(),
        blocks: 4,
    };
    check(&program(&[2, 2], writes, reads), &plan).expect_err("a wrong plan")
}

#[test]
fn each_way_to_lose_a_buffer_has_its_message() {
    assert_eq!(
        message(
            [0, 1],
            &[vec![0], vec![1], vec![]],
            &[vec![], vec![], vec![0]]
        ),
        "event 2 reads `b0`, but `b1` has overwritten its block 1"
    );
    assert_eq!(
        message([0, 2], &[vec![0], vec![]], &[vec![], vec![1]]),
        "event 1 reads `b1` before anything was written"
    );
    assert_eq!(
        message([0, 1], &[vec![0], vec![1]], &[vec![], vec![0]]),
        "event 1 writes `b1` over `b0`, which it reads"
    );
    assert_eq!(
        message([0, 1], &[vec![0, 1]], &[vec![]]),
        "event 0 writes block 1 of `b1` twice"
    );
    assert_eq!(
        message([0, 3], &[vec![0], vec![1]], &[vec![], vec![]]),
        "`b1` lies outside the planned memory"
    );
}

/// A buffer's size, its offset, the event that writes it, and how many events later it is read last.
fn buffer() -> impl Strategy<Value = (usize, usize, usize, usize)> {
    (1..5_usize, 0..12_usize, 0..6_usize, 0..4_usize)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn plans_are_refused_exactly_if_living_buffers_meet(buffers in prop::collection::vec(buffer(), 1..7)) {
        let (mut writes, mut reads) = (vec![vec![]; 10], vec![vec![]; 10]);
        for (index, &(_, _, from, age)) in buffers.iter().enumerate() {
            writes[from].push(index);
            if age > 0 {
                reads[from + age].push(index);
            }
        }
        let meet = |a: (usize, usize), b: (usize, usize)| a.0 < b.1 && b.0 < a.1;
        let clash = |a: usize, b: usize| {
            let ((a, at_a, from_a, age_a), (b, at_b, from_b, age_b)) = (buffers[a], buffers[b]);
            meet((at_a, at_a + a), (at_b, at_b + b))
                && meet((from_a, from_a + age_a + 1), (from_b, from_b + age_b + 1))
        };
        let wrong = (0..buffers.len()).any(|b| (0..b).any(|a| clash(a, b)));
        let sizes: Vec<usize> = buffers.iter().map(|buffer| buffer.0).collect();
        let plan = Plan {
            offsets: buffers.iter().map(|buffer| buffer.1).collect(),
            blocks: 16,
        };
        let verdict = check(&program(&sizes, &writes, &reads), &plan);
        prop_assert_eq!(verdict.is_err(), wrong, "{:?}", verdict);
    }
}
