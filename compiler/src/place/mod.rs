//! Where values and parameters lie: what a kernel call takes along, and how its operands are stored.

pub mod absorb;
pub mod fuse;
pub mod layout;
