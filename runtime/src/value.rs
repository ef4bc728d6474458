//! What goes into a network and what comes out of it, as the user holds it: nested arrays, or tuples of them.

#[cfg(feature = "alloc")]
use crate::error::{Error, Result};
#[cfg(feature = "alloc")]
use alloc::{boxed::Box, vec::Vec};
use bytemuck::{Pod, Zeroable};

/// A number, or arrays of arrays of one kind of number.
pub trait Nested: Pod + Send + Sync {
    /// Whether the numbers are `f32`; tokens are not.
    const FLOATS: bool;
}

impl Nested for f32 {
    const FLOATS: bool = true;
}

impl Nested for u32 {
    const FLOATS: bool = false;
}

impl<T: Nested, const N: usize> Nested for [T; N] {
    const FLOATS: bool = T::FLOATS;
}

/// The numbers of a nested array in row-major order; none for tokens.
#[inline(always)]
pub fn floats<T: Nested>(value: &T) -> &[f32] {
    if T::FLOATS {
        bytemuck::cast_slice(core::slice::from_ref(value))
    } else {
        &[]
    }
}

/// The numbers of a nested array in row-major order; none for tokens.
#[inline(always)]
pub fn floats_mut<T: Nested>(value: &mut T) -> &mut [f32] {
    if T::FLOATS {
        bytemuck::cast_slice_mut(core::slice::from_mut(value))
    } else {
        &mut []
    }
}

/// The indices of a nested array in row-major order; none for numbers.
#[inline(always)]
fn indices<T: Nested>(value: &T) -> &[u32] {
    if T::FLOATS {
        &[]
    } else {
        bytemuck::cast_slice(core::slice::from_ref(value))
    }
}

/// An input or an output of a network: a nested array, or a tuple of them.
pub trait Value: Clone + Zeroable + Send + Sync + 'static {
    /// Index of the first number that is infinite or no number at all, counted in row-major order through all parts.
    fn first_not_finite(&self) -> Option<usize>;

    /// How many `f32` it holds.
    fn count(&self) -> usize;

    /// The indices of a part, the first of which is 0, in row-major order; none where it holds numbers.
    fn indices(&self, part: usize) -> &[u32];
}

/// The bits of the exponent: all are set in what is infinite or no number.
const EXPONENT: u32 = 0x7f80_0000;

impl<T: Nested> Value for T {
    fn first_not_finite(&self) -> Option<usize> {
        let numbers = floats(self);
        // All exponent bits set: infinite or NaN. Without an early exit, so that it runs at the speed of memory.
        let bad = |x: &f32| x.to_bits() & EXPONENT == EXPONENT;
        numbers
            .chunks(256)
            .position(|chunk| chunk.iter().fold(false, |any, x| any | bad(x)))
            .and_then(|chunk| {
                let rest = &numbers[chunk * 256..];
                rest.iter().position(bad).map(|index| chunk * 256 + index)
            })
    }

    fn count(&self) -> usize {
        floats(self).len()
    }

    fn indices(&self, part: usize) -> &[u32] {
        if part == 0 { indices(self) } else { &[] }
    }
}

/// A value full of zeros on the heap, such as the memory that `forward_into` answers in. However large it is, it never lies
/// on a stack.
///
/// ```
/// let mut output: Box<[[f32; 512]; 512]> = kiln::zeroed()?;
/// output[511][511] = 1.0;
/// # Ok::<(), kiln::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::Memory`] if there is no memory for it.
#[cfg(feature = "alloc")]
pub fn zeroed<T: Value>() -> Result<Box<T>> {
    bytemuck::allocation::try_zeroed_box().map_err(|()| Error::Memory {
        what: "an array",
        bytes: size_of::<T>() as u128,
    })
}

/// Values full of zeros, such as the memory that `forward_batch` answers in.
///
/// ```
/// let outputs: Vec<[f32; 10]> = kiln::zeroed_vec(32)?;
/// assert_eq!(outputs, [[0.0; 10]; 32]);
/// # Ok::<(), kiln::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::Memory`] if there is no memory for them.
#[cfg(feature = "alloc")]
pub fn zeroed_vec<T: Value>(count: usize) -> Result<Vec<T>> {
    room("arrays", count)
}

/// Cleared memory for `count` items, which never lie on a stack.
#[cfg(feature = "alloc")]
pub(crate) fn room<T: Zeroable>(what: &'static str, count: usize) -> Result<Vec<T>> {
    bytemuck::allocation::try_zeroed_vec(count).map_err(|()| Error::Memory {
        what,
        bytes: count as u128 * size_of::<T>() as u128,
    })
}

/// Memory for `count` items as they begin, such as moments and gradients; `what` is told in errors.
#[cfg(feature = "alloc")]
pub(crate) fn filled<T: Clone + Default>(what: &'static str, count: usize) -> Result<Vec<T>> {
    let mut items = Vec::new();
    items.try_reserve_exact(count).map_err(|_| Error::Memory {
        what,
        bytes: count as u128 * size_of::<T>() as u128,
    })?;
    items.resize(count, T::default());
    Ok(items)
}

/// Implements [`Value`] for tuples: the parts one after another.
macro_rules! tuple {
    ($($part:ident $index:tt),*) => {
        impl<$($part: Value),*> Value for ($($part,)*) {
            fn first_not_finite(&self) -> Option<usize> {
                let mut before = 0;
                $(
                    if let Some(index) = self.$index.first_not_finite() {
                        return Some(before + index);
                    }
                    before += self.$index.count();
                )*
                let _ = before;
                None
            }

            fn count(&self) -> usize {
                0 $(+ self.$index.count())*
            }

            fn indices(&self, part: usize) -> &[u32] {
                match part {
                    $($index => self.$index.indices(0),)*
                    _ => &[],
                }
            }
        }
    };
}

tuple!(A 0, B 1);
tuple!(A 0, B 1, C 2);
tuple!(A 0, B 1, C 2, D 3);
tuple!(A 0, B 1, C 2, D 3, E 4);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5);

#[cfg(test)]
mod tests {
    use super::Value;

    #[test]
    fn the_first_bad_number_is_found_through_all_parts() {
        let mut value = ([[1.0_f32; 300]; 2], [7_u32; 4], [0.0_f32; 5]);
        assert_eq!(value.first_not_finite(), None);
        assert_eq!(value.count(), 605);
        assert_eq!(
            [0, 1, 2, 3].map(|part| value.indices(part).len()),
            [0, 4, 0, 0]
        );
        value.2[3] = f32::NEG_INFINITY;
        assert_eq!(value.first_not_finite(), Some(603));
        value.0[1][299] = f32::NAN;
        assert_eq!(value.first_not_finite(), Some(599));
    }
}
