//! Metrics of how often each class was right, predicted and meant.
//!
//! With tp of a class's rows right, p rows predicted to be of it and a rows of it:
//!
//! ```text
//! precision = tp / p      recall = tp / a      F1 = 2 tp / (p + a)      0 where the divisor is 0
//! ```

use super::{
    labelled::{Labelled, answer, classes},
    measures::Measures,
    metric::Metric,
};
use alloc::{borrow::Cow, format, vec::Vec};

/// How the numbers of classes become one, as scikit-learn's `average`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Average {
    /// The mean over the classes. A class that is neither meant nor predicted by any row is left out.
    #[default]
    Macro,
    /// Of all rows together, whatever their class.
    Micro,
    /// The mean over the classes, each as often as it is meant.
    Weighted,
    /// That of class 1 alone: the positive one of two.
    Binary,
}

impl Average {
    /// What is appended to a metric's name.
    pub(super) fn suffix(self) -> &'static str {
        match self {
            Self::Macro => "_macro",
            Self::Micro => "_micro",
            Self::Weighted => "_weighted",
            Self::Binary => "",
        }
    }
}

/// Counts of one class.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Counts {
    /// Rows of it that were predicted to be.
    right: u64,
    /// Rows that were predicted to be of it.
    predicted: u64,
    /// Rows of it.
    meant: u64,
}

/// A share; 0 of nothing.
fn share(part: u64, whole: u64) -> f64 {
    match whole {
        0 => 0.0,
        _ => part as f64 / whole as f64,
    }
}

impl Counts {
    fn precision(self) -> f64 {
        share(self.right, self.predicted)
    }

    fn recall(self) -> f64 {
        share(self.right, self.meant)
    }

    fn f1(self) -> f64 {
        share(2 * self.right, self.predicted + self.meant)
    }
}

/// Counts of all classes.
#[derive(Clone, Debug, Default, PartialEq)]
struct Tally(Vec<Counts>);

impl Tally {
    fn add(&mut self, scores: &[f32], class: usize, threshold: f32) {
        let found = answer(scores, threshold);
        let count = classes(scores);
        if self.0.len() < count {
            self.0.resize(count, Counts::default());
        }
        if let Some(counts) = self.0.get_mut(found) {
            counts.predicted += 1;
            counts.right += u64::from(found == class);
        }
        if let Some(counts) = self.0.get_mut(class) {
            counts.meant += 1;
        }
    }

    /// The sum over all classes.
    fn all(&self) -> Counts {
        let mut all = Counts::default();
        for counts in &self.0 {
            all.right += counts.right;
            all.predicted += counts.predicted;
            all.meant += counts.meant;
        }
        all
    }

    /// One number of what `of` says of each class; NaN if there were no rows.
    fn average(&self, average: Average, of: fn(Counts) -> f64) -> f64 {
        let all = self.all();
        if all.meant == 0 {
            return f64::NAN;
        }
        let present = self
            .0
            .iter()
            .filter(|counts| counts.predicted + counts.meant > 0);
        match average {
            Average::Micro => of(all),
            Average::Binary => self.0.get(1).map_or(0.0, |counts| of(*counts)),
            Average::Weighted => {
                let weighted = present.map(|counts| counts.meant as f64 * of(*counts));
                weighted.sum::<f64>() / all.meant as f64
            }
            Average::Macro => {
                let (mut sum, mut count) = (0.0, 0);
                for counts in present {
                    sum += of(*counts);
                    count += 1;
                }
                sum / f64::from(count)
            }
        }
    }
}

/// Methods of a metric over a tally: what is added, and how the value is named and made.
macro_rules! tallied {
    ($metric:ident, $name:expr, $value:expr) => {
        impl $metric {
            /// What a lone score must be above to mean class 1: 0 for a logit, the default, and 0.5 for a probability.
            pub fn threshold(mut self, threshold: f32) -> Self {
                self.threshold = threshold;
                self
            }

            /// The value of the samples so far; NaN if there are none.
            pub fn value(&self) -> f64 {
                let value: fn(&Self) -> f64 = $value;
                value(self)
            }
        }

        impl<O, T: Labelled<O>> Metric<O, T> for $metric {
            fn begin(&mut self) {
                self.tally.0.clear();
            }

            fn add(&mut self, output: &O, target: &T) {
                target.rows(output, &mut |scores, class| {
                    self.tally.add(scores, class, self.threshold);
                });
            }

            fn report(&self, measures: &mut Measures) {
                let name: fn(&Self) -> Cow<'static, str> = $name;
                measures.add(name(self), self.value());
            }
        }
    };
}

/// The share of rows that are right, `accuracy`: `sklearn.metrics.accuracy_score`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Accuracy {
    threshold: f32,
    tally: Tally,
}

tallied!(Accuracy, |_| "accuracy".into(), |metric| {
    metric.tally.average(Average::Micro, Counts::recall)
});

/// The mean recall of the classes that occur among the targets, `balanced_accuracy`:
/// `sklearn.metrics.balanced_accuracy_score`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BalancedAccuracy {
    threshold: f32,
    tally: Tally,
}

tallied!(BalancedAccuracy, |_| "balanced_accuracy".into(), |metric| {
    let meant = metric.tally.0.iter().filter(|counts| counts.meant > 0);
    let (sum, count) = meant.fold((0.0, 0.0), |(sum, count), counts| {
        (sum + counts.recall(), count + 1.0)
    });
    sum / count
});

/// Declares a metric that is averaged over classes.
macro_rules! averaged {
    ($(#[$doc:meta])* $metric:ident, $name:literal, $of:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct $metric {
            average: Average,
            threshold: f32,
            tally: Tally,
        }

        impl $metric {
            /// Over the classes as `average` says; the default is [`Average::Macro`].
            pub fn new(average: Average) -> Self {
                Self {
                    average,
                    ..Self::default()
                }
            }

            /// The value of one class; 0 if nothing decides it, as scikit-learn has it.
            pub fn of_class(&self, class: usize) -> f64 {
                self.tally.0.get(class).map_or(0.0, |counts| counts.$of())
            }
        }

        tallied!(
            $metric,
            |metric| format!("{}{}", $name, metric.average.suffix()).into(),
            |metric| metric.tally.average(metric.average, Counts::$of)
        );
    };
}

averaged! {
    /// Of the rows that were predicted to be of a class, the share that is: `precision_macro`, `precision_micro`,
    /// `precision_weighted`, or for [`Average::Binary`] `precision`. `sklearn.metrics.precision_score`, where a class that is
    /// never predicted has 0.
    Precision, "precision", precision
}

averaged! {
    /// Of the rows of a class, the share that was predicted to be: `recall_macro`, `recall_micro`, `recall_weighted`, or for
    /// [`Average::Binary`] `recall`. `sklearn.metrics.recall_score`, where a class that never occurs has 0.
    Recall, "recall", recall
}

averaged! {
    /// The harmonic mean of precision and recall: `f1_macro`, `f1_micro`, `f1_weighted`, or for [`Average::Binary`] `f1`.
    /// `sklearn.metrics.f1_score`.
    ///
    /// ```
    /// use kiln::metrics::{Average, F1, Metric};
    ///
    /// let mut f1 = F1::new(Average::Macro);
    /// // Two logits each, and the right class.
    /// for (output, target) in [([1.0, 0.0], 0), ([0.0, 1.0], 0), ([0.0, 1.0], 1_u8)] {
    ///     f1.add(&output, &target);
    /// }
    /// assert!((f1.value() - 2.0 / 3.0).abs() < 1e-12);
    /// assert!((f1.of_class(1) - 2.0 / 3.0).abs() < 1e-12);
    /// ```
    F1, "f1", f1
}
