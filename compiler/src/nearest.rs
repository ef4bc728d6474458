//! What a misspelt name may have meant.

/// Longer names, and candidates beyond so many, are not compared: no guess is worth a wait.
const LETTERS: usize = 64;
const CANDIDATES: usize = 1000;

/// The candidate closest to `name`, if any is close enough to be meant.
///
/// Case and underscores do not count, so that `ReLU` and `max_pool2d` find `Relu` and `MaxPool2d`; beyond that, one
/// edit is forgiven for every four letters, for `sum` is not `sub`, and two neighbours that are swapped in any word. The
/// first letter and all digits are as they should be: people mistype within a word, while `Gelu` is not `Relu` and `Conv1d`
/// not `Conv2d`.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = plain(name);
    if name.len() > LETTERS {
        return None;
    }
    let forgiven = (name.len() / 4).max(1);
    candidates
        .into_iter()
        .take(CANDIDATES)
        .map(|candidate| (plain(candidate), candidate))
        .filter(|(letters, _)| letters.len().abs_diff(name.len()) <= forgiven)
        .filter(|(letters, _)| begins_alike(&name, letters) && digits(&name).eq(digits(letters)))
        .map(|(letters, candidate)| {
            let distance = distance(&name, &letters);
            (letters, distance, candidate)
        })
        .filter(|(letters, distance, _)| {
            *distance <= name.len() / 4 || (*distance == 1 && sorted(&name) == sorted(letters))
        })
        .min_by_key(|&(_, distance, _)| distance)
        .map(|(.., candidate)| candidate)
}

/// Whether both have the same first letter, the first two swapped at most.
fn begins_alike(a: &[char], b: &[char]) -> bool {
    let swapped = a.len() > 1 && b.len() > 1 && (a[0], a[1]) == (b[1], b[0]);
    a.first() == b.first() || swapped
}

fn sorted(name: &[char]) -> Vec<char> {
    let mut letters = name.to_vec();
    letters.sort_unstable();
    letters
}

fn digits(name: &[char]) -> impl Iterator<Item = char> {
    name.iter().copied().filter(char::is_ascii_digit)
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
        assert_eq!(nearest("rleu", kinds), Some("Relu"));
        assert_eq!(nearest("erlu", kinds), Some("Relu"));
        assert_eq!(nearest("cf", ["fc"]), Some("fc"));
    }

    #[test]
    fn what_means_something_else_is_not_near() {
        let kinds = [
            "Dense",
            "Conv2d",
            "MaxPool2d",
            "Relu",
            "Sub",
            "Mul",
            "Tanh",
            "Softmax",
        ];
        for name in [
            "Gelu",
            "Elu",
            "Selu",
            "Relu6",
            "sum",
            "max",
            "mean",
            "Conv1d",
            "AvgPool2d",
            "MaxPool1d",
            "Softmin",
            "tan",
        ] {
            assert_eq!(nearest(name, kinds), None, "{name}");
        }
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
