//! How much memory a network needs, for programs that provide it: those without an allocator, and those that place all
//! memory themselves. All its functions are `const`:
//!
//! ```
//! use kiln::{Block, memory, model};
//!
//! model! {
//!     struct Gate(x: [4]) -> [2] { Dense(64), Relu, Dense(2) }
//! }
//!
//! static PARAMETERS: [Block; memory::parameters::<Gate>()] = [Block::ZERO; memory::parameters::<Gate>()];
//! assert_eq!(size_of_val(&PARAMETERS), 64 * memory::parameters::<Gate>());
//! ```

use crate::{inference, model::Model, network::Network, step::chunking};

/// Blocks of the parameters: what `Parameters` is made of.
pub const fn parameters<N: Model>() -> usize {
    N::Network::PARAMETER_BLOCKS
}

/// Items of what a rule remembers, one for each block of what is learnt: what `Descent::lent` is made of.
pub const fn moments<N: Model>() -> usize {
    N::Network::LEARNT_BLOCKS
}

/// Blocks in which `rows` samples are answered at once; with fewer, they are answered in turns.
pub const fn workspace<N: Model>(rows: usize) -> usize {
    inference::blocks::<N>(rows)
}

/// Blocks for training steps of up to `batch` samples, as [`Lent`](crate::step::Lent) takes them.
pub const fn training<N: Model>(batch: usize) -> usize {
    chunking::blocks::<N>(batch)
}

/// Outputs for training steps, as [`Lent`](crate::step::Lent) takes them: none for a network whose one output is a
/// vector; several outputs, and images, are gathered for the loss.
pub const fn outputs<N: Model>() -> usize {
    chunking::outputs::<N>()
}
