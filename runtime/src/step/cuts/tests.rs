//! How work is cut, at both ends of the scale.

use super::{Cuts, Learnt, Transposed};
use crate::{
    layout::{Axis, Layout},
    network::Panels,
    tensor::{Init, Penalty, Role, Tensor},
};
use alloc::vec::Vec;

const fn tensor(blocks: usize, pass: usize) -> Tensor {
    Tensor {
        name: "",
        shape: &[],
        layout: Layout {
            offset: 0,
            axes: &[] as &[Axis],
        },
        blocks,
        init: Init::Constant(0.0),
        role: Role::Learnt {
            rate: 1.0,
            penalty: Penalty::NONE,
            cost: 1,
            pass,
        },
    }
}

const TENSORS: &[Tensor] = &[
    tensor(1200, 1),
    tensor(0, 1),
    tensor(12, 0),
    tensor(2400, 1),
];

/// Where stretches begin, and the end of the last one.
fn starts(cuts: &dyn Cuts) -> Vec<usize> {
    (1..cuts.count())
        .map(|stretch| cuts.start(stretch))
        .collect()
}

#[test]
fn stretches_have_equal_work_and_begin_between_tiles() {
    let starts = |pass, parts| starts(&Learnt::new(TENSORS, pass, 1 << 10, parts));
    assert!(starts(Some(1), 1).is_empty());
    assert_eq!(starts(Some(1), 3), [1212, 2412]);
    assert_eq!(starts(Some(1), 4), [900, 1812, 2712]);
    // What is updated after another pass is nobody's work, and a little is not worth a fork.
    assert!(starts(Some(0), 4).is_empty());
    assert!(starts(Some(2), 4).is_empty());
    assert!(starts(None, 4).is_empty());
}

#[test]
fn extreme_batches_are_cut_all_the_same() {
    let starts = |batch| starts(&Learnt::new(TENSORS, Some(1), batch, 4));
    // Far from the cost of updates, the batch changes nothing.
    assert_eq!(starts(usize::MAX), starts(1 << 20));
    assert!(starts(usize::MAX).is_sorted());
}

/// Threads get whole panels, about as many blocks each, and none too few to be worth it.
#[test]
fn transposed_weights_are_cut_between_panels() {
    const NONE: &[Panels] = &[];
    const FEW: &[Panels] = &[Panels {
        rows: 100,
        panels: 1,
    }];
    const MANY: &[Panels] = &[
        Panels {
            rows: 100,
            panels: 30,
        },
        Panels {
            rows: 1000,
            panels: 5,
        },
    ];
    let starts = |matrices, parts| starts(&Transposed::new(matrices, parts));
    assert!(starts(NONE, 4).is_empty());
    assert!(starts(FEW, 4).is_empty());
    assert!(starts(MANY, 1).is_empty());
    assert_eq!(starts(MANY, 2), [4000]);
    assert_eq!(starts(MANY, 3), [2700, 6000]);
    assert_eq!(starts(MANY, 4), [2000, 4000, 6000]);
    assert_eq!(starts(&MANY[1..], 3), [2000, 4000]);
}
