//! Perplexity of logits.

use super::{labelled::Labelled, measures::Measures, metric::Metric};

/// The exponential of the mean cross-entropy of all rows, `perplexity`: as good as a guess among so many classes that are
/// equally likely. Outputs are logits, or logarithms of probabilities; the steps of a sequence are a row each, and a label
/// that is no class is left out, as in Keras' and torchmetrics' `Perplexity`.
///
/// ```
/// use kiln::metrics::{Metric, Perplexity};
///
/// let mut perplexity = Perplexity::default();
/// perplexity.add(&[[0.0_f32; 7]; 2], &[3_i64, -100]);
/// assert!((perplexity.value() - 7.0).abs() < 1e-12);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Perplexity {
    nats: f64,
    rows: u64,
}

impl Perplexity {
    /// The value of the samples so far; NaN if there are none.
    pub fn value(&self) -> f64 {
        libm::exp(self.nats / self.rows as f64)
    }

    fn row(&mut self, scores: &[f32], class: usize) {
        // A lone score is a logit against 0.
        let two = [0.0, scores.first().copied().unwrap_or(0.0)];
        let scores = if scores.len() == 1 { &two } else { scores };
        let own = scores.get(class).copied().unwrap_or(f32::NAN);
        let largest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let powers = scores
            .iter()
            .map(|score| libm::exp(f64::from(*score) - f64::from(largest)));
        self.nats += libm::log(powers.sum()) - (f64::from(own) - f64::from(largest));
        self.rows += 1;
    }
}

impl<O, T: Labelled<O>> Metric<O, T> for Perplexity {
    fn begin(&mut self) {
        *self = Self::default();
    }

    fn add(&mut self, output: &O, target: &T) {
        target.rows(output, &mut |scores, class| self.row(scores, class));
    }

    fn report(&self, measures: &mut Measures) {
        measures.add("perplexity", self.value());
    }
}
