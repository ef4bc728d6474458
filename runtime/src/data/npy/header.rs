//! The header of a `.npy` file: a dictionary as Python writes it.

use super::{
    bytes::Bytes,
    element::{Element, Order},
};
use crate::error::{Error, Fault, Result};
use alloc::{format, string::String, vec, vec::Vec};

/// The longest header that is read. NumPy's own limit is 10,000 bytes.
const LONGEST: usize = 1 << 16;

/// Dimensions that an array has at most, as in NumPy.
const MOST: usize = 64;

/// Where a header is wrong, and how.
pub type Flaw = (u64, String);

/// What a file promises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub element: Element,
    pub order: Order,
    /// Whether the first dimension is that whose neighbours lie side by side.
    pub fortran: bool,
    pub shape: Vec<usize>,
    /// Bytes of all elements.
    pub bytes: usize,
    /// Bytes before them.
    pub offset: u64,
}

impl Header {
    /// Reads and proves a header.
    pub(super) fn read(bytes: &mut Bytes<'_>) -> Result<Self> {
        let mut magic = [0; 6];
        let count = bytes.up_to(&mut magic)?;
        if magic != *b"\x93NUMPY" {
            return Err(flawed(bytes, (0, other_kind(&magic[..count]))));
        }
        let mut version = [0; 2];
        bytes.exactly(&mut version)?;
        let mut length = [0; 4];
        match version {
            [1, 0] => bytes.exactly(&mut length[..2])?,
            [2 | 3, 0] => bytes.exactly(&mut length)?,
            [major, minor] => {
                let reason = format!(
                    "expected version 1.0, 2.0 or 3.0, found {major}.{minor}; save the array again by `numpy.save`"
                );
                return Err(flawed(bytes, (6, reason)));
            }
        }
        let length = u32::from_le_bytes(length) as usize;
        if length > LONGEST {
            let reason = format!(
                "the header should be {length} bytes, but headers of numbers have at most {LONGEST}; the file is damaged \
                 or holds records, so save columns apart"
            );
            return Err(flawed(bytes, (8, reason)));
        }
        let mut text = vec![0; length];
        let begin = bytes.offset;
        bytes.exactly(&mut text)?;
        let parsed = Literal::new(&text, begin).header();
        let (element, order, fortran, shape) = parsed.map_err(|flaw| flawed(bytes, flaw))?;
        let product = shape
            .iter()
            .try_fold(element.size(), |product, &size| product.checked_mul(size));
        // A shape that holds a 0 has no elements, but may still be beyond all memory elsewhere.
        let mut sizes = shape.iter().filter(|&&size| size > 0);
        let sizes = sizes.try_fold(element.size(), |product, &size| product.checked_mul(size));
        let (Some(count), Some(_)) = (product, sizes.filter(|&size| isize::try_from(size).is_ok()))
        else {
            let dimensions = shape;
            return Err(bytes.fault(begin, Fault::TooLarge { dimensions }));
        };
        Ok(Self {
            element,
            order,
            fortran,
            shape,
            bytes: count,
            offset: bytes.offset,
        })
    }
}

/// The error of a flaw.
fn flawed(bytes: &Bytes<'_>, (offset, reason): Flaw) -> Error {
    bytes.fault(offset, Fault::Npy { reason })
}

/// What a file's first bytes show that is no array.
fn other_kind(start: &[u8]) -> String {
    let (found, repair) = match start {
        [b'P', b'K', 3, 4, ..] => ("a zip file", "read it by `Npz::open`"),
        [0x80, 2..=5, ..] => ("a pickle", "save the array by `numpy.save`"),
        [0x89, b'H', b'D', b'F', ..] => ("HDF5", "save the array by `numpy.save`"),
        [0x1f, 0x8b, ..] => ("gzip", "unpack it by `gunzip`"),
        [b'<', ..] => (
            "a web page",
            "fetch the file itself, by the link that downloads it",
        ),
        [] => ("an empty file", "save the array again by `numpy.save`"),
        _ => (
            "something else",
            "give a file that `numpy.save` wrote, or fetch it again",
        ),
    };
    format!(
        "expected an array of NumPy, which begins with 93 4e 55 4d 50 59, found {found}; {repair}"
    )
}

/// A dictionary as Python writes it, and how far it was read.
struct Literal<'a> {
    text: &'a [u8],
    at: usize,
    /// Bytes of the file before it.
    before: u64,
}

/// What the dictionary says.
type Said = (Element, Order, bool, Vec<usize>);

impl<'a> Literal<'a> {
    fn new(text: &'a [u8], before: u64) -> Self {
        Self {
            text,
            at: 0,
            before,
        }
    }

    fn header(mut self) -> Result<Said, Flaw> {
        let (mut kind, mut fortran, mut shape) = (None, None, None);
        self.mark(b'{')?;
        while self.peek() != Some(b'}') {
            let at = self.at;
            let key = self.string()?;
            self.mark(b':')?;
            let twice = match key {
                "descr" => kind.replace(self.element()?).is_some(),
                "fortran_order" => fortran.replace(self.boolean()?).is_some(),
                "shape" => shape.replace(self.tuple()?).is_some(),
                _ => true,
            };
            if twice {
                self.at = at;
                let expected = "each of 'descr', 'fortran_order' and 'shape' once";
                return Err(self.flaw(expected));
            }
            if self.peek() != Some(b'}') {
                self.mark(b',')?;
            }
        }
        self.mark(b'}')?;
        if self.peek().is_some() {
            return Err(self.flaw("nothing behind the dictionary"));
        }
        match (kind, fortran, shape) {
            (Some((element, order)), Some(fortran), Some(shape)) => {
                Ok((element, order, fortran, shape))
            }
            _ => Err(self.flaw("'descr', 'fortran_order' and 'shape'")),
        }
    }

    /// The next byte that is no space.
    fn peek(&mut self) -> Option<u8> {
        while let Some(byte) = self.text.get(self.at) {
            if !byte.is_ascii_whitespace() {
                return Some(*byte);
            }
            self.at += 1;
        }
        None
    }

    /// Takes a mark.
    fn mark(&mut self, mark: u8) -> Result<(), Flaw> {
        if self.peek() == Some(mark) {
            self.at += 1;
            return Ok(());
        }
        Err(self.flaw(&format!("`{}`", char::from(mark))))
    }

    /// Takes a string in quotes of either kind, without escapes.
    fn string(&mut self) -> Result<&'a str, Flaw> {
        let quote = self.peek();
        let (Some(quote), text) = (
            quote.filter(|quote| matches!(quote, b'\'' | b'"')),
            self.text,
        ) else {
            return Err(self.flaw("a string in quotes"));
        };
        let begin = self.at + 1;
        let rest = &text[begin..];
        let length = rest.iter().position(|&byte| byte == quote);
        let string = length.and_then(|length| core::str::from_utf8(&rest[..length]).ok());
        let Some(string) = string else {
            return Err(self.flaw("a string that ends"));
        };
        self.at = begin + string.len() + 1;
        Ok(string)
    }

    /// Takes the type of the elements.
    fn element(&mut self) -> Result<(Element, Order), Flaw> {
        if self.peek() == Some(b'[') {
            let reason = "the elements are records; save each column apart, such as by `numpy.save(path, array['name'])`";
            return Err((self.before + self.at as u64, reason.into()));
        }
        let at = self.before + self.at as u64;
        let code = self.string()?;
        Element::from_code(code).ok_or_else(|| {
            let repair = match code.as_bytes() {
                [_, b'O', ..] => {
                    "objects are pickled, so make numbers of them by `array.astype(\"float32\")`"
                }
                [_, b'U' | b'S', ..] => {
                    "words are no numbers, so count them by `numpy.unique(array, return_inverse=True)`"
                }
                [_, b'c', ..] => "of complex numbers, save `array.real` and `array.imag`",
                _ => "change them by `array.astype(\"float32\")`",
            };
            let reason = format!(
                "expected elements of type bool, int8 to int64, uint8 to uint64, float16, float32 or float64, found \
                 '{}'; {repair}",
                code.escape_debug()
            );
            (at, reason)
        })
    }

    fn boolean(&mut self) -> Result<bool, Flaw> {
        self.peek();
        for (word, value) in [("True", true), ("False", false)] {
            if self.text[self.at..].starts_with(word.as_bytes()) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(self.flaw("True or False"))
    }

    /// Takes a tuple of sizes.
    fn tuple(&mut self) -> Result<Vec<usize>, Flaw> {
        let mut sizes = Vec::new();
        self.mark(b'(')?;
        while self.peek() != Some(b')') {
            if sizes.len() == MOST {
                return Err(self.flaw(&format!("at most {MOST} dimensions")));
            }
            sizes.push(self.size()?);
            match self.peek() {
                Some(b')') if sizes.len() > 1 => {}
                // (3) is a number in Python.
                _ => self.mark(b',')?,
            }
        }
        self.mark(b')')?;
        Ok(sizes)
    }

    fn size(&mut self) -> Result<usize, Flaw> {
        self.peek();
        let digits = self.text[self.at..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let text = core::str::from_utf8(&self.text[self.at..self.at + digits]);
        let Some(size) = text.ok().and_then(|text| text.parse::<usize>().ok()) else {
            return Err(self.flaw("a size that memory may have"));
        };
        self.at += digits;
        // Python 2 wrote long integers so.
        if self.text.get(self.at) == Some(&b'L') {
            self.at += 1;
        }
        Ok(size)
    }

    fn flaw(&self, expected: &str) -> Flaw {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let found = match rest.len() {
            0 => "the end".into(),
            length => format!("`{}`", rest[..length.min(20)].escape_ascii()),
        };
        let reason = format!(
            "the header should have {expected} here, but has {found}; the file is damaged, so save or fetch it again"
        );
        (self.before + self.at as u64, reason)
    }
}
