//! What training looks at in a network's weights as a whole.

use crate::network::Network;
use bytemuck::must_cast_slice;
use core::{
    any::TypeId,
    hash::{Hash, Hasher},
};
use std::hash::DefaultHasher;

/// The kind of a network and the bits of its weights in one number: two networks with the same number are the same to
/// training, but for one chance in 2^64.
pub fn fingerprint<N: Network>(net: &N) -> u64 {
    let mut hasher = DefaultHasher::new();
    TypeId::of::<N>().hash(&mut hasher);
    hasher.write(must_cast_slice(net.arena()));
    hasher.finish()
}
