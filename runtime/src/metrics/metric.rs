//! What a metric is.

use super::measures::Measures;
use alloc::{boxed::Box, vec::Vec};

/// Compares every output of a network with its target, and reports values in the end. A metric of your own:
///
/// ```
/// use kiln::{Mse, data::Samples, evaluate_with, metrics::{Mae, Measures, Metric}, prelude::*};
///
/// /// The largest error of any sample.
/// #[derive(Default)]
/// struct Largest(f64);
///
/// impl Metric<[f32; 1], [f32; 1]> for Largest {
///     fn begin(&mut self) {
///         self.0 = 0.0;
///     }
///
///     fn add(&mut self, [output]: &[f32; 1], [target]: &[f32; 1]) {
///         self.0 = self.0.max(f64::from(output - target).abs());
///     }
///
///     fn report(&self, measures: &mut Measures) {
///         measures.add("largest_error", self.0);
///     }
/// }
///
/// model! {
///     struct Double(x: [1]) -> [1] { fc: Dense(1) }
/// }
///
/// let mut net = Double::new(Seed(1));
/// net.parameters_mut().set("fc.weight", &[2.0])?;
/// net.parameters_mut().set("fc.bias", &[0.0])?;
/// let data = Samples::new([[1.0], [2.0]], [[2.5], [4.0]])?;
/// let mut metrics = (Largest::default(), Mae::default());
/// let evaluation = evaluate_with(&net, &data, &Mse, 1, &mut metrics)?;
/// assert_eq!(evaluation.metrics.get("largest_error"), Some(0.5));
/// assert_eq!(evaluation.metrics.get("mae"), Some(0.25));
/// # Ok::<(), kiln::Error>(())
/// ```
///
/// A tuple of metrics is a metric that has the values of all of them, and so is a `Vec<Box<dyn Metric<_, _>>>`, for
/// metrics that are chosen while the program runs.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot judge an output `{Output}` beside a target `{Target}`",
    note = "classification takes logits `[f32; N]` and a label, or `[[f32; N]; T]` and labels `[_; T]`; regression takes targets of the output's own type",
    note = "several metrics are a tuple, of at most eight"
)]
pub trait Metric<Output, Target>: Send {
    /// Begins anew: forgets all samples.
    fn begin(&mut self);

    /// Takes a sample into account. Samples come in the order of the dataset, all on one thread.
    fn add(&mut self, output: &Output, target: &Target);

    /// Appends the values since `begin`, under one or several names.
    fn report(&self, measures: &mut Measures);

    /// `false` if nothing is asked for, so that no output is kept for it.
    fn is_some(&self) -> bool {
        true
    }
}

impl<O, T, M: Metric<O, T> + ?Sized> Metric<O, T> for &mut M {
    fn begin(&mut self) {
        M::begin(self);
    }

    fn add(&mut self, output: &O, target: &T) {
        M::add(self, output, target);
    }

    fn report(&self, measures: &mut Measures) {
        M::report(self, measures);
    }

    fn is_some(&self) -> bool {
        M::is_some(self)
    }
}

impl<O, T, M: Metric<O, T> + ?Sized> Metric<O, T> for Box<M> {
    fn begin(&mut self) {
        M::begin(self);
    }

    fn add(&mut self, output: &O, target: &T) {
        M::add(self, output, target);
    }

    fn report(&self, measures: &mut Measures) {
        M::report(self, measures);
    }

    fn is_some(&self) -> bool {
        M::is_some(self)
    }
}

impl<O, T, M: Metric<O, T>> Metric<O, T> for Vec<M> {
    fn begin(&mut self) {
        self.iter_mut().for_each(M::begin);
    }

    fn add(&mut self, output: &O, target: &T) {
        self.iter_mut()
            .for_each(|metric| metric.add(output, target));
    }

    fn report(&self, measures: &mut Measures) {
        self.iter().for_each(|metric| metric.report(measures));
    }

    fn is_some(&self) -> bool {
        self.iter().any(M::is_some)
    }
}

/// No metric.
impl<O, T> Metric<O, T> for () {
    fn begin(&mut self) {}

    fn add(&mut self, _: &O, _: &T) {}

    fn report(&self, _: &mut Measures) {}

    fn is_some(&self) -> bool {
        false
    }
}

/// Implements [`Metric`] for tuples.
macro_rules! tuple {
    ($($metric:ident $index:tt),*) => {
        impl<O, T, $($metric: Metric<O, T>),*> Metric<O, T> for ($($metric,)*) {
            fn begin(&mut self) {
                $(self.$index.begin();)*
            }

            fn add(&mut self, output: &O, target: &T) {
                $(self.$index.add(output, target);)*
            }

            fn report(&self, measures: &mut Measures) {
                $(self.$index.report(measures);)*
            }

            fn is_some(&self) -> bool {
                false $(|| self.$index.is_some())*
            }
        }
    };
}

tuple!(A 0);
tuple!(A 0, B 1);
tuple!(A 0, B 1, C 2);
tuple!(A 0, B 1, C 2, D 3);
tuple!(A 0, B 1, C 2, D 3, E 4);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
