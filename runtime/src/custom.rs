//! Layers of a user's own: what they are, and the memory that they see as arrays.
//!
//! [`CustomLayer`] is written over arrays as PyTorch has them, row-major and without gaps. [`Operands`] makes them of blocks.

use crate::{
    block::{self, Block, LANES},
    value::Nested,
};

/// A layer in plain Rust, which `model!` names by its path: from inputs `X` with parameters `P` to an output `Y`, each a nested
/// array, and several of them as a tuple. What the layer keeps from forward for backward is `K`.
///
/// All four are as the declaration says: `crate::Gain(weight: [64]) -> [64]` behind a value of shape `[64]` asks for
/// `CustomLayer<[f32; 64], [f32; 64], [f32; 64]>`. So one `impl` may serve all sizes, and rustc refuses, while compiling, shapes
/// for which there is none.
///
/// ```
/// use kiln::{CustomLayer, prelude::*};
///
/// /// Scales every feature by a number that is learnt: y_i = w_i x_i, dx_i = w_i dy_i, dw_i = x_i dy_i.
/// struct Gain;
///
/// impl<const N: usize> CustomLayer<[f32; N], [f32; N], [f32; N]> for Gain {
///     fn forward(x: &[f32; N], weight: &[f32; N], y: &mut [f32; N], _: ()) {
///         for i in 0..N {
///             y[i] = weight[i] * x[i];
///         }
///     }
///
///     fn backward(
///         (x, weight, _, dy): (&[f32; N], &[f32; N], &[f32; N], &[f32; N]),
///         _: (),
///         dx: &mut [f32; N],
///         dweight: &mut [f32; N],
///     ) {
///         for i in 0..N {
///             dx[i] = weight[i] * dy[i];
///             dweight[i] = x[i] * dy[i];
///         }
///     }
/// }
///
/// model! {
///     struct Net(x: [4]) -> [2] {
///         Dense(8),
///         gain: Gain(weight: [8] = 1.0) -> [8],
///         Tanh,
///         Dense(2),
///     }
/// }
///
/// let net = Net::new(Seed(1));
/// assert_eq!(net.parameters().get("gain.weight"), Some(vec![1.0; 8]));
/// kiln::check_gradients::<Gain, [f32; 8], [f32; 8], [f32; 8], ()>(Seed(1))?;
/// # Ok::<(), kiln::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no layer from `{X}` with parameters `{P}` to `{Y}`",
    label = "implement `CustomLayer<{X}, {P}, {Y}, {K}>` for it, or state other shapes",
    note = "the inputs are those of the declaration, the parameters and the output stand behind the layer's name, and what it keeps is `saved = [..]`"
)]
pub trait CustomLayer<X: Operands, P: Operands, Y: Nested, K: Operands = ()> {
    /// The output of one sample. `y` comes as zeros, and so does `kept`, in training and in inference.
    fn forward<'a>(x: X::Refs<'a>, parameters: P::Refs<'a>, y: &'a mut Y, kept: K::Muts<'a>);

    /// The deltas of one sample: the gradients of the loss by the inputs and by the parameters, from the one by the output.
    /// The tuple holds what `forward` had and made: inputs, parameters and output, and `dy`. Both deltas come as zeros; what
    /// others give is added to them.
    fn backward<'a>(
        seen: (X::Refs<'a>, P::Refs<'a>, &'a Y, &'a Y),
        kept: K::Refs<'a>,
        dx: X::Muts<'a>,
        dparameters: P::Muts<'a>,
    );
}

/// The arrays that a layer of one's own is given: a nested array of `f32`, a tuple of them, or `()` for none.
pub trait Operands {
    /// Them, to be read.
    type Refs<'a>;
    /// Them, to be written.
    type Muts<'a>;
    /// Their memory, of many samples or of one.
    #[doc(hidden)]
    type Memory<'a>: Copy;
    /// Their memory, to be written.
    #[doc(hidden)]
    type MemoryMut<'a>;

    /// Those of a sample.
    #[doc(hidden)]
    fn refs<'a>(memory: &'a Self::Memory<'_>, row: usize) -> Self::Refs<'a>;

    /// Those of a sample.
    #[doc(hidden)]
    fn muts<'a>(memory: &'a mut Self::MemoryMut<'_>, row: usize) -> Self::Muts<'a>;

    /// Floats of each array.
    #[doc(hidden)]
    const FLOATS: &'static [usize];

    /// Their memory as parts.
    #[doc(hidden)]
    fn lend<'a>(parts: &[&'a [Block]]) -> Self::Memory<'a>;

    /// Their memory as parts, to be written: as many as there are arrays.
    #[doc(hidden)]
    fn lend_mut<'a>(parts: &mut dyn Iterator<Item = &'a mut [Block]>) -> Self::MemoryMut<'a>;

    /// Visits the memory of a sample's.
    #[doc(hidden)]
    fn each(memory: &mut Self::MemoryMut<'_>, row: usize, visit: &mut dyn FnMut(&mut [Block]));
}

/// Blocks of an array.
pub(crate) const fn blocks<T>() -> usize {
    size_of::<T>().div_ceil(LANES * size_of::<f32>())
}

/// A sample's array.
#[inline(always)]
pub(crate) fn array<T: Nested>(memory: &[Block], row: usize) -> &T {
    block::array(&memory[row * blocks::<T>()..][..blocks::<T>()])
}

/// A sample's array.
#[inline(always)]
pub(crate) fn array_mut<T: Nested>(memory: &mut [Block], row: usize) -> &mut T {
    block::array_mut(&mut memory[row * blocks::<T>()..][..blocks::<T>()])
}

impl<T: Nested> Operands for T {
    type Refs<'a> = &'a T;
    type Muts<'a> = &'a mut T;
    type Memory<'a> = &'a [Block];
    type MemoryMut<'a> = &'a mut [Block];

    const FLOATS: &'static [usize] = &[size_of::<T>() / size_of::<f32>()];

    fn lend<'a>(parts: &[&'a [Block]]) -> Self::Memory<'a> {
        parts[0]
    }

    fn lend_mut<'a>(parts: &mut dyn Iterator<Item = &'a mut [Block]>) -> Self::MemoryMut<'a> {
        parts.next().unwrap_or_default()
    }

    #[inline(always)]
    fn refs<'a>(memory: &'a Self::Memory<'_>, row: usize) -> Self::Refs<'a> {
        array(memory, row)
    }

    #[inline(always)]
    fn muts<'a>(memory: &'a mut Self::MemoryMut<'_>, row: usize) -> Self::Muts<'a> {
        array_mut(memory, row)
    }

    #[inline(always)]
    fn each(memory: &mut Self::MemoryMut<'_>, row: usize, visit: &mut dyn FnMut(&mut [Block])) {
        visit(&mut memory[row * blocks::<T>()..][..blocks::<T>()]);
    }
}

/// Implements [`Operands`] for tuples.
macro_rules! tuple {
    ($($part:ident $index:tt),*) => {
        impl<$($part: Nested),*> Operands for ($($part,)*) {
            type Refs<'a> = ($(&'a $part,)*);
            type Muts<'a> = ($(&'a mut $part,)*);
            type Memory<'a> = ($(tuple!(@ $part &'a [Block]),)*);
            type MemoryMut<'a> = ($(tuple!(@ $part &'a mut [Block]),)*);

            const FLOATS: &'static [usize] = &[$(size_of::<$part>() / size_of::<f32>()),*];

            #[allow(unused_variables, clippy::unused_unit)]
            fn lend<'a>(parts: &[&'a [Block]]) -> Self::Memory<'a> {
                ($(parts[$index],)*)
            }

            #[allow(unused_variables, clippy::unused_unit)]
            fn lend_mut<'a>(parts: &mut dyn Iterator<Item = &'a mut [Block]>) -> Self::MemoryMut<'a> {
                ($(tuple!(@@ $part parts.next().unwrap_or_default()),)*)
            }

            #[inline(always)]
            #[allow(unused_variables, clippy::unused_unit)]
            fn refs<'a>(memory: &'a Self::Memory<'_>, row: usize) -> Self::Refs<'a> {
                ($(array(memory.$index, row),)*)
            }

            #[inline(always)]
            #[allow(unused_variables, clippy::unused_unit)]
            fn muts<'a>(memory: &'a mut Self::MemoryMut<'_>, row: usize) -> Self::Muts<'a> {
                ($(array_mut(memory.$index, row),)*)
            }

            #[inline(always)]
            #[allow(unused_variables)]
            fn each(memory: &mut Self::MemoryMut<'_>, row: usize, visit: &mut dyn FnMut(&mut [Block])) {
                $(visit(&mut memory.$index[row * blocks::<$part>()..][..blocks::<$part>()]);)*
            }
        }
    };
    (@ $part:ident $type:ty) => { $type };
    (@@ $part:ident $value:expr) => { $value };
}

tuple!();
tuple!(A 0, B 1);
tuple!(A 0, B 1, C 2);
tuple!(A 0, B 1, C 2, D 3);
tuple!(A 0, B 1, C 2, D 3, E 4);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5);
