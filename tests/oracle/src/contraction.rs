//! Dense and convolution: sums of products.

use super::{Application, volume};
use kiln_compiler::ops::{conv_transpose2d::ConvTranspose, conv1d::Conv1d, conv2d::Conv2d};

/// y[t, o] = b[o] + sum over i of w[o, i] x[t, i].
pub fn dense(application: &Application<'_>) -> Vec<f64> {
    let [weight, bias @ ..] = &application.parameters[..] else {
        unreachable!("Dense has a weight")
    };
    let inputs = weight.shape[1];
    let mut y = Vec::with_capacity(volume(application.output));
    for x in application.inputs[0].data.chunks_exact(inputs) {
        for (o, weights) in weight.data.chunks_exact(inputs).enumerate() {
            let start = bias.first().map_or(0.0, |bias| bias.data[o]);
            y.push(weights.iter().zip(x).fold(start, |sum, (w, x)| sum + w * x));
        }
    }
    y
}

/// y[o, i, j] = b[o] + sum over c, u, v of w[o, c, u, v] x[c, i stride + u dilation - top, j stride + v dilation - left],
/// where x is zero outside of the image.
pub fn conv2d(conv: &Conv2d, application: &Application<'_>) -> Vec<f64> {
    let [weight, bias @ ..] = &application.parameters[..] else {
        unreachable!("Conv2d has a weight")
    };
    let image = application.inputs[0];
    let &[channels, height, width] = image.shape else {
        unreachable!("an image has three axes")
    };
    let &[outputs, rows, columns] = application.output else {
        unreachable!("an image has three axes")
    };
    let window = conv.window_on((height, width));
    // A group of outputs reads a group of channels.
    let each = channels / conv.groups;
    let (kernel_rows, kernel_columns) = window.kernel;
    let mut y = Vec::with_capacity(volume(application.output));
    for o in 0..outputs {
        for i in 0..rows {
            for j in 0..columns {
                let mut sum = bias.first().map_or(0.0, |bias| bias.data[o]);
                let first = o / (outputs / conv.groups) * each;
                for c in 0..each {
                    for u in 0..kernel_rows {
                        for v in 0..kernel_columns {
                            let row = (i * window.stride.0 + u * window.dilation.0)
                                .checked_sub(window.padding.top);
                            let column = (j * window.stride.1 + v * window.dilation.1)
                                .checked_sub(window.padding.left);
                            if let (Some(row), Some(column)) = (row, column)
                                && row < height
                                && column < width
                            {
                                let tap = ((o * each + c) * kernel_rows + u) * kernel_columns + v;
                                sum += weight.data[tap]
                                    * image.data[((first + c) * height + row) * width + column];
                            }
                        }
                    }
                }
                y.push(sum);
            }
        }
    }
    y
}

/// y[t, o] = b[o] + sum over c, v of w[o, c, v] x[t stride + v dilation - left, c], where x is zero outside of the sequence.
pub fn conv1d(conv: &Conv1d, application: &Application<'_>) -> Vec<f64> {
    let [weight, bias @ ..] = &application.parameters[..] else {
        unreachable!("Conv1d has a weight")
    };
    let sequence = application.inputs[0];
    let &[length, all] = sequence.shape else {
        unreachable!("a sequence has two axes")
    };
    let &[outputs, features, taps] = weight.shape else {
        unreachable!("its weight has three axes")
    };
    let window = conv.window_on((1, length));
    let (stride, dilation) = (window.stride.1, window.dilation.1);
    let mut y = Vec::with_capacity(volume(application.output));
    for t in 0..application.output[0] {
        for o in 0..outputs {
            let mut sum = bias.first().map_or(0.0, |bias| bias.data[o]);
            let first = o / (outputs / conv.groups) * features;
            for v in 0..taps {
                let step = (t * stride + v * dilation).checked_sub(window.padding.left);
                let Some(step) = step.filter(|&step| step < length) else {
                    continue;
                };
                for c in 0..features {
                    sum += weight.data[(o * features + c) * taps + v]
                        * sequence.data[step * all + first + c];
                }
            }
            y.push(sum);
        }
    }
    y
}

/// Every number x[c, i, j] adds w[c, o, u, v] times itself to y[o, i stride + u dilation - top, j stride + v dilation - left],
/// if that is a pixel of the result, which begins as the bias. A sequence is an image of one row with its channels last.
pub fn conv_transpose<const AXES: usize>(
    conv: &ConvTranspose<AXES>,
    application: &Application<'_>,
) -> Vec<f64> {
    let [weight, bias @ ..] = &application.parameters[..] else {
        unreachable!("ConvTranspose has a weight")
    };
    let image = application.inputs[0];
    let [channels, height, width] = pixels(image.shape);
    let [outputs, rows, columns] = pixels(application.output);
    // Where a number stands among those of an image, or of a sequence.
    let place =
        |[channels, height, width]: [usize; 3], [channel, row, column]: [usize; 3]| match AXES {
            1 => column * channels + channel,
            _ => (channel * height + row) * width + column,
        };
    let result = [outputs, rows, columns];
    let mut y = vec![0.0; volume(application.output)];
    for o in 0..outputs {
        for pixel in 0..rows * columns {
            let at = place(result, [o, pixel / columns, pixel % columns]);
            y[at] = bias.first().map_or(0.0, |bias| bias.data[o]);
        }
    }
    let window = conv.window;
    let (kernel_rows, kernel_columns) = window.kernel;
    // Outputs of a group.
    let each = outputs / conv.groups;
    for c in 0..channels {
        for own in 0..each {
            let o = c / (channels / conv.groups) * each + own;
            for pixel in 0..height * width {
                let (i, j) = (pixel / width, pixel % width);
                let x = image.data[place([channels, height, width], [c, i, j])];
                for u in 0..kernel_rows {
                    for v in 0..kernel_columns {
                        let row = (i * window.stride.0 + u * window.dilation.0)
                            .checked_sub(window.padding.top);
                        let column = (j * window.stride.1 + v * window.dilation.1)
                            .checked_sub(window.padding.left);
                        if let (Some(row), Some(column)) = (row, column)
                            && row < rows
                            && column < columns
                        {
                            let tap = ((c * each + own) * kernel_rows + u) * kernel_columns + v;
                            y[place(result, [o, row, column])] += weight.data[tap] * x;
                        }
                    }
                }
            }
        }
    }
    y
}

/// Channels, height and width of an image, or of a sequence as one.
fn pixels(shape: &[usize]) -> [usize; 3] {
    match *shape {
        [channels, height, width] => [channels, height, width],
        [steps, features] => [features, 1, steps],
        _ => unreachable!("an image has three axes, and a sequence two"),
    }
}
