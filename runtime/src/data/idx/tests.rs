//! Valid files are read, and no invalid one passes or panics.

use super::{Element, Idx, images, labels};
use crate::{
    error::{Error, Fault},
    testing::Folder,
};
use alloc::{string::ToString, vec, vec::Vec};
use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;
use std::{io::Write, thread};

/// The header of a file.
pub fn header(code: u8, dimensions: &[u32]) -> Vec<u8> {
    let sizes = dimensions.iter().flat_map(|size| size.to_be_bytes());
    [0, 0, code, dimensions.len() as u8]
        .into_iter()
        .chain(sizes)
        .collect()
}

/// The same, compressed.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Two images of 2 x 3.
fn small() -> Vec<u8> {
    let pixels = [0, 51, 102, 153, 204, 255, 255, 204, 153, 102, 51, 0];
    [&header(8, &[2, 2, 3]), &pixels[..]].concat()
}

/// What is wrong with `bytes`, and where.
fn fault(bytes: &[u8]) -> (u64, Fault) {
    match Idx::parse("bytes", bytes).and_then(|idx| idx.images::<2, 3>()) {
        Err(Error::Data {
            path,
            offset,
            fault,
        }) => {
            assert_eq!(path.to_str(), Some("bytes"));
            (offset, fault)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn images_are_scaled() {
    let expected = [
        [[[0.0, 0.2, 0.4], [0.6, 0.8, 1.0]]],
        [[[1.0, 0.8, 0.6], [0.4, 0.2, 0.0]]],
    ];
    for bytes in [small(), gzip(&small())] {
        assert_eq!(
            Idx::parse("bytes", &bytes)
                .unwrap()
                .images::<2, 3>()
                .unwrap(),
            expected
        );
    }
    let folder = Folder::new();
    folder.write("images.plain", &gzip(&small()));
    assert_eq!(
        images::<2, 3>(folder.path().join("images.plain")).unwrap(),
        expected
    );
}

#[test]
fn labels_name_classes() {
    let bytes = [&header(8, &[3]), &[2, 0, 1][..]].concat();
    let labels = Idx::parse("labels", &bytes).unwrap();
    assert_eq!(labels.labels(3).unwrap(), [2, 0, 1]);
    let error = labels.labels(2).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`labels`, byte 8: row 0 has label 2, but 2 classes take labels below 2; \
         check the number of classes, or fetch the file again"
    );
}

#[test]
fn every_element_type_is_decoded() {
    let cases: [(u8, Element, &[u8], f64); 6] = [
        (0x08, Element::U8, &[200], 200.0),
        (0x09, Element::I8, &[200], -56.0),
        (0x0b, Element::I16, &[0xff, 0x38], -200.0),
        (0x0c, Element::I32, &[0xff, 0xff, 0xff, 0x38], -200.0),
        (0x0d, Element::F32, &1.5_f32.to_be_bytes(), 1.5),
        (0x0e, Element::F64, &0.1_f64.to_be_bytes(), 0.1),
    ];
    for (code, element, bytes, value) in cases {
        let idx = Idx::parse("bytes", &[&header(code, &[1]), bytes].concat()).unwrap();
        assert_eq!(idx.element(), element);
        assert_eq!(
            idx.values().collect::<Vec<_>>(),
            [value],
            "{}",
            element.name()
        );
    }
}

/// A header tells what is in a file: nothing else is unpacked.
#[test]
fn content_of_the_wrong_shape_is_not_read() {
    let folder = Folder::new();
    // Only the header's part of the stream is whole.
    let mut bomb = gzip(&[&header(8, &[1 << 20, 28, 29]), &[0; 4096][..]].concat());
    bomb.truncate(bomb.len() - 12);
    folder.write("bomb", &bomb);
    let path = folder.path().join("bomb");
    let fault = |result: Result<(), Error>| match result {
        Err(Error::Data { offset, fault, .. }) => (offset, fault),
        other => panic!("{other:?}"),
    };
    let shape = Fault::Shape {
        expected: vec![28, 28],
        found: vec![28, 29],
    };
    assert_eq!(fault(images::<28, 28>(&path).map(|_| ())), (8, shape));
    let rank = Fault::Rank {
        expected: 1,
        found: 3,
    };
    assert_eq!(fault(labels(&path, 10).map(|_| ())), (3, rank));
    let damaged = fault(images::<28, 29>(&path).map(|_| ()));
    assert!(matches!(damaged, (16, Fault::Packed { .. })), "{damaged:?}");
    let damaged = fault(Idx::open(&path).map(|_| ()));
    assert!(matches!(damaged, (16, Fault::Packed { .. })), "{damaged:?}");
}

#[test]
fn faults_are_found_where_they_are() {
    assert_eq!(fault(b"PK\x03\x04"), (0, Fault::Magic { found: *b"PK" }));
    assert_eq!(fault(&[0, 0, 7, 1]), (2, Fault::ElementCode { found: 7 }));
    let floats = [&header(0x0d, &[1, 1, 1]), &[0; 4][..]].concat();
    assert_eq!(
        fault(&floats),
        (
            2,
            Fault::ElementType {
                expected: "u8",
                found: "f32"
            }
        )
    );
    assert_eq!(
        fault(&[&header(8, &[1]), &[0][..]].concat()),
        (
            3,
            Fault::Rank {
                expected: 3,
                found: 1
            }
        )
    );
    assert_eq!(fault(&header(8, &[0, 2, 3])), (4, Fault::Empty));
    let tall = [&header(8, &[1, 3, 2]), &[0; 6][..]].concat();
    assert_eq!(
        fault(&tall),
        (
            8,
            Fault::Shape {
                expected: vec![2, 3],
                found: vec![3, 2]
            }
        )
    );
    let huge = vec![u32::MAX as usize; 3];
    assert_eq!(
        fault(&header(8, &[u32::MAX; 3])),
        (4, Fault::TooLarge { dimensions: huge })
    );
    // As large as memory might hold, but not there: must not be allocated.
    let promised = u64::from(u32::MAX) * 1000 + 16;
    let found = fault(&header(8, &[u32::MAX, 10, 100]));
    assert_eq!(
        found,
        (
            16,
            Fault::Truncated {
                expected: promised,
                found: 16
            }
        )
    );
    assert_eq!(
        fault(&[&small()[..], &[0]].concat()),
        (28, Fault::Trailing { expected: 28 })
    );
    assert_eq!(
        fault(&gzip(&[&small()[..], &[0]].concat())),
        (28, Fault::Trailing { expected: 28 })
    );
    let packed = gzip(&small());
    let trailing = [&packed[..], b"trailing"].concat();
    let found = fault(&trailing);
    let garbage = Fault::Garbage {
        packed: packed.len() as u64,
    };
    assert_eq!(found, (28, garbage));
    assert_eq!(
        found.1.to_string(),
        alloc::format!(
            "the gzip stream is whole, but behind its {} bytes the file goes on with something else; \
             cut it off there, or unpack it by `gunzip`, which leaves the rest out",
            packed.len()
        )
    );
}

/// As `gunzip` reads them.
#[test]
fn zeros_behind_gzip_are_padding() {
    let padded = [gzip(&small()), vec![0; 512]].concat();
    let images = |bytes: &[u8]| Idx::parse("bytes", bytes).and_then(|idx| idx.images::<2, 3>());
    assert_eq!(images(&padded).unwrap(), images(&small()).unwrap());
    let parts = [gzip(&small()[..20]), gzip(&small()[20..]), vec![0]].concat();
    assert_eq!(images(&parts).unwrap(), images(&small()).unwrap());
}

/// Nothing is allocated for what a file cannot hold.
#[test]
fn a_header_is_not_believed_beyond_its_file() {
    let large = header(8, &[u32::MAX, 28, 28]);
    let packed = gzip(&[&large[..], &[0; 4096]].concat());
    let folder = Folder::new();
    folder.write("plain", &large);
    folder.write("packed", &packed);
    let fault = |name: &str| match images::<28, 28>(folder.path().join(name)) {
        Err(Error::Data { offset, fault, .. }) => (offset, fault),
        other => panic!("{other:?}"),
    };
    let expected = u64::from(u32::MAX) * 784 + 16;
    let (found, packed) = (16, packed.len() as u64);
    assert_eq!(fault("plain"), (16, Fault::Truncated { expected, found }));
    assert_eq!(fault("packed"), (16, Fault::Packed { expected, packed }));
}

/// What a file of zeros packs to is within the bound.
#[test]
fn what_packs_best_is_read() {
    let bytes = [header(8, &[3000, 28, 28]), vec![0; 3000 * 784]].concat();
    let packed = gzip(&bytes);
    assert!(bytes.len() / packed.len() > 900);
    let idx = Idx::parse("bytes", &packed).unwrap();
    assert!(idx.images::<28, 28>().unwrap() == vec![[[[0.0; 28]; 28]; 1]; 3000]);
}

/// An image of 1 MiB, of which no copy fits on the stack beside another.
#[test]
fn large_images_are_not_put_on_the_stack() {
    let read = || {
        let bytes = [header(8, &[3, 512, 512]), vec![51; 3 << 18]].concat();
        let folder = Folder::new();
        folder.write("images", &gzip(&bytes));
        let path = folder.path().join("images");
        let streamed = images::<512, 512>(&path).unwrap();
        let parsed = Idx::open(&path).unwrap().images::<512, 512>().unwrap();
        let pixels = |images: &[[[[f32; 512]; 512]; 1]]| {
            let pixels = images.as_flattened().as_flattened().as_flattened();
            assert_eq!(pixels.len(), 3 << 18);
            pixels.iter().all(|&pixel| pixel == 0.2)
        };
        assert!(pixels(&streamed) && pixels(&parsed));
    };
    let thread = thread::Builder::new().stack_size(2 << 20).spawn(read);
    thread.unwrap().join().unwrap();
}

/// What stands by the name of a file that was fetched by an old link, or in an archive.
#[test]
fn what_else_is_fetched_is_recognized() {
    let message = |bytes: &[u8]| Idx::parse("bytes", bytes).unwrap_err().to_string();
    assert!(message(b"<!DOCTYPE html>").contains("it is a web page"));
    assert!(message(b"PK\x03\x04").contains("it is a zip file, so unpack it"));
    assert!(message(b"\x89PNG").contains("with 89 50; give an IDX file"));
    let images = Idx::parse("bytes", &small()).unwrap().images::<28, 28>();
    assert_eq!(
        images.unwrap_err().to_string(),
        "`bytes`, byte 8: expected items of shape [28, 28], found [2, 3]; read them by `data::idx::images::<2, 3>`"
    );
}

#[test]
fn no_truncated_file_passes() {
    for whole in [small(), gzip(&small())] {
        for end in 0..whole.len() {
            let (offset, fault) = fault(&whole[..end]);
            let known = matches!(
                fault,
                Fault::Truncated { .. } | Fault::Gzip { .. } | Fault::Magic { .. }
            );
            assert!(known && offset <= end as u64 + 28, "{end}: {fault}");
        }
    }
}

#[test]
fn a_folder_is_no_file() {
    let folder = Folder::new();
    let error = Idx::open(folder.path()).unwrap_err();
    assert!(matches!(error, Error::Io { .. }), "{error}");
    let error = Idx::open(folder.path().join("nothing")).unwrap_err();
    assert!(matches!(error, Error::Io { action: "open", .. }), "{error}");
}

/// Reads whatever the bytes hold.
fn survive(bytes: &[u8]) {
    if let Ok(idx) = Idx::parse("bytes", bytes) {
        let _ = (idx.images::<2, 3>(), idx.labels(3), idx.values().count());
    }
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        survive(&bytes);
        survive(&[&[0x1f, 0x8b][..], &bytes].concat());
        survive(&[&[0, 0, 8][..], &bytes].concat());
        survive(&gzip(&bytes));
    }

    #[test]
    fn flipped_bytes_never_panic(flips in prop::collection::vec((any::<prop::sample::Index>(), 1..=255_u8), 1..4)) {
        for mut bytes in [small(), gzip(&small()), [gzip(&small()), vec![0; 9]].concat()] {
            for (at, flip) in &flips {
                let at = at.index(bytes.len());
                bytes[at] ^= flip;
            }
            survive(&bytes);
        }
    }

    #[test]
    fn random_headers_never_panic(code in 7..16_u8, dimensions in prop::collection::vec(0..5_u32, 0..6), count in 0..200_usize) {
        let bytes = [header(code, &dimensions), vec![1; count]].concat();
        survive(&bytes);
        survive(&gzip(&bytes));
    }
}
