//! IDX files, the format of MNIST and its successors (LeCun, Cortes, Burges: "The MNIST database of handwritten digits").
//!
//! ```text
//! 00 00           two zero bytes
//! tt              element type: 08 u8, 09 i8, 0b i16, 0c i32, 0d f32, 0e f64
//! rr              number of dimensions
//! nn nn nn nn     size of each dimension, the outermost first, big-endian
//! ...             elements in row-major order, big-endian
//! ```
//!
//! Files may be plain or compressed with gzip; their content tells which.

mod element;
#[cfg(test)]
pub(super) mod tests;

pub use element::Element;

use crate::error::{Error, Fault, Result, io};
use alloc::{borrow::ToOwned, string::ToString, vec, vec::Vec};
use flate2::bufread::MultiGzDecoder;
use std::{
    fs::File,
    io::{BufRead, BufReader, ErrorKind, Read},
    path::{Path, PathBuf},
};

/// Reads images of one channel, scaling bytes to 0 to 1.
///
/// # Errors
///
/// If the file cannot be read, is no valid IDX file, or does not hold images of `H` x `W` bytes.
pub fn images<const H: usize, const W: usize>(
    path: impl AsRef<Path>,
) -> Result<Vec<[[[f32; W]; H]; 1]>> {
    Idx::open_as(path.as_ref(), check_images::<H, W>)?.images()
}

/// Reads labels as classes.
///
/// # Errors
///
/// If the file cannot be read, is no valid IDX file, does not hold a list of bytes, or a label is not below `classes`.
pub fn labels(path: impl AsRef<Path>, classes: usize) -> Result<Vec<usize>> {
    Idx::open_as(path.as_ref(), check_labels)?.labels(classes)
}

/// What is wrong with a file, and at which byte.
type Flaw = (u64, Fault);

/// Judges a header, before anything that it promises is read or unpacked.
type Check = fn(Element, &[usize]) -> Result<(), Flaw>;

/// Takes what is valid.
fn check_nothing(_: Element, _: &[usize]) -> Result<(), Flaw> {
    Ok(())
}

/// Images of `H` x `W` bytes, at least one.
fn check_images<const H: usize, const W: usize>(
    element: Element,
    dimensions: &[usize],
) -> Result<(), Flaw> {
    check_items(element, dimensions, 3)?;
    let shape = &dimensions[1..];
    if shape == [H, W] {
        return Ok(());
    }
    let fault = Fault::Shape {
        expected: vec![H, W],
        found: shape.to_vec(),
    };
    Err((8, fault))
}

/// A list of bytes, at least one.
fn check_labels(element: Element, dimensions: &[usize]) -> Result<(), Flaw> {
    check_items(element, dimensions, 1)
}

/// Bytes in `rank` dimensions, and at least one item.
fn check_items(element: Element, dimensions: &[usize], rank: usize) -> Result<(), Flaw> {
    if element != Element::U8 {
        let fault = Fault::ElementType {
            expected: Element::U8.name(),
            found: element.name(),
        };
        return Err((2, fault));
    }
    if dimensions.len() != rank {
        let fault = Fault::Rank {
            expected: rank,
            found: dimensions.len(),
        };
        return Err((3, fault));
    }
    match dimensions.first() {
        Some(0) => Err((4, Fault::Empty)),
        _ => Ok(()),
    }
}

/// The content of an IDX file: its header proven, its elements not yet decoded.
///
/// ```
/// use kiln_runtime::data::idx::{Element, Idx};
///
/// let bytes = [0, 0, 0x0b, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0x01, 0x00, 0xff, 0xff];
/// let matrix = Idx::parse("matrix", &bytes)?;
/// assert_eq!(matrix.element(), Element::I16);
/// assert_eq!(matrix.dimensions(), [1, 2]);
/// assert!(matrix.values().eq([256.0, -1.0]));
/// # Ok::<(), kiln_runtime::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idx {
    path: PathBuf,
    element: Element,
    dimensions: Vec<usize>,
    /// What follows the header.
    content: Vec<u8>,
}

impl Idx {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if it cannot be read, [`Error::Data`] if it is no valid IDX file.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_as(path.as_ref(), check_nothing)
    }

    fn open_as(path: &Path, check: Check) -> Result<Self> {
        let file = File::open(path).map_err(io("open", path))?;
        Self::read(path, BufReader::with_capacity(1 << 16, file), check)
    }

    /// Reads the bytes of a file; `name` stands for its path in errors.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] if they are no valid IDX file.
    pub fn parse(name: impl AsRef<Path>, bytes: &[u8]) -> Result<Self> {
        Self::read(name.as_ref(), bytes, check_nothing)
    }

    fn read(path: &Path, mut reader: impl BufRead, check: Check) -> Result<Self> {
        let start = reader.fill_buf().map_err(io("read", path))?;
        if start.starts_with(&[0x1f, 0x8b]) {
            Stream {
                path,
                offset: 0,
                gzip: true,
                reader: MultiGzDecoder::new(reader),
            }
            .idx(check)
        } else {
            Stream {
                path,
                offset: 0,
                gzip: false,
                reader,
            }
            .idx(check)
        }
    }

    /// Type of the elements.
    pub fn element(&self) -> Element {
        self.element
    }

    /// Sizes of the dimensions, the outermost first.
    pub fn dimensions(&self) -> &[usize] {
        &self.dimensions
    }

    /// The elements in row-major order; `f64` holds each of the types exactly.
    pub fn values(&self) -> impl ExactSizeIterator<Item = f64> {
        let element = self.element;
        self.content
            .chunks_exact(element.size())
            .map(move |bytes| element.decode(bytes))
    }

    /// The elements as images of one channel, bytes scaled to 0 to 1.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] if they are not images of `H` x `W` bytes, or there are none.
    pub fn images<const H: usize, const W: usize>(&self) -> Result<Vec<[[[f32; W]; H]; 1]>> {
        self.check(check_images::<H, W>)?;
        let images = self.content.as_chunks::<W>().0.as_chunks::<H>().0;
        let pixel = |byte| f32::from(byte) / 255.0;
        Ok(images
            .iter()
            .map(|rows| [rows.map(|row| row.map(pixel))])
            .collect())
    }

    /// The elements as labels.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] if they are no list of bytes, there are none, or one is not below `classes`.
    pub fn labels(&self, classes: usize) -> Result<Vec<usize>> {
        self.check(check_labels)?;
        let mut labels = Vec::with_capacity(self.content.len());
        for (row, label) in self.content.iter().copied().map(usize::from).enumerate() {
            if label >= classes {
                return Err(self.fault(
                    8 + row as u64,
                    Fault::Label {
                        row,
                        label,
                        classes,
                    },
                ));
            }
            labels.push(label);
        }
        Ok(labels)
    }

    fn check(&self, check: Check) -> Result<()> {
        check(self.element, &self.dimensions).map_err(|(offset, fault)| self.fault(offset, fault))
    }

    fn fault(&self, offset: u64, fault: Fault) -> Error {
        Error::Data {
            path: self.path.clone(),
            offset,
            fault,
        }
    }
}

/// The unpacked bytes of a file, and how far they were read.
struct Stream<'a, R> {
    path: &'a Path,
    offset: u64,
    gzip: bool,
    reader: R,
}

impl<R: Read> Stream<'_, R> {
    fn idx(mut self, check: Check) -> Result<Idx> {
        let [first, second, code, rank] = self.exactly(4)?[..] else {
            return Err(self.truncated(4));
        };
        if [first, second] != [0, 0] {
            return Err(self.fault(
                0,
                Fault::Magic {
                    found: [first, second],
                },
            ));
        }
        let Some(element) = Element::from_code(code) else {
            return Err(self.fault(2, Fault::ElementCode { found: code }));
        };
        let sizes = self.exactly(4 * usize::from(rank))?;
        let dimensions = sizes
            .as_chunks()
            .0
            .iter()
            .map(|&size| u32::from_be_bytes(size) as usize);
        let dimensions = dimensions.collect::<Vec<_>>();
        let product = dimensions
            .iter()
            .try_fold(element.size(), |product, &size| product.checked_mul(size));
        let Some(bytes) = product.filter(|&bytes| isize::try_from(bytes).is_ok()) else {
            return Err(self.fault(4, Fault::TooLarge { dimensions }));
        };
        check(element, &dimensions).map_err(|(offset, fault)| self.fault(offset, fault))?;
        let content = self.exactly(bytes)?;
        let expected = self.offset;
        // Also makes the decompressor compare its checksum.
        if !self.up_to(1)?.is_empty() {
            return Err(self.fault(expected, Fault::Trailing { expected }));
        }
        Ok(Idx {
            path: self.path.to_owned(),
            element,
            dimensions,
            content,
        })
    }

    /// The next `count` bytes.
    fn exactly(&mut self, count: usize) -> Result<Vec<u8>> {
        let expected = self.offset.saturating_add(count as u64);
        let bytes = self.up_to(count)?;
        if bytes.len() < count {
            return Err(self.truncated(expected));
        }
        Ok(bytes)
    }

    /// The next `count` bytes, or all there are: memory is taken as they come, whatever a header promises.
    fn up_to(&mut self, count: usize) -> Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(count.min(1 << 26));
        let result = self
            .reader
            .by_ref()
            .take(count as u64)
            .read_to_end(&mut bytes);
        self.offset += bytes.len() as u64;
        match result {
            Ok(_) => Ok(bytes),
            Err(error) if self.gzip && is_content(error.kind()) => Err(self.fault(
                self.offset,
                Fault::Gzip {
                    reason: error.to_string(),
                },
            )),
            Err(error) => Err(io("read", self.path)(error)),
        }
    }

    fn truncated(&self, expected: u64) -> Error {
        self.fault(
            self.offset,
            Fault::Truncated {
                expected,
                found: self.offset,
            },
        )
    }

    fn fault(&self, offset: u64, fault: Fault) -> Error {
        Error::Data {
            path: self.path.to_owned(),
            offset,
            fault,
        }
    }
}

/// Whether a decompressor's error speaks of what it read, not of the reading.
fn is_content(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::UnexpectedEof | ErrorKind::InvalidData | ErrorKind::InvalidInput
    )
}
