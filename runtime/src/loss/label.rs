//! Labels: the index of a class as any integer.

mod sealed {
    pub trait Integer: Copy + Send + Sync + 'static {}
}

/// The index of a class, counted from 0, as any integer: `u8` as in MNIST's files, `i64` as in PyTorch's tensors.
pub trait Label: sealed::Integer {
    /// The index, or `None` where the label is negative or larger than any index.
    fn class(self) -> Option<usize>;

    /// The label as it was given, or the nearest `i128`.
    fn number(self) -> i128;
}

/// Implements [`Label`] for integers that fit into `i128`.
macro_rules! labels {
    ($($integer:ident)*) => {
        $(
            impl sealed::Integer for $integer {}

            impl Label for $integer {
                #[inline(always)]
                fn class(self) -> Option<usize> {
                    usize::try_from(self).ok()
                }

                fn number(self) -> i128 {
                    self as i128
                }
            }
        )*
    };
}

labels!(u8 u16 u32 u64 usize i8 i16 i32 i64 i128 isize);

impl sealed::Integer for u128 {}

impl Label for u128 {
    #[inline(always)]
    fn class(self) -> Option<usize> {
        usize::try_from(self).ok()
    }

    fn number(self) -> i128 {
        i128::try_from(self).unwrap_or(i128::MAX)
    }
}
