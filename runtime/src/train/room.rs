//! Room for a training run.

use crate::{
    block::Block,
    error::{Error, Found, Result},
    model::Model,
    network::Network,
    value::{Value, zeroed_vec},
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

/// Room for the values of `rows` samples, which is made as soon as so many are asked for.
pub fn values<V: Value>(values: &mut Vec<V>, rows: usize) -> Result<&mut [V]> {
    if values.len() < rows {
        *values = zeroed_vec(rows)?;
    }
    Ok(&mut values[..rows])
}
