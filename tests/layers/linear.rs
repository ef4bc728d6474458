//! A layer of one's own that kiln's Dense judges.

use kiln::CustomLayer;

/// `torch.nn.Linear`, as a layer of one's own.
pub struct Linear;

impl<const I: usize, const O: usize> CustomLayer<[f32; I], ([[f32; I]; O], [f32; O]), [f32; O]>
    for Linear
{
    fn forward(
        x: &[f32; I],
        (weight, bias): (&[[f32; I]; O], &[f32; O]),
        y: &mut [f32; O],
        (): (),
    ) {
        for o in 0..O {
            y[o] = bias[o] + (0..I).map(|i| weight[o][i] * x[i]).sum::<f32>();
        }
    }

    fn backward(
        (x, (weight, _), _, dy): (&[f32; I], (&[[f32; I]; O], &[f32; O]), &[f32; O], &[f32; O]),
        (): (),
        dx: &mut [f32; I],
        (dweight, dbias): (&mut [[f32; I]; O], &mut [f32; O]),
    ) {
        for o in 0..O {
            dbias[o] = dy[o];
            for i in 0..I {
                dx[i] += weight[o][i] * dy[o];
                dweight[o][i] = x[i] * dy[o];
            }
        }
    }
}
