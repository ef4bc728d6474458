//! As much of zip files as NumPy writes: stored and deflated entries, sizes of 64 bits, no encryption
//! ([APPNOTE](https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT)).
//!
//! ```text
//! local header, packed bytes          for each entry
//! central directory                   an entry's name, sizes, checksum, and where its local header is
//! end record                          where the directory is; of 64 bits, another before it, and where that is
//! ```
//!
//! Read by hand, since a crate for all of zip is larger than this runtime's readers together. The directory is what counts:
//! of a local header only its length is used.

use crate::error::{Error, Fault, Result, io};
use alloc::{boxed::Box, format, string::String, vec, vec::Vec};
use flate2::{Crc, bufread::DeflateDecoder};
use std::{
    io::{BufRead, BufReader, Read, Result as IoResult, Seek, SeekFrom, Take},
    path::Path,
};

/// A file that can be read anywhere.
pub trait Source: Read + Seek + Send {}

impl<T: Read + Seek + Send> Source for T {}

/// Bytes of an end record without its comment, and of the longest comment.
const END: usize = 22;
const COMMENT: usize = u16::MAX as usize;

/// A number of 32 bits that says that there is one of 64.
const ELSEWHERE: u64 = u32::MAX as u64;

/// Entries that are listed at most, and bytes of a directory.
const MOST: u64 = 1 << 16;
const LARGEST: u64 = 1 << 26;

/// An entry of the directory.
pub struct Entry {
    pub name: String,
    /// Bytes when it is unpacked.
    pub size: u64,
    packed: u64,
    method: u16,
    flags: u16,
    checksum: u32,
    /// Where its local header is.
    at: u64,
}

/// A zip file, and its directory.
pub struct Archive {
    source: Box<dyn Source>,
    pub entries: Vec<Entry>,
}

impl Archive {
    /// Reads the directory of a file.
    pub fn open(path: &Path, source: Box<dyn Source>) -> Result<Self> {
        let mut this = Self {
            source,
            entries: Vec::new(),
        };
        let size = this
            .source
            .seek(SeekFrom::End(0))
            .map_err(io("read", path))?;
        let Directory { at, bytes, entries } = this.directory(path, size)?;
        if entries > MOST || bytes > LARGEST || at.checked_add(bytes).is_none_or(|end| end > size) {
            let reason = format!(
                "the directory should have {entries} entries in {bytes} bytes from byte {at} on, but the file has {size} \
                 bytes; it is damaged, so save or fetch it again"
            );
            return Err(fault(path, size, reason));
        }
        let mut directory = vec![0; bytes as usize];
        this.read_at(path, at, &mut directory)?;
        let mut fields = Fields {
            bytes: &directory,
            at: 0,
        };
        for _ in 0..entries {
            let place = at + fields.at as u64;
            let Some(entry) = fields.entry() else {
                let reason = "the directory's entry is cut off or none; the file is damaged, so save or fetch it again";
                return Err(fault(path, place, reason.into()));
            };
            this.entries.push(entry);
        }
        Ok(this)
    }

    /// Finds the directory.
    fn directory(&mut self, path: &Path, size: u64) -> Result<Directory> {
        let mut start = [0; 4];
        if size >= 4 {
            self.read_at(path, 0, &mut start)?;
        }
        if !matches!(start, [b'P', b'K', 3, 4] | [b'P', b'K', 5, 6]) {
            let (found, repair) = match start {
                [0x93, b'N', b'U', b'M'] => ("a single array", "read it by `Npy::open`"),
                [b'<', ..] => (
                    "a web page",
                    "fetch the file itself, by the link that downloads it",
                ),
                _ => (
                    "something else",
                    "give a file that `numpy.savez` wrote, or fetch it again",
                ),
            };
            let reason =
                format!("expected a zip file, which begins with `PK`, found {found}; {repair}");
            return Err(fault(path, 0, reason));
        }
        let tail = size.min((END + COMMENT) as u64);
        let mut bytes = vec![0; tail as usize];
        self.read_at(path, size - tail, &mut bytes)?;
        // The last one whose comment ends where the file does.
        let record = (0..bytes.len().saturating_sub(END - 1)).rev().find(|&at| {
            let record = &bytes[at..];
            let comment = usize::from(u16::from_le_bytes([record[20], record[21]]));
            record.starts_with(b"PK\x05\x06") && record.len() == END + comment
        });
        let Some(record) = record else {
            let reason = "the file has no end record; it is cut off, so save or fetch it again";
            return Err(fault(path, size, reason.into()));
        };
        let mut fields = Fields {
            bytes: &bytes[record..],
            at: 10,
        };
        let entries = fields.number(2);
        let (bytes_, at) = (fields.number(4), fields.number(4));
        let (Some(entries), Some(bytes_), Some(at)) = (entries, bytes_, at) else {
            return Err(fault(path, size, "the end record is cut off".into()));
        };
        let directory = Directory {
            at,
            bytes: bytes_,
            entries,
        };
        if at < ELSEWHERE && bytes_ < ELSEWHERE && entries < u64::from(u16::MAX) {
            return Ok(directory);
        }
        let wide = record.checked_sub(20).map(|at| &bytes[at..record]);
        match wide.filter(|wide| wide.starts_with(b"PK\x06\x07")) {
            None => Ok(directory),
            Some(locator) => {
                let place = Fields {
                    bytes: locator,
                    at: 8,
                }
                .number(8)
                .unwrap_or(0);
                self.wide_directory(path, place, size)
            }
        }
    }

    /// The directory of which a record of 64 bits tells.
    fn wide_directory(&mut self, path: &Path, place: u64, size: u64) -> Result<Directory> {
        let mut record = [0; 56];
        if place.checked_add(56).is_none_or(|end| end > size) {
            let reason = format!(
                "the end record should stand at byte {place}, but the file has {size} bytes; it is damaged, so save or \
                 fetch it again"
            );
            return Err(fault(path, size, reason));
        }
        self.read_at(path, place, &mut record)?;
        let mut fields = Fields {
            bytes: &record,
            at: 32,
        };
        let (entries, bytes, at) = (fields.number(8), fields.number(8), fields.number(8));
        match (record.starts_with(b"PK\x06\x06"), entries, bytes, at) {
            (true, Some(entries), Some(bytes), Some(at)) => Ok(Directory { at, bytes, entries }),
            _ => {
                let reason = "expected the end record of 64 bits; the file is damaged, so save or fetch it again";
                Err(fault(path, place, reason.into()))
            }
        }
    }

    /// The unpacked bytes of an entry.
    pub fn reader(&mut self, path: &Path, index: usize) -> Result<Unpacked<'_>> {
        let Entry {
            at,
            packed,
            method,
            flags,
            size,
            checksum,
            ..
        } = self.entries[index];
        if flags & 1 != 0 {
            let reason = "the array is encrypted; save it again by `numpy.savez`";
            return Err(fault(path, at, reason.into()));
        }
        let mut local = [0; 30];
        self.read_at(path, at, &mut local)?;
        if !local.starts_with(b"PK\x03\x04") {
            let reason = "expected an entry, which begins with `PK` 03 04; the file is damaged, so save or fetch it again";
            return Err(fault(path, at, reason.into()));
        }
        let length = |at: usize| i64::from(u16::from_le_bytes([local[at], local[at + 1]]));
        let names = SeekFrom::Current(length(26) + length(28));
        self.source.seek(names).map_err(io("read", path))?;
        let packed = BufReader::new((&mut *self.source as &mut dyn Source).take(packed));
        let inner = match method {
            0 => Inner::Stored(packed),
            8 => Inner::Deflated(Box::new(DeflateDecoder::new(packed))),
            method => {
                let reason = format!(
                    "the array is packed by method {method}, but NumPy uses 0 and 8; save it again by `numpy.savez`"
                );
                return Err(fault(path, at, reason));
            }
        };
        Ok(Unpacked {
            inner,
            left: size,
            sum: Crc::new(),
            checksum,
        })
    }

    fn read_at(&mut self, path: &Path, at: u64, bytes: &mut [u8]) -> Result<()> {
        self.source
            .seek(SeekFrom::Start(at))
            .map_err(io("read", path))?;
        self.source.read_exact(bytes).map_err(|error| {
            if error.kind() == std::io::ErrorKind::UnexpectedEof {
                let reason = format!(
                    "{} bytes should stand here, but the file ends before; it is damaged, so save or fetch it again",
                    bytes.len()
                );
                return fault(path, at, reason);
            }
            io("read", path)(error)
        })
    }
}

/// Where a directory is.
struct Directory {
    at: u64,
    bytes: u64,
    entries: u64,
}

/// Little-endian numbers one behind another.
struct Fields<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Fields<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let taken = self.bytes.get(self.at..self.at.checked_add(count)?)?;
        self.at += count;
        Some(taken)
    }

    fn number(&mut self, size: usize) -> Option<u64> {
        let bytes = self.take(size)?.iter().rev();
        Some(bytes.fold(0, |number, &byte| number << 8 | u64::from(byte)))
    }

    /// An entry of the directory.
    fn entry(&mut self) -> Option<Entry> {
        if self.take(4)? != b"PK\x01\x02" {
            return None;
        }
        self.take(4)?;
        let (flags, method) = (self.number(2)? as u16, self.number(2)? as u16);
        self.take(4)?;
        let checksum = self.number(4)? as u32;
        let (mut packed, mut size) = (self.number(4)?, self.number(4)?);
        let [name, extra, comment] = [self.number(2)?, self.number(2)?, self.number(2)?];
        self.take(8)?;
        let mut at = self.number(4)?;
        let name = String::from_utf8_lossy(self.take(name as usize)?).into_owned();
        let mut extra = Fields {
            bytes: self.take(extra as usize)?,
            at: 0,
        };
        self.take(comment as usize)?;
        // Fields of two numbers, kind and length. Kind 1 has those of 64 bits that are elsewhere, in this order.
        while let (Some(kind), Some(length)) = (extra.number(2), extra.number(2)) {
            let mut field = Fields {
                bytes: extra.take(length as usize)?,
                at: 0,
            };
            if kind == 1 {
                for number in [&mut size, &mut packed, &mut at] {
                    if *number == ELSEWHERE {
                        *number = field.number(8)?;
                    }
                }
            }
        }
        Some(Entry {
            name,
            size,
            packed,
            method,
            flags,
            checksum,
            at,
        })
    }
}

type Packed<'a> = BufReader<Take<&'a mut dyn Source>>;

enum Inner<'a> {
    Stored(Packed<'a>),
    Deflated(Box<DeflateDecoder<Packed<'a>>>),
}

/// The unpacked bytes of an entry, no more than it should have, and their checksum.
pub struct Unpacked<'a> {
    inner: Inner<'a>,
    left: u64,
    sum: Crc,
    checksum: u32,
}

impl Unpacked<'_> {
    /// Whether all bytes were read, are as many as there should be, and have the right checksum.
    pub fn ends_well(mut self) -> bool {
        let more = match &mut self.inner {
            Inner::Stored(reader) => reader.fill_buf().map(|bytes| bytes.len()),
            Inner::Deflated(reader) => reader.read(&mut [0]),
        };
        self.left == 0 && self.sum.sum() == self.checksum && matches!(more, Ok(0))
    }
}

impl Read for Unpacked<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> IoResult<usize> {
        let most = usize::try_from(self.left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let buffer = &mut buffer[..most];
        let count = match &mut self.inner {
            Inner::Stored(reader) => reader.read(buffer)?,
            Inner::Deflated(reader) => reader.read(buffer)?,
        };
        self.left -= count as u64;
        self.sum.update(&buffer[..count]);
        Ok(count)
    }
}

fn fault(path: &Path, offset: u64, reason: String) -> Error {
    Error::Data {
        path: path.into(),
        offset,
        fault: Fault::Zip { reason },
    }
}
