//! The corpus of the fuzz target `checkpoint`, and what is near it: bytes changed, cut off and doubled, as a seed says.

use crate::checkpoints::{descend, example, example_of_a_descent, resume};
use std::{fs, path::Path};

/// Bytes that a checkpoint of a few kilobytes, the run that goes on from it, and all that the test makes of them may
/// take.
const MOST: u64 = 4 << 20;

/// Numbers that a seed decides.
fn dice(mut state: u64) -> impl FnMut(usize) -> usize {
    move |count| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % count.max(1)
    }
}

/// Bytes after some changes.
fn changed(bytes: &[u8], below: &mut impl FnMut(usize) -> usize) -> Vec<u8> {
    let mut near = bytes.to_vec();
    for _ in 0..=below(4) {
        if near.is_empty() {
            break;
        }
        let at = below(near.len());
        match below(4) {
            0 => near.truncate(at.max(near.len() / 2)),
            1 => near[at] = [0, 0xff, b'-', b' ', b'\n', b'9', b'.'][below(7)],
            2 => near[at] ^= 1 << below(8),
            _ => near.extend_from_within(at..near.len().min(at + 1 + below(16))),
        }
    }
    near
}

#[test]
fn trainers_and_descents_answer_whatever_is_in_a_file() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/checkpoint");
    let mut paths: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    assert!(paths.len() > 20);
    let mut below = dice(7);
    for path in paths {
        let bytes = fs::read(&path).unwrap();
        let counted = allocation_counter::measure(|| {
            resume(&bytes);
            descend(&bytes);
        });
        let taken = counted.bytes_max;
        assert!(taken < MOST, "{}: {taken} bytes", path.display());
        for _ in 0..8 {
            let near = changed(&bytes, &mut below);
            resume(&near);
            descend(&near);
        }
    }
}

#[test]
fn a_trainer_resumes_or_refuses_whatever_changed_in_a_checkpoint() {
    // As it is, and with the sum that the changed ones get.
    assert_eq!((resume(example()), resume(b"")), (2, 1));
    let mut below = dice(8);
    for _ in 0..200 {
        resume(&changed(example(), &mut below));
    }
}

#[test]
fn a_descent_loads_or_refuses_whatever_changed_in_its_file() {
    assert_eq!((descend(example_of_a_descent()), descend(b"")), (2, 1));
    // A checkpoint is none, whatever its sum.
    assert_eq!(descend(example()), 0);
    let mut below = dice(9);
    for _ in 0..200 {
        descend(&changed(example_of_a_descent(), &mut below));
    }
}
