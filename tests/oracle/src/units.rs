//! Normalisation of each sample by itself.

use super::{Application, Tensor, norm::channels, volume};
use kiln_compiler::ops::{
    group_norm::GroupNorm,
    instance_norm::InstanceNorm,
    l2_normalize::L2Normalize,
    layer_norm::{Axes, LayerNorm},
    rms_norm::RmsNorm,
};

/// The numbers of a tensor, each less the first of what `of` gives for its unit and times the second.
fn normal(
    x: Tensor<'_>,
    unit: impl Fn(usize) -> usize,
    of: impl Fn(&[f64]) -> (f64, f64),
) -> Vec<f64> {
    let count = (0..x.data.len())
        .map(&unit)
        .max()
        .map_or(0, |last| last + 1);
    let mut units = vec![Vec::new(); count];
    for (index, &x) in x.data.iter().enumerate() {
        units[unit(index)].push(x);
    }
    let lines: Vec<_> = units.iter().map(|numbers| of(numbers)).collect();
    let numbers = x.data.iter().enumerate();
    let number = |(index, x): (usize, &f64)| {
        let (mean, scale) = lines[unit(index)];
        (x - mean) * scale
    };
    numbers.map(number).collect()
}

/// The mean of some numbers, and 1 / sqrt(variance + eps).
fn mean_and_deviation(numbers: &[f64], eps: f64) -> (f64, f64) {
    let count = numbers.len() as f64;
    let mean = numbers.iter().sum::<f64>() / count;
    let squares = numbers.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
    (mean, 1.0 / (squares / count + eps).sqrt())
}

/// Times a weight and plus a bias, as far as there are such parameters; `of` says which of their numbers belongs to
/// each index.
fn affine(
    application: &Application<'_>,
    normal: Vec<f64>,
    of: impl Fn(usize) -> usize,
) -> Vec<f64> {
    let number = |(index, normal): (usize, f64)| match &application.parameters[..] {
        [weight, bias, ..] => normal * weight.data[of(index)] + bias.data[of(index)],
        [weight] => normal * weight.data[of(index)],
        [] => normal,
    };
    normal.into_iter().enumerate().map(number).collect()
}

/// How many numbers the last axes have that are normalised together.
fn numbers(axes: &Axes, shape: &[usize]) -> usize {
    volume(&shape[shape.len() - axes.count..])
}

/// (x - mean) / sqrt(variance + eps) g + b over the last axes.
pub fn layer(norm: &LayerNorm, application: &Application<'_>) -> Vec<f64> {
    let x = application.inputs[0];
    let each = numbers(&norm.axes, x.shape);
    let of = |numbers: &[f64]| mean_and_deviation(numbers, norm.eps);
    affine(application, normal(x, |index| index / each, of), |index| {
        index % each
    })
}

/// x / sqrt(mean square + eps) g over the last axes.
pub fn rms(norm: &RmsNorm, application: &Application<'_>) -> Vec<f64> {
    let x = application.inputs[0];
    let each = numbers(&norm.axes, x.shape);
    let of = |numbers: &[f64]| {
        let squares = numbers.iter().map(|x| x * x).sum::<f64>();
        (
            0.0,
            1.0 / (squares / numbers.len() as f64 + norm.eps).sqrt(),
        )
    };
    affine(application, normal(x, |index| index / each, of), |index| {
        index % each
    })
}

/// (x - mean) / sqrt(variance + eps) g + b over groups of so many neighbouring channels.
fn grouped(each: usize, eps: f64, application: &Application<'_>) -> Vec<f64> {
    let x = application.inputs[0];
    let (channel, _) = channels(x.shape);
    let of = |numbers: &[f64]| mean_and_deviation(numbers, eps);
    affine(
        application,
        normal(x, |index| channel(index) / each, of),
        &channel,
    )
}

/// The same over groups of channels.
pub fn group(norm: &GroupNorm, application: &Application<'_>) -> Vec<f64> {
    let (_, channels) = channels(application.inputs[0].shape);
    grouped(channels / norm.groups, norm.eps, application)
}

/// The same over each channel: what training makes of a sample.
pub fn instance(norm: &InstanceNorm, application: &Application<'_>) -> Vec<f64> {
    let learnt = if norm.affine { 2 } else { 0 };
    let parameters = application.parameters[..learnt].to_vec();
    let application = Application {
        parameters,
        ..application.clone()
    };
    grouped(1, norm.eps, &application)
}

/// x / max(norm, eps) over the channels.
pub fn length(norm: &L2Normalize, application: &Application<'_>) -> Vec<f64> {
    let x = application.inputs[0];
    let of = |numbers: &[f64]| {
        let squares = numbers.iter().map(|x| x * x).sum::<f64>();
        (0.0, 1.0 / squares.sqrt().max(norm.eps))
    };
    match x.shape {
        [_] | [_, _] => normal(x, |index| index / x.shape[x.shape.len() - 1], of),
        [_, pixels @ ..] => normal(x, |index| index % volume(pixels), of),
        [] => x.data.to_vec(),
    }
}
