//! What a misspelt name may have meant.

/// Longer names, and candidates beyond so many, are not compared: no guess is worth a wait.
const LETTERS: usize = 64;
const CANDIDATES: usize = 1000;

/// The candidate closest to `name`, if any is close enough to be meant.
///
/// Case and underscores do not count, so that `ReLU` and `max_pool2d` find `Relu` and `MaxPool2d`; beyond that, one
/// edit is forgiven for every three letters, but never one for every letter.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = plain(name);
    if name.len() > LETTERS {
        return None;
    }
    let forgiven = (name.len() / 3).max(1).min(name.len().saturating_sub(1));
    candidates
        .into_iter()
        .take(CANDIDATES)
        .map(|candidate| (plain(candidate), candidate))
        .filter(|(letters, _)| letters.len().abs_diff(name.len()) <= forgiven)
        .map(|(letters, candidate)| (distance(&name, &letters), candidate))
        .filter(|&(distance, _)| distance <= forgiven)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

/// `; did you mean ...?`, or nothing.
pub fn did_you_mean<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    nearest(name, candidates).map_or(String::new(), |near| format!("; did you mean `{near}`?"))
}

/// The most names that a list shows.
const LISTED: usize = 40;

/// Names as a list in prose: `` `a`, `b` ``.
pub fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut names = names.into_iter();
    let quoted: Vec<String> = names
        .by_ref()
        .take(LISTED)
        .map(|name| format!("`{name}`"))
        .collect();
    match names.count() {
        0 => quoted.join(", "),
        more => format!("{} and {more} more", quoted.join(", ")),
    }
}

fn plain(name: &str) -> Vec<char> {
    name.chars()
        .filter(|&c| c != '_')
        .flat_map(char::to_lowercase)
        .collect()
}

/// Edits that make `b` of `a`: a letter more, a letter less, another letter, or two neighbours swapped.
fn distance(a: &[char], b: &[char]) -> usize {
    // rows[i][j] is the distance of the first i letters of a and the first j of b.
    let mut rows = vec![(0..=b.len()).collect::<Vec<_>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let substituted = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = substituted.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let kinds = ["Dense", "Conv2d", "MaxPool2d", "Relu"];
        assert_eq!(nearest("Dens", kinds), Some("Dense"));
        assert_eq!(nearest("ReLU", kinds), Some("Relu"));
        assert_eq!(nearest("max_pool2d", kinds), Some("MaxPool2d"));
        assert_eq!(nearest("MaxPooling2D", kinds), Some("MaxPool2d"));
        assert_eq!(nearest("Attention", kinds), None);
        assert_eq!(nearest("a", ["x"]), None);
    }

    #[test]
    fn the_distance_counts_edits() {
        let distance = |a, b| super::distance(&plain(a), &plain(b));
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("desne", "dense"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
    }
}
