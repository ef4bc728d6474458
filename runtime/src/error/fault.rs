//! What can be wrong with a data file.

use alloc::{string::String, vec::Vec};
use core::fmt::{self, Display, Formatter};
use std::path::PathBuf;

/// What is wrong with a data file, at the place that [`Error::Data`](super::Error::Data) names.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// An IDX file begins with two zero bytes; this one does not.
    Magic {
        /// Its first two bytes.
        found: [u8; 2],
    },
    /// An IDX file's third byte names the type of its elements; this one names none.
    ElementCode {
        /// The byte.
        found: u8,
    },
    /// The elements are of another type than asked for.
    ElementType {
        /// The type asked for.
        expected: &'static str,
        /// The file's.
        found: &'static str,
    },
    /// The file has another number of dimensions than asked for.
    Rank {
        /// Dimensions asked for.
        expected: usize,
        /// The file's.
        found: usize,
    },
    /// The items have another shape than asked for.
    Shape {
        /// Shape asked for.
        expected: Vec<usize>,
        /// The file's.
        found: Vec<usize>,
    },
    /// The dimensions multiply to more than memory can hold.
    TooLarge {
        /// The dimensions.
        dimensions: Vec<usize>,
    },
    /// The file ends too early.
    Truncated {
        /// Bytes that its header promises.
        expected: u64,
        /// Bytes that there are.
        found: u64,
    },
    /// The file goes on after its last element.
    Trailing {
        /// Bytes that its header promises.
        expected: u64,
    },
    /// The header promises more than the packed file can hold: gzip packs 1032 bytes into one at most.
    Packed {
        /// Bytes that the header promises.
        expected: u64,
        /// Bytes of the packed file.
        packed: u64,
    },
    /// A whole gzip stream is followed by bytes that are neither another one nor zero.
    Garbage {
        /// Bytes of the packed file before them.
        packed: u64,
    },
    /// The gzip stream is damaged.
    Gzip {
        /// The decompressor's reason.
        reason: String,
    },
    /// An array of NumPy cannot be used.
    Npy {
        /// What was expected, what was found, and a repair.
        reason: String,
    },
    /// An archive of arrays cannot be used.
    Zip {
        /// What was expected, what was found, and a repair.
        reason: String,
    },
    /// The file holds no items.
    Empty,
    /// A file of labels holds another number of items than its file of images.
    Count {
        /// The file of images.
        images: PathBuf,
        /// Number of images.
        expected: usize,
        /// Number of labels.
        found: usize,
    },
    /// A label names no class.
    Label {
        /// Row of the file, counted from 0.
        row: usize,
        /// The label.
        label: usize,
        /// Number of classes: labels are `0..classes`.
        classes: usize,
    },
}

impl Fault {
    /// Bytes that a byte of gzip unpacks to at most: two bits repeat 258 bytes.
    pub(crate) const RATIO: u64 = 258 * 8 / 2;
}

impl Display for Fault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Magic { found: [a, b] } => {
                write!(
                    f,
                    "an IDX file begins with the bytes 00 00, but this one with {a:02x} {b:02x}; "
                )?;
                f.write_str(match (a, b) {
                    (b'<', _) => "it is a web page, so fetch the file itself, by a link that still leads to it",
                    (b'P', b'K') => "it is a zip file, so unpack it",
                    _ => "give an IDX file, plain or as gzip",
                })
            }
            Self::ElementCode { found } => write!(
                f,
                "expected the code of an element type (08, 09, 0b, 0c, 0d or 0e), found {found:02x}; \
                 the file is damaged or no IDX file, so fetch it again"
            ),
            Self::ElementType { expected, found } => write!(
                f,
                "expected elements of type {expected}, found {found}; check that this is the file that was meant"
            ),
            Self::Rank { expected, found } => write!(
                f,
                "expected {expected} dimensions, found {found}; check that images and labels are not exchanged"
            ),
            Self::Shape { expected, found } => {
                write!(f, "expected items of shape {expected:?}, found {found:?}; ")?;
                match found[..] {
                    [height, width] => {
                        write!(f, "read them by `data::idx::images::<{height}, {width}>`")
                    }
                    _ => f.write_str("read them by `data::idx::Idx`, which takes any shape"),
                }
            }
            Self::TooLarge { dimensions } => write!(
                f,
                "the dimensions {dimensions:?} multiply to more than memory can hold; \
                 the file is damaged, so fetch it again"
            ),
            Self::Truncated { expected, found } => write!(
                f,
                "the file ends here, after {found} of {expected} bytes; it is cut off, so fetch it again"
            ),
            Self::Trailing { expected } => write!(
                f,
                "the header promises {expected} bytes, but the file goes on; it is damaged, so fetch it again"
            ),
            Self::Packed { expected, packed } => write!(
                f,
                "the header promises {expected} bytes, but {packed} bytes of gzip unpack to {} at most; \
                 the file is cut off or damaged, so fetch it again",
                packed.saturating_mul(Self::RATIO)
            ),
            Self::Garbage { packed } => write!(
                f,
                "the gzip stream is whole, but behind its {packed} bytes the file goes on with something else; \
                 cut it off there, or unpack it by `gunzip`, which leaves the rest out"
            ),
            Self::Gzip { reason } => {
                write!(
                    f,
                    "the gzip stream cannot be unpacked from here ({reason}); fetch the file again"
                )
            }
            Self::Npy { reason } | Self::Zip { reason } => f.write_str(reason),
            Self::Empty => {
                f.write_str("the file holds no items, but at least one is needed; fetch it again")
            }
            Self::Count {
                images,
                expected,
                found,
            } => write!(
                f,
                "expected one label for each of the {expected} images of `{}`, found {found}; \
                 take both files from the same set",
                images.display()
            ),
            Self::Label {
                row,
                label,
                classes,
            } => write!(
                f,
                "row {row} has label {label}, but {classes} classes take labels below {classes}; \
                 check the number of classes, or fetch the file again"
            ),
        }
    }
}
