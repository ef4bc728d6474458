//! Samples to train on: the [`Dataset`] trait, [`Samples`] in memory, and readers of well-known sets.

#[cfg(feature = "data")]
pub mod csv;
mod dataset;
#[cfg(feature = "data")]
mod digits;
#[cfg(feature = "data")]
pub mod idx;
#[cfg(feature = "data")]
mod mnist;
mod samples;

#[cfg(feature = "data")]
pub use csv::{Csv, Missing, Table};
pub use dataset::Dataset;
#[cfg(feature = "data")]
pub use digits::digits;
#[cfg(feature = "data")]
pub use mnist::mnist;
pub use samples::{Images, Samples};
