//! A layer of one's own.

use kiln::CustomLayer;

/// y_i = w_i x_i.
pub struct Gain;

impl<const N: usize> CustomLayer<[f32; N], [f32; N], [f32; N]> for Gain {
    fn forward(x: &[f32; N], weight: &[f32; N], y: &mut [f32; N], (): ()) {
        for i in 0..N {
            y[i] = weight[i] * x[i];
        }
    }

    fn backward(
        (x, weight, _, dy): (&[f32; N], &[f32; N], &[f32; N], &[f32; N]),
        (): (),
        dx: &mut [f32; N],
        dweight: &mut [f32; N],
    ) {
        for i in 0..N {
            dx[i] = weight[i] * dy[i];
            dweight[i] = x[i] * dy[i];
        }
    }
}
