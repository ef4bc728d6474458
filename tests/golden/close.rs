//! How close numbers must be, and on which instruction sets.

use std::sync::Mutex;

use approx::abs_diff_eq;
use kiln::simd::{self, InstructionSet};

/// How far a number may be off, relative to itself.
const TOLERANCE: f64 = 1e-5;

/// How far a number may be off besides, relative to the largest of its tensor: eight units in the last place.
const ROUNDING: f64 = 8.0 * f32::EPSILON as f64;

/// A restriction to an instruction set holds for the whole process, so one check runs at a time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Runs a check on every instruction set and says so.
pub fn on_every_instruction_set(name: &str, check: impl Fn(InstructionSet)) {
    let _guard = ONE_AT_A_TIME.lock();
    for set in simd::levels().map(simd::set_of) {
        assert!(simd::restrict(set), "{set:?} is one of this machine's");
        check(set);
        println!("{name} agrees on {set:?}");
    }
    simd::restrict(None);
}

/// Holds one tensor against another.
pub fn assert_close(found: &[f32], expected: &[f32], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected
        .iter()
        .fold(0.0_f32, |largest, x| largest.max(x.abs()));
    for (index, (&found, &expected)) in found.iter().zip(expected).enumerate() {
        let bound = TOLERANCE * f64::from(expected.abs()) + ROUNDING * f64::from(largest);
        assert!(
            abs_diff_eq!(f64::from(found), f64::from(expected), epsilon = bound),
            "{what} at {index}: {found} is not {expected}, of at most {largest}"
        );
    }
}
