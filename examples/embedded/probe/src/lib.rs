//! How much of the stack was used: the words that no longer hold what they were painted with before `main`.
//!
//! A crate of its own, for it reads memory that no Rust value owns.
#![no_std]

use core::ptr;
use cortex_m_rt::STACK_PAINT_VALUE;

unsafe extern "C" {
    // The ends of the stack, which cortex-m-rt's linker script defines; they are places, never read as values.
    static _stack_start: u32;
    static _stack_end: u32;
}

/// Bytes of the stack that were written since the program began.
pub fn stack_used() -> usize {
    let (end, start) = (&raw const _stack_end, &raw const _stack_start);
    let mut at = end;
    // SAFETY: from `_stack_end` to `_stack_start` is the memory of the stack, aligned words of RAM. What lies below this
    // function's frame is no Rust value, so that a volatile read of it meets nobody's writes.
    while at < start && unsafe { ptr::read_volatile(at) } == STACK_PAINT_VALUE {
        at = at.wrapping_add(1);
    }
    start.addr() - at.addr()
}
