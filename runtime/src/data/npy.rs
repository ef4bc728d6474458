//! Arrays of NumPy, `.npy`, and archives of them, `.npz` ([the format](https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html)).
//!
//! ```text
//! 93 4e 55 4d 50 59     "\x93NUMPY"
//! vv vv                 version: 1.0, 2.0 or 3.0
//! nn nn (nn nn)         length of the header, little-endian: two bytes in version 1.0, else four
//! {'descr': '<f4', 'fortran_order': False, 'shape': (100, 28, 28), }
//! ...                   the elements
//! ```
//!
//! Elements are integers and floats of any size and byte order, and booleans. They are read as nested arrays of `f32`, whose
//! shape is compared with the file's, or as labels.
//!
//! ```
//! use kiln::data::npy::{self, Npy};
//!
//! let mut bytes = Vec::new();
//! npy::write(&mut bytes, &[[0.0_f32, 0.5, 1.0], [1.0, 1.5, 2.0]])?;
//! let array = Npy::parse("points.npy", &bytes)?;
//! assert_eq!(array.shape(), [2, 3]);
//! assert_eq!(array.arrays::<[f32; 3]>()?[1], [1.0, 1.5, 2.0]);
//! # Ok::<(), kiln::Error>(())
//! ```
//!
//! Images and labels from Python, `numpy.savez("digits.npz", images=images, labels=labels)`:
//!
//! ```no_run
//! use kiln::data::{Npz, Samples};
//!
//! let mut file = Npz::open("digits.npz")?;
//! let images = file.array("images")?.arrays::<[[f32; 28]; 28]>()?;
//! let labels = file.array("labels")?.labels(10)?;
//! let samples = Samples::new(images, labels)?.change(|image| {
//!     image.as_flattened_mut().iter_mut().for_each(|pixel| *pixel /= 255.0);
//! });
//! # Ok::<(), kiln::Error>(())
//! ```

mod element;
mod header;
mod npz;
#[cfg(test)]
pub(super) mod tests;
mod write;
mod zip;

pub use element::{Element, Order};
pub use npz::Npz;
pub use write::{save, write};

use super::array::Array;
use crate::{
    error::{Error, Fault, Result, io},
    flat,
    value::zeroed_vec,
};
use alloc::{format, vec::Vec};
use header::{Flaw, Header};
use std::{
    fs::File,
    io::{BufReader, ErrorKind, Read},
    path::{Path, PathBuf},
};

/// Bytes that are read at once.
const PIECE: usize = 1 << 16;

/// The content of a `.npy` file: its header proven, its elements not yet decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Npy {
    path: PathBuf,
    header: Header,
    content: Vec<u8>,
}

impl Npy {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if it cannot be read, [`Error::Data`] with the byte if it is no valid `.npy` file or holds what is no
    /// number, [`Error::Memory`] if its content is more than memory has room for.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let file = File::open(path).map_err(io("open", path))?;
        let metadata = file.metadata().map_err(io("open", path))?;
        let size = (metadata.is_file() && metadata.len() > 0).then_some(metadata.len());
        let mut reader = BufReader::with_capacity(PIECE, file);
        Self::read(path, &mut reader, size)
    }

    /// Reads the bytes of a file; `name` stands for its path in errors.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), but for those of the system.
    pub fn parse(name: impl AsRef<Path>, bytes: &[u8]) -> Result<Self> {
        Self::read(name.as_ref(), &mut &bytes[..], Some(bytes.len() as u64))
    }

    /// Reads all that `reader` has, which is `size` bytes where that is known.
    fn read(path: &Path, reader: &mut dyn Read, size: Option<u64>) -> Result<Self> {
        let mut bytes = Bytes {
            path,
            reader,
            offset: 0,
        };
        let header = Header::read(&mut bytes)?;
        let end = bytes.offset.saturating_add(header.bytes as u64);
        if let Some(found) = size.filter(|&size| size < end) {
            let fault = Fault::Truncated {
                expected: end,
                found,
            };
            return Err(bytes.fault(found, fault));
        }
        let content = bytes.content(header.bytes, size.is_some())?;
        if bytes.up_to(&mut [0])? > 0 {
            return Err(bytes.fault(end, Fault::Trailing { expected: end }));
        }
        Ok(Self {
            path: path.into(),
            header,
            content,
        })
    }

    /// Type of the elements.
    pub fn element(&self) -> Element {
        self.header.element
    }

    /// Sizes of the dimensions, the outermost first; none of a single number.
    pub fn shape(&self) -> &[usize] {
        &self.header.shape
    }

    /// The elements in row-major order, whatever that of the file is. Integers beyond 2^53 are rounded.
    pub fn values(&self) -> impl ExactSizeIterator<Item = f64> {
        let Header {
            element,
            order,
            ref shape,
            fortran,
            ..
        } = self.header;
        let places = Places::new(shape, fortran);
        let size = element.size();
        places.map(move |place| {
            let bytes = self.content.get(place * size..(place + 1) * size);
            element.decode(order, bytes.unwrap_or_default())
        })
    }

    /// The elements as arrays, one for each item of the outermost dimension: of shape `[100, 28, 28]`, a hundred
    /// `[[f32; 28]; 28]`. Numbers are as they are: bytes are not scaled to 0 to 1. Those of 64 bits are rounded to the
    /// nearest.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] if the items have another shape, there are none, or a number is finite but beyond what `f32` holds;
    /// [`Error::Memory`] if memory has no room for the arrays.
    pub fn arrays<T: Array>(&self) -> Result<Vec<T>> {
        let offset = self.header.offset;
        let (count, item) = match &self.header.shape[..] {
            [0, ..] => return Err(self.fault(offset, Fault::Empty)),
            [count, item @ ..] => (*count, item),
            [] => {
                let fault = Fault::Rank {
                    expected: T::SHAPE.len() + 1,
                    found: 0,
                };
                return Err(self.fault(offset, fault));
            }
        };
        if item != T::SHAPE {
            let reason = format!(
                "expected items of shape {:?}, found {item:?}, of an array of shape {:?}; declare them as {}, or change \
                 the array by `reshape` in Python",
                T::SHAPE,
                self.header.shape,
                declared(item)
            );
            return Err(self.fault(offset, Fault::Npy { reason }));
        }
        let mut arrays = zeroed_vec::<T>(count)?;
        let numbers = flat::all_numbers_mut(&mut arrays).iter_mut();
        for (index, (number, value)) in numbers.zip(self.values()).enumerate() {
            *number = value as f32;
            if number.is_infinite() && value.is_finite() {
                let reason = format!(
                    "number {index} (in row-major order) is {value:?}, beyond what f32 holds, 3.4e38; scale the array \
                     in Python"
                );
                return Err(self.fault(offset, Fault::Npy { reason }));
            }
        }
        Ok(arrays)
    }

    /// The elements as labels of `classes` classes: integers in one dimension, or in several of which one is not 1.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] if they are no integers, of another shape, there are none, or one is negative or not below
    /// `classes`.
    pub fn labels(&self, classes: usize) -> Result<Vec<usize>> {
        let Header {
            element,
            order,
            ref shape,
            offset,
            ..
        } = self.header;
        if shape.is_empty() || shape.iter().filter(|&&size| size != 1).count() > 1 {
            let fault = Fault::Rank {
                expected: 1,
                found: shape.len(),
            };
            return Err(self.fault(offset, fault));
        }
        if !element.is_integer() {
            let reason = format!(
                "expected labels as integers, found {}; change them by `labels.astype(\"int64\")` in Python",
                element.name()
            );
            return Err(self.fault(offset, Fault::Npy { reason }));
        }
        if self.content.is_empty() {
            return Err(self.fault(offset, Fault::Empty));
        }
        let elements = self.content.chunks_exact(element.size());
        let label = |(row, bytes)| {
            let number = element.integer(order, bytes);
            let label = usize::try_from(number).ok();
            label.filter(|&label| label < classes).ok_or_else(|| {
                let reason = format!(
                    "row {row} has label {number}, but {classes} classes take labels from 0 to below {classes}; check \
                     the number of classes, or count them from 0 by `numpy.unique(labels, return_inverse=True)`"
                );
                let place = row as u64 * element.size() as u64;
                self.fault(offset + place, Fault::Npy { reason })
            })
        };
        elements.enumerate().map(label).collect()
    }

    fn fault(&self, offset: u64, fault: Fault) -> Error {
        Error::Data {
            path: self.path.clone(),
            offset,
            fault,
        }
    }
}

/// A shape as the type of nested arrays.
fn declared(shape: &[usize]) -> alloc::string::String {
    let number = alloc::string::String::from("f32");
    let declared = shape
        .iter()
        .rev()
        .fold(number, |inner, size| format!("[{inner}; {size}]"));
    format!("`{declared}`")
}

/// Where elements lie in a file, for each in row-major order.
struct Places {
    /// Sizes of the dimensions and the distance of neighbours in them, the outermost first.
    axes: Vec<(usize, usize)>,
    index: Vec<usize>,
    place: usize,
    left: usize,
}

impl Places {
    fn new(shape: &[usize], fortran: bool) -> Self {
        let mut axes = shape.iter().map(|&size| (size, 0)).collect::<Vec<_>>();
        let mut stride = 1_usize;
        let mut next = |axis: &mut (usize, usize)| {
            axis.1 = stride;
            stride = stride.saturating_mul(axis.0);
        };
        match fortran {
            true => axes.iter_mut().for_each(&mut next),
            false => axes.iter_mut().rev().for_each(&mut next),
        }
        Self {
            index: alloc::vec![0; axes.len()],
            axes,
            place: 0,
            left: shape.iter().product(),
        }
    }
}

impl Iterator for Places {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        self.left = self.left.checked_sub(1)?;
        let place = self.place;
        for (&(size, stride), index) in self.axes.iter().zip(&mut self.index).rev() {
            *index += 1;
            self.place += stride;
            if *index < size {
                break;
            }
            self.place -= stride * size;
            *index = 0;
        }
        Some(place)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Places {}

/// Bytes of a file, and how far they were read.
struct Bytes<'a> {
    path: &'a Path,
    reader: &'a mut dyn Read,
    offset: u64,
}

impl Bytes<'_> {
    /// Fills `bytes`, or as many of them as there are bytes left.
    fn up_to(&mut self, bytes: &mut [u8]) -> Result<usize> {
        let mut count = 0;
        while count < bytes.len() {
            match self.reader.read(&mut bytes[count..]) {
                Ok(0) => break,
                Ok(more) => count += more,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.unreadable(error, count)),
            }
        }
        self.offset += count as u64;
        Ok(count)
    }

    /// Fills `bytes`.
    fn exactly(&mut self, bytes: &mut [u8]) -> Result<()> {
        let expected = self.offset.saturating_add(bytes.len() as u64);
        if self.up_to(bytes)? < bytes.len() {
            let found = self.offset;
            return Err(self.fault(found, Fault::Truncated { expected, found }));
        }
        Ok(())
    }

    /// So many bytes. Memory is given to them at once only if they are known to be there.
    fn content(&mut self, count: usize, known: bool) -> Result<Vec<u8>> {
        let expected = self.offset.saturating_add(count as u64);
        let mut content = Vec::new();
        let mut left = count;
        while left > 0 {
            let (have, more) = (content.len(), left.min(PIECE.max(content.len())));
            let more = if known { left } else { more };
            content.try_reserve_exact(more).map_err(|_| Error::Memory {
                what: "the content of a data file",
                bytes: (have + more) as u128,
            })?;
            content.resize(have + more, 0);
            if self.up_to(&mut content[have..])? < more {
                let found = self.offset;
                return Err(self.fault(found, Fault::Truncated { expected, found }));
            }
            left -= more;
        }
        Ok(content)
    }

    /// What it means that bytes cannot be read: of an archive, that they are damaged.
    fn unreadable(&self, error: std::io::Error, read: usize) -> Error {
        match error.kind() {
            ErrorKind::UnexpectedEof | ErrorKind::InvalidData | ErrorKind::InvalidInput => {
                let reason = format!(
                    "the array cannot be unpacked from here ({error}); the file is damaged, so save or fetch it again"
                );
                self.fault(self.offset + read as u64, Fault::Zip { reason })
            }
            _ => io("read", self.path)(error),
        }
    }

    fn flaw(&self, (offset, reason): Flaw) -> Error {
        self.fault(offset, Fault::Npy { reason })
    }

    fn fault(&self, offset: u64, fault: Fault) -> Error {
        Error::Data {
            path: self.path.into(),
            offset,
            fault,
        }
    }
}
