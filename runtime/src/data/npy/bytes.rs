//! The bytes of a file in order.

use crate::error::{Error, Fault, Result, io};
use alloc::{format, vec::Vec};
use std::{
    io::{Error as IoError, ErrorKind, Read},
    path::Path,
};

/// Bytes that are read at once.
pub const PIECE: usize = 1 << 16;

/// Bytes of a file, and how far they were read.
pub struct Bytes<'a> {
    pub path: &'a Path,
    pub reader: &'a mut dyn Read,
    pub offset: u64,
}

impl Bytes<'_> {
    /// Fills `bytes`, or as many of them as there are bytes left.
    pub fn up_to(&mut self, bytes: &mut [u8]) -> Result<usize> {
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
    pub fn exactly(&mut self, bytes: &mut [u8]) -> Result<()> {
        let expected = self.offset.saturating_add(bytes.len() as u64);
        if self.up_to(bytes)? < bytes.len() {
            let found = self.offset;
            return Err(self.fault(found, Fault::Truncated { expected, found }));
        }
        Ok(())
    }

    /// So many bytes. Memory is given to them at once only if they are known to be there.
    pub fn content(&mut self, count: usize, known: bool) -> Result<Vec<u8>> {
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
    fn unreadable(&self, error: IoError, read: usize) -> Error {
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

    pub fn fault(&self, offset: u64, fault: Fault) -> Error {
        Error::Data {
            path: self.path.into(),
            offset,
            fault,
        }
    }
}
