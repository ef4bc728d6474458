//! Weights as safetensors, by the names, shapes and order of PyTorch's `state_dict`.
//!
//! `safetensors.torch.save_file(model.state_dict(), path)` writes what [`load`] reads, and
//! `model.load_state_dict(safetensors.torch.load_file(path))` reads what [`save`] writes.
//!
//! A file is written beside its final name and then takes it, so that at every moment the name stands for either the old
//! file or the whole new one. A file is proven before the first weight changes.
//!
//! Bytes are read and written without `std`; files need it.

mod alike;
mod decode;
mod encode;
mod places;
#[cfg(feature = "std")]
mod read;
pub mod record;
mod rename;
#[cfg(feature = "std")]
mod replace;
#[cfg(all(test, feature = "std"))]
mod tests;

pub use rename::{Rename, own};

#[cfg(doc)]
use crate::error::Error;
use crate::{block::Block, error::Result, tensor::Tensor};
use alloc::vec::Vec;
#[cfg(feature = "std")]
use {
    alloc::{
        collections::BTreeMap,
        string::{String, ToString},
    },
    std::{io::Write, path::Path},
};

/// Writes the parameters in `arena` to a file, replacing the file if there is one.
///
/// # Errors
///
/// [`Error::Io`] if the file cannot be written, [`Error::Weights`] if a parameter is NaN or infinite; an old file is then
/// as it was. [`Error::InPlace`] if writing over a file that cannot be replaced did not end.
#[cfg(feature = "std")]
pub fn save(path: impl AsRef<Path>, tensors: &[Tensor], arena: &[Block]) -> Result<()> {
    save_with(path, tensors, arena, &[])
}

/// As [`save`], with more in the file's metadata, of which neither key nor text needs an escape in JSON.
///
/// # Errors
///
/// As [`save`], and [`Error::NotSafetensors`] if there is more of it than can be read.
#[cfg(feature = "std")]
pub fn save_with(
    path: impl AsRef<Path>,
    tensors: &[Tensor],
    arena: &[Block],
    metadata: &[(String, String)],
) -> Result<()> {
    let path = path.as_ref();
    let shown = path.display().to_string();
    let bytes = encode::encode(Some(&shown), tensors, arena)?;
    let bytes = encode::with_metadata(&shown, bytes, metadata)?;
    replace::replace(path, |file| file.write_all(&bytes))
}

/// The metadata of a file.
///
/// # Errors
///
/// As [`load`], but for those of its tensors.
#[cfg(feature = "std")]
pub fn metadata(path: impl AsRef<Path>) -> Result<BTreeMap<String, String>> {
    let path = path.as_ref();
    decode::metadata(&path.display().to_string(), &read::read(path)?)
}

/// Reads the parameters of a file into `arena`; `rename` says which tensor is which parameter.
///
/// Numbers of 16 and 64 bits are converted to `f32`: those of 16 bits exactly, those of 64 bits to the nearest, so that
/// the relative error is at most 2^-24. The arena is changed only if everything is well.
///
/// # Errors
///
/// [`Error::Io`] if the file cannot be read, [`Error::Interrupted`] if a save over it did not end,
/// [`Error::NotSafetensors`] if it is damaged or of another format, [`Error::Weights`] listing all missing, unexpected,
/// misshapen and unusable tensors.
#[cfg(feature = "std")]
pub fn load(
    path: impl AsRef<Path>,
    rename: Rename<'_>,
    tensors: &[Tensor],
    arena: &mut [Block],
) -> Result<()> {
    let path = path.as_ref();
    let shown = path.display().to_string();
    let bytes = read::read(path)?;
    decode::decode(Some(&shown), &bytes, rename, tensors, arena)
}

/// The bytes of a file, unless its first ones show that it is no safetensors file.
#[cfg(feature = "std")]
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    read::read(path)
}

/// Writes a file, replacing it as a whole if there is one.
#[cfg(feature = "std")]
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    replace::replace(path, |file| file.write_all(bytes))
}

/// What [`save`] writes.
///
/// # Errors
///
/// [`Error::Weights`] if a parameter is NaN or infinite.
pub fn to_bytes(tensors: &[Tensor], arena: &[Block]) -> Result<Vec<u8>> {
    encode::encode(None, tensors, arena)
}

/// Reads parameters from the bytes of a file, such as `include_bytes!`.
///
/// # Errors
///
/// As [`load`], but for those of reading.
pub fn load_bytes(
    bytes: &[u8],
    rename: Rename<'_>,
    tensors: &[Tensor],
    arena: &mut [Block],
) -> Result<()> {
    decode::decode(None, bytes, rename, tensors, arena)
}
