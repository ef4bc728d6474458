//! Weights as safetensors, by the names, shapes and order of PyTorch's `state_dict`.
//!
//! `safetensors.torch.save_file(model.state_dict(), path)` writes what [`load`] reads, and
//! `model.load_state_dict(safetensors.torch.load_file(path))` reads what [`save`] writes.
//!
//! A file is written beside its final name and then takes it, so that at every moment the name stands for either the old
//! file or the whole new one. A file is proven before the first weight changes.

mod number;
mod replace;
#[cfg(test)]
mod tests;

use crate::{
    block::{Block, LANES},
    error::{Error, Mismatch, Misshapen, Result, io},
    layout::Tensor,
};
use alloc::{
    borrow::Cow,
    boxed::Box,
    format,
    string::{String, ToString},
    vec::Vec,
};
use bytemuck::{must_cast_slice, must_cast_slice_mut};
use number::Number;
use safetensors::{Dtype, SafeTensorError, SafeTensors, View, tensor::TensorView};
use std::{fs, io::Write, path::Path};

/// Writes the parameters in `arena` to a file, replacing the file if there is one.
///
/// # Errors
///
/// [`Error::Io`] if the file cannot be written, [`Error::Weights`] if a parameter is NaN or infinite; an old file is then
/// as it was.
pub fn save(path: impl AsRef<Path>, tensors: &[Tensor], arena: &[Block]) -> Result<()> {
    let path = path.as_ref();
    let bytes = encode(Some(path), tensors, arena)?;
    replace::replace(path, |file| file.write_all(&bytes))
}

/// Reads the parameters of a file into `arena`.
///
/// Numbers of 16 and 64 bits are converted to `f32`. The arena is changed only if everything is well.
///
/// # Errors
///
/// [`Error::Io`] if the file cannot be read, [`Error::NotSafetensors`] if it is damaged or of another format,
/// [`Error::Weights`] listing all missing, unexpected, misshapen and unusable tensors.
pub fn load(path: impl AsRef<Path>, tensors: &[Tensor], arena: &mut [Block]) -> Result<()> {
    let path = path.as_ref();
    let bytes = fs::read(path).map_err(io("read", path))?;
    decode(Some(path), &bytes, tensors, arena)
}

/// What [`save`] writes.
///
/// # Errors
///
/// [`Error::Weights`] if a parameter is NaN or infinite.
pub fn to_bytes(tensors: &[Tensor], arena: &[Block]) -> Result<Vec<u8>> {
    encode(None, tensors, arena)
}

/// Reads parameters from the bytes of a file, such as `include_bytes!`.
///
/// # Errors
///
/// As [`load`], but for those of reading.
pub fn from_bytes(bytes: &[u8], tensors: &[Tensor], arena: &mut [Block]) -> Result<()> {
    decode(None, bytes, tensors, arena)
}

fn encode(path: Option<&Path>, tensors: &[Tensor], arena: &[Block]) -> Result<Vec<u8>> {
    check_places(tensors, arena.len())?;
    let floats = must_cast_slice::<Block, f32>(arena);
    let parameters = tensors.iter().map(|tensor| {
        let mut numbers = Vec::with_capacity(tensor.count());
        tensor.layout.visit(|place| numbers.push(floats[place]));
        Parameter { tensor, numbers }
    });
    let parameters = parameters.collect::<Vec<_>>();
    let not_finite = parameters.iter().filter_map(|parameter| {
        let index = parameter
            .numbers
            .iter()
            .position(|number| !number.is_finite())?;
        Some((parameter.tensor.name.to_string(), index))
    });
    let mismatch = Mismatch {
        path: path.map(Path::to_path_buf),
        not_finite: not_finite.collect(),
        ..Mismatch::default()
    };
    if !mismatch.is_empty() {
        return Err(Error::Weights(Box::new(mismatch)));
    }
    // PyTorch's own tools refuse files that do not say so.
    let metadata = [("format".to_string(), "pt".to_string())]
        .into_iter()
        .collect();
    let named = parameters
        .iter()
        .map(|parameter| (parameter.tensor.name, parameter));
    safetensors::serialize(named, Some(metadata)).map_err(|error| Error::NotSafetensors {
        path: path.map(Path::to_path_buf),
        reason: error.to_string(),
    })
}

/// A parameter's numbers in row-major order.
struct Parameter<'a> {
    tensor: &'a Tensor,
    numbers: Vec<f32>,
}

impl View for &Parameter<'_> {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        self.tensor.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        self.numbers
            .iter()
            .flat_map(|number| number.to_le_bytes())
            .collect()
    }

    fn data_len(&self) -> usize {
        self.numbers.len() * size_of::<f32>()
    }
}

fn decode(
    path: Option<&Path>,
    bytes: &[u8],
    tensors: &[Tensor],
    arena: &mut [Block],
) -> Result<()> {
    check_places(tensors, arena.len())?;
    let broken = |reason| Error::NotSafetensors {
        path: path.map(Path::to_path_buf),
        reason,
    };
    check_format(bytes).map_err(broken)?;
    let file = SafeTensors::deserialize(bytes).map_err(|error| broken(explain(&error, bytes)))?;
    let found = match_tensors(path, &file, tensors)?;
    let floats = must_cast_slice_mut::<Block, f32>(arena);
    for (tensor, (number, view)) in tensors.iter().zip(found) {
        let mut numbers = number.decode(view.data());
        tensor.layout.visit(|place| {
            if let Some(number) = numbers.next() {
                floats[place] = number;
            }
        });
    }
    Ok(())
}

/// The file's tensor for each of the model's, if they match one by one.
fn match_tensors<'a>(
    path: Option<&Path>,
    file: &SafeTensors<'a>,
    tensors: &[Tensor],
) -> Result<Vec<(Number, TensorView<'a>)>> {
    let mut found = Vec::with_capacity(tensors.len());
    let mut mismatch = Mismatch {
        path: path.map(Path::to_path_buf),
        ..Mismatch::default()
    };
    for tensor in tensors {
        let name = tensor.name.to_string();
        let Ok(view) = file.tensor(tensor.name) else {
            mismatch.missing.push(name);
            continue;
        };
        if view.shape() != tensor.shape {
            let (expected, found) = (tensor.shape.to_vec(), view.shape().to_vec());
            mismatch.misshapen.push(Misshapen {
                name,
                expected,
                found,
            });
            continue;
        }
        let Some(number) = Number::of(view.dtype()) else {
            mismatch.types.push((name, view.dtype().to_string()));
            continue;
        };
        match number
            .decode(view.data())
            .position(|number| !number.is_finite())
        {
            Some(index) => mismatch.not_finite.push((name, index)),
            None => found.push((number, view)),
        }
    }
    let unexpected = file
        .names()
        .into_iter()
        .filter(|name| tensors.iter().all(|tensor| tensor.name != *name));
    mismatch
        .unexpected
        .extend(unexpected.map(ToString::to_string));
    // The file's table of names has no order.
    mismatch.unexpected.sort_unstable();
    if mismatch.is_empty() {
        Ok(found)
    } else {
        Err(Error::Weights(Box::new(mismatch)))
    }
}

/// Every parameter's place lies in the arena.
fn check_places(tensors: &[Tensor], blocks: usize) -> Result<()> {
    let found = blocks * LANES;
    match tensors.iter().find(|tensor| tensor.layout.extent() > found) {
        None => Ok(()),
        Some(&Tensor { name, layout, .. }) => Err(Error::Layout {
            name,
            expected: layout.extent(),
            found,
        }),
    }
}

/// Why a file cannot be read.
fn explain(error: &SafeTensorError, bytes: &[u8]) -> String {
    match error {
        SafeTensorError::MetadataIncompleteBuffer => {
            let content = bytes.split_first_chunk().map_or(0, |(length, rest)| {
                (rest.len() as u64).saturating_sub(u64::from_le_bytes(*length))
            });
            format!(
                "the header's tensors should take all bytes behind it, but there are {content}, too few or too many; \
                 the file is cut off or damaged, so fetch or save it again"
            )
        }
        error => {
            format!("the file is damaged or no safetensors file ({error}); fetch or save it again")
        }
    }
}

/// Recognizes what else weights are kept in, and headers whose numbers no memory holds.
fn check_format(bytes: &[u8]) -> Result<(), String> {
    let other = match bytes {
        [b'P', b'K', 3, 4, ..] | [0x80, 2..=5, b'}' | b'c' | b'.' | 0x8a, ..] => {
            "a pickle of `torch.save`"
        }
        [0x89, b'H', b'D', b'F', ..] => "HDF5, as Keras saves it",
        [b'G', b'G', b'U', b'F', ..] => "GGUF",
        _ => return check_header(bytes),
    };
    Err(format!(
        "expected safetensors, found {other}; in Python, save the weights by \
         `safetensors.torch.save_file(model.state_dict(), path)`"
    ))
}

/// No number outside of the header's strings is beyond memory, so that sums of sizes cannot overflow.
fn check_header(bytes: &[u8]) -> Result<(), String> {
    let Some((length, rest)) = bytes.split_first_chunk() else {
        return Err(format!(
            "the file ends after {} bytes, within its first number; fetch or save it again",
            bytes.len()
        ));
    };
    let length = u64::from_le_bytes(*length);
    let Some(header) = usize::try_from(length)
        .ok()
        .and_then(|length| rest.get(..length))
    else {
        return Err(format!(
            "the header should be {length} bytes, but {} are left in the file; it is cut off or no safetensors file, \
             so fetch or save it again",
            rest.len()
        ));
    };
    let (mut quoted, mut escaped, mut number) = (false, false, 0_usize);
    for (offset, &byte) in header.iter().enumerate() {
        number = match byte {
            b'0'..=b'9' if !quoted => number
                .saturating_mul(10)
                .saturating_add(usize::from(byte - b'0')),
            _ => 0,
        };
        if isize::try_from(number).is_err() {
            let offset = offset + size_of::<u64>();
            return Err(format!(
                "byte {offset}: a size is beyond all memory; the file is damaged, so fetch or save it again"
            ));
        }
        quoted ^= byte == b'"' && !escaped;
        escaped = quoted && byte == b'\\' && !escaped;
    }
    Ok(())
}
