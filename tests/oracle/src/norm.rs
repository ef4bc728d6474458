//! Normalisation over a batch, or by running statistics.

use super::{Application, Tensor, volume};
use kiln_compiler::ops::batch_norm::BatchNorm;

/// Channel of each number of a shape, and how many channels there are.
pub fn channels(shape: &[usize]) -> (impl Fn(usize) -> usize, usize) {
    let (channels, inner) = match *shape {
        [channels, ref pixels @ ..] if pixels.len() > 1 => (channels, volume(pixels)),
        _ => (shape[shape.len() - 1], 1),
    };
    (move |index| index / inner % channels, channels)
}

/// y = (x - mean) / sqrt(variance + eps) g + b, by the running statistics.
pub fn running(norm: &BatchNorm, application: &Application<'_>) -> Vec<f64> {
    by_running(norm.eps, application)
}

/// The same with this eps.
pub fn by_running(eps: f64, application: &Application<'_>) -> Vec<f64> {
    let [.., mean, variance, _] = &application.parameters[..] else {
        unreachable!("running statistics")
    };
    let x = application.inputs[0];
    normal(eps, application, x, mean.data, variance.data)
}

/// The same by the mean and the biased variance of all samples' numbers in a channel.
pub fn batch(norm: &BatchNorm, applications: &[Application<'_>]) -> Vec<Vec<f64>> {
    let x = || applications.iter().map(|application| application.inputs[0]);
    let shape = applications[0].inputs[0].shape;
    let (channel, count) = channels(shape);
    let each = (volume(shape) / count * applications.len()) as f64;
    let averages = |f: &dyn Fn(usize, f64) -> f64| {
        let mut sums = vec![0.0; count];
        for sample in x() {
            for (index, &x) in sample.data.iter().enumerate() {
                sums[channel(index)] += f(channel(index), x);
            }
        }
        sums.iter_mut().for_each(|sum| *sum /= each);
        sums
    };
    let mean = averages(&|_, x| x);
    let variance = averages(&|channel, x| (x - mean[channel]).powi(2));
    let samples = applications.iter();
    let normal =
        |sample: &Application<'_>| normal(norm.eps, sample, sample.inputs[0], &mean, &variance);
    samples.map(normal).collect()
}

fn normal(
    eps: f64,
    application: &Application<'_>,
    x: Tensor<'_>,
    mean: &[f64],
    variance: &[f64],
) -> Vec<f64> {
    let (channel, _) = channels(x.shape);
    let number = |(index, x): (usize, &f64)| {
        let channel = channel(index);
        let normal = (x - mean[channel]) / (variance[channel] + eps).sqrt();
        match &application.parameters[..] {
            [weight, bias, _, _, _] => normal * weight.data[channel] + bias.data[channel],
            _ => normal,
        }
    };
    x.data.iter().enumerate().map(number).collect()
}
