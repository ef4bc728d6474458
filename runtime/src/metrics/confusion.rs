//! How often each class was taken for each.

use super::{
    labelled::{Labelled, answer, classes},
    measures::Measures,
    metric::Metric,
};
use alloc::{
    collections::BTreeMap,
    string::{String, ToString},
    vec::Vec,
};
use core::fmt::{self, Display, Formatter};

/// The confusion matrix: how many rows of each class were predicted to be of each, as
/// `sklearn.metrics.confusion_matrix`. `{}` prints it as a table, a line for each actual class and a column for each
/// predicted one. It adds no value to `Evaluation::metrics`; read it from the metric itself, after `trainer.evaluate`
/// by `trainer.metrics_mut()`.
///
/// ```
/// use kiln::metrics::{ConfusionMatrix, Metric};
///
/// let mut matrix = ConfusionMatrix::default().names(["cat", "dog"]);
/// for (logits, label) in [([2.0, 1.0], 0), ([0.0, 3.0], 0), ([0.0, 1.0], 1_u8)] {
///     matrix.add(&logits, &label);
/// }
/// assert_eq!(matrix.count(0, 1), 1);
/// assert_eq!(
///     matrix.to_string(),
///     "actual \\ predicted  cat  dog\n\
///      cat                   1    1\n\
///      dog                   0    1"
/// );
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConfusionMatrix {
    names: Vec<String>,
    threshold: f32,
    classes: usize,
    /// By right and predicted class; of thousands of classes most pairs never occur.
    counts: BTreeMap<(usize, usize), u64>,
}

impl ConfusionMatrix {
    /// Prints the classes by these names instead of their numbers.
    pub fn names<T: Into<String>>(mut self, names: impl IntoIterator<Item = T>) -> Self {
        self.names = names.into_iter().map(Into::into).collect();
        self
    }

    /// What a lone score must be above to mean class 1: 0 for a logit, the default, and 0.5 for a probability.
    pub fn threshold(mut self, threshold: f32) -> Self {
        self.threshold = threshold;
        self
    }

    /// Rows of class `actual` that were predicted to be of class `predicted`.
    pub fn count(&self, actual: usize, predicted: usize) -> u64 {
        self.counts.get(&(actual, predicted)).copied().unwrap_or(0)
    }

    /// How many classes there are: as many as a row has scores.
    pub fn classes(&self) -> usize {
        self.classes
    }

    fn row(&mut self, scores: &[f32], class: usize) {
        self.classes = self.classes.max(classes(scores));
        let found = answer(scores, self.threshold);
        *self.counts.entry((class, found)).or_insert(0) += 1;
    }

    fn name(&self, class: usize) -> String {
        let name = self.names.get(class);
        name.map_or_else(|| class.to_string(), Clone::clone)
    }
}

impl<O, T: Labelled<O>> Metric<O, T> for ConfusionMatrix {
    fn begin(&mut self) {
        self.counts.clear();
        self.classes = 0;
    }

    fn add(&mut self, output: &O, target: &T) {
        target.rows(output, &mut |scores, class| self.row(scores, class));
    }

    fn report(&self, _: &mut Measures) {}
}

/// The corner of the table.
const CORNER: &str = "actual \\ predicted";

impl Display for ConfusionMatrix {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let names = (0..self.classes)
            .map(|class| self.name(class))
            .collect::<Vec<_>>();
        let length = |text: &String| text.chars().count();
        let first = names
            .iter()
            .map(length)
            .chain([CORNER.len()])
            .max()
            .unwrap_or(0);
        let largest = self
            .counts
            .values()
            .max()
            .map_or(1, |count| length(&count.to_string()));
        let width = names.iter().map(length).max().unwrap_or(1).max(largest) + 2;
        // The widths of a format have sixteen bits.
        let most = usize::from(u16::MAX);
        let (first, width) = (first.min(most), width.min(most));
        write!(f, "{CORNER:first$}")?;
        for name in &names {
            write!(f, "{name:>width$}")?;
        }
        for (actual, name) in names.iter().enumerate() {
            write!(f, "\n{name:first$}")?;
            for predicted in 0..self.classes {
                write!(f, "{:>width$}", self.count(actual, predicted))?;
            }
        }
        Ok(())
    }
}
