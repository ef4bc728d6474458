//! Where a network that is a value keeps its parameters.

use crate::block::{Block, LANES};
#[cfg(feature = "alloc")]
use alloc::boxed::Box;
use core::ops::{Deref, DerefMut};

/// A network's parameters: blocks of the program, which nobody copies before they change, or memory of its own.
///
/// Without an allocator there is no other memory, and what the program holds cannot change: it is seen as empty by those who
/// would. [`Parameters`](crate::parameters::Parameters) lie in memory of the caller's then.
#[derive(Clone)]
pub struct Arena(Held);

#[derive(Clone)]
enum Held {
    /// A `static`.
    Program(&'static [Block]),
    /// On the heap.
    #[cfg(feature = "alloc")]
    Own(Box<[Block]>),
}

impl Arena {
    /// Parameters that are part of the program.
    pub const fn of(blocks: &'static [Block]) -> Self {
        Self(Held::Program(blocks))
    }
}

#[cfg(feature = "alloc")]
impl From<Box<[Block]>> for Arena {
    fn from(blocks: Box<[Block]>) -> Self {
        Self(Held::Own(blocks))
    }
}

impl Deref for Arena {
    type Target = [Block];

    #[inline]
    fn deref(&self) -> &[Block] {
        match &self.0 {
            Held::Program(blocks) => blocks,
            #[cfg(feature = "alloc")]
            Held::Own(blocks) => blocks,
        }
    }
}

impl DerefMut for Arena {
    /// Copies what is part of the program to the heap.
    #[inline]
    fn deref_mut(&mut self) -> &mut [Block] {
        #[cfg(feature = "alloc")]
        if let Held::Program(blocks) = self.0 {
            self.0 = Held::Own(blocks.into());
        }
        match &mut self.0 {
            Held::Program(_) => &mut [],
            #[cfg(feature = "alloc")]
            Held::Own(blocks) => blocks,
        }
    }
}

impl PartialEq for Arena {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

/// Blocks from their little-endian bytes, as the compiler stores weights.
pub const fn stored<const BYTES: usize, const N: usize>(bytes: [u8; BYTES]) -> [Block; N] {
    const { assert!(BYTES == N * size_of::<Block>()) };
    let mut blocks: [Block; N] = bytemuck::must_cast(bytes);
    if cfg!(target_endian = "big") {
        let mut block = 0;
        while block < N {
            let mut lane = 0;
            while lane < LANES {
                let number = &mut blocks[block].0[lane];
                *number = f32::from_bits(number.to_bits().swap_bytes());
                lane += 1;
            }
            block += 1;
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::{Arena, stored};
    use crate::block::Block;

    const BYTES: [u8; 64] = {
        let mut bytes = [0; 64];
        // 1.0 and -2.5.
        (bytes[2], bytes[3]) = (0x80, 0x3f);
        (bytes[62], bytes[63]) = (0x20, 0xc0);
        bytes
    };
    static STORED: [Block; 1] = stored(BYTES);

    #[test]
    fn bytes_are_numbers() {
        let mut expected = [0.0; 16];
        (expected[0], expected[15]) = (1.0, -2.5);
        assert_eq!(STORED, [Block(expected)]);
    }

    #[test]
    #[cfg(feature = "alloc")]
    fn what_is_part_of_the_program_is_copied_when_it_changes() {
        let arena = Arena::of(&STORED);
        assert!(core::ptr::eq(&*arena, &STORED));
        assert!(core::ptr::eq(&*arena.clone(), &STORED));
        let mut changed = arena.clone();
        changed[0].0[1] = 3.0;
        assert_eq!((arena[0].0[1], changed[0].0[1]), (0.0, 3.0));
        assert!(arena == Arena::of(&STORED) && arena != changed);
        let own = &raw const changed[0];
        changed[0].0[1] = 4.0;
        assert!(core::ptr::eq(own, &changed[0]));
    }
}
