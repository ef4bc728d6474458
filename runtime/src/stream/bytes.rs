//! States as bytes, such as a plug-in's host stores with a song.
//!
//! ```text
//! 8 bytes   the model's mark: a number of what its streams keep
//! 8 bytes   steps so far
//! 4 each    what is kept
//! 8 bytes   a sum over all of these (FNV-1a)
//! ```
//!
//! All numbers are little-endian.

use super::{
    causal::{Causal, Steps},
    state::{KeptOf, StreamState},
};
use crate::{
    block::{Block, LANES},
    error::{Error, Result, check_lent},
    math::flush_number,
};
use bytemuck::{must_cast_slice, must_cast_slice_mut};

/// Bytes around what is kept.
const AROUND: usize = 24;

/// The sum over some bytes.
fn sum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The number at the beginning of some bytes, and those behind it.
fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((u64::from_le_bytes(*number), rest))
}

impl<M: Causal> StreamState<M> {
    /// How many bytes [`write_bytes`](Self::write_bytes) writes.
    pub const BYTES: usize = size_of::<KeptOf<M>>() + AROUND;

    /// Writes the state as bytes, which [`read_bytes`](Self::read_bytes) reads on any machine.
    ///
    /// # Errors
    ///
    /// [`Error::Lent`] if there is no room for [`BYTES`](Self::BYTES).
    pub fn write_bytes(&self, bytes: &mut [u8]) -> Result<()> {
        check_lent("bytes of a state", Self::BYTES, bytes.len())?;
        let (content, end) = bytes[..Self::BYTES].split_at_mut(Self::BYTES - 8);
        let numbers = must_cast_slice::<Block, f32>(self.kept.as_ref());
        content[..8].copy_from_slice(&M::Steps::MARK.to_le_bytes());
        content[8..16].copy_from_slice(&self.clock.to_le_bytes());
        for (bytes, number) in content[16..].as_chunks_mut().0.iter_mut().zip(numbers) {
            *bytes = number.to_le_bytes();
        }
        end.copy_from_slice(&sum(content).to_le_bytes());
        Ok(())
    }

    /// The state as bytes.
    #[cfg(feature = "alloc")]
    pub fn to_bytes(&self) -> alloc::vec::Vec<u8> {
        let mut bytes = alloc::vec![0; Self::BYTES];
        // There is room for all of them.
        let _ = self.write_bytes(&mut bytes);
        bytes
    }

    /// Becomes the state that was written.
    ///
    /// # Errors
    ///
    /// [`Error::State`] if the bytes are of another model, or damaged; then the state is as before.
    pub fn read_bytes(&mut self, bytes: &[u8]) -> Result<()> {
        let refused = |found: &'static str| Error::State {
            model: <M::Network as crate::network::Network>::NAME,
            expected: Self::BYTES,
            found: bytes.len(),
            what: found,
        };
        let (mark, rest) = number(bytes).ok_or_else(|| refused("are too few"))?;
        if mark != M::Steps::MARK {
            return Err(refused("are of another model"));
        }
        if bytes.len() != Self::BYTES {
            return Err(refused("are too few or too many"));
        }
        let (content, end) = bytes.split_at(Self::BYTES - 8);
        if number(end).is_none_or(|(found, _)| found != sum(content)) {
            return Err(refused("are damaged"));
        }
        let (clock, _) = number(rest).ok_or_else(|| refused("are too few"))?;
        let kept = must_cast_slice_mut::<Block, [f32; LANES]>(self.kept.as_mut());
        let numbers = kept.as_flattened_mut().iter_mut();
        for (number, bytes) in numbers.zip(content[16..].as_chunks().0) {
            *number = flush_number(f32::from_le_bytes(*bytes));
        }
        self.clock = clock;
        Ok(())
    }
}
