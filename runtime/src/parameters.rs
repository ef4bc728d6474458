//! Parameters by name: how they begin, and how they are read and written in PyTorch's order.

use crate::{
    block::Block,
    error::{Error, Result},
    layout::Tensor,
    network::{Init, Network},
    random,
};
use alloc::{vec, vec::Vec};
use bytemuck::{must_cast_slice, must_cast_slice_mut};
use rand_core::Rng;
use rand_pcg::Pcg32;

/// Where everything random begins: the same seed gives the same numbers for ever, on every machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Seed(pub u64);

/// A network with fresh parameters.
///
/// Tensor number i draws from stream i of the seed (see [`random::stream`]) in row-major order of its PyTorch shape, so
/// that the meaning of a seed does not depend on how weights are laid out in memory.
pub fn initialized<N: Network>(seed: Seed) -> N {
    let mut arena = vec![Block::ZERO; N::PARAMETER_BLOCKS].into_boxed_slice();
    let numbers = must_cast_slice_mut::<Block, f32>(&mut arena);
    for (index, (tensor, init)) in N::TENSORS.iter().zip(N::INITS).enumerate() {
        let mut generator = random::stream(seed.0, index as u64);
        tensor
            .layout
            .visit(|place| numbers[place] = draw(*init, &mut generator));
    }
    N::from_arena(arena)
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

/// Named tensors over an arena: a network's parameters, or their gradients.
///
/// Numbers are given in PyTorch's row-major order, wherever they lie in memory.
#[derive(Clone, Copy, Debug)]
pub struct Parameters<A> {
    tensors: &'static [Tensor],
    arena: A,
}

impl<A: AsRef<[Block]>> Parameters<A> {
    /// Names `arena` as `N` does.
    pub fn of<N: Network>(arena: A) -> Self {
        Self {
            tensors: N::TENSORS,
            arena,
        }
    }

    /// Name and shape of every tensor, in the order of the network.
    pub fn names(&self) -> impl Iterator<Item = (&'static str, &'static [usize])> + use<A> {
        self.tensors
            .iter()
            .map(|tensor| (tensor.name, tensor.shape))
    }

    /// The numbers of a tensor in row-major order, if there is one of this name.
    pub fn get(&self, name: &str) -> Option<Vec<f32>> {
        let tensor = self.tensors.iter().find(|tensor| tensor.name == name)?;
        let numbers = must_cast_slice::<Block, f32>(self.arena.as_ref());
        let mut values = Vec::with_capacity(tensor.count());
        tensor.layout.visit(|place| values.push(numbers[place]));
        Some(values)
    }

    /// The arena: blocks of sixteen numbers whose padding is zero.
    pub fn blocks(&self) -> &[Block] {
        self.arena.as_ref()
    }
}

impl<A: AsMut<[Block]>> Parameters<A> {
    /// Overwrites a tensor by numbers in row-major order.
    ///
    /// # Errors
    ///
    /// If no tensor has this name, or it holds another number of numbers.
    pub fn set(&mut self, name: &str, values: &[f32]) -> Result<()> {
        let tensor = self.tensors.iter().find(|tensor| tensor.name == name);
        let Some(tensor) = tensor else {
            return Err(Error::UnknownParameter { name: name.into() });
        };
        if values.len() != tensor.count() {
            return Err(Error::ParameterLength {
                name: tensor.name,
                expected: tensor.count(),
                found: values.len(),
            });
        }
        let numbers = must_cast_slice_mut::<Block, f32>(self.arena.as_mut());
        let mut values = values.iter();
        tensor.layout.visit(|place| {
            if let Some(&value) = values.next() {
                numbers[place] = value;
            }
        });
        Ok(())
    }

    /// The arena: blocks of sixteen numbers. Padding must stay zero.
    pub fn blocks_mut(&mut self) -> &mut [Block] {
        self.arena.as_mut()
    }
}
