//! Parts that have the same share of every class.

use crate::{
    error::{Error, Found, Result, setting::check},
    parameters::Seed,
    random,
};
use alloc::{format, vec, vec::Vec};

/// Keeps these orders apart from others of the same seed.
const STRATIFY: u64 = 0x7374_7261_7469_6679;

/// The rows of each class, by the class.
fn rows_by_class(classes: &[usize]) -> Vec<(usize, Vec<usize>)> {
    let mut order = (0..classes.len()).collect::<Vec<_>>();
    order.sort_by_key(|&row| classes[row]);
    let groups = order.chunk_by(|&a, &b| classes[a] == classes[b]);
    groups
        .map(|rows| (classes[rows[0]], rows.to_vec()))
        .collect()
}

/// Rows of the first part and of the second.
pub fn split(classes: &[usize], fraction: f64, seed: Seed) -> Result<(Vec<usize>, Vec<usize>)> {
    let inside = fraction > 0.0 && fraction < 1.0;
    let expected = "more than 0 and less than 1, such as 0.8 for four fifths of the samples";
    check(inside, "fraction", fraction, expected)?;
    let mut groups = rows_by_class(classes);
    if let Some((class, _)) = groups.iter().find(|(_, rows)| rows.len() < 2) {
        return Err(Error::Setting {
            setting: "stratified_split",
            found: Found::Text(format!("asked of class {class}, which has a single sample")),
            expected: "asked of classes that have at least 2 samples, one for each part",
        });
    }
    let samples = classes.len();
    let first = (fraction * samples as f64 + 0.5) as usize;
    if first < groups.len() || samples - first.min(samples) < groups.len() {
        return Err(Error::Split { samples, first });
    }
    let mut generator = random::stream(random::mix(seed.0), STRATIFY);
    let counts = shares(&groups, first, samples);
    let (mut chosen, mut others) = (Vec::with_capacity(first), Vec::new());
    for ((_, rows), count) in groups.iter_mut().zip(counts) {
        random::shuffle(rows.len(), &mut generator, |a, b| rows.swap(a, b));
        let (first, second) = rows.split_at(count);
        chosen.extend(first);
        others.extend(second);
    }
    chosen.sort_unstable();
    others.sort_unstable();
    Ok((chosen, others))
}

/// How many of each class the first part gets: its share of `first` rounded down, and one more for those that lost most.
fn shares(groups: &[(usize, Vec<usize>)], first: usize, samples: usize) -> Vec<usize> {
    let exact = |rows: &Vec<usize>| rows.len() as u128 * first as u128;
    let samples = samples.max(1) as u128;
    let mut counts = groups
        .iter()
        .map(|(_, rows)| (exact(rows) / samples) as usize)
        .collect::<Vec<_>>();
    let mut order = (0..groups.len()).collect::<Vec<_>>();
    order.sort_by_key(|&at| core::cmp::Reverse(exact(&groups[at].1) % samples));
    let missing = first - counts.iter().sum::<usize>();
    for &at in &order[..missing] {
        counts[at] += 1;
    }
    counts
}

/// The fold in which each row is validated on: rows sorted by class are dealt in turn, which says how many of a class each
/// fold has; which ones they are is a matter of their order, or of the seed.
pub fn deal(classes: &[usize], count: usize, seed: Option<Seed>) -> Result<Vec<usize>> {
    check_folds(count, classes.len())?;
    // Classes in the order in which they first come, as scikit-learn encodes them.
    let mut groups = rows_by_class(classes);
    groups.sort_by_key(|(_, rows)| rows[0]);
    if let Some((class, rows)) = groups.iter().find(|(_, rows)| rows.len() < count) {
        return Err(Error::Setting {
            setting: "folds",
            found: Found::Text(format!(
                "{count}, but class {class} has {} samples",
                rows.len()
            )),
            expected: "at most as many as each class has samples",
        });
    }
    let mut generator = seed.map(|seed| random::stream(random::mix(seed.0), STRATIFY));
    let (mut folds, mut dealt) = (vec![0; classes.len()], 0);
    for (_, rows) in groups {
        let mut own = (dealt..dealt + rows.len())
            .map(|place| place % count)
            .collect::<Vec<_>>();
        own.sort_unstable();
        if let Some(generator) = &mut generator {
            random::shuffle(own.len(), generator, |a, b| own.swap(a, b));
        }
        dealt += rows.len();
        for (row, fold) in rows.into_iter().zip(own) {
            folds[row] = fold;
        }
    }
    Ok(folds)
}

/// Refuses a number of folds that samples cannot be dealt into.
pub fn check_folds(count: usize, samples: usize) -> Result<()> {
    if (2..=samples).contains(&count) {
        return Ok(());
    }
    Err(Error::Setting {
        setting: "folds",
        found: Found::Text(format!("{count} of {samples} samples")),
        expected: "from 2 to the number of samples, such as 5",
    })
}
