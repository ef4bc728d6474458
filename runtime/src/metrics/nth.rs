//! Metrics of networks with several outputs.

use super::{measures::Measures, metric::Metric};
use alloc::format;

/// A metric of output `N` of several, counted from 0, beside target `N`. Its values have the output's number before their
/// names.
///
/// ```
/// use kiln::metrics::{Accuracy, Mae, Measures, Metric, Nth};
///
/// // Two outputs: logits of three classes, and a number.
/// let mut metrics = (Nth::<0, _>(Accuracy::default()), Nth::<1, _>(Mae::default()));
/// metrics.add(&([0.0, 2.0, 1.0], [0.5]), &(1_u8, [0.75]));
/// let mut measures = Measures::default();
/// Metric::<([f32; 3], [f32; 1]), (u8, [f32; 1])>::report(&metrics, &mut measures);
/// assert_eq!(measures.get("output_0_accuracy"), Some(1.0));
/// assert_eq!(measures.get("output_1_mae"), Some(0.25));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Nth<const N: usize, M>(
    /// The metric.
    pub M,
);

/// Adds what a metric says of output `number`.
fn numbered(number: usize, found: &Measures, measures: &mut Measures) {
    for measure in found.iter() {
        measures.add(format!("output_{number}_{}", measure.name), measure.value);
    }
}

/// Implements [`Metric`] for one output of a tuple.
macro_rules! nth {
    ($index:tt $output:ident $target:ident of $($o:ident $t:ident),*) => {
        impl<$($o,)* $($t,)* M: Metric<$output, $target>> Metric<($($o,)*), ($($t,)*)> for Nth<$index, M> {
            fn begin(&mut self) {
                self.0.begin();
            }

            fn add(&mut self, output: &($($o,)*), target: &($($t,)*)) {
                self.0.add(&output.$index, &target.$index);
            }

            fn report(&self, measures: &mut Measures) {
                let mut found = Measures::default();
                self.0.report(&mut found);
                numbered($index, &found, measures);
            }

            fn is_some(&self) -> bool {
                self.0.is_some()
            }
        }
    };
}

nth!(0 A TA of A TA, B TB);
nth!(1 B TB of A TA, B TB);
nth!(0 A TA of A TA, B TB, C TC);
nth!(1 B TB of A TA, B TB, C TC);
nth!(2 C TC of A TA, B TB, C TC);
nth!(0 A TA of A TA, B TB, C TC, D TD);
nth!(1 B TB of A TA, B TB, C TC, D TD);
nth!(2 C TC of A TA, B TB, C TC, D TD);
nth!(3 D TD of A TA, B TB, C TC, D TD);
