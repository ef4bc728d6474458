//! kiln against PyTorch: outputs, losses, gradients and optimizer steps, on every instruction set of the machine.
//!
//! The values come from `make.py` beside this file. Whatever is compared may differ by 1e-5 of itself, and by a few
//! roundings of the largest number of its tensor, for what is small may be the difference of what is large.
#![forbid(unsafe_code)]

mod averages;
mod close;
mod dataflow;
mod distributions;
mod file;
mod formula;
mod layers;
mod limits;
mod losses;
mod networks;
mod noise;
mod optimizers;
mod schedules;
mod spelling;
mod trial;

use close::{assert_close, on_every_instruction_set};
