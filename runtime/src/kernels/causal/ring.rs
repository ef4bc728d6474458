//! The frames before a step.

use crate::block::Block;
use bytemuck::must_cast_slice_mut;

/// The `LEFT` frames before some steps, of `C` channels each; frame t in place t mod `LEFT`.
pub struct Ring<'a, const C: usize, const LEFT: usize> {
    frames: &'a mut [[f32; C]],
    /// The place of the oldest, which the next frame takes.
    next: usize,
}

impl<'a, const C: usize, const LEFT: usize> Ring<'a, C, LEFT> {
    /// The ring in some memory, before step `clock` of so many frames.
    #[inline(always)]
    pub fn of(memory: &'a mut [Block], clock: u64, frames: usize) -> Self {
        let next = match LEFT {
            0 => 0,
            _ => (clock.wrapping_mul(frames as u64) % LEFT as u64) as usize,
        };
        let memory = must_cast_slice_mut::<Block, f32>(memory);
        let frames = &mut memory.as_chunks_mut().0[..LEFT];
        Self { frames, next }
    }

    /// A frame, counted from `LEFT` before the first of `x`.
    #[inline(always)]
    pub fn frame<'b, const KS: usize>(&'b self, x: &'b [[f32; KS]], index: usize) -> &'b [f32; C] {
        const { assert!(C <= KS) };
        if index >= LEFT {
            return match x[index - LEFT].first_chunk() {
                Some(frame) => frame,
                None => unreachable!("rows have all channels"),
            };
        }
        let place = self.next + index;
        &self.frames[if place >= LEFT { place - LEFT } else { place }]
    }

    /// Keeps frames that are over, in place of the oldest.
    #[inline(always)]
    pub fn take<const KS: usize>(&mut self, x: &[[f32; KS]]) {
        if LEFT == 0 {
            return;
        }
        for frame in x {
            self.frames[self.next].copy_from_slice(&frame[..C]);
            self.next += 1;
            if self.next == LEFT {
                self.next = 0;
            }
        }
    }
}
