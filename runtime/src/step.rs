//! Training steps, in memory of the caller's: nothing here allocates, and nothing needs an operating system.
//!
//! 1. *Rows.* Forward, loss and the chain of deltas need only their own sample. The batch is cut into chunks of rows, and
//!    threads take chunks.
//! 2. *Panels.* Every weight gradient is a sum over the whole batch in the order of its rows. The arena of parameters is cut
//!    into stretches, and threads take stretches; a gradient is finished in registers and consumed there.
//!
//! Each number is computed by one thread in one fixed order, whatever the cut.
//!
//! [`TrainingIn`] and [`Descent`] are what a program without an allocator trains with. `train` has the owners above: they
//! allocate what is lent here, start threads, and run epochs.

#[cfg(feature = "parallel")]
pub mod awake;
pub mod chunking;
pub mod chunks;
pub mod courses;
pub mod cuts;
mod descent;
#[cfg(feature = "train")]
pub mod each;
#[cfg(feature = "alloc")]
pub mod ema;
pub mod finish;
pub mod gradient;
pub mod inputs;
pub mod judge;
mod least;
pub mod limits;
pub mod passes;
pub mod share;
mod shared;
pub mod source;
pub mod statistics;
mod summed;
mod training;
pub mod turn;

pub use chunking::Lent;
pub use descent::Descent;
#[cfg(feature = "alloc")]
pub use ema::Ema;
pub use judge::judge;
pub use training::TrainingIn;
