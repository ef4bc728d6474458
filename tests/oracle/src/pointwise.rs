//! Activations and arithmetic: number by number.

use kiln_compiler::ops::Op;

use super::{Application, Tensor, volume};

/// The function that an activation without parameters to learn is.
pub fn activation(op: &Op) -> Option<Box<dyn Fn(f64) -> f64 + '_>> {
    Some(match op {
        Op::Relu(_) => Box::new(|x| x.max(0.0)),
        Op::Sigmoid(_) => Box::new(sigmoid),
        Op::Tanh(_) => Box::new(f64::tanh),
        Op::LeakyRelu(op) => Box::new(|x| if x > 0.0 { x } else { op.slope * x }),
        Op::Relu6(_) => Box::new(|x| x.clamp(0.0, 6.0)),
        Op::HardTanh(op) => Box::new(|x| x.clamp(op.min, op.max)),
        Op::Clamp(op) => Box::new(|x| {
            let x = op.min.map_or(x, |min| x.max(min));
            op.max.map_or(x, |max| x.min(max))
        }),
        Op::Elu(op) => Box::new(|x| if x > 0.0 { x } else { op.alpha * x.exp_m1() }),
        Op::Selu(_) => Box::new(|x| SELU_SCALE * if x > 0.0 { x } else { SELU_ALPHA * x.exp_m1() }),
        Op::Gelu(op) if op.approximate => Box::new(|x| {
            let z = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x.powi(3));
            0.5 * x * (1.0 + z.tanh())
        }),
        Op::Gelu(_) => Box::new(|x| 0.5 * x * libm::erfc(-x / 2.0_f64.sqrt())),
        Op::Silu(_) => Box::new(|x| x * sigmoid(x)),
        Op::Mish(_) => Box::new(|x| x * softplus(x).tanh()),
        Op::Softplus(op) => Box::new(|x| match op.beta * x {
            scaled if scaled > op.threshold => x,
            scaled => softplus(scaled) / op.beta,
        }),
        Op::Softsign(_) => Box::new(|x| x / (1.0 + x.abs())),
        Op::HardSigmoid(_) => Box::new(hard_sigmoid),
        Op::HardSwish(_) => Box::new(|x| x * hard_sigmoid(x)),
        Op::Abs(_) => Box::new(f64::abs),
        Op::Sqrt(_) => Box::new(f64::sqrt),
        Op::Exp(_) => Box::new(f64::exp),
        Op::Log(_) => Box::new(f64::ln),
        _ => return None,
    })
}

/// y = x where x > 0, a learnt part of it elsewhere, of which there is one or one for each channel.
pub fn prelu(application: &Application<'_>) -> Vec<f64> {
    let (x, slopes) = (&application.inputs[0], application.parameters[0].data);
    let (channels, inner) = match *x.shape {
        [channels, height, width] => (channels, height * width),
        _ => (x.shape[x.shape.len() - 1], 1),
    };
    let slope = |index: usize| match slopes.len() {
        1 => slopes[0],
        _ => slopes[index / inner % channels],
    };
    let part = |(index, &x): (usize, &f64)| if x > 0.0 { x } else { slope(index) * x };
    x.data.iter().enumerate().map(part).collect()
}

const SELU_ALPHA: f64 = 1.673_263_242_354_377_2;
const SELU_SCALE: f64 = 1.050_700_987_355_480_5;

/// ln(1 + e^x).
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// x / 6 + 1/2, between 0 and 1.
fn hard_sigmoid(x: f64) -> f64 {
    (x / 6.0 + 0.5).clamp(0.0, 1.0)
}

/// y = f(x).
pub fn map(application: &Application<'_>, f: impl Fn(f64) -> f64) -> Vec<f64> {
    application.inputs[0].data.iter().map(|&x| f(x)).collect()
}

/// z = f(x, y), where axes of size 1, and those that are missing in front, serve every index of the result's.
pub fn zip(application: &Application<'_>, f: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    let [x, y] = &application.inputs[..] else {
        unreachable!("two operands")
    };
    let output = application.output;
    let at = |tensor: &Tensor<'_>, number: usize| {
        let (mut rest, mut stride, mut place) = (number, 1, 0);
        let sizes = tensor.shape.iter().rev();
        for (size, &own) in output.iter().rev().zip(sizes) {
            place += rest % size % own * stride;
            (rest, stride) = (rest / size, stride * own);
        }
        tensor.data[place]
    };
    let numbers = 0..volume(output);
    numbers
        .map(|number| f(at(x, number), at(y, number)))
        .collect()
}

/// 1 / (1 + e^-x).
pub fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}
