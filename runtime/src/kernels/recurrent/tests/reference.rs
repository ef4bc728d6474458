//! The definition of PyTorch's recurrent layers in f64, with slopes of a scalar loss by central differences.

use super::Kind;
use crate::block::LANES;
use std::{vec, vec::Vec};

/// Where the kernels keep a number of PyTorch's parameters, and the states before the first step.
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
    /// x.
    X {
        sample: usize,
        step: usize,
        k: usize,
    },
    /// h before the first step.
    H0 { sample: usize, unit: usize },
    /// c before the first step.
    C0 { sample: usize, unit: usize },
}

/// How large a layer and its batch are, and what is given.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    pub kind: Kind,
    pub samples: usize,
    pub steps: usize,
    pub inputs: usize,
    pub units: usize,
    pub reverse: bool,
    /// Whether states before the first step are given.
    pub given: bool,
    /// Whether sequences are padded.
    pub padded: bool,
}

impl Case {
    /// How many steps of a sample count.
    pub fn length(&self, sample: usize) -> usize {
        match self.padded {
            true => 1 + (2 * sample + 1) % self.steps,
            false => self.steps,
        }
    }
}

/// A layer and a batch: its numbers in the order of [`Parameter`].
pub struct Reference {
    pub case: Case,
    values: Vec<f64>,
    /// `[samples][T + 1][H]`; the loss is sum(dy * y), where the last row is that of c after the last step.
    pub dy: Vec<f64>,
}

impl Reference {
    /// Operands that depend on the sizes alone, all exact in f32.
    pub fn new(case: Case) -> Self {
        let Case {
            samples,
            steps,
            inputs,
            units,
            ..
        } = case;
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
        let gates = case.kind.gates();
        let mut values = noise(gates * units * (inputs + units + 2), 0.5);
        values.extend(noise(samples * steps * inputs, 1.0));
        let states = noise(2 * samples * units, 1.0);
        values.extend(states.into_iter().map(|x| if case.given { x } else { 0.0 }));
        Self {
            case,
            values,
            dy: noise(samples * (steps + 1) * units, 1.0),
        }
    }

    /// Where each kind of number ends.
    fn ends(&self) -> [usize; 7] {
        let Case {
            kind,
            samples,
            steps,
            inputs,
            units,
            ..
        } = self.case;
        let rows = kind.gates() * units;
        let sizes = [
            rows * inputs,
            rows * units,
            rows,
            rows,
            samples * steps * inputs,
            samples * units,
            samples * units,
        ];
        let mut end = 0;
        sizes.map(|size| {
            end += size;
            end
        })
    }

    /// What each number is.
    pub fn parameter(&self, at: usize) -> Parameter {
        let Case {
            kind,
            steps,
            inputs,
            units,
            ..
        } = self.case;
        let place = |row: usize| {
            let (gate, unit) = (row / units, row % units);
            (kind.gates() * (unit / LANES) + gate, unit % LANES)
        };
        let ends = self.ends();
        let which = ends.iter().filter(|&&end| end <= at).count();
        let at = at - which.checked_sub(1).map_or(0, |before| ends[before]);
        match which {
            0 => {
                let ((panel, lane), k) = (place(at / inputs), at % inputs);
                Parameter::Input { panel, lane, k }
            }
            1 => {
                let ((panel, lane), k) = (place(at / units), at % units);
                Parameter::Recurrent { panel, lane, k }
            }
            2 => {
                let (panel, lane) = place(at);
                Parameter::InputBias { panel, lane }
            }
            3 => {
                let (panel, lane) = place(at);
                Parameter::RecurrentBias { panel, lane }
            }
            4 => Parameter::X {
                sample: at / inputs / steps,
                step: at / inputs % steps,
                k: at % inputs,
            },
            5 => Parameter::H0 {
                sample: at / units,
                unit: at % units,
            },
            _ => Parameter::C0 {
                sample: at / units,
                unit: at % units,
            },
        }
    }

    /// Every number with its place.
    pub fn parameters(&self) -> impl Iterator<Item = (Parameter, f64)> + '_ {
        let numbered = self.values.iter().enumerate();
        numbered.map(|(at, &value)| (self.parameter(at), value))
    }

    /// h of all samples and steps and c after the last, `[samples][T + 1][H]`.
    pub fn forward(&self) -> Vec<f64> {
        let Case {
            kind,
            samples,
            steps,
            inputs,
            units,
            reverse,
            ..
        } = self.case;
        let ends = self.ends();
        let part = |which: usize| &self.values[ends[which - 1]..ends[which]];
        let input = &self.values[..ends[0]];
        let (recurrent, input_bias, recurrent_bias) = (part(1), part(2), part(3));
        let sigmoid = |z: f64| 1.0 / (1.0 + (-z).exp());
        let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
        let mut outputs = vec![0.0; samples * (steps + 1) * units];
        for (sample, outputs) in outputs.chunks_mut((steps + 1) * units).enumerate() {
            let mut h = part(5)[sample * units..][..units].to_vec();
            let mut c = part(6)[sample * units..][..units].to_vec();
            let count = self.case.length(sample);
            for step in 0..count {
                let t = if reverse { count - 1 - step } else { step };
                let x = &part(4)[(sample * steps + t) * inputs..][..inputs];
                let share = |gate: usize, unit: usize| {
                    let row = gate * units + unit;
                    input_bias[row] + dot(x, &input[row * inputs..][..inputs])
                };
                let hidden = |gate: usize, unit: usize, h: &[f64]| {
                    let row = gate * units + unit;
                    recurrent_bias[row] + dot(h, &recurrent[row * units..][..units])
                };
                let z = |gate: usize, unit: usize| share(gate, unit) + hidden(gate, unit, &h);
                let reset: Vec<f64> = match kind {
                    Kind::GruResetBefore => (0..units).map(|u| sigmoid(z(0, u)) * h[u]).collect(),
                    _ => vec![],
                };
                let next = (0..units).map(|unit| match kind {
                    Kind::RnnTanh => (z(0, unit).tanh(), 0.0),
                    Kind::RnnRelu => (z(0, unit).max(0.0), 0.0),
                    Kind::Lstm => {
                        let [i, f, g, o] = [0, 1, 2, 3].map(|gate| z(gate, unit));
                        let c = sigmoid(f) * c[unit] + sigmoid(i) * g.tanh();
                        (sigmoid(o) * c.tanh(), c)
                    }
                    Kind::Gru | Kind::GruResetBefore => {
                        let (r, update) = (sigmoid(z(0, unit)), sigmoid(z(1, unit)));
                        let n = match kind {
                            Kind::Gru => share(2, unit) + r * hidden(2, unit, &h),
                            _ => share(2, unit) + hidden(2, unit, &reset),
                        };
                        ((1.0 - update) * n.tanh() + update * h[unit], 0.0)
                    }
                });
                (h, c) = next.unzip();
                outputs[t * units..][..units].copy_from_slice(&h);
            }
            outputs[steps * units..].copy_from_slice(&c);
        }
        outputs
    }

    fn loss(&self) -> f64 {
        let y = self.forward();
        y.iter().zip(&self.dy).map(|(y, dy)| y * dy).sum()
    }

    /// The loss's slope along every number of so many, by [`parameters`](Self::parameters).
    pub fn gradients(&mut self, every: usize) -> Vec<(Parameter, f64)> {
        let places = (0..self.values.len()).step_by(every);
        let slope = |at: usize| {
            let step = 1e-5;
            let value = self.values[at];
            let mut beside = |to: f64| {
                self.values[at] = to;
                self.loss()
            };
            let slope = (beside(value + step) - beside(value - step)) / (2.0 * step);
            self.values[at] = value;
            (self.parameter(at), slope)
        };
        places.map(slope).collect()
    }
}
