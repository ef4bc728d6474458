//! An array that was read, and what can be made of it.

use super::{
    bytes::{Bytes, PIECE},
    element::Element,
    header::Header,
    places::Places,
};
use crate::{
    data::array::Array,
    error::{Error, Fault, Result, io},
    flat,
    value::zeroed_vec,
};
use alloc::{format, string::String, vec::Vec};
use std::{
    fs::File,
    io::{BufReader, Read},
    path::{Path, PathBuf},
};

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
    pub(super) fn read(path: &Path, reader: &mut dyn Read, size: Option<u64>) -> Result<Self> {
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
fn declared(shape: &[usize]) -> String {
    let number = String::from("f32");
    let declared = shape
        .iter()
        .rev()
        .fold(number, |inner, size| format!("[{inner}; {size}]"));
    format!("`{declared}`")
}
