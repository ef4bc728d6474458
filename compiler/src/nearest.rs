//! What a misspelt name may have meant.

/// The candidate closest to `name`, if any is close enough to be meant.
///
/// Case and underscores do not count, so that `ReLU` and `max_pool2d` find `Relu` and `MaxPool2d`; beyond that, one
/// edit is forgiven for every three letters, but never one for every letter.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = plain(name);
    let forgiven = (name.len() / 3).max(1).min(name.len().saturating_sub(1));
    candidates
        .into_iter()
        .map(|candidate| (distance(&name, &plain(candidate)), candidate))
        .filter(|&(distance, _)| distance <= forgiven)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

/// `; did you mean ...?`, or nothing.
pub fn did_you_mean<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    nearest(name, candidates).map_or(String::new(), |near| format!("; did you mean `{near}`?"))
}

/// Names as a list in prose: `` `a`, `b` ``.
pub fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

fn plain(name: &str) -> Vec<char> {
    name.chars()
        .filter(|&c| c != '_')
        .flat_map(char::to_lowercase)
        .collect()
}

/// Levenshtein's distance, row by row.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
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
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
    }
}
