//! Writing arrays as NumPy reads them.

use super::super::array::Array;
use crate::{
    error::{Result, io},
    flat,
};
use alloc::{format, string::String, vec::Vec};
use std::{
    fs::File,
    io::{BufWriter, Result as IoResult, Write},
    path::Path,
};

/// Bytes that the elements are aligned to, as NumPy aligns them.
const ALIGNMENT: usize = 64;

/// Writes arrays as one `.npy` file of `float32`, whose outermost dimension counts them: a hundred `[[f32; 28]; 28]` have
/// shape `(100, 28, 28)` in Python. An old file is written over.
///
/// ```no_run
/// kiln::data::npy::save("answers.npy", &[[0.1_f32, 0.9], [0.7, 0.3]])?;
/// # Ok::<(), kiln::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::Io`](crate::error::Error::Io) if the file cannot be written.
pub fn save<T: Array>(path: impl AsRef<Path>, arrays: &[T]) -> Result<()> {
    let path = path.as_ref();
    let file = File::create(path).map_err(io("create", path))?;
    let mut file = BufWriter::new(file);
    write_to(&mut file, arrays)
        .and_then(|()| file.flush())
        .map_err(io("write", path))
}

/// Writes arrays as the bytes of a `.npy` file, as [`save`] does.
///
/// # Errors
///
/// [`Error::System`](crate::error::Error::System) with what the writer says.
pub fn write<T: Array>(writer: &mut impl Write, arrays: &[T]) -> Result<()> {
    Ok(write_to(writer, arrays)?)
}

fn write_to<T: Array>(writer: &mut dyn Write, arrays: &[T]) -> IoResult<()> {
    let shape = core::iter::once(arrays.len()).chain(T::SHAPE.iter().copied());
    let sizes = shape.map(|size| format!("{size}, ")).collect::<String>();
    let mut header = format!(
        "{{'descr': '<f4', 'fortran_order': False, 'shape': ({}), }}",
        match T::SHAPE {
            [] => sizes.trim_end(),
            _ => sizes.trim_end_matches(", "),
        }
    );
    // Version 1.0 has ten bytes before the header, which ends in a line break.
    let length = (10 + header.len() + 1).next_multiple_of(ALIGNMENT) - 10;
    header.extend(core::iter::repeat_n(' ', length - 1 - header.len()));
    header.push('\n');
    writer.write_all(b"\x93NUMPY\x01\0")?;
    writer.write_all(&(length as u16).to_le_bytes())?;
    writer.write_all(header.as_bytes())?;
    let mut piece = Vec::with_capacity(1 << 14);
    for numbers in flat::all_numbers(arrays).chunks(1 << 12) {
        piece.clear();
        piece.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        writer.write_all(&piece)?;
    }
    Ok(())
}
