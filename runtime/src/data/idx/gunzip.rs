//! Unpacking gzip: streams one behind another, then zeros, as tapes and downloads in whole blocks leave them.

use core::fmt;
use flate2::bufread::GzDecoder;
use std::{
    error::Error as StdError,
    io::{BufRead, Error, ErrorKind, Read, Result},
};

/// What is behind the last stream, if it is neither zero nor the end.
#[derive(Debug)]
pub struct Garbage {
    /// Bytes of the packed file before it.
    pub packed: u64,
}

impl fmt::Display for Garbage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no gzip from byte {} on", self.packed)
    }
}

impl StdError for Garbage {}

/// The unpacked bytes. `flate2`'s own reader of several streams takes zeros for a damaged one.
pub struct Gunzip<R> {
    /// Nothing once all is read.
    stream: Option<GzDecoder<Counted<R>>>,
    /// Bytes of the packed file before this stream.
    begin: u64,
}

impl<R: BufRead> Gunzip<R> {
    pub fn new(reader: R) -> Self {
        Self {
            stream: Some(GzDecoder::new(Counted { reader, count: 0 })),
            begin: 0,
        }
    }
}

impl<R: BufRead> Read for Gunzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        while let Some(stream) = &mut self.stream {
            match stream.read(buffer) {
                // The end of a stream, whose checksum is right.
                Ok(0) if !buffer.is_empty() => {}
                Err(_) if self.begin > 0 && stream.header().is_none() => {
                    return Err(garbage(self.begin));
                }
                result => return result,
            }
            let Some(mut reader) = self.stream.take().map(GzDecoder::into_inner) else {
                break;
            };
            self.begin = reader.count;
            let zeros = skip_zeros(&mut reader)?;
            match reader.fill_buf()?.first() {
                None => break,
                // The first byte of a stream.
                Some(0x1f) if zeros == 0 => self.stream = Some(GzDecoder::new(reader)),
                Some(_) => return Err(garbage(self.begin)),
            }
        }
        Ok(0)
    }
}

fn garbage(packed: u64) -> Error {
    Error::new(ErrorKind::InvalidData, Garbage { packed })
}

fn skip_zeros(reader: &mut impl BufRead) -> Result<u64> {
    let mut skipped = 0;
    loop {
        let buffer = reader.fill_buf()?;
        let zeros = buffer.iter().take_while(|&&byte| byte == 0).count();
        if zeros == 0 {
            return Ok(skipped);
        }
        reader.consume(zeros);
        skipped += zeros as u64;
    }
}

/// A reader that counts what was read.
struct Counted<R> {
    reader: R,
    count: u64,
}

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let count = self.reader.read(buffer)?;
        self.count += count as u64;
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> Result<&[u8]> {
        self.reader.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.reader.consume(count);
        self.count += count as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::{Garbage, Gunzip};
    use crate::data::idx::tests::gzip;
    use alloc::{vec, vec::Vec};
    use std::io::{BufReader, Read};

    /// The content, or what is before the garbage.
    fn unpacked(packed: &[u8], buffer: usize) -> Result<Vec<u8>, u64> {
        let mut content = Vec::new();
        let mut reader = Gunzip::new(BufReader::with_capacity(buffer, packed));
        match reader.read_to_end(&mut content) {
            Ok(_) => Ok(content),
            Err(error) => {
                let garbage = error.get_ref().and_then(|error| error.downcast_ref());
                Err(garbage.map_or(u64::MAX, |garbage: &Garbage| garbage.packed))
            }
        }
    }

    #[test]
    fn streams_are_joined_and_zeros_left_out() {
        let (first, second) = (gzip(b"first, "), gzip(b"second"));
        for buffer in [1, 2, 3, 1000] {
            let whole = [&first[..], &second].concat();
            assert_eq!(unpacked(&whole, buffer).unwrap(), b"first, second");
            for zeros in [1, 2, 511, 4096] {
                let padded = [&whole[..], &vec![0; zeros]].concat();
                assert_eq!(unpacked(&padded, buffer).unwrap(), b"first, second");
            }
        }
    }

    #[test]
    fn garbage_is_told_from_damage() {
        let (first, second) = (gzip(b"first"), gzip(b"second"));
        let length = first.len() as u64;
        for buffer in [1, 2, 1000] {
            for garbage in [
                &b"x"[..],
                b"\x1f",
                b"\x1f\x8a\x08",
                b"\0\0\x01",
                b"trailing",
                b"\0\x1f\x8b",
            ] {
                let found = unpacked(&[&first[..], garbage].concat(), buffer);
                assert_eq!(found, Err(length), "{garbage:?}");
            }
            let mut damaged = [&first[..], &second].concat();
            let last = damaged.len() - 1;
            damaged[last] ^= 1;
            assert_eq!(unpacked(&damaged, buffer), Err(u64::MAX));
            assert_eq!(unpacked(&damaged[..last], buffer), Err(u64::MAX));
        }
    }
}
