//! How rows that are too many to pass at once are cut into groups.

use core::{iter, ops::Range};

/// Cuts `rows` into groups of at most `most` (at least 1): as few groups as can be, as equal as multiples of four allow.
/// A group of few rows does not fill the tiles, and reads all weights for itself: 50 rows in groups of at most 24 are
/// 16, 16 and 18, and not 24, 24 and 2.
pub fn groups(rows: usize, most: usize) -> impl Iterator<Item = Range<usize>> {
    let mut first = 0;
    iter::from_fn(move || {
        if first == rows {
            return None;
        }
        let group = first..first + next(rows - first, most);
        first = group.end;
        Some(group)
    })
}

/// How many of `rows` the next group takes.
fn next(rows: usize, most: usize) -> usize {
    let groups = rows.div_ceil(most);
    let even = rows.div_ceil(groups);
    let fours = even / 4 * 4;
    // What four does not divide is left to later groups, if they have room for it.
    if fours > 0 && rows - fours <= (groups - 1) * most {
        fours
    } else {
        even
    }
}

#[cfg(test)]
mod tests {
    use super::groups;
    use alloc::vec::Vec;

    fn sizes(rows: usize, most: usize) -> Vec<usize> {
        groups(rows, most).map(|group| group.len()).collect()
    }

    #[test]
    fn groups_are_as_equal_as_fours_allow() {
        assert_eq!(sizes(64, 48), [32, 32]);
        assert_eq!(sizes(50, 24), [16, 16, 18]);
        assert_eq!(sizes(20, 12), [8, 12]);
        assert_eq!(sizes(11, 6), [6, 5]);
        assert_eq!(sizes(3, 1), [1, 1, 1]);
        assert_eq!(sizes(7, 24), [7]);
        assert!(sizes(0, 24).is_empty());
    }

    #[test]
    fn groups_follow_one_another_and_are_no_more_than_needed() {
        for most in 1..60 {
            for rows in 0..300 {
                let mut end = 0;
                for group in groups(rows, most) {
                    assert_eq!(group.start, end);
                    assert!((1..=most).contains(&group.len()));
                    end = group.end;
                }
                assert_eq!(end, rows);
                assert_eq!(groups(rows, most).count(), rows.div_ceil(most));
            }
        }
    }
}
