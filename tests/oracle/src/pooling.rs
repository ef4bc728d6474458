//! Pooling: windows reduced to one number.

use kiln_compiler::ops::pool::{Fold, Pool, Windows};

use super::{Application, volume};

/// y[c, i, j] = the largest, or the mean, of x[c, p, q] over p of window i of the rows and q of window j of the
/// columns.
pub fn pool(pool: &Pool, application: &Application<'_>) -> Vec<f64> {
    let x = application.inputs[0];
    let mut y = vec![0.0; volume(application.output)];
    let (channels, height, width) = sizes(x.shape);
    let (_, below, across) = sizes(application.output);
    for channel in 0..channels {
        for i in 0..below {
            let (rows, row_padding) = positions(pool, 0, i, height, below);
            for j in 0..across {
                let (columns, column_padding) = positions(pool, 1, j, width, across);
                let numbers = rows.iter().flat_map(|&row| {
                    let of = |&column: &usize| x.data[place(x.shape, channel, row, column)];
                    columns.iter().map(of).collect::<Vec<_>>()
                });
                y[place(application.output, channel, i, j)] = match pool.fold {
                    Fold::Max => numbers.fold(f64::NEG_INFINITY, f64::max),
                    Fold::Mean { pad: false } => {
                        numbers.sum::<f64>() / (rows.len() * columns.len()) as f64
                    }
                    Fold::Mean { pad: true } => {
                        let counted = (rows.len() + row_padding) * (columns.len() + column_padding);
                        numbers.sum::<f64>() / counted as f64
                    }
                };
            }
        }
    }
    y
}

/// Channels, rows and columns.
fn sizes(shape: &[usize]) -> (usize, usize, usize) {
    match *shape {
        [channels, height, width] => (channels, height, width),
        [steps, features] => (features, 1, steps),
        [channels] => (channels, 1, 1),
        _ => unreachable!("a pool takes images and sequences"),
    }
}

/// Where a number stands.
fn place(shape: &[usize], channel: usize, row: usize, column: usize) -> usize {
    match *shape {
        [_, height, width] => (channel * height + row) * width + column,
        [_, features] => column * features + channel,
        _ => channel,
    }
}

/// The pixels of an axis in window `at` of `count`, and how many positions of its padding.
fn positions(
    pool: &Pool,
    axis: usize,
    at: usize,
    size: usize,
    count: usize,
) -> (Vec<usize>, usize) {
    let Windows::Sliding(sliding) = pool.windows else {
        // floor(i n / m)..ceil((i + 1) n / m)
        return (
            (at * size / count..((at + 1) * size).div_ceil(count)).collect(),
            0,
        );
    };
    let of = |(rows, columns): (usize, usize)| [rows, columns][axis] as isize;
    let (kernel, stride) = (of(sliding.kernel), of(sliding.stride));
    let (dilation, padding) = (of(sliding.dilation), of(sliding.padding));
    let size = size as isize;
    let all = (0..kernel).map(|tap| at as isize * stride + tap * dilation - padding);
    let (inside, outside): (Vec<isize>, Vec<isize>) =
        all.partition(|place| (0..size).contains(place));
    // What lies behind the padding counts for nothing.
    let around = outside.iter().filter(|&&place| place < size + padding);
    let around = around.count();
    (
        inside.into_iter().map(|place| place as usize).collect(),
        around,
    )
}
