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
