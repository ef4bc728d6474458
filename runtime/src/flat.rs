//! Flat slices of floats as the nested arrays that models take and give, and back, without a copy.
//!
//! ```
//! use kiln::flat;
//!
//! let pixels = vec![0.5_f32; 2 * 28 * 28];
//! let images: &[[[f32; 28]; 28]] = flat::rows(&pixels)?;
//! assert_eq!(images.len(), 2);
//! let first: &[[f32; 28]; 28] = flat::view(&pixels[..28 * 28])?;
//! assert_eq!(flat::numbers(first), &pixels[..28 * 28]);
//! # Ok::<(), kiln::Error>(())
//! ```
//!
//! The numbers of a nested array are in row-major order, as in PyTorch's and NumPy's contiguous arrays. A tuple of arrays is
//! made of views of each part.

use crate::{
    error::{Error, Result},
    value::Nested,
};

/// `f32`, or arrays of arrays of `f32`.
pub trait Floats: Nested {}

impl Floats for f32 {}

impl<T: Floats, const N: usize> Floats for [T; N] {}

/// Numbers in row-major order as one nested array.
///
/// # Errors
///
/// [`Error::Numbers`] if there are not as many as the array holds.
pub fn view<T: Floats>(numbers: &[f32]) -> Result<&T> {
    match rows(numbers)? {
        [value] => Ok(value),
        _ => Err(wrong_count::<T>(numbers.len())),
    }
}

/// Numbers in row-major order as one nested array, to be changed.
///
/// # Errors
///
/// As [`view`].
pub fn view_mut<T: Floats>(numbers: &mut [f32]) -> Result<&mut T> {
    let found = numbers.len();
    match rows_mut(numbers)? {
        [value] => Ok(value),
        _ => Err(wrong_count::<T>(found)),
    }
}

/// Numbers in row-major order as nested arrays, such as a batch of inputs.
///
/// # Errors
///
/// [`Error::Numbers`] if they are not a multiple of what one array holds.
pub fn rows<T: Floats>(numbers: &[f32]) -> Result<&[T]> {
    bytemuck::try_cast_slice(numbers).map_err(|_| wrong_count::<T>(numbers.len()))
}

/// Numbers in row-major order as nested arrays, to be changed, such as the outputs of a batch.
///
/// # Errors
///
/// As [`rows`].
pub fn rows_mut<T: Floats>(numbers: &mut [f32]) -> Result<&mut [T]> {
    let found = numbers.len();
    bytemuck::try_cast_slice_mut(numbers).map_err(|_| wrong_count::<T>(found))
}

/// The numbers of a nested array, in row-major order.
pub fn numbers<T: Floats>(value: &T) -> &[f32] {
    all_numbers(core::slice::from_ref(value))
}

/// The numbers of a nested array, in row-major order, to be changed.
pub fn numbers_mut<T: Floats>(value: &mut T) -> &mut [f32] {
    all_numbers_mut(core::slice::from_mut(value))
}

/// The numbers of many nested arrays, one after another.
pub fn all_numbers<T: Floats>(values: &[T]) -> &[f32] {
    bytemuck::cast_slice(values)
}

/// The numbers of many nested arrays, one after another, to be changed.
pub fn all_numbers_mut<T: Floats>(values: &mut [T]) -> &mut [f32] {
    bytemuck::cast_slice_mut(values)
}

#[cold]
fn wrong_count<T>(found: usize) -> Error {
    Error::Numbers {
        expected: size_of::<T>() / size_of::<f32>(),
        found,
    }
}

#[cfg(test)]
mod tests {
    use super::{
        all_numbers, all_numbers_mut, numbers, numbers_mut, rows, rows_mut, view, view_mut,
    };
    use alloc::{string::ToString, vec::Vec};

    type Array = [[f32; 3]; 2];

    #[test]
    fn there_and_back_is_the_same_memory() {
        let mut flat = (0..12).map(|i| i as f32).collect::<Vec<_>>();
        let arrays = rows::<Array>(&flat).unwrap();
        assert_eq!(arrays[1], [[6.0, 7.0, 8.0], [9.0, 10.0, 11.0]]);
        assert!(core::ptr::eq(all_numbers(arrays), &flat[..]));
        assert_eq!(numbers(view::<Array>(&flat[6..]).unwrap()), &flat[6..]);
        view_mut::<Array>(&mut flat[..6]).unwrap()[1][2] = -1.0;
        let arrays = rows_mut::<Array>(&mut flat).unwrap();
        numbers_mut(&mut arrays[1])[0] = -2.0;
        all_numbers_mut(arrays)[11] = -3.0;
        assert_eq!([flat[5], flat[6], flat[11]], [-1.0, -2.0, -3.0]);
    }

    #[test]
    fn wrong_counts_are_refused() {
        for count in [0, 5, 7, 12] {
            let mut flat = alloc::vec![0.0; count];
            let message = view::<Array>(&flat).unwrap_err().to_string();
            assert!(
                message.starts_with(&alloc::format!("{count} numbers")) && message.contains(" 6 "),
                "{message}"
            );
            assert!(view_mut::<Array>(&mut flat).is_err());
            assert_eq!(rows::<Array>(&flat).is_ok(), count % 6 == 0);
            assert_eq!(rows_mut::<Array>(&mut flat).is_ok(), count % 6 == 0);
        }
        assert!(rows::<[f32; 0]>(&[1.0]).is_err());
        assert!(view::<[f32; 0]>(&[]).is_err());
    }
}
