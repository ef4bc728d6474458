//! Activations and arithmetic: number by number.

use super::Application;

/// y = f(x).
pub fn map(application: &Application<'_>, f: impl Fn(f64) -> f64) -> Vec<f64> {
    application.inputs[0].data.iter().map(|&x| f(x)).collect()
}

/// z = f(x, y).
pub fn zip(application: &Application<'_>, f: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    let [x, y] = &application.inputs[..] else {
        unreachable!("two operands")
    };
    x.data.iter().zip(y.data).map(|(&x, &y)| f(x, y)).collect()
}

/// 1 / (1 + e^-x).
pub fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}
