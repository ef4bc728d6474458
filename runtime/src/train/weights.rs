//! What training looks at in a network's weights as a whole.

use crate::{
    block::Block,
    error::{Error, Result},
    model::Model,
    network::Network,
};
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

/// Name and index of the first number of an arena that is not finite.
pub fn first_not_finite<N: Model>(arena: &[Block]) -> Option<(&'static str, usize)> {
    let numbers = must_cast_slice::<Block, f32>(arena);
    if numbers.iter().all(|number| number.is_finite()) {
        return None;
    }
    for tensor in N::Network::TENSORS {
        if tensor.layout.extent() > numbers.len() {
            break;
        }
        let (mut index, mut found) = (0, None);
        tensor.layout.visit(|place| {
            if !numbers[place].is_finite() {
                found = found.or(Some(index));
            }
            index += 1;
        });
        if let Some(index) = found {
            return Some((tensor.name, index));
        }
    }
    None
}

/// The kind of a network and the bits of its weights in one number: two networks with the same number are the same to
/// training, but for one chance in 2^64.
pub fn fingerprint<N: Model>(net: &N) -> u64 {
    let mut hasher = DefaultHasher::new();
    TypeId::of::<N>().hash(&mut hasher);
    hasher.write(must_cast_slice(N::Network::arena(net)));
    hasher.finish()
}
