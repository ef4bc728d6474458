//! Pooling: windows reduced to one number.

use super::{Application, volume};
use kiln_compiler::ops::max_pool2d::MaxPool2d;

/// y[c, i, j] = the largest of x[c, i stride + u - top, j stride + v - left] over all u, v inside of the image.
pub fn max(pool: &MaxPool2d, application: &Application<'_>) -> Vec<f64> {
    let image = application.inputs[0];
    let &[channels, height, width] = image.shape else {
        unreachable!("an image has three axes")
    };
    let &[_, rows, columns] = application.output else {
        unreachable!("an image has three axes")
    };
    let window = pool.window;
    let mut y = Vec::with_capacity(volume(application.output));
    for c in 0..channels {
        for i in 0..rows {
            for j in 0..columns {
                let mut largest = f64::NEG_INFINITY;
                for u in 0..window.kernel.0 {
                    for v in 0..window.kernel.1 {
                        let row = (i * window.stride.0 + u).checked_sub(window.padding.top);
                        let column = (j * window.stride.1 + v).checked_sub(window.padding.left);
                        if let (Some(row), Some(column)) = (row, column)
                            && row < height
                            && column < width
                        {
                            largest = largest.max(image.data[(c * height + row) * width + column]);
                        }
                    }
                }
                y.push(largest);
            }
        }
    }
    y
}

/// y[c, i, j] = the mean over a window. Its positions count that lie inside the image and `counted` rows and columns around it.
pub fn mean(
    kernel: (usize, usize),
    stride: (usize, usize),
    (padding, counted): ((usize, usize), (usize, usize)),
    application: &Application<'_>,
) -> Vec<f64> {
    let image = application.inputs[0];
    let &[channels, height, width] = image.shape else {
        unreachable!("an image has three axes")
    };
    let (rows, columns) = match *application.output {
        [_, rows, columns] => (rows, columns),
        _ => (1, 1),
    };
    let within = |at: isize, size: usize, around: usize| {
        -(around as isize) <= at && at < (size + around) as isize
    };
    let mut y = Vec::with_capacity(volume(application.output));
    for c in 0..channels {
        for i in 0..rows {
            for j in 0..columns {
                let (mut sum, mut count) = (0.0, 0.0);
                for u in 0..kernel.0 {
                    for v in 0..kernel.1 {
                        let row = (i * stride.0 + u) as isize - padding.0 as isize;
                        let column = (j * stride.1 + v) as isize - padding.1 as isize;
                        if within(row, height, counted.0) && within(column, width, counted.1) {
                            count += 1.0;
                        }
                        if within(row, height, 0) && within(column, width, 0) {
                            let (row, column) = (row as usize, column as usize);
                            sum += image.data[(c * height + row) * width + column];
                        }
                    }
                }
                y.push(sum / count);
            }
        }
    }
    y
}

/// The image cut into as many equal windows as there are results.
pub fn equal_means(application: &Application<'_>) -> Vec<f64> {
    let &[_, height, width] = application.inputs[0].shape else {
        unreachable!("an image has three axes")
    };
    let (rows, columns) = match *application.output {
        [_, rows, columns] => (rows, columns),
        _ => (1, 1),
    };
    let window = (height / rows, width / columns);
    mean(window, window, ((0, 0), (0, 0)), application)
}
