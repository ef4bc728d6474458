//! Resampling: images and sequences at another size.

use kiln_compiler::ops::upsample::{Mode, Source, Upsample};

use super::{Application, volume};

/// y[c, i, j] = the sum over the pixels p, q that output i, j is made of, times their weights.
pub fn upsample(op: &Upsample, application: &Application<'_>) -> Vec<f64> {
    let x = application.inputs[0];
    let is_image = x.shape.len() == 3;
    let sizes = |shape: &[usize]| match *shape {
        [channels, height, width] => [channels, height, width],
        [steps, features] => [features, 1, steps],
        _ => unreachable!("resampling takes images and sequences"),
    };
    let place = |[channels, height, width]: [usize; 3],
                 channel: usize,
                 row: usize,
                 column: usize| match is_image {
        true => (channel * height + row) * width + column,
        false => column * channels + channel,
    };
    let (from, to) = (sizes(x.shape), sizes(application.output));
    let parts = |axis: usize, at: usize| match axis == 0 && !is_image {
        true => vec![(0, 1.0)],
        false => {
            let sizes = [from[axis + 1], to[axis + 1]];
            parts(op, op.source(axis, sizes, is_image), sizes[0], at)
        }
    };
    let mut y = vec![0.0; volume(application.output)];
    for channel in 0..to[0] {
        for row in 0..to[1] {
            for column in 0..to[2] {
                let y = &mut y[place(to, channel, row, column)];
                for (r, high) in parts(0, row) {
                    for (c, wide) in parts(1, column) {
                        *y += high * wide * x.data[place(from, channel, r, c)];
                    }
                }
            }
        }
    }
    y
}

/// The pixels that output `at` of an axis is made of, with their weights.
fn parts(op: &Upsample, source: Source, size: usize, at: usize) -> Vec<(usize, f64)> {
    let last = size - 1;
    if matches!(op.mode, Mode::Nearest | Mode::NearestExact) {
        // Which pixel is the nearest is decided in single precision.
        let place = (at as f32 + source.before) * source.scale;
        return vec![((place.floor() as usize).min(last), 1.0)];
    }
    let [scale, before, after] = [source.scale, source.before, source.after].map(f64::from);
    let place = ((at as f64 + before) * scale - after).clamp(0.0, last as f64);
    let pixel = place.floor();
    let next = (pixel as usize + 1).min(last);
    vec![
        (pixel as usize, 1.0 - (place - pixel)),
        (next, place - pixel),
    ]
}
