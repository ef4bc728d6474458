//! Files that are cut off, damaged or made up.

use super::{LINEAR, file, from_bytes, golden, golden_file};
use crate::block::Block;
use alloc::{format, string::ToString};
use proptest::prelude::*;

/// Loads `bytes`: an error must leave the arena as it was.
fn survive(bytes: &[u8]) -> bool {
    let mut arena = [Block([3.0; 16]); 6];
    let loaded = from_bytes(bytes, &LINEAR, &mut arena).is_ok();
    assert!(loaded || arena == [Block([3.0; 16]); 6]);
    loaded
}

#[test]
fn no_truncated_file_passes() {
    for dtype in ["f16", "f32", "f64"] {
        let whole = golden_file(dtype);
        assert!(survive(&whole));
        for end in 0..whole.len() {
            assert!(!survive(&whole[..end]), "{end}");
        }
        assert!(!survive(&[&whole[..], &[0]].concat()));
    }
    let whole = golden_file("f32");
    let error = from_bytes(&whole[..whole.len() - 1], &LINEAR, &mut golden()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the weights: the header's tensors should take all bytes behind it, but there are 215, too few or too many; \
         the file is cut off or damaged, so fetch or save it again"
    );
}

#[test]
fn sizes_beyond_memory_are_refused() {
    let large = "18446744073709551615";
    for header in [
        format!(r#"{{"a":{{"dtype":"U8","shape":[{large}],"data_offsets":[0,{large}]}}}}"#),
        r#"{"\"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}"#
            .to_string(),
        // In a name, digits mean nothing.
        format!(r#"{{"{large}\"{large}":{{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}}}"#),
    ] {
        assert!(!survive(&file(&header, &[])), "{header}");
    }
    assert!(!survive(&u64::MAX.to_le_bytes()));
    assert!(!survive(&file(&"[".repeat(100_000), &[])));
}

proptest! {
    #[test]
    fn flipped_bytes_never_panic(at in any::<prop::sample::Index>(), flip in 1..=255_u8) {
        let mut bytes = golden_file("f32");
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        survive(&bytes);
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..128), header in "[\\[\\]{}:,\"0-9a-zF_\\\\]{0,64}") {
        survive(&bytes);
        survive(&file(&header, &bytes));
    }

    #[test]
    fn random_headers_never_panic(shape in prop::collection::vec(any::<u64>(), 0..4), from in any::<u64>(), to in any::<u64>()) {
        let header = format!(r#"{{"0.bias":{{"dtype":"F32","shape":{shape:?},"data_offsets":[{from},{to}]}}}}"#);
        survive(&file(&header, &[0; 72]));
    }
}
