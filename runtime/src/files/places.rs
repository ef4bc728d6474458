//! Where parameters lie.

use crate::{
    block::LANES,
    error::{Error, Result},
    tensor::Tensor,
};

/// Every parameter's place lies in the arena.
pub fn check_places(tensors: &[Tensor], blocks: usize) -> Result<()> {
    let found = blocks * LANES;
    match tensors.iter().find(|tensor| tensor.layout.extent() > found) {
        None => Ok(()),
        Some(&Tensor { name, layout, .. }) => Err(Error::Layout {
            name,
            expected: layout.extent(),
            found,
        }),
    }
}
