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

mod bytes;
mod content;
mod element;
mod header;
mod npz;
mod places;
#[cfg(test)]
pub(super) mod tests;
mod write;
mod zip;

pub use content::Npy;
pub use element::{Element, Order};
pub use npz::Npz;
pub use write::{save, write};
