//! Where a network that is a value keeps its parameters.

use crate::{
    block::{Block, LANES},
    error::{Error, Result},
};
use core::ops::Deref;
#[cfg(feature = "alloc")]
use {crate::value::room, alloc::boxed::Box};

/// A network's parameters: blocks of the program, which are read in place until they change, or memory of its own.
///
/// Without an allocator there is no memory of its own, so what the program holds cannot change;
/// [`Parameters`](crate::parameters::Parameters) lie in memory of the caller's then.
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

    /// The blocks, to be changed. The first call copies what is part of the program to the heap; this is the only allocation.
    ///
    /// # Errors
    ///
    /// [`Error::Memory`] if the system has not that much, or without an allocator [`Error::Fixed`].
    pub fn own(&mut self) -> Result<&mut [Block]> {
        #[cfg(feature = "alloc")]
        if let Held::Program(blocks) = self.0 {
            let mut own = room(WHAT, blocks.len())?;
            own.copy_from_slice(blocks);
            self.0 = Held::Own(own.into_boxed_slice());
        }
        match &mut self.0 {
            Held::Program([]) => Ok(&mut []),
            Held::Program(_) => Err(Error::Fixed),
            #[cfg(feature = "alloc")]
            Held::Own(blocks) => Ok(blocks),
        }
    }

    /// Overwrites all blocks: `fill` is given them, or zeros in place of those that are part of the program. If it fails, they
    /// are as it left them, or still those of the program.
    ///
    /// # Errors
    ///
    /// Those of `fill`, and [`Error::Memory`] if the system has not that much.
    #[cfg(feature = "alloc")]
    pub fn overwrite(&mut self, fill: impl FnOnce(&mut [Block]) -> Result<()>) -> Result<()> {
        match &mut self.0 {
            Held::Program(blocks) => {
                let mut own = room(WHAT, blocks.len())?;
                fill(&mut own)?;
                self.0 = Held::Own(own.into_boxed_slice());
                Ok(())
            }
            Held::Own(blocks) => fill(blocks),
        }
    }
}

#[cfg(feature = "alloc")]
impl From<Box<[Block]>> for Arena {
    fn from(blocks: Box<[Block]>) -> Self {
        Self(Held::Own(blocks))
    }
}

/// What the memory is for, in errors.
#[cfg(feature = "alloc")]
pub(crate) const WHAT: &str = "the network's parameters";

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
    use crate::error::Error;

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
        changed.own().expect("memory")[0].0[1] = 3.0;
        assert_eq!((arena[0].0[1], changed[0].0[1]), (0.0, 3.0));
        assert!(arena == Arena::of(&STORED) && arena != changed);
        let own = &raw const changed[0];
        changed.own().expect("memory")[0].0[1] = 4.0;
        assert!(core::ptr::eq(own, &changed[0]));
    }

    /// What is overwritten is not copied before, and is as it was if that fails.
    #[test]
    #[cfg(feature = "alloc")]
    fn what_is_part_of_the_program_is_overwritten_as_a_whole() {
        let mut arena = Arena::of(&STORED);
        let refused = arena.overwrite(|_| Err(Error::EmptyDataset));
        assert!(refused.is_err() && core::ptr::eq(&*arena, &STORED));
        let ones = |blocks: &mut [Block]| {
            assert_eq!(blocks, [Block::ZERO]);
            blocks.fill(Block([1.0; 16]));
            Ok(())
        };
        arena.overwrite(ones).expect("memory");
        assert_eq!(*arena, [Block([1.0; 16])]);
    }
}
