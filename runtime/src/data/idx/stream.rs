//! The bytes of an IDX file in order, plain or unpacked: first its header, then its elements.

use super::{
    element::Element,
    gunzip::{Garbage, Gunzip},
};
use crate::error::{Error, Fault, Result, io};
use alloc::{string::ToString, vec, vec::Vec};
use std::{
    fs::File,
    io::{BufRead, BufReader, Error as IoError, ErrorKind, Read, Result as IoResult},
    path::Path,
};

/// Bytes that are read at once.
const PIECE: usize = 1 << 16;

/// What is wrong with a file, and at which byte.
pub type Flaw = (u64, Fault);

/// Judges a header, before anything that it promises is read or unpacked.
pub type Check = fn(Element, &[usize]) -> Result<(), Flaw>;

/// What a file promises.
pub struct Header {
    pub element: Element,
    pub dimensions: Vec<usize>,
    /// Bytes of all elements.
    pub bytes: usize,
}

impl Header {
    /// Size of the outermost dimension; of a single number, 1.
    pub fn items(&self) -> usize {
        self.dimensions.first().copied().unwrap_or(1)
    }
}

/// The unpacked bytes of a file, and how far they were read.
pub struct Stream<'a, R> {
    pub path: &'a Path,
    offset: u64,
    /// Bytes of the file, packed as they are, where they are known before they are read.
    size: Option<u64>,
    reader: Unpacked<R>,
}

/// Plain bytes or gzip.
enum Unpacked<R> {
    Plain(R),
    Gzip(Gunzip<R>),
}

impl<R: BufRead> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> IoResult<usize> {
        match self {
            Self::Plain(reader) => reader.read(buffer),
            Self::Gzip(reader) => reader.read(buffer),
        }
    }
}

impl<'a> Stream<'a, BufReader<File>> {
    pub fn open(path: &'a Path) -> Result<Self> {
        let file = File::open(path).map_err(io("open", path))?;
        let metadata = file.metadata().map_err(io("open", path))?;
        // A pipe has no size, and a file that the system makes up as it is read says 0.
        let size = (metadata.is_file() && metadata.len() > 0).then_some(metadata.len());
        Self::new(path, BufReader::with_capacity(PIECE, file), size)
    }
}

impl<'a, R: BufRead> Stream<'a, R> {
    /// The bytes of `reader`, of which there are `size` if that is known; `path` is told in errors.
    pub fn new(path: &'a Path, mut reader: R, size: Option<u64>) -> Result<Self> {
        let start = reader.fill_buf().map_err(io("read", path))?;
        let reader = if start.starts_with(&[0x1f, 0x8b]) {
            Unpacked::Gzip(Gunzip::new(reader))
        } else {
            Unpacked::Plain(reader)
        };
        Ok(Self {
            path,
            offset: 0,
            size,
            reader,
        })
    }

    /// Reads the header, and judges it before anything that it promises is read or given memory.
    pub fn header(&mut self, check: Check) -> Result<Header> {
        let mut start = [0; 4];
        self.exactly(&mut start)?;
        let [first, second, code, rank] = start;
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
        let mut sizes = vec![0; 4 * usize::from(rank)];
        self.exactly(&mut sizes)?;
        let sizes = sizes.as_chunks().0.iter();
        let dimensions = sizes
            .map(|&size| u32::from_be_bytes(size) as usize)
            .collect::<Vec<_>>();
        let product = dimensions
            .iter()
            .try_fold(element.size(), |product, &size| product.checked_mul(size));
        let Some(bytes) = product.filter(|&bytes| isize::try_from(bytes).is_ok()) else {
            return Err(self.fault(4, Fault::TooLarge { dimensions }));
        };
        check(element, &dimensions).map_err(|(offset, fault)| self.fault(offset, fault))?;
        self.check_promise(bytes as u64)?;
        Ok(Header {
            element,
            dimensions,
            bytes,
        })
    }

    /// The file can hold `bytes` more.
    fn check_promise(&self, bytes: u64) -> Result<()> {
        let expected = self.offset.saturating_add(bytes);
        match (&self.reader, self.size) {
            (Unpacked::Plain(_), Some(found)) if expected > found => {
                Err(self.fault(found, Fault::Truncated { expected, found }))
            }
            (Unpacked::Gzip(_), Some(packed)) if expected > packed.saturating_mul(Fault::RATIO) => {
                Err(self.fault(self.offset, Fault::Packed { expected, packed }))
            }
            _ => Ok(()),
        }
    }

    /// Hands all elements to `take`, piece by piece; nothing may follow them.
    pub fn content(
        &mut self,
        header: &Header,
        mut take: impl FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        let mut piece = vec![0; header.bytes.min(PIECE)];
        let end = self.offset.saturating_add(header.bytes as u64);
        let mut left = header.bytes;
        while left > 0 {
            let piece = &mut piece[..left.min(PIECE)];
            let count = self.up_to(piece)?;
            take(&piece[..count])?;
            if count < piece.len() {
                return Err(self.truncated(end));
            }
            left -= count;
        }
        // Also makes the decompressor compare its checksum.
        if self.up_to(&mut [0])? > 0 {
            return Err(self.fault(end, Fault::Trailing { expected: end }));
        }
        Ok(())
    }

    /// Fills `bytes`.
    fn exactly(&mut self, bytes: &mut [u8]) -> Result<()> {
        let expected = self.offset.saturating_add(bytes.len() as u64);
        if self.up_to(bytes)? < bytes.len() {
            return Err(self.truncated(expected));
        }
        Ok(())
    }

    /// Fills `bytes`, or as many of them as there are bytes left.
    fn up_to(&mut self, bytes: &mut [u8]) -> Result<usize> {
        let mut count = 0;
        while count < bytes.len() {
            match self.reader.read(&mut bytes[count..]) {
                Ok(0) => break,
                Ok(more) => count += more,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    self.offset += count as u64;
                    return Err(self.unreadable(error));
                }
            }
        }
        self.offset += count as u64;
        Ok(count)
    }

    fn unreadable(&self, error: IoError) -> Error {
        // Whether it is what was read that is wrong, not the reading.
        let content = matches!(
            error.kind(),
            ErrorKind::UnexpectedEof | ErrorKind::InvalidData | ErrorKind::InvalidInput
        );
        if !content || matches!(self.reader, Unpacked::Plain(_)) {
            return io("read", self.path)(error);
        }
        let garbage = error.get_ref().and_then(|error| error.downcast_ref());
        let fault = match garbage {
            Some(&Garbage { packed }) => Fault::Garbage { packed },
            None => Fault::Gzip {
                reason: error.to_string(),
            },
        };
        self.fault(self.offset, fault)
    }

    fn truncated(&self, expected: u64) -> Error {
        let found = self.offset;
        self.fault(found, Fault::Truncated { expected, found })
    }

    fn fault(&self, offset: u64, fault: Fault) -> Error {
        Error::Data {
            path: self.path.into(),
            offset,
            fault,
        }
    }
}
