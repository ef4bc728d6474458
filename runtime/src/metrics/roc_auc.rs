//! The area under the curve of true by false positives.
//!
//! It is the chance that a row of the class has a larger score than a row of another, ties counting half (Mann and Whitney
//! 1947): with the ranks of all scores, equal ones sharing their mean rank,
//!
//! ```text
//! AUC = (sum of the positives' ranks - p (p + 1) / 2) / (p n)      for p positives and n negatives
//! ```

use super::{
    labelled::{Labelled, classes},
    measures::Measures,
    metric::Metric,
    tally::Average,
};
use alloc::{format, vec::Vec};

/// The area under the receiver operating characteristic: `sklearn.metrics.roc_auc_score`, and for more than two classes its
/// one-vs-rest, `multi_class="ovr"`. `roc_auc` for [`Average::Binary`], `roc_auc_macro` and so on for the others.
///
/// Scores are logits, as a network gives them that is trained with `CrossEntropy`, or logarithms of probabilities: a class is
/// compared by its softmax, or rather by the logarithm of its odds, which does not saturate. [`of_probabilities`] is for
/// networks that end in `Softmax` or `Sigmoid`. Classes that all rows have, or none, are left out of the averages; the
/// value is NaN if no class is left. All scores are kept until the end: four bytes for each, and four for each row.
///
/// [`of_probabilities`]: Self::of_probabilities
///
/// ```
/// use kiln::metrics::{Average, Metric, RocAuc};
///
/// let mut auc = RocAuc::new(Average::Binary);
/// for (logit, label) in [(-2.0, 0), (0.5, 0), (0.5, 1), (3.0, 1_u8)] {
///     auc.add(&[logit], &label);
/// }
/// assert_eq!(auc.value(), 0.875);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RocAuc {
    average: Average,
    probabilities: bool,
    /// Of each row: the score of class 1 if there are two, otherwise those of all.
    scores: Vec<f32>,
    targets: Vec<u32>,
    classes: usize,
}

impl RocAuc {
    /// Over the classes as `average` says; the default is [`Average::Macro`].
    pub fn new(average: Average) -> Self {
        Self {
            average,
            ..Self::default()
        }
    }

    /// Compares classes by their scores as they are.
    pub fn of_probabilities(mut self) -> Self {
        self.probabilities = true;
        self
    }

    /// The value of the samples so far.
    pub fn value(&self) -> f64 {
        if self.classes == 2 && self.average != Average::Micro {
            // That of class 0 is the same.
            return self.of_class(1);
        }
        match self.average {
            Average::Binary => self.of_class(1),
            Average::Micro => {
                let mut pairs = Vec::with_capacity(self.targets.len() * self.classes);
                for class in 0..self.classes {
                    pairs.extend(self.pairs(class));
                }
                area(&mut pairs)
            }
            Average::Macro | Average::Weighted => {
                let (mut sum, mut weights) = (0.0, 0.0);
                for class in 0..self.classes {
                    let of_class = self.of_class(class);
                    if !of_class.is_nan() {
                        let weight = match self.average {
                            Average::Weighted => self.count(class) as f64,
                            _ => 1.0,
                        };
                        sum += weight * of_class;
                        weights += weight;
                    }
                }
                sum / weights
            }
        }
    }

    /// The area of one class against the rest; NaN if all rows are of the class, or none.
    pub fn of_class(&self, class: usize) -> f64 {
        area(&mut self.pairs(class).collect::<Vec<_>>())
    }

    /// Rows of a class.
    fn count(&self, class: usize) -> usize {
        let of_class = self
            .targets
            .iter()
            .filter(|target| **target as usize == class);
        of_class.count()
    }

    /// The score of a class in each row, and whether the row is of it.
    fn pairs(&self, class: usize) -> impl Iterator<Item = (f32, bool)> {
        let (width, two) = (self.width(), self.classes == 2);
        let rows = self.scores.chunks_exact(width.max(1)).zip(&self.targets);
        rows.map(move |(scores, target)| {
            let score = match (two, class) {
                (true, 0) => -scores[0],
                (true, _) => scores[0],
                _ => scores.get(class).copied().unwrap_or(f32::NEG_INFINITY),
            };
            (score, *target as usize == class)
        })
    }

    /// Scores that are kept of a row.
    fn width(&self) -> usize {
        if self.classes == 2 { 1 } else { self.classes }
    }

    fn row(&mut self, scores: &[f32], class: usize) {
        self.classes = classes(scores);
        self.targets.push(u32::try_from(class).unwrap_or(u32::MAX));
        match *scores {
            [score] => self.scores.push(if self.probabilities {
                score - 0.5
            } else {
                score
            }),
            [no, yes] => self.scores.push(yes - no),
            _ if self.probabilities => self.scores.extend_from_slice(scores),
            _ => self
                .scores
                .extend((0..scores.len()).map(|class| odds(scores, class))),
        }
    }
}

impl<O, T: Labelled<O>> Metric<O, T> for RocAuc {
    fn begin(&mut self) {
        self.scores.clear();
        self.targets.clear();
    }

    fn add(&mut self, output: &O, target: &T) {
        target.rows(output, &mut |scores, class| self.row(scores, class));
    }

    fn report(&self, measures: &mut Measures) {
        let suffix = self.average.suffix();
        measures.add(format!("roc_auc{suffix}"), self.value());
    }
}

/// The logarithm of a class's odds: its logit less the logarithm of the sum of the others' powers.
fn odds(scores: &[f32], class: usize) -> f32 {
    let others = || {
        let others = scores.iter().enumerate();
        others
            .filter(move |(other, _)| *other != class)
            .map(|(_, score)| f64::from(*score))
    };
    let largest = others().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = others().map(|score| libm::exp(score - largest)).sum();
    (f64::from(scores[class]) - largest - libm::log(sum)) as f32
}

/// The area under the curve of scores, and whether each is a positive's.
fn area(pairs: &mut [(f32, bool)]) -> f64 {
    pairs.sort_unstable_by(|(a, _), (b, _)| a.total_cmp(b));
    let positives = pairs.iter().filter(|(_, positive)| *positive).count() as f64;
    let negatives = pairs.len() as f64 - positives;
    // Twice the ranks above p (p + 1) / 2, which are whole numbers.
    let (mut doubled, mut before) = (0.0, 0);
    for equals in pairs.chunk_by(|(a, _), (b, _)| a == b) {
        let count = equals.iter().filter(|(_, positive)| *positive).count();
        doubled += (2 * before + equals.len() + 1) as f64 * count as f64;
        before += equals.len();
    }
    let above = doubled / 2.0 - positives * (positives + 1.0) / 2.0;
    above / (positives * negatives)
}
