//! What training looks at in a network's weights as a whole.

use crate::{
    error::{Error, Result},
    model::Model,
    network::Network,
    parameters::first_not_finite,
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

/// The kind of a network and the bits of its weights in one number: two networks with the same number are the same to
/// training, but for one chance in 2^64.
pub fn fingerprint<N: Model>(net: &N) -> u64 {
    let mut hasher = DefaultHasher::new();
    TypeId::of::<N>().hash(&mut hasher);
    hasher.write(must_cast_slice(N::Network::arena(net)));
    hasher.finish()
}
