//! Files of PyTorch are read and written alike, and nothing unsound is loaded or panics.

mod damaged;
mod names;

use super::{load_bytes, own, save, to_bytes};
use crate::{
    block::Block,
    error::{Error, Mismatch, Misshapen, Mistyped, Result},
    layout::Axis,
    math::{TINY, flush_number},
    tensor::{Penalty, Role, Tensor},
    testing::{Folder, tensor},
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
    tensor(
        "0.weight",
        &[18, 2],
        0,
        &[axis(18, 1, 32), axis(2, 16, 256)],
    ),
    tensor("0.bias", &[18], 64, &[axis(18, 1, 16)]),
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
        "{}/../tests/golden/data/weights_{dtype}.safetensors",
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

/// A count of batches, as PyTorch's `num_batches_tracked`.
const COUNT: Tensor = Tensor {
    role: Role::Count,
    ..tensor("batches", &[], 16, &[])
};

/// Variances, as PyTorch's `running_var`.
const VARIANCE: Tensor = Tensor {
    role: Role::Statistic {
        keep: 0.9,
        is_variance: true,
    },
    ..tensor("variance", &[2], 0, &[axis(2, 1, 16)])
};

#[test]
fn a_variance_is_never_negative() {
    let load = |dtype: &str, data: &[u8], tensor: Tensor| {
        let bytes = data.len();
        let header = format!(
            r#"{{"variance":{{"dtype":"{dtype}","shape":[2],"data_offsets":[0,{bytes}]}}}}"#
        );
        let mut arena = [Block::ZERO; 1];
        from_bytes(&file(&header, data), &[tensor], &mut arena).map(|()| arena[0].0[1])
    };
    let mean = Tensor {
        role: Role::Learnt {
            rate: 1.0,
            penalty: Penalty::NONE,
            cost: 1,
            pass: 0,
        },
        ..VARIANCE
    };
    let files = [
        ("F16", vec![0, 0, 0, 0xbc]),
        ("BF16", vec![0, 0, 0x80, 0xbf]),
        ("F32", [0.0, -1.0_f32].map(f32::to_le_bytes).concat()),
        ("F64", [0.0, -1.0_f64].map(f64::to_le_bytes).concat()),
    ];
    for (dtype, data) in files {
        assert_eq!(load(dtype, &data, mean).unwrap(), -1.0);
        assert_eq!(
            load(dtype, &data, VARIANCE).unwrap_err().to_string(),
            "the weights do not fit the model (1 tensor):\
             \n  negative: `variance`: expected a variance, 0 or more, found -1.0 as number 1 in row-major order\
             \n  repair: no training leaves such statistics; save the file again, or take another"
        );
    }
    let whole = [-0.0, 4.0_f32].map(f32::to_le_bytes).concat();
    assert_eq!(load("F32", &whole, VARIANCE).unwrap(), 4.0);
}

/// A file of one number named `batches`.
fn counted(dtype: &str, data: &[u8]) -> Vec<u8> {
    let bytes = data.len();
    let header =
        format!(r#"{{"batches":{{"dtype":"{dtype}","shape":[],"data_offsets":[0,{bytes}]}}}}"#);
    file(&header, data)
}

#[test]
fn counts_are_whole_numbers_of_64_bits() {
    for count in [0, 1, 77, 1 << 24, (1 << 40) + 3, (1 << 48) - 1] {
        let mut arena = [Block::ZERO; 2];
        let bytes = counted("I64", &i64::to_le_bytes(count));
        from_bytes(&bytes, &[COUNT], &mut arena).unwrap();
        let kept = f64::from(arena[1].0[0]) + f64::from(arena[1].0[1]) * 16_777_216.0;
        assert_eq!(kept, count as f64);
        assert_eq!(arena[0], Block::ZERO);
        let written = to_bytes(&[COUNT], &arena).unwrap();
        assert!(written.ends_with(&i64::to_le_bytes(count)));
        assert!(written.windows(5).any(|word| word == b"\"I64\""));
    }
}

#[test]
fn what_is_no_count_is_refused() {
    let found = |dtype, data: &[u8]| {
        let mut arena = [Block::ZERO; 2];
        match from_bytes(&counted(dtype, data), &[COUNT], &mut arena) {
            Err(Error::Weights(mismatch)) if arena == [Block::ZERO; 2] => *mismatch,
            other => panic!("{other:?}"),
        }
    };
    for count in [-1, i64::MIN, 1 << 48, i64::MAX] {
        let mismatch = found("I64", &count.to_le_bytes());
        assert_eq!(mismatch.counts, [("batches".to_string(), count)]);
    }
    for (dtype, data) in [("F32", &[0; 4][..]), ("U8", &[0]), ("BOOL", &[1])] {
        let mistyped = Mistyped {
            name: "batches".into(),
            expected: "I64",
            found: dtype.into(),
        };
        assert_eq!(found(dtype, data).types, [mistyped]);
    }
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
        tensor("steps", &[], 0, &[]),
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
        tensors: 5,
        misshapen: vec![Misshapen {
            name: "0.weight".into(),
            expected: vec![9, 4],
            found: vec![18, 2],
        }],
        types: vec![Mistyped {
            name: "steps".into(),
            expected: "F32, F64, F16 or BF16",
            found: "I64".into(),
        }],
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
        (
            b"version https://git-lfs.github.com/spec/v1\n",
            "git lfs pull",
        ),
        (b"<!DOCTYPE html>", "web page"),
        (b"{\"weight_map\": {}}", "several files"),
        (b"\x1f\x8b\x08\0\0\0\0\0", "unpack"),
        (b"\x01\0\0\0\0\0\0\0", "should be 1 bytes"),
    ] {
        let error = from_bytes(bytes, &LINEAR, &mut golden()).unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
    }
    #[cfg(unix)]
    {
        // It never ends.
        let error = load("/dev/zero", &LINEAR, &mut golden()).unwrap_err();
        assert!(matches!(error, Error::NotSafetensors { .. }), "{error}");
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
fn numbers_beyond_f32_are_told_from_divergence() {
    let mut bytes = golden_file("f64");
    let last = bytes.len() - 8;
    bytes[last..].copy_from_slice(&1e300_f64.to_le_bytes());
    let message = from_bytes(&bytes, &LINEAR, &mut golden())
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("is finite, but does not fit in `f32`"),
        "{message}"
    );
    bytes[last..].copy_from_slice(&f64::INFINITY.to_le_bytes());
    let message = from_bytes(&bytes, &LINEAR, &mut golden())
        .unwrap_err()
        .to_string();
    assert!(message.contains("is NaN or infinite"), "{message}");
}

#[test]
fn one_name_for_two_tensors_is_said() {
    for offsets in ["[72,144]", "[0,72]"] {
        let header = format!(
            r#"{{"a\"b":{{"dtype":"F32","shape":[18],"data_offsets":[0,72]}},
                "a\"b":{{"dtype":"F32","shape":[18],"data_offsets":{offsets}}}}}"#
        );
        let error = from_bytes(&file(&header, &[0; 144]), &LINEAR, &mut golden()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the weights: `a\\\\\\\"b`: two tensors have the same name; \
             the file was not written by safetensors, so save it again"
        );
    }
    // By another spelling of the same name.
    let header = r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},
                     "\u0061":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#;
    let message = from_bytes(&file(header, &[0; 4]), &LINEAR, &mut golden())
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("two tensors have the same name"),
        "{message}"
    );
}

#[test]
fn what_is_wrong_with_a_tensor_is_said() {
    let reason = |offsets: &str, data: usize| {
        let header = format!(r#"{{"a":{{"dtype":"F32","shape":[2],"data_offsets":{offsets}}}}}"#);
        from_bytes(&file(&header, &vec![0; data]), &LINEAR, &mut golden())
            .unwrap_err()
            .to_string()
    };
    let gap = reason("[4,12]", 12);
    assert!(
        gap.contains("tensor `a` should begin where the one before it ends"),
        "{gap}"
    );
    let size = reason("[0,4]", 4);
    assert!(
        size.contains("shape and element type should take the bytes between its offsets"),
        "{size}"
    );
}

/// A save over a file may end between old and new weights of the same names and shapes.
#[test]
fn an_interrupted_save_is_noticed() {
    let folder = Folder::new();
    let (path, copy) = (
        folder.path().join("net"),
        folder.path().join("net.kiln-copy"),
    );
    let mut bytes = golden_file("f32");
    bytes[..8].fill(0);
    folder.write("net", &bytes);
    let mut arena = golden();
    let message = load(&path, &LINEAR, &mut arena).unwrap_err().to_string();
    assert!(
        message.contains("a save over it is not complete"),
        "{message}"
    );
    folder.write("net.kiln-copy", &golden_file("f32"));
    let error = load(&path, &LINEAR, &mut arena).unwrap_err();
    assert!(
        matches!(&error, Error::Interrupted { copy: found, .. } if *found == copy),
        "{error}"
    );
    load(&copy, &LINEAR, &mut arena).unwrap();
    save(&path, &LINEAR, &golden()).unwrap();
    assert!(!copy.exists());
    load(&path, &LINEAR, &mut arena).unwrap();
    assert_eq!(arena, golden());
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

proptest! {
    /// Whatever may be saved is loaded as it was; see `flush` for what counts as zero.
    #[test]
    fn what_is_saved_is_loaded(bits in prop::collection::vec(any::<u32>(), 54), special in prop::collection::vec((0..54_usize, 0..6_usize), 0..9)) {
        let mut numbers = bits.into_iter().map(f32::from_bits).collect::<Vec<_>>();
        for (at, which) in special {
            numbers[at] = [0.0, -0.0, f32::MAX, f32::MIN, TINY, -TINY][which];
        }
        for number in &mut numbers {
            if !number.is_finite() {
                *number = f32::MAX;
            }
            *number = flush_number(*number);
        }
        let (mut saved, mut numbers) = ([Block::ZERO; 6], numbers.into_iter());
        for tensor in &LINEAR {
            tensor.layout.visit(|place| saved[place / 16].0[place % 16] = numbers.next().unwrap());
        }
        let bytes = to_bytes(&LINEAR, &saved).unwrap();
        let mut loaded = [Block([3.0; 16]); 6];
        from_bytes(&bytes, &LINEAR, &mut loaded).unwrap();
        for tensor in &LINEAR {
            tensor.layout.visit(|place| {
                let bits = |arena: &[Block; 6]| arena[place / 16].0[place % 16].to_bits();
                assert_eq!(bits(&saved), bits(&loaded));
            });
        }
        assert_eq!(to_bytes(&LINEAR, &loaded).unwrap(), bytes);
    }
}
