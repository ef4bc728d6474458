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
mod gunzip;
mod stream;
#[cfg(test)]
pub(super) mod tests;

pub use element::Element;

use crate::error::{Error, Fault, Result};
use alloc::{vec, vec::Vec};
use bytemuck::allocation::try_zeroed_vec;
use std::path::{Path, PathBuf};
use stream::{Check, Flaw, Header, Stream};

/// Reads images of one channel, scaling bytes to 0 to 1.
///
/// # Errors
///
/// If the file cannot be read, is no valid IDX file, or does not hold images of `H` x `W` bytes.
pub fn images<const H: usize, const W: usize>(
    path: impl AsRef<Path>,
) -> Result<Vec<[[[f32; W]; H]; 1]>> {
    let mut stream = Stream::open(path.as_ref())?;
    let header = stream.header(check_images::<H, W>)?;
    let mut images = Fill::new(header.items())?;
    stream.content(&header, |bytes| images.take(bytes))?;
    Ok(images.into_images())
}

/// Reads labels as classes.
///
/// # Errors
///
/// If the file cannot be read, is no valid IDX file, does not hold a list of bytes, or a label is not below `classes`.
pub fn labels(path: impl AsRef<Path>, classes: usize) -> Result<Vec<usize>> {
    let path = path.as_ref();
    let mut stream = Stream::open(path)?;
    let header = stream.header(check_labels)?;
    let mut labels = Labels::new(path, header.items(), classes)?;
    stream.content(&header, |bytes| labels.take(bytes))?;
    Ok(labels.classes)
}

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
/// use kiln::data::idx::{Element, Idx};
///
/// let bytes = [0, 0, 0x0b, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0x01, 0x00, 0xff, 0xff];
/// let matrix = Idx::parse("matrix", &bytes)?;
/// assert_eq!(matrix.element(), Element::I16);
/// assert_eq!(matrix.dimensions(), [1, 2]);
/// assert!(matrix.values().eq([256.0, -1.0]));
/// # Ok::<(), kiln::Error>(())
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
    /// [`Error::Io`] if it cannot be read, [`Error::Data`] if it is no valid IDX file, [`Error::Memory`] if its content is
    /// more than memory has room for.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::read(Stream::open(path.as_ref())?)
    }

    /// Reads the bytes of a file; `name` stands for its path in errors.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] if they are no valid IDX file, [`Error::Memory`] if their content is more than memory has room for.
    pub fn parse(name: impl AsRef<Path>, bytes: &[u8]) -> Result<Self> {
        Self::read(Stream::new(name.as_ref(), bytes, Some(bytes.len() as u64))?)
    }

    fn read(mut stream: Stream<'_, impl std::io::BufRead>) -> Result<Self> {
        let header = stream.header(check_nothing)?;
        let mut content = Vec::new();
        content
            .try_reserve_exact(header.bytes)
            .map_err(|_| out_of_memory(header.bytes as u128))?;
        stream.content(&header, |bytes| {
            content.extend_from_slice(bytes);
            Ok(())
        })?;
        let Header {
            element,
            dimensions,
            ..
        } = header;
        Ok(Self {
            path: stream.path.into(),
            element,
            dimensions,
            content,
        })
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
        let mut images = Fill::new(self.dimensions[0])?;
        images.take(&self.content)?;
        Ok(images.into_images())
    }

    /// The elements as labels.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] if they are no list of bytes, there are none, or one is not below `classes`.
    pub fn labels(&self, classes: usize) -> Result<Vec<usize>> {
        self.check(check_labels)?;
        let mut labels = Labels::new(&self.path, self.content.len(), classes)?;
        labels.take(&self.content)?;
        Ok(labels.classes)
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

/// Images whose bytes come piece by piece, each put where it stays: an image may be larger than a stack.
struct Fill<const H: usize, const W: usize> {
    images: Vec<[[[f32; W]; H]; 1]>,
    /// Pixels that have come.
    filled: usize,
}

impl<const H: usize, const W: usize> Fill<H, W> {
    fn new(count: usize) -> Result<Self> {
        let bytes = count as u128 * size_of::<[[f32; W]; H]>() as u128;
        let images = try_zeroed_vec(count).map_err(|()| out_of_memory(bytes))?;
        Ok(Self { images, filled: 0 })
    }

    fn take(&mut self, bytes: &[u8]) -> Result<()> {
        let pixels = self.images.as_flattened_mut().as_flattened_mut();
        let pixels = pixels.as_flattened_mut().iter_mut();
        for (&byte, pixel) in bytes.iter().zip(pixels.skip(self.filled)) {
            *pixel = f32::from(byte) / 255.0;
        }
        self.filled += bytes.len();
        Ok(())
    }

    fn into_images(self) -> Vec<[[[f32; W]; H]; 1]> {
        self.images
    }
}

/// Labels whose bytes come piece by piece.
struct Labels<'a> {
    path: &'a Path,
    /// Labels are below this.
    limit: usize,
    classes: Vec<usize>,
}

impl<'a> Labels<'a> {
    fn new(path: &'a Path, count: usize, limit: usize) -> Result<Self> {
        let mut classes = Vec::new();
        classes
            .try_reserve_exact(count)
            .map_err(|_| out_of_memory(count as u128 * size_of::<usize>() as u128))?;
        Ok(Self {
            path,
            limit,
            classes,
        })
    }

    fn take(&mut self, bytes: &[u8]) -> Result<()> {
        for label in bytes.iter().copied().map(usize::from) {
            let row = self.classes.len();
            if label >= self.limit {
                return Err(Error::Data {
                    path: self.path.into(),
                    offset: 8 + row as u64,
                    fault: Fault::Label {
                        row,
                        label,
                        classes: self.limit,
                    },
                });
            }
            self.classes.push(label);
        }
        Ok(())
    }
}

fn out_of_memory(bytes: u128) -> Error {
    Error::Memory {
        what: "a file's content",
        bytes,
    }
}
