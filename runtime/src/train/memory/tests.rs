//! How work is cut, at both ends of the scale.

use super::{sharing, starting};
use crate::{
    block::Block, error::Error, step::chunking::parts, train::tests::mlp::Mlp, value::filled,
};

type Net = Mlp<false>;

/// The network counts 2^24 operations: a sixteenth of them is worth a fork, a quarter a thread.
#[test]
fn no_more_parts_are_made_than_the_work_is_worth() {
    assert_eq!([0, 1, 2].map(|rows| starting::<Net>(rows, 64)), [1, 4, 8]);
    assert_eq!([0, 1, 2].map(|rows| sharing::<Net>(rows, 64)), [1, 16, 32]);
    assert_eq!([0, 1, 2].map(|rows| parts::<Net>(rows, 64)), [1, 48, 64]);
    assert_eq!([1, 2, 3].map(|most| starting::<Net>(9, most)), [1, 2, 3]);
    assert_eq!([0, 1].map(|most| starting::<Net>(9, most)), [1, 1]);
}

#[test]
fn extreme_batches_are_cut_all_the_same() {
    assert_eq!(parts::<Net>(usize::MAX, 64), 64);
    assert_eq!(sharing::<Net>(usize::MAX, 64), 64);
    assert_eq!(starting::<Net>(usize::MAX, 64), 64);
}

#[test]
fn memory_that_there_is_not_is_an_error() {
    assert_eq!(
        filled::<Block>("moments", 3).ok(),
        Some([Block::ZERO; 3].to_vec())
    );
    for count in [usize::MAX / size_of::<Block>(), usize::MAX] {
        let error = filled::<Block>("moments", count).err();
        assert!(
            matches!(
                error,
                Some(Error::Memory {
                    what: "moments",
                    ..
                })
            ),
            "{count}"
        );
    }
}
