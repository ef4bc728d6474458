//! Which name was meant.

use alloc::vec::Vec;
use core::mem;

/// Names longer than this are nobody's spelling mistake.
const LONGEST: usize = 256;

/// The candidate closest to `name`, if any is close enough to be meant: of three letters one may be wrong, and not all.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = name.chars().count();
    let forgiven = (length / 3).max(1).min(length.saturating_sub(1));
    candidates
        .into_iter()
        .filter_map(|candidate| Some((distance(name, candidate)?, candidate)))
        .filter(|&(distance, _)| distance <= forgiven)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

/// Edits that make `b` of `a`: a letter more, a letter less, another letter, or two neighbours swapped. Case does not
/// count. Nothing for names that are too long to be compared.
pub fn distance(a: &str, b: &str) -> Option<usize> {
    let letters = |name: &str| {
        let short = name.len() <= LONGEST;
        short.then(|| {
            name.chars()
                .flat_map(char::to_lowercase)
                .collect::<Vec<_>>()
        })
    };
    let (a, b) = (letters(a)?, letters(b)?);
    // The distances of the first i, i - 1 and i - 2 letters of `a` to each beginning of `b`.
    let mut row = (0..=b.len()).collect::<Vec<_>>();
    let (mut above, mut beyond) = (row.clone(), row.clone());
    for i in 1..=a.len() {
        mem::swap(&mut beyond, &mut above);
        mem::swap(&mut above, &mut row);
        row[0] = i;
        for j in 1..=b.len() {
            let substituted = above[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = substituted.min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(beyond[j - 2] + 1);
            }
        }
    }
    row.last().copied()
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, distance, nearest};

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let names = ["a.weight", "a.bias", "conv1.weight"];
        assert_eq!(nearest("a.weigth", names), Some("a.weight"));
        assert_eq!(nearest("A.Bias", names), Some("a.bias"));
        assert_eq!(nearest("conv.weight", names), Some("conv1.weight"));
        assert_eq!(nearest("lstm.weight_ih_l0", names), None);
        assert_eq!(nearest("", names), None);
        assert_eq!(nearest("b", ["a"]), None);
    }

    #[test]
    fn the_distance_counts_edits() {
        assert_eq!(distance("kitten", "sitting"), Some(3));
        assert_eq!(distance("desne", "dense"), Some(1));
        assert_eq!(distance("", "abc"), Some(3));
        assert_eq!(distance("abc", ""), Some(3));
        assert_eq!(distance("größe", "große"), Some(1));
        assert_eq!(distance(&"a".repeat(LONGEST + 1), "a"), None);
    }
}
