//! Metrics of the first of several outputs.

use super::{measures::Measures, metric::Metric};
use crate::loss::First;

/// Implements [`Metric`] for the first output of a tuple, beside the target of that alone.
macro_rules! first {
    ($($other:ident),*) => {
        impl<A, $($other,)* T, M: Metric<A, T>> Metric<(A, $($other,)*), T> for First<M> {
            fn begin(&mut self) {
                self.0.begin();
            }

            fn add(&mut self, output: &(A, $($other,)*), target: &T) {
                self.0.add(&output.0, target);
            }

            fn report(&self, measures: &mut Measures) {
                self.0.report(measures);
            }

            fn is_some(&self) -> bool {
                self.0.is_some()
            }
        }
    };
}

first!(B);
first!(B, C);
first!(B, C, D);
first!(B, C, D, E);
first!(B, C, D, E, F);
