//! Files of PyTorch are read and written alike, and nothing unsound is loaded or panics.

use super::{load_bytes, own, save, to_bytes};
use crate::{
    block::Block,
    error::{Error, Mismatch, Misshapen, Result},
    layout::{Axis, Layout, Tensor},
    testing::Folder,
};
use alloc::{boxed::Box, format, string::ToString, vec, vec::Vec};
use proptest::prelude::*;
use std::{fs, path::Path};

const fn axis(size: usize, stride: usize, block_stride: usize) -> Axis {
    Axis {
        size,
        stride,
        block_stride,
    }
}

fn from_bytes(bytes: &[u8], tensors: &[Tensor], arena: &mut [Block]) -> Result<()> {
    load_bytes(bytes, &mut own, tensors, arena)
}

fn load(path: impl AsRef<Path>, tensors: &[Tensor], arena: &mut [Block]) -> Result<()> {
    super::load(path, &mut own, tensors, arena)
}

/// `nn.Linear(2, 18)` by the name `0`, as `[[Block; 2]; 2]` and `[Block; 2]`.
const LINEAR: [Tensor; 2] = [
    Tensor {
        name: "0.weight",
        shape: &[18, 2],
        layout: Layout {
            offset: 0,
            axes: &[axis(18, 1, 32), axis(2, 16, 256)],
        },
    },
    Tensor {
        name: "0.bias",
        shape: &[18],
        layout: Layout {
            offset: 64,
            axes: &[axis(18, 1, 16)],
        },
    },
];

/// Its parameters in the golden files: padding is zero.
fn golden() -> [Block; 6] {
    let mut arena = [Block::ZERO; 6];
    let number = |index: usize| (index as f32 - 20.0) / 8.0;
    for output in 0..18 {
        for input in 0..2 {
            arena[output / 16 * 2 + input].0[output % 16] = number(2 * output + input);
        }
        arena[4 + output / 16].0[output % 16] = number(36 + output);
    }
    arena
}

fn golden_file(dtype: &str) -> Vec<u8> {
    let path = format!(
        "{}/../tests/golden/weights_{dtype}.safetensors",
        env!("CARGO_MANIFEST_DIR")
    );
    fs::read(path).unwrap()
}

/// A file with this header.
fn file(header: &str, data: &[u8]) -> Vec<u8> {
    [
        &(header.len() as u64).to_le_bytes(),
        header.as_bytes(),
        data,
    ]
    .concat()
}

#[test]
fn weights_of_pytorch_are_loaded() {
    for dtype in ["f16", "bf16", "f32", "f64"] {
        let mut arena = [Block::ZERO; 6];
        from_bytes(&golden_file(dtype), &LINEAR, &mut arena).unwrap();
        assert_eq!(arena, golden(), "{dtype}");
    }
}

#[test]
fn weights_are_saved_as_pytorch_does() {
    assert_eq!(to_bytes(&LINEAR, &golden()).unwrap(), golden_file("f32"));
    let folder = Folder::new();
    let path = folder.path().join("net.safetensors");
    save(&path, &LINEAR, &golden()).unwrap();
    let mut arena = [Block::ZERO; 6];
    load(&path, &LINEAR, &mut arena).unwrap();
    assert_eq!(arena, golden());
}

#[test]
fn all_mismatches_are_reported_at_once() {
    let tensors = [
        Tensor {
            name: "lost",
            ..LINEAR[0]
        },
        Tensor {
            shape: &[9, 4],
            ..LINEAR[0]
        },
        Tensor {
            name: "steps",
            shape: &[],
            layout: Layout {
                offset: 0,
                axes: &[],
            },
        },
        LINEAR[1],
    ];
    let mut bytes = vec![0; 18 * 4 + 36 * 4 + 8];
    bytes[12..16].copy_from_slice(&f32::NAN.to_le_bytes());
    let bytes = file(
        r#"{"0.bias":{"dtype":"F32","shape":[18],"data_offsets":[0,72]},
            "0.weight":{"dtype":"F32","shape":[18,2],"data_offsets":[72,216]},
            "steps":{"dtype":"I64","shape":[],"data_offsets":[216,224]},
            "z":{"dtype":"F32","shape":[0],"data_offsets":[224,224]},
            "a":{"dtype":"F32","shape":[0],"data_offsets":[224,224]}}"#,
        &bytes,
    );
    let mut arena = golden();
    let Err(Error::Weights(found)) = from_bytes(&bytes, &tensors, &mut arena) else {
        panic!()
    };
    let expected = Mismatch {
        path: None,
        missing: vec!["lost".into()],
        unexpected: vec!["a".into(), "z".into()],
        misshapen: vec![Misshapen {
            name: "0.weight".into(),
            expected: vec![9, 4],
            found: vec![18, 2],
        }],
        types: vec![("steps".into(), "I64".into())],
        not_finite: vec![("0.bias".into(), 3)],
        ..Mismatch::default()
    };
    assert_eq!(found, Box::new(expected));
    assert_eq!(arena, golden());
}

#[test]
fn what_is_not_finite_is_not_saved() {
    let folder = Folder::new();
    let path = folder.path().join("net.safetensors");
    save(&path, &LINEAR, &golden()).unwrap();
    let mut diverged = golden();
    diverged[5].0[1] = f32::INFINITY;
    let error = save(&path, &LINEAR, &diverged).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "`{}`: the weights are not all finite (1 tensor):\
             \n  not finite: `0.bias`: number 17 in row-major order is NaN or infinite\
             \n  repair: training diverged; take weights from before it did",
            path.display()
        )
    );
    assert_eq!(fs::read(&path).unwrap(), golden_file("f32"));
}

#[test]
fn other_formats_are_recognized() {
    for (bytes, name) in [
        (&b"PK\x03\x04\0\0\x08\x08"[..], "torch.save"),
        (b"\x89HDF\r\n\x1a\n", "Keras"),
    ] {
        let error = from_bytes(bytes, &LINEAR, &mut golden()).unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
    }
    let error = load("nowhere.safetensors", &LINEAR, &mut golden()).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("cannot open `nowhere.safetensors`: "),
        "{error}"
    );
}

#[test]
fn a_memory_too_small_is_refused() {
    let mut arena = [Block::ZERO; 5];
    let result = from_bytes(&golden_file("f32"), &LINEAR, &mut arena);
    assert!(matches!(
        result,
        Err(Error::Layout {
            name: "0.bias",
            expected: 82,
            found: 80
        })
    ));
    assert!(matches!(
        to_bytes(&LINEAR, &arena),
        Err(Error::Layout { .. })
    ));
}

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
