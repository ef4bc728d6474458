//! How often the right class is among the best ones.

use super::{labelled::Labelled, measures::Measures, metric::Metric};
use alloc::format;

/// The share of rows whose class has one of the `k` largest scores, such as `top_5_accuracy`:
/// `sklearn.metrics.top_k_accuracy_score`. Among equal scores the first ones are taken, so that of scores that are all the
/// same only the first `k` classes are right.
#[derive(Clone, Debug, PartialEq)]
pub struct TopK {
    k: usize,
    right: u64,
    rows: u64,
}

impl TopK {
    /// The `k` largest; 1 is accuracy.
    pub fn new(k: usize) -> Self {
        Self {
            k,
            right: 0,
            rows: 0,
        }
    }

    /// The value of the samples so far; NaN if there are none.
    pub fn value(&self) -> f64 {
        self.right as f64 / self.rows as f64
    }

    fn row(&mut self, scores: &[f32], class: usize) {
        // A lone score is a logit against 0.
        let two = [0.0, scores.first().copied().unwrap_or(0.0)];
        let scores = if scores.len() == 1 { &two } else { scores };
        let own = scores.get(class).copied().unwrap_or(f32::NAN);
        let before = scores
            .iter()
            .enumerate()
            .filter(|(index, score)| **score > own || **score == own && *index < class);
        self.right += u64::from(!own.is_nan() && before.count() < self.k);
        self.rows += 1;
    }
}

impl<O, T: Labelled<O>> Metric<O, T> for TopK {
    fn begin(&mut self) {
        (self.right, self.rows) = (0, 0);
    }

    fn add(&mut self, output: &O, target: &T) {
        target.rows(output, &mut |scores, class| self.row(scores, class));
    }

    fn report(&self, measures: &mut Measures) {
        measures.add(format!("top_{}_accuracy", self.k), self.value());
    }
}
