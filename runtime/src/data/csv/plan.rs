//! What is asked of a table, and which of its columns that means.

use crate::error::TableFault;
use alloc::{
    collections::{BTreeMap, BTreeSet},
    string::{String, ToString},
    vec::Vec,
};

/// What is done with a row that lacks a value. Targets are never filled: unless such rows are dropped, they are refused.
///
/// In a column that `one_hot` makes numbers of, a filled gap is no category: zeros in all of its columns, as
/// `pandas.get_dummies` makes it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Missing {
    /// Refuses the file, naming line and column.
    #[default]
    Refuse,
    /// Leaves out the row.
    DropRow,
    /// Takes the mean of the column's other values.
    Mean,
    /// Takes the median of the column's other values; of an even number, the mean of the two in the middle.
    Median,
    /// Takes this number.
    Constant(f32),
}

/// What pandas takes for missing.
const SPELLINGS: [&str; 19] = [
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
    "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null",
];

/// What is asked of a table.
#[derive(Clone, Debug)]
pub struct Options {
    pub delimiter: u8,
    pub quote: u8,
    pub header: bool,
    pub decimal_comma: bool,
    /// All but the targets, unless chosen.
    pub features: Option<Vec<String>>,
    pub without: Vec<String>,
    /// Columns of words, and the words if they are given.
    pub one_hot: Vec<(String, Option<Vec<String>>)>,
    pub missing: Missing,
    pub missing_in: Vec<(String, Missing)>,
    pub spellings: BTreeSet<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            delimiter: b',',
            quote: b'"',
            header: true,
            decimal_comma: false,
            features: None,
            without: Vec::new(),
            one_hot: Vec::new(),
            missing: Missing::Refuse,
            missing_in: Vec::new(),
            spellings: SPELLINGS.into_iter().map(String::from).collect(),
        }
    }
}

/// A column that becomes features.
pub struct Feature {
    /// Its place in the header.
    pub at: usize,
    pub missing: Missing,
    /// Whether it holds words; the words, if they are given.
    pub words: Option<Option<Vec<String>>>,
}

/// A fault, and the column that it is about.
pub type Fault = (Option<String>, TableFault);

/// The columns that are asked for.
pub struct Plan {
    pub features: Vec<Feature>,
    /// Places of the targets.
    pub targets: Vec<usize>,
}

impl Plan {
    pub fn new(header: &[String], options: &Options, targets: &[String]) -> Result<Self, Fault> {
        let targets = targets
            .iter()
            .map(|name| find(header, name))
            .collect::<Result<Vec<_>, _>>()?;
        for name in options.without.iter() {
            // A name that is twice in the header leaves out both.
            if !header.contains(name) {
                find(header, name)?;
            }
        }
        let chosen = match &options.features {
            Some(names) => names
                .iter()
                .map(|name| find(header, name))
                .collect::<Result<Vec<_>, _>>()?,
            None => rest(header, options, &targets)?,
        };
        let mut taken = BTreeSet::new();
        for &at in targets.iter().chain(&chosen) {
            if !taken.insert(at) {
                return Err((Some(header[at].clone()), TableFault::ChosenTwice));
            }
        }
        let mut features = chosen
            .into_iter()
            .map(|at| Feature {
                at,
                missing: options.missing,
                words: None,
            })
            .collect::<Vec<_>>();
        for (name, missing) in &options.missing_in {
            feature(&mut features, header, name)?.missing = *missing;
        }
        for (name, words) in &options.one_hot {
            feature(&mut features, header, name)?.words = Some(words.clone());
        }
        Ok(Self { features, targets })
    }
}

/// All columns but the targets and those that are left out.
fn rest(header: &[String], options: &Options, targets: &[usize]) -> Result<Vec<usize>, Fault> {
    let (mut rest, mut times) = (Vec::new(), BTreeMap::<&str, usize>::new());
    for name in header {
        *times.entry(name).or_default() += 1;
    }
    for (at, name) in header.iter().enumerate() {
        if targets.contains(&at) || options.without.contains(name) {
            continue;
        }
        if name.is_empty() {
            return Err((None, TableFault::Unnamed { number: at + 1 }));
        }
        if times.get(name.as_str()).is_some_and(|&times| times > 1) {
            return Err((Some(name.clone()), TableFault::RepeatedColumn));
        }
        rest.push(at);
    }
    Ok(rest)
}

/// The feature that a setting is about.
fn feature<'a>(
    features: &'a mut [Feature],
    header: &[String],
    name: &str,
) -> Result<&'a mut Feature, Fault> {
    let at = find(header, name)?;
    let found = features.iter_mut().find(|feature| feature.at == at);
    found.ok_or_else(|| (Some(name.to_string()), TableFault::NotAFeature))
}

/// A column of the header, which has the name once.
fn find(header: &[String], name: &str) -> Result<usize, Fault> {
    let mut places = (0..header.len()).filter(|&at| header[at] == name);
    match (places.next(), places.next()) {
        (Some(at), None) => Ok(at),
        (Some(_), Some(_)) => Err((Some(name.to_string()), TableFault::RepeatedColumn)),
        (None, _) => {
            let (name, columns) = (name.to_string(), header.to_vec());
            Err((None, TableFault::UnknownColumn { name, columns }))
        }
    }
}
