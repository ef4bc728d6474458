//! Classes of which some are rare.

use super::indices;
use crate::{
    error::{Error, Found, Result},
    parameters::Seed,
    random,
};
use alloc::{collections::BTreeMap, format, vec::Vec};

/// Keeps this order apart from others of the same seed.
const OVERSAMPLE: u64 = 0x6f76_6572_7361_6d70;

/// Weights by which all classes weigh as much together.
pub fn weights<const N: usize>(classes: &[usize]) -> Result<[f32; N]> {
    let mut counts = [0_usize; N];
    for (row, &class) in classes.iter().enumerate() {
        match counts.get_mut(class) {
            Some(count) => *count += 1,
            None => {
                return Err(Error::LabelOutOfRange {
                    row,
                    label: class as i128,
                    classes: N,
                });
            }
        }
    }
    if let Some(class) = counts.iter().position(|&count| count == 0) {
        return Err(Error::Setting {
            setting: "class_weights",
            found: Found::Text(format!(
                "asked of {N} classes, but class {class} has no sample"
            )),
            expected: "asked of classes that all have samples",
        });
    }
    let all = classes.len() as f64;
    Ok(counts.map(|count| (all / (N as f64 * count as f64)) as f32))
}

/// Indices by which every class comes as often as the most frequent one.
pub fn oversample(classes: &[usize], seed: Seed) -> Result<Vec<usize>> {
    let mut groups = BTreeMap::<usize, Vec<usize>>::new();
    for (row, &class) in classes.iter().enumerate() {
        groups.entry(class).or_default().push(row);
    }
    let most = groups.values().map(Vec::len).max().unwrap_or(0);
    let count = most as u128 * groups.len() as u128;
    let mut indices = indices::room(count)?;
    let mut generator = random::stream(random::mix(seed.0), OVERSAMPLE);
    for rows in groups.values_mut() {
        for _ in 0..most / rows.len() {
            indices.extend_from_slice(rows);
        }
        random::shuffle(rows.len(), &mut generator, |a, b| rows.swap(a, b));
        indices.extend_from_slice(&rows[..most % rows.len()]);
    }
    indices.sort_unstable();
    Ok(indices)
}
