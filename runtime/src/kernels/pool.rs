//! What pools have in common: the windows of an axis, the fold of a window to a number, and the way back from windows
//! to pixels.
//!
//! A pool is a rule for each axis and a fold. Sizes are values: the time is memory's, and a network has pools of many
//! sizes. A sequence is an image of one row.

mod axis;
mod fold;
mod gather;
mod scatter;
mod shared;

#[cfg(test)]
pub mod tests;

pub use axis::Rule;
pub(super) use axis::axes;
pub(super) use fold::{Fold, Give, fold};
pub(super) use gather::{gather, is_long, is_near, near};
pub(super) use scatter::scatter;
pub(super) use shared::Shared;
