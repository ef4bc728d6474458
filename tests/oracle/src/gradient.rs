//! Gradients by central differences.
//!
//! With a step h the central difference is off by about h^2 f''' / 6 + 1e-16 f / h: at 1e-5, ten digits are right. Where
//! the loss has a kink within the step (a rectifier or a maximum that changes sides), the true slope lies between the
//! slopes to the left and to the right; half of what they differ by is therefore reported along with the result.

use super::Reference;

/// How far a number is moved, relative to its size if that is above 1.
const STEP: f64 = 1e-5;

/// A derivative and how far it may be off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slope {
    /// The central difference.
    pub value: f64,
    /// Half the difference of the slopes on either side: about `STEP * f'' / 2`, or the height of a kink.
    pub doubt: f64,
}

/// The slope of `f` at `x`.
pub fn slope(x: f64, mut f: impl FnMut(f64) -> f64) -> Slope {
    let step = STEP * x.abs().max(1.0);
    let (left, middle, right) = (f(x - step), f(x), f(x + step));
    Slope {
        value: (right - left) / (2.0 * step),
        doubt: (right - 2.0 * middle + left).abs() / (2.0 * step),
    }
}

impl Reference<'_> {
    /// The derivative of a loss by one number of a parameter; `loss` is given the network with that number moved.
    ///
    /// # Panics
    ///
    /// If there is no such parameter or it has no such element.
    pub fn parameter_slope(&self, name: &str, index: usize, loss: impl Fn(&Self) -> f64) -> Slope {
        let mut moved = self.clone();
        slope(self.parameters[name][index], |x| {
            if let Some(parameter) = moved.parameters.get_mut(name) {
                parameter[index] = x;
            }
            loss(&moved)
        })
    }

    /// The derivative of a loss along a direction in which all numbers of a parameter move at once: the gradient's
    /// product with the direction, in which each of its numbers counts.
    ///
    /// # Panics
    ///
    /// If there is no such parameter.
    pub fn direction_slope(
        &self,
        name: &str,
        direction: &[f64],
        loss: impl Fn(&Self) -> f64,
    ) -> Slope {
        let mut moved = self.clone();
        slope(0.0, |way| {
            if let Some(parameter) = moved.parameters.get_mut(name) {
                let numbers = self.parameters[name].iter().zip(direction);
                *parameter = numbers.map(|(x, along)| x + way * along).collect();
            }
            loss(&moved)
        })
    }

    /// The derivative of a loss of the outputs by one number of an input.
    ///
    /// # Panics
    ///
    /// If there is no such input or it has no such element.
    pub fn input_slope(
        &self,
        inputs: &[Vec<f64>],
        (input, index): (usize, usize),
        loss: impl Fn(&[Vec<f64>]) -> f64,
    ) -> Slope {
        let mut moved = inputs.to_vec();
        slope(inputs[input][index], |x| {
            moved[input][index] = x;
            loss(&self.forward(&moved))
        })
    }
}
