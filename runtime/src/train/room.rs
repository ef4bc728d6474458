//! Room for a training run.

use crate::{
    block::Block,
    error::{Error, Found, Result},
    model::Model,
    network::Network,
};
use alloc::{format, vec::Vec};

/// Refuses a batch for which the system has no memory, where allocating it would end the program.
pub fn check<N: Model>(batch: usize) -> Result<()> {
    // A block more for the score of each sample.
    let blocks = batch.checked_mul(N::Network::TRAIN_BLOCKS + 1);
    let granted = |blocks| Vec::<Block>::new().try_reserve_exact(blocks).is_ok();
    if blocks.is_some_and(granted) {
        return Ok(());
    }
    let bytes = (N::Network::TRAIN_BLOCKS * size_of::<Block>()) as u128 * batch as u128;
    Err(Error::Setting {
        setting: "batch",
        found: Found::Text(format!("{batch}, which takes {bytes} bytes")),
        expected: "small enough for memory, such as 32",
    })
}
