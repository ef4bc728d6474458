//! A run that was resumed has the bits of one that never stopped; a checkpoint of another run is refused.
#![forbid(unsafe_code)]

mod descents;
mod files;
mod rules;
mod run;
mod settings;
mod streams;
