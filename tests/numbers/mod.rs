//! The bits of a network, by which tests compare two of them.

use kiln::prelude::*;

/// Every number of a network.
pub fn numbers<N: Model>(net: &N) -> Vec<u32> {
    let parameters = net.parameters();
    let names = parameters.names();
    let numbers = names.flat_map(|(name, _)| parameters.get(name).expect(name));
    numbers.map(f32::to_bits).collect()
}
