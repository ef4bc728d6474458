//! Samples to train on: the [`Dataset`] trait, [`Samples`] in memory, views of their parts, augmentation and normalisation,
//! and readers of tables, arrays and well-known sets.

mod array;
mod augment;
#[cfg(feature = "data")]
pub mod csv;
mod dataset;
#[cfg(feature = "data")]
mod digits;
#[cfg(feature = "data")]
pub mod idx;
#[cfg(feature = "data")]
mod mnist;
mod normaliser;
#[cfg(feature = "data")]
pub mod npy;
mod samples;
mod views;
mod windows;

pub use array::Array;
pub use augment::{Augment, Image, RandomCrop};
#[cfg(feature = "data")]
pub use csv::{Csv, Missing, Table};
pub use dataset::Dataset;
#[cfg(feature = "data")]
pub use digits::digits;
#[cfg(feature = "data")]
pub use mnist::mnist;
pub use normaliser::Normaliser;
#[cfg(feature = "files")]
pub use normaliser::{Scaling, save_with};
#[cfg(feature = "data")]
pub use npy::{Npy, Npz};
pub use samples::{Images, Samples};
pub use views::{Concat, Folds, Parts, Split, Subset};
pub use windows::Windows;
