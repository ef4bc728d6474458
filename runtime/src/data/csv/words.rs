//! Words as numbers: the classes of a target, the categories of a column.

use crate::error::TableFault;
use alloc::{
    collections::BTreeMap,
    string::{String, ToString},
    vec,
    vec::Vec,
};

/// A column of words. They are counted as they come, and put in order in the end.
pub struct Words {
    /// The words and their numbers.
    numbers: BTreeMap<String, u32>,
    /// Whether all words are known before the first row.
    given: bool,
    /// The word of each row.
    rows: Vec<u32>,
}

/// The word of a row that has none.
pub const NONE: u32 = u32::MAX;

impl Words {
    pub fn new(given: Option<&[String]>) -> Self {
        let mut this = Self {
            numbers: BTreeMap::new(),
            given: given.is_some(),
            rows: Vec::new(),
        };
        for word in given.unwrap_or_default() {
            let number = this.numbers.len() as u32;
            this.numbers.entry(word.clone()).or_insert(number);
        }
        this
    }

    /// Whether the word is one of those that were given.
    pub fn is_given(&self, word: &str) -> bool {
        self.given && self.numbers.contains_key(word)
    }

    /// Adds a row.
    pub fn push(&mut self, word: &str) -> Result<(), TableFault> {
        let number = match self.numbers.get(word) {
            Some(&number) => number,
            None if self.given => {
                let (text, values) = (word.to_string(), self.names());
                return Err(TableFault::UnknownValue { text, values });
            }
            None => {
                let number = self.numbers.len() as u32;
                self.numbers.insert(word.to_string(), number);
                number
            }
        };
        self.rows.push(number);
        Ok(())
    }

    /// Adds a row without a word.
    pub fn push_none(&mut self) {
        self.rows.push(NONE);
    }

    /// Drops what is behind the first rows.
    pub fn truncate(&mut self, rows: usize) {
        self.rows.truncate(rows);
    }

    /// The words by their numbers.
    fn names(&self) -> Vec<String> {
        let mut names = vec![String::new(); self.numbers.len()];
        for (name, &number) in &self.numbers {
            if let Some(place) = names.get_mut(number as usize) {
                place.clone_from(name);
            }
        }
        names
    }

    /// The words, and which of them each row has. Words that were given keep their order; others are sorted, by number if
    /// all are numbers.
    pub fn sorted(self) -> (Vec<String>, Vec<u32>) {
        let names = self.names();
        if self.given {
            return (names, self.rows);
        }
        // A word that only rows have which were left out is none.
        let mut met = vec![false; names.len()];
        for &row in self.rows.iter().filter(|&&row| row != NONE) {
            met[row as usize] = true;
        }
        let mut order = (0..names.len()).filter(|&at| met[at]).collect::<Vec<_>>();
        // Words such as `inf` are no numbers here.
        let number = |name: &String| name.parse::<f64>().ok().filter(|number| number.is_finite());
        let numbers = names.iter().map(number).collect::<Vec<_>>();
        match order.iter().all(|&at| numbers[at].is_some()) {
            true => order.sort_by(|&a, &b| {
                let [x, y] = [a, b].map(|at| numbers[at].unwrap_or_default());
                x.total_cmp(&y).then_with(|| names[a].cmp(&names[b]))
            }),
            false => order.sort_by(|&a, &b| names[a].cmp(&names[b])),
        }
        let mut places = vec![NONE; names.len()];
        for (place, &at) in order.iter().enumerate() {
            places[at] = place as u32;
        }
        let place = |row: u32| places.get(row as usize).copied().unwrap_or(NONE);
        let rows = self.rows.into_iter().map(place).collect();
        (
            order.into_iter().map(|at| names[at].clone()).collect(),
            rows,
        )
    }
}
