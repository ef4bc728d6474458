//! The definition of convolution and its gradients in f64, and the layouts that kernels read and write.

use super::*;

/// The sizes of a case, for the reference.
#[derive(Clone, Copy)]
pub struct Sizes {
    pub cin: usize,
    pub cout: usize,
    pub input: [usize; 2],
    pub output: [usize; 2],
    pub kernel: [usize; 2],
    pub stride: [usize; 2],
    pub dilation: [usize; 2],
    pub padding: [usize; 2],
}

impl Sizes {
    /// Those of a convolution from images laid out as X to images laid out as Y.
    pub fn of<C: Stencil, X: Image, Y: Image>() -> Self {
        Self {
            cin: X::CHANNELS,
            cout: Y::CHANNELS,
            input: [X::HEIGHT, X::WIDTH],
            output: [Y::HEIGHT, Y::WIDTH],
            kernel: C::KERNEL,
            stride: C::STRIDE,
            dilation: C::DILATION,
            padding: C::PADDING,
        }
    }

    /// Calls `visit(x index, w index, y index)` for every product of the definition.
    fn products(&self, mut visit: impl FnMut(usize, usize, usize)) {
        let [h, w] = self.input;
        for o in 0..self.cout {
            for i in 0..self.cin {
                for r in 0..self.output[0] {
                    for c in 0..self.output[1] {
                        for u in 0..self.kernel[0] {
                            for v in 0..self.kernel[1] {
                                let y = r * self.stride[0] + u * self.dilation[0];
                                let x = c * self.stride[1] + v * self.dilation[1];
                                let (y, x) = (
                                    y.wrapping_sub(self.padding[0]),
                                    x.wrapping_sub(self.padding[1]),
                                );
                                if y < h && x < w {
                                    visit(
                                        (i * h + y) * w + x,
                                        ((o * self.cin + i) * self.kernel[0] + u) * self.kernel[1]
                                            + v,
                                        (o * self.output[0] + r) * self.output[1] + c,
                                    );
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    pub fn outputs(&self) -> usize {
        self.cout * self.output[0] * self.output[1]
    }

    pub fn forward(&self, x: &[f64], w: &[f64], b: &[f64]) -> Vec<f64> {
        let area = self.output[0] * self.output[1];
        let mut y: Vec<f64> = (0..self.outputs()).map(|i| b[i / area]).collect();
        self.products(|xi, wi, yi| y[yi] += x[xi] * w[wi]);
        y
    }

    /// dL/dx and dL/dw.
    pub fn backward(&self, x: &[f64], w: &[f64], delta: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let (mut dx, mut dw) = (vec![0.0; x.len()], vec![0.0; w.len()]);
        self.products(|xi, wi, yi| {
            dx[xi] += w[wi] * delta[yi];
            dw[wi] += x[xi] * delta[yi];
        });
        (dx, dw)
    }

    /// PyTorch's weights as panels.
    pub fn pack<const K: usize, const P: usize>(&self, w: &[f32]) -> Vec<[Block; K]> {
        let mut panels = vec![[Block::ZERO; K]; P];
        let taps = self.kernel[0] * self.kernel[1];
        for (index, value) in w.iter().enumerate() {
            let (o, i, tap) = (
                index / taps / self.cin,
                index / taps % self.cin,
                index % taps,
            );
            panels[o / LANES][tap * self.cin + i].0[o % LANES] = *value;
        }
        panels
    }

    /// Panels as PyTorch's weights; asserts that padding lanes are zero.
    pub fn unpack<const K: usize>(&self, panels: &[[Block; K]]) -> Vec<f32> {
        let taps = self.kernel[0] * self.kernel[1];
        let mut w = vec![0.0; self.cout * self.cin * taps];
        for (p, panel) in panels.iter().enumerate() {
            for (k, block) in panel.iter().enumerate() {
                for (lane, value) in block.0.iter().enumerate() {
                    let o = p * LANES + lane;
                    if o < self.cout {
                        w[(o * self.cin + k % self.cin) * taps + k / self.cin] = *value;
                    } else {
                        assert_eq!(*value, 0.0, "padding lane of a weight's gradient");
                    }
                }
            }
        }
        w
    }
}

/// The interior as `[C][H][W]`; asserts zeros in padding lanes and, if `border`, around the interior.
pub fn export<I: Image>(image: &[f32], border: bool) -> Vec<f32> {
    let mut out = vec![0.0; I::CHANNELS * I::HEIGHT * I::WIDTH];
    for row in 0..I::ROWS {
        for column in 0..I::COLUMNS {
            let (r, c) = (row.wrapping_sub(I::TOP), column.wrapping_sub(I::LEFT));
            let interior = r < I::HEIGHT && c < I::WIDTH;
            for channel in 0..I::COLUMN {
                let value = image[row * I::ROW + column * I::COLUMN + channel];
                if interior && channel < I::CHANNELS {
                    out[(channel * I::HEIGHT + r) * I::WIDTH + c] = value;
                } else if interior || border {
                    assert_eq!(value, 0.0, "not zero at {row} {column} {channel}");
                }
            }
        }
    }
    out
}

/// f of a test's activation.
pub fn activation(name: &str, z: f64) -> f64 {
    match name {
        "Relu" => z.max(0.0),
        "Sigmoid" => 1.0 / (1.0 + (-z).exp()),
        _ => z,
    }
}

/// f' from the output.
pub fn derivative(name: &str, y: f32) -> f64 {
    let y = f64::from(y);
    match name {
        "Relu" => f64::from(y > 0.0),
        "Sigmoid" => y * (1.0 - y),
        _ => 1.0,
    }
}

/// The reference's backward is the derivative of its forward, by central differences.
#[test]
fn the_reference_is_its_own_derivative() {
    let sizes = Sizes {
        cin: 2,
        cout: 3,
        input: [6, 7],
        output: [3, 4],
        kernel: [3, 2],
        stride: [2, 2],
        dilation: [1, 2],
        padding: [1, 1],
    };
    let (x, w, b) = (
        wide(&noise(2 * 42, 1)),
        wide(&noise(36, 2)),
        wide(&noise(3, 3)),
    );
    let g = wide(&noise(sizes.outputs(), 4));
    let (dx, dw) = sizes.backward(&x, &w, &g);
    let loss = |x: &[f64], w: &[f64]| -> f64 {
        sizes
            .forward(x, w, &b)
            .iter()
            .zip(&g)
            .map(|(y, g)| y * g)
            .sum()
    };
    let step = 1e-3;
    for i in 0..x.len() {
        let (mut up, mut down) = (x.clone(), x.clone());
        up[i] += step;
        down[i] -= step;
        assert!(((loss(&up, &w) - loss(&down, &w)) / (2.0 * step) - dx[i]).abs() < 1e-6);
    }
    for i in 0..w.len() {
        let (mut up, mut down) = (w.clone(), w.clone());
        up[i] += step;
        down[i] -= step;
        assert!(((loss(&x, &up) - loss(&x, &down)) / (2.0 * step) - dw[i]).abs() < 1e-6);
    }
}
