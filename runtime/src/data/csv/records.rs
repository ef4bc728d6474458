//! The rows of a table of text, one after another, and the lines that they begin in.

use crate::error::TableFault;
use alloc::{vec, vec::Vec};
use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use std::io::{BufRead, Chain, Error as IoError, Read};

/// Bytes that a row may have. A quote that is not closed makes one row of the rest of a file, of any size.
const LONGEST: usize = 16 << 20;

/// The mark that a file in UTF-8 may begin with.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// What is wrong with a row.
pub enum Flaw {
    /// The system's answer.
    Io(IoError),
    /// A fault of the row that begins in a line.
    Row(u64, TableFault),
}

/// Reads rows.
pub struct Records<R> {
    /// What the file begins with as the mark does, but is none; and the rest of it.
    input: Chain<&'static [u8], R>,
    reader: Reader,
    /// Fields of the row, one behind another.
    bytes: Vec<u8>,
    /// Where each ends.
    ends: Vec<usize>,
    fields: usize,
    /// Line breaks that were read.
    breaks: u64,
    /// The byte that was read last.
    last: u8,
    /// Line in which the row begins.
    line: u64,
}

impl<R: BufRead> Records<R> {
    pub fn new(input: R, delimiter: u8, quote: u8) -> Self {
        let mut builder = ReaderBuilder::new();
        Self {
            input: Read::chain(&[][..], input),
            reader: builder.delimiter(delimiter).quote(quote).build(),
            bytes: vec![0; 1 << 10],
            ends: vec![0; 1 << 6],
            fields: 0,
            breaks: 0,
            last: 0,
            line: 1,
        }
    }

    /// The first bytes of the file behind a byte-order mark, before anything is read.
    pub fn start(&mut self) -> Result<&[u8], Flaw> {
        // The parser passes over a mark by itself, but not over one that a pipe gives alone, or in parts.
        let (held, input) = self.input.get_mut();
        for (count, byte) in MARK.iter().enumerate() {
            let next = input.fill_buf().map_err(Flaw::Io)?.first();
            if next != Some(byte) {
                *held = &MARK[..count];
                break;
            }
            input.consume(1);
        }
        self.input.fill_buf().map_err(Flaw::Io)
    }

    /// Reads the next row; `false` if there is none. Empty lines are none.
    pub fn next(&mut self) -> Result<bool, Flaw> {
        if !self.skip_breaks()? {
            return Ok(false);
        }
        self.line = self.breaks + 1;
        let (mut length, mut fields, mut ended) = (0, 0, false);
        loop {
            // Room for the line break below, so that it is read as a whole.
            if self.bytes.len() < length + 2 || self.ends.len() < fields + 2 {
                self.grow()?;
            }
            let input = self.input.fill_buf().map_err(Flaw::Io)?;
            let end = input.is_empty();
            // The last row need not end in a line break. Inside of quotes, one is a part of the field.
            let input = match (end, ended) {
                (false, _) => input,
                (true, false) => b"\n",
                (true, true) => return Err(Flaw::Row(self.line, TableFault::Unclosed)),
            };
            ended = end;
            let (bytes, ends) = (&mut self.bytes[length..], &mut self.ends[fields..]);
            let (result, read, written, more) = self.reader.read_record(input, bytes, ends);
            if !end {
                let taken = &input[..read];
                self.breaks += count_breaks(self.last, taken);
                self.last = taken.last().copied().unwrap_or(self.last);
                self.input.consume(read);
            }
            length += written;
            fields += more;
            match result {
                ReadRecordResult::Record => {
                    self.fields = fields;
                    return Ok(true);
                }
                ReadRecordResult::End => return Ok(false),
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => self.grow()?,
            }
        }
    }

    /// Makes room for longer rows.
    fn grow(&mut self) -> Result<(), Flaw> {
        if self.bytes.len().max(self.ends.len()) >= LONGEST {
            let limit = LONGEST;
            return Err(Flaw::Row(self.line, TableFault::TooLong { limit }));
        }
        self.bytes.resize(2 * self.bytes.len(), 0);
        self.ends.resize(2 * self.ends.len(), 0);
        Ok(())
    }

    /// Skips line breaks; `false` at the end of the file.
    fn skip_breaks(&mut self) -> Result<bool, Flaw> {
        loop {
            let input = self.input.fill_buf().map_err(Flaw::Io)?;
            if input.is_empty() {
                return Ok(false);
            }
            let count = input
                .iter()
                .take_while(|byte| matches!(byte, b'\n' | b'\r'))
                .count();
            if count == 0 {
                return Ok(true);
            }
            self.breaks += count_breaks(self.last, &input[..count]);
            self.last = input[count - 1];
            self.input.consume(count);
        }
    }

    /// Line in which the row begins, counted from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Lines that the row takes.
    pub fn lines(&self) -> u64 {
        let inside = matches!(self.last, b'\n' | b'\r');
        (self.breaks - (self.line - 1) + u64::from(!inside)).max(1)
    }

    /// Fields of the row.
    pub fn len(&self) -> usize {
        self.fields
    }

    /// A field of the row.
    pub fn field(&self, index: usize) -> &[u8] {
        let ends = &self.ends[..self.fields];
        let end = ends.get(index).copied().unwrap_or(0);
        let begin = index.checked_sub(1).and_then(|before| ends.get(before));
        self.bytes
            .get(begin.copied().unwrap_or(0)..end)
            .unwrap_or_default()
    }
}

/// Line breaks of any system among bytes that follow `last`: `\n`, `\r`, or both as one.
fn count_breaks(last: u8, bytes: &[u8]) -> u64 {
    let (mut count, mut last) = (0, last);
    for &byte in bytes {
        count += u64::from(byte == b'\r' || byte == b'\n' && last != b'\r');
        last = byte;
    }
    count
}
