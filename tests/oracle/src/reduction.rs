//! Means, sums and extremes along axes.

use super::{Application, volume};
use kiln_compiler::ops::reduction::Reduction;

/// For each number of the result `f` of all that become it.
pub fn reduce(
    reduction: &Reduction,
    application: &Application<'_>,
    f: impl Fn(&[f64]) -> f64,
) -> Vec<f64> {
    let x = application.inputs[0];
    let mut groups = vec![Vec::new(); volume(application.output)];
    for (number, &value) in x.data.iter().enumerate() {
        let (mut group, mut inner) = (0, volume(x.shape));
        for (axis, size) in x.shape.iter().enumerate() {
            inner /= size;
            if !reduction.reduces(axis) {
                group = group * size + number / inner % size;
            }
        }
        groups[group].push(value);
    }
    groups.iter().map(|group| f(group)).collect()
}
