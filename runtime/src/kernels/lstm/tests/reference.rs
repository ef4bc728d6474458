//! The definition of PyTorch's LSTM in f64, with slopes of a scalar loss by central differences.

use crate::block::LANES;
use std::{vec, vec::Vec};

/// Where the kernels keep a number of PyTorch's parameters.
#[derive(Clone, Copy, Debug)]
pub enum Parameter {
    /// `weight_ih`.
    Input { panel: usize, lane: usize, k: usize },
    /// `weight_hh`.
    Recurrent { panel: usize, lane: usize, k: usize },
    /// `bias_ih`.
    InputBias { panel: usize, lane: usize },
    /// `bias_hh`.
    RecurrentBias { panel: usize, lane: usize },
}

/// A layer and a batch as flat tensors of PyTorch's shapes.
pub struct Reference {
    samples: usize,
    steps: usize,
    inputs: usize,
    units: usize,
    /// `weight_ih [4 H][I]`, `weight_hh [4 H][H]`, `bias_ih [4 H]`, `bias_hh [4 H]`.
    values: Vec<f64>,
    /// `[samples][T][I]`.
    pub x: Vec<f64>,
    /// `[samples][T][H]`; the loss is sum(dy * y).
    pub dy: Vec<f64>,
}

impl Reference {
    /// Operands that depend on the sizes alone, all exact in f32.
    pub fn new(samples: usize, steps: usize, inputs: usize, units: usize) -> Self {
        let mut state = (samples + 10 * steps + 100 * inputs + 1000 * units) as u32 | 1;
        let mut noise = |count: usize, scale: f32| -> Vec<f64> {
            let mut next = || {
                state ^= state << 13;
                state ^= state >> 17;
                state ^= state << 5;
                f64::from(((state >> 8) as f32 / (1 << 23) as f32 - 1.0) * scale)
            };
            (0..count).map(|_| next()).collect()
        };
        Self {
            samples,
            steps,
            inputs,
            units,
            values: noise(4 * units * (inputs + units + 2), 0.5),
            x: noise(samples * steps * inputs, 1.0),
            dy: noise(samples * steps * units, 1.0),
        }
    }

    /// Every parameter's number with its place.
    pub fn parameters(&self) -> impl Iterator<Item = (Parameter, &f64)> {
        let (inputs, units) = (self.inputs, self.units);
        let place = move |row: usize| {
            let (gate, unit) = (row / units, row % units);
            (4 * (unit / LANES) + gate, unit % LANES)
        };
        let recurrent = 4 * units * inputs;
        let input_bias = recurrent + 4 * units * units;
        let recurrent_bias = input_bias + 4 * units;
        let parameter = move |at: usize| {
            if at < recurrent {
                let ((panel, lane), k) = (place(at / inputs), at % inputs);
                Parameter::Input { panel, lane, k }
            } else if at < input_bias {
                let at = at - recurrent;
                let ((panel, lane), k) = (place(at / units), at % units);
                Parameter::Recurrent { panel, lane, k }
            } else if at < recurrent_bias {
                let (panel, lane) = place(at - input_bias);
                Parameter::InputBias { panel, lane }
            } else {
                let (panel, lane) = place(at - recurrent_bias);
                Parameter::RecurrentBias { panel, lane }
            }
        };
        let numbered = self.values.iter().enumerate();
        numbered.map(move |(at, value)| (parameter(at), value))
    }

    /// h of all samples and steps, `[samples][T][H]`.
    pub fn forward(&self) -> Vec<f64> {
        let (inputs, units) = (self.inputs, self.units);
        let (input, rest) = self.values.split_at(4 * units * inputs);
        let (recurrent, bias) = rest.split_at(4 * units * units);
        let sigmoid = |z: f64| 1.0 / (1.0 + (-z).exp());
        let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
        let mut outputs = Vec::new();
        for sample in self.x.chunks(self.steps * inputs) {
            let (mut h, mut c) = (vec![0.0; units], vec![0.0; units]);
            for x in sample.chunks(inputs) {
                let z = |row: usize| {
                    bias[row]
                        + bias[4 * units + row]
                        + dot(x, &input[row * inputs..][..inputs])
                        + dot(&h, &recurrent[row * units..][..units])
                };
                let next = (0..units).map(|unit| {
                    let [i, f, g, o] = [0, 1, 2, 3].map(|gate| z(gate * units + unit));
                    let c = sigmoid(f) * c[unit] + sigmoid(i) * g.tanh();
                    (sigmoid(o) * c.tanh(), c)
                });
                (h, c) = next.unzip();
                outputs.extend_from_slice(&h);
            }
        }
        assert_eq!(outputs.len(), self.samples * self.steps * units);
        outputs
    }

    fn loss(&self) -> f64 {
        let y = self.forward();
        y.iter().zip(&self.dy).map(|(y, dy)| y * dy).sum()
    }

    /// The loss's slope along the number that `pick` finds.
    fn slope(&mut self, pick: impl Fn(&mut Self) -> &mut f64) -> f64 {
        let step = 1e-5;
        let value = *pick(self);
        *pick(self) = value + step;
        let above = self.loss();
        *pick(self) = value - step;
        let below = self.loss();
        *pick(self) = value;
        (above - below) / (2.0 * step)
    }

    /// The loss's gradient, in the order of [`Self::parameters`].
    pub fn gradients(&mut self) -> Vec<f64> {
        (0..self.values.len())
            .map(|at| self.slope(|layer| &mut layer.values[at]))
            .collect()
    }

    /// The loss's gradient by x.
    pub fn input_gradients(&mut self) -> Vec<f64> {
        (0..self.x.len())
            .map(|at| self.slope(|layer| &mut layer.x[at]))
            .collect()
    }
}
