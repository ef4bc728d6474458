//! How work is cut, at both ends of the scale.

use super::{parts, sharing, starting};
use crate::train::tests::mlp::Mlp;

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
