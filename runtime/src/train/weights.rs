//! What training looks at in a network's weights as a whole.

use crate::{
    block::Block,
    error::{Error, Result},
    model::Model,
    network::Network,
    parameters::first_not_finite,
    tensor::{Role, Tensor, joined_count},
};
use alloc::{vec, vec::Vec};
use bytemuck::must_cast_slice;
use core::{
    any::TypeId,
    hash::{Hash, Hasher},
};
use std::hash::DefaultHasher;

/// Refuses weights that are not finite; `epoch` is the one that just ended.
pub fn check_finite<N: Model>(net: &N, epoch: Option<usize>) -> Result<()> {
    match first_not_finite::<N>(N::Network::arena(net)) {
        Some((name, index)) => Err(Error::NanWeight { epoch, name, index }),
        None => Ok(()),
    }
}

/// The kind of a network and the bits of its weights in one number: two networks with the same number are the same to
/// training, but for one chance in 2^64.
pub fn fingerprint<N: Model>(net: &N) -> u64 {
    let mut hasher = DefaultHasher::new();
    TypeId::of::<N>().hash(&mut hasher);
    hasher.write(must_cast_slice(N::Network::arena(net)));
    hasher.finish()
}

/// The parameters of a network of any kind, to be looked at.
#[derive(Clone, Copy)]
pub struct Weights<'a> {
    pub(super) tensors: &'static [Tensor],
    pub(super) arena: &'a [Block],
}

impl<'a> Weights<'a> {
    /// Those of a network.
    pub(super) fn of<N: Model>(net: &'a N) -> Self {
        Self {
            tensors: N::Network::TENSORS,
            arena: N::Network::arena(net),
        }
    }

    /// Names and shapes, as in PyTorch's `state_dict`; what is learnt first.
    pub fn names(&self) -> impl ExactSizeIterator<Item = (&'static str, &'static [usize])> {
        let tensors = self.tensors.iter();
        tensors.map(|tensor| (tensor.name, tensor.shape))
    }

    /// The numbers of a parameter in row-major order.
    pub fn get(&self, name: &str) -> Option<Vec<f32>> {
        let tensor = self.tensors.iter().find(|tensor| tensor.name == name)?;
        let floats = must_cast_slice::<Block, f32>(self.arena);
        if let Role::Count = tensor.role {
            let pair = floats.get(tensor.layout.offset..)?.first_chunk()?;
            return Some(vec![joined_count(*pair) as f32]);
        }
        let mut numbers = Vec::with_capacity(tensor.count());
        tensor.layout.visit(|place| numbers.push(floats[place]));
        Some(numbers)
    }
}
