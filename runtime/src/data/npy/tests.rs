//! What NumPy writes is read, and no invalid file passes or panics. That all types are read as NumPy means them is shown by
//! `tests/data.rs`.

use super::{Element, Npy, Npz, write};
use crate::{
    error::{Error, Fault},
    testing::Folder,
};
use alloc::{
    format,
    string::{String, ToString},
    vec,
    vec::Vec,
};
use flate2::{Compression, Crc, write::DeflateEncoder};
use proptest::prelude::*;
use std::io::Write;

/// A file of version 1.0 with this dictionary.
pub fn file(dictionary: &str, content: &[u8]) -> Vec<u8> {
    let length = (dictionary.len() as u16).to_le_bytes();
    [
        b"\x93NUMPY\x01\0",
        &length[..],
        dictionary.as_bytes(),
        content,
    ]
    .concat()
}

/// The dictionary of these elements and this shape.
fn dictionary(element: &str, shape: &str) -> String {
    format!("{{'descr': '{element}', 'fortran_order': False, 'shape': {shape}, }}\n")
}

/// A zip file of these entries, packed or not.
pub fn archive(entries: &[(&str, &[u8])], deflated: bool) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in entries {
        let mut crc = Crc::new();
        crc.update(content);
        let packed = if deflated {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(content).unwrap();
            encoder.finish().unwrap()
        } else {
            content.to_vec()
        };
        let method = if deflated { 8_u16 } else { 0 };
        let fields = [
            &[20, 0, 0, 0][..],
            &method.to_le_bytes(),
            &[0; 4],
            &crc.sum().to_le_bytes(),
            &(packed.len() as u32).to_le_bytes(),
            &(content.len() as u32).to_le_bytes(),
            &(name.len() as u16).to_le_bytes(),
            &[0; 2],
        ]
        .concat();
        let at = (bytes.len() as u32).to_le_bytes();
        directory.extend(
            [
                b"PK\x01\x02\x14\0",
                &fields[..],
                &[0; 10],
                &at,
                name.as_bytes(),
            ]
            .concat(),
        );
        bytes.extend([b"PK\x03\x04", &fields[..], name.as_bytes(), &packed].concat());
    }
    let (at, count) = (bytes.len() as u32, (entries.len() as u16).to_le_bytes());
    let size = (directory.len() as u32).to_le_bytes();
    bytes.extend(directory);
    bytes.extend(
        [
            b"PK\x05\x06\0\0\0\0",
            &count[..],
            &count,
            &size,
            &at.to_le_bytes(),
            &[0; 2],
        ]
        .concat(),
    );
    bytes
}

fn message(bytes: &[u8]) -> String {
    match Npy::parse("a.npy", bytes) {
        Ok(array) => array
            .arrays::<[f32; 3]>()
            .map(|_| ())
            .unwrap_err()
            .to_string(),
        Err(error) => error.to_string(),
    }
}

fn expect(bytes: &[u8], expected: &str) {
    let message = message(bytes);
    assert!(message.contains(expected), "{message}");
}

#[test]
fn arrays_are_written_as_they_are_read() -> Result<(), Error> {
    let mut bytes = Vec::new();
    write(
        &mut bytes,
        &[[[1.0_f32, -2.0], [0.5, f32::MIN_POSITIVE]]; 3],
    )?;
    assert_eq!(bytes.len() % 64, 12 * 4);
    let array = Npy::parse("a.npy", &bytes)?;
    assert_eq!(
        (array.shape(), array.element()),
        (&[3, 2, 2][..], Element::Float(4))
    );
    assert_eq!(
        array.arrays::<[[f32; 2]; 2]>()?[2],
        [[1.0, -2.0], [0.5, f32::MIN_POSITIVE]]
    );
    let folder = Folder::new();
    let path = folder.path().join("numbers.npy");
    super::save(&path, &[1.0_f32, 2.0])?;
    let array = Npy::open(&path)?;
    assert_eq!(
        (array.shape(), array.arrays::<f32>()?),
        (&[2][..], vec![1.0, 2.0])
    );
    let none = super::save(folder.path().join("none/a.npy"), &[1.0_f32]);
    assert!(matches!(
        none,
        Err(Error::Io {
            action: "create",
            ..
        })
    ));
    Ok(())
}

#[test]
fn headers_are_read_as_python_writes_them() {
    let shape = |dictionary: &str| {
        let content = [0; 24];
        Npy::parse("a.npy", &file(dictionary, &content)).map(|array| array.shape().to_vec())
    };
    for (dictionary, expected) in [
        (
            "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }",
            vec![2, 3],
        ),
        (
            "{\"shape\":(2,3,),\"fortran_order\":True,\"descr\":\"<f4\"}",
            vec![2, 3],
        ),
        (
            "{'descr': '<f4', 'fortran_order': False, 'shape': (6L,)}   \n",
            vec![6],
        ),
        (
            " { 'descr' : '|i1' , 'fortran_order' : False , 'shape' : ( 24 , ) } ",
            vec![24],
        ),
        (
            "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 3, 1)}",
            vec![1, 3, 1],
        ),
    ] {
        assert_eq!(shape(dictionary).unwrap(), expected);
    }
}

#[test]
fn flaws_are_named_where_they_are() {
    expect(
        b"",
        "byte 0: expected an array of NumPy, which begins with 93 4e 55 4d 50 59, found an empty file",
    );
    expect(b"PK\x03\x04..", "found a zip file; read it by `Npz::open`");
    expect(b"<html>", "found a web page");
    expect(
        b"\x93NUMPY\x04\0\0\0",
        "byte 6: expected version 1.0, 2.0 or 3.0, found 4.0",
    );
    expect(
        b"\x93NUMPY\x02\0\xff\xff\xff\xff",
        "byte 8: the header should be 4294967295 bytes",
    );
    expect(
        &file("", b""),
        "byte 10: the header should have `{` here, but has the end",
    );
    expect(
        &file("{'descr': '<f4'}", b""),
        "should have 'descr', 'fortran_order' and 'shape' here",
    );
    expect(
        &file("{'descr': '<f4', 'descr': '<f4'}", b""),
        "byte 27: the header should have each of",
    );
    expect(
        &file("{'other': 1}", b""),
        "byte 11: the header should have each of",
    );
    expect(
        &file("{'descr: 1}", b""),
        "byte 11: the header should have a string that ends",
    );
    expect(
        &file(&dictionary("<f4", "(3)"), b""),
        "should have `,` here, but has `), }",
    );
    expect(
        &file(&dictionary("<f4", "(-1,)"), b""),
        "should have a size that memory may have here, but has `-1",
    );
    let many = "1, ".repeat(65);
    expect(
        &file(&dictionary("<f4", &format!("({many})")), b""),
        "at most 64 dimensions",
    );
    expect(
        &file(&dictionary("<c8", "(3,)"), b""),
        "byte 20: expected elements of type bool",
    );
    expect(
        &file(&dictionary("|O", "(3,)"), b""),
        "found '|O'; objects are pickled",
    );
    expect(
        &file(&dictionary("<U3", "(3,)"), b""),
        "words are no numbers",
    );
    expect(
        &file("{'descr': [('a', '<f4')]}", b""),
        "byte 20: the elements are records",
    );
    expect(
        &file(&dictionary("<f4", "(3, 3)"), &[0; 35]),
        "the file ends here, after ",
    );
    expect(
        &file(&dictionary("<f4", "(3, 3)"), &[0; 37]),
        "the file goes on",
    );
    let huge = format!("({}, 0)", usize::MAX);
    expect(
        &file(&dictionary("<f4", &huge), b""),
        "multiply to more than memory can hold",
    );
    let huge = format!("({0}, {0}, {0})", 1_u64 << 31);
    expect(
        &file(&dictionary("<f4", &huge), b""),
        "multiply to more than memory can hold",
    );
    // As large as memory might hold, but not there: must not be allocated.
    expect(
        &file(&dictionary("<f4", "(1000000000000, 3)"), &[0; 100]),
        "the file ends here, after ",
    );
    expect(
        &file(&dictionary("<f4", "(0, 3)"), b""),
        "the file holds no items",
    );
    expect(
        &file(&dictionary("<f4", "(2, 2)"), &[0; 16]),
        "expected items of shape [3], found [2], of an array of shape [2, 2]; declare them as `[f32; 2]`, or change",
    );
    expect(
        &file(&dictionary("<f4", "()"), &[0; 4]),
        "expected 2 dimensions, found 0",
    );
    let large = [1.0_f64, 1e39, 0.0].map(f64::to_le_bytes).concat();
    expect(
        &file(&dictionary("<f8", "(1, 3)"), &large),
        "number 1 (in row-major order) is 1e39, beyond what f32 holds",
    );
}

#[test]
fn labels_are_integers_below_their_number() -> Result<(), Error> {
    let parse = |element, shape, content: &[u8]| {
        Npy::parse("a.npy", &file(&dictionary(element, shape), content))
    };
    assert_eq!(parse("|i1", "(3,)", &[2, 0, 1])?.labels(3)?, [2, 0, 1]);
    assert_eq!(parse("|b1", "(3, 1)", &[1, 0, 1])?.labels(2)?, [1, 0, 1]);
    assert_eq!(
        parse(">u2", "(1, 2)", &[0, 2, 1, 0])?.labels(300)?,
        [2, 256]
    );
    for (element, shape, content, expected) in [
        (
            "|i1",
            "(3,)",
            &[2, 255, 1][..],
            "row 1 has label -1, but 3 classes take labels from 0 to below 3",
        ),
        ("|i1", "(3,)", &[2, 1, 3], "row 2 has label 3"),
        (
            "<f4",
            "(1,)",
            &[0; 4],
            "expected labels as integers, found float32",
        ),
        ("|i1", "(2, 2)", &[0; 4], "expected 1 dimensions, found 2"),
        ("|i1", "()", &[0], "expected 1 dimensions, found 0"),
        ("|i1", "(0,)", &[], "the file holds no items"),
    ] {
        let message = parse(element, shape, content)?
            .labels(3)
            .unwrap_err()
            .to_string();
        assert!(message.contains(expected), "{message}");
    }
    let message = parse("<i8", "(1,)", &[255; 8])?
        .labels(3)
        .unwrap_err()
        .to_string();
    assert!(message.contains("label -1"), "{message}");
    Ok(())
}

#[test]
fn archives_are_read_by_name() -> Result<(), Error> {
    let images = file(&dictionary("<f4", "(1, 3)"), &[0; 12]);
    let labels = file(&dictionary("|u1", "(1,)"), &[4]);
    for deflated in [false, true] {
        let bytes = archive(
            &[
                ("images.npy", &images),
                ("labels.npy", &labels),
                ("note.txt", b""),
            ],
            deflated,
        );
        let mut npz = Npz::parse("a.npz", bytes)?;
        assert_eq!(npz.names().collect::<Vec<_>>(), ["images", "labels"]);
        assert_eq!(npz.array("labels")?.labels(5)?, [4]);
        assert_eq!(npz.array("images")?.arrays::<[f32; 3]>()?, [[0.0; 3]]);
        let message = npz.array("image").unwrap_err().to_string();
        assert!(
            message.contains("no array `image`; did you mean `images`?"),
            "{message}"
        );
        let message = npz.array("x").unwrap_err().to_string();
        assert!(message.contains("it has `images`, `labels`"), "{message}");
    }
    Ok(())
}

#[test]
fn damaged_archives_are_refused() {
    let labels = file(&dictionary("|u1", "(3,)"), &[0, 1, 2]);
    let whole = archive(&[("a.npy", &labels)], false);
    let refused = |bytes: &[u8]| {
        let read = Npz::parse("a.npz", bytes).and_then(|mut npz| npz.array("a"));
        read.map(|_| ()).unwrap_err().to_string()
    };
    let damaged = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        refused(&bytes)
    };
    // The last element, the method, the checksum and the size in the directory, and where the directory is.
    let directory = whole
        .windows(4)
        .position(|bytes| bytes == b"PK\x01\x02")
        .unwrap();
    assert!(damaged(directory - 1).contains("the checksum of the array is wrong"));
    assert!(damaged(directory + 8).contains("the array is encrypted"));
    assert!(damaged(directory + 10).contains("packed by method 1, but NumPy uses 0 and 8"));
    assert!(damaged(directory + 16).contains("the checksum of the array is wrong"));
    assert!(
        damaged(directory + 24).contains("the file ends here")
            || damaged(directory + 24).contains("checksum")
    );
    assert!(damaged(directory + 42).contains("expected an entry, which begins with `PK` 03 04"));
    assert!(damaged(directory).contains("the directory's entry is cut off or none"));
    assert!(damaged(whole.len() - 6).contains("the directory"));
    assert!(refused(b"\x93NUMPY\x01\0").contains("found a single array; read it by `Npy::open`"));
    assert!(refused(b"").contains("expected a zip file"));
    for end in 0..whole.len() {
        assert!(!refused(&whole[..end]).is_empty());
    }
}

/// What an archive says of sizes is not believed.
#[test]
fn archives_that_lie_are_not_given_memory() {
    let content = file(&dictionary("|u1", "(1000000000000,)"), &[0; 64]);
    for deflated in [false, true] {
        let mut bytes = archive(&[("a.npy", &content)], deflated);
        let directory = bytes
            .windows(4)
            .position(|bytes| bytes == b"PK\x01\x02")
            .unwrap();
        bytes[directory + 24..directory + 28].fill(0xfe);
        let read = Npz::parse("a.npz", bytes).and_then(|mut npz| npz.array("a"));
        let Err(Error::Data { fault, .. }) = read else {
            panic!("{read:?}");
        };
        assert!(matches!(fault, Fault::Truncated { .. }), "{fault}");
    }
}

/// Reads whatever the bytes hold.
pub fn survive(bytes: &[u8]) {
    if let Ok(array) = Npy::parse("bytes", bytes) {
        let count = array.shape().iter().product::<usize>();
        assert_eq!(array.values().count(), count);
        let _ = (
            array.arrays::<[f32; 3]>(),
            array.arrays::<f32>(),
            array.labels(3),
        );
    }
    if let Ok(mut npz) = Npz::parse("bytes", bytes) {
        let names = npz.names().map(ToString::to_string).collect::<Vec<_>>();
        for name in names {
            let _ = npz.array(&name);
        }
    }
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        survive(&bytes);
        survive(&[b"\x93NUMPY\x01\0", &bytes[..]].concat());
        survive(&[b"PK\x03\x04", &bytes[..]].concat());
    }

    #[test]
    fn flipped_bytes_never_panic(flips in prop::collection::vec((any::<prop::sample::Index>(), 1..=255_u8), 1..4)) {
        let array = file(&dictionary("<i2", "(2, 3)"), &[1; 12]);
        for mut bytes in [array.clone(), archive(&[("a.npy", &array)], false), archive(&[("a.npy", &array)], true)] {
            for (at, flip) in &flips {
                let at = at.index(bytes.len());
                bytes[at] ^= flip;
            }
            survive(&bytes);
        }
    }

    #[test]
    fn random_dictionaries_never_panic(text in "\\{('descr'|'shape'|'fortran_order'|:|,|'<f4'|\\(|\\)|True|[0-9]|L| |\\}){0,16}") {
        survive(&file(&text, &[0; 16]));
    }
}
