//! How parameters begin: seeds, and what is drawn from them.

use crate::{
    block::Block, declared::Declared, math::flush_number, network::Network, random, tensor::Init,
};
#[cfg(feature = "alloc")]
use crate::{error::Result, network::Arena, value::room};
use bytemuck::must_cast_slice_mut;
use rand_core::Rng;
use rand_pcg::Pcg32;

/// Where everything random begins: the same seed gives the same numbers for ever, on every machine. A network's seed
/// decides its first weights; a trainer's the shuffling and dropout.
///
/// ```
/// use kiln::Seed;
///
/// assert_eq!(Seed::from(7), Seed(7));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Seed(pub u64);

/// A network with fresh parameters; see [`Parameters::initialize`](super::Parameters::initialize).
///
/// # Panics
///
/// If there is no memory for them.
#[cfg(feature = "alloc")]
#[track_caller]
pub fn initialized<N: Declared>(seed: Seed) -> N {
    match try_initialized(seed) {
        Ok(net) => net,
        Err(error) => panic!("`{}::new`: {error}", N::Network::NAME),
    }
}

/// A network with fresh parameters, as [`initialized`] makes it.
///
/// # Errors
///
/// If there is no memory for them.
#[cfg(feature = "alloc")]
pub fn try_initialized<N: Declared>(seed: Seed) -> Result<N> {
    let mut arena = zeroed::<N>()?;
    initialize::<N>(&mut arena, seed);
    Ok(N::Network::from_arena(arena))
}

/// The memory of a network's parameters, all zero.
///
/// # Errors
///
/// [`Error::Memory`](crate::error::Error::Memory) if the system has not that much.
#[cfg(feature = "alloc")]
pub fn zeroed<N: Declared>() -> Result<Arena> {
    let blocks = room("the network's parameters", N::Network::PARAMETER_BLOCKS)?;
    Ok(blocks.into_boxed_slice())
}

/// Draws the parameters of an arena of zeros.
pub(super) fn initialize<N: Declared>(arena: &mut [Block], seed: Seed) {
    let numbers = must_cast_slice_mut::<Block, f32>(arena);
    for (index, tensor) in N::Network::TENSORS.iter().enumerate() {
        let mut generator = random::stream(seed.0, index as u64);
        tensor
            .layout
            .visit(|place| numbers[place] = flush_number(draw(tensor.init, &mut generator)));
    }
}

/// The next number of a distribution.
fn draw(init: Init, generator: &mut Pcg32) -> f32 {
    match init {
        Init::Constant(value) => value,
        Init::Uniform(bound) => (unit(generator) * 2.0 - 1.0) * bound,
        // Box and Muller's transform; 1 - u is never 0.
        Init::Normal(deviation) => {
            let radius = libm::sqrtf(-2.0 * libm::logf(1.0 - unit(generator)));
            radius * libm::cosf(core::f32::consts::TAU * unit(generator)) * deviation
        }
    }
}

/// Uniform in 0..1: the upper 24 bits, as many as a float holds.
fn unit(generator: &mut Pcg32) -> f32 {
    (generator.next_u32() >> 8) as f32 / 16_777_216.0
}

impl From<u64> for Seed {
    fn from(seed: u64) -> Self {
        Self(seed)
    }
}

#[cfg(test)]
mod tests;
