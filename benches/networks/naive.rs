//! A network written by hand.

use crate::noise;

/// The tiny network as anybody would write it by hand for its shape.
pub struct Naive {
    l1: ([[f32; 6]; 64], [f32; 64]),
    l2: ([[f32; 64]; 8], [f32; 8]),
    l3: ([[f32; 8]; 4], [f32; 4]),
}

fn naive_layer<const K: usize, const N: usize>(
    w: &[[f32; K]; N],
    b: &[f32; N],
    x: &[f32; K],
    relu: bool,
) -> [f32; N] {
    std::array::from_fn(|n| {
        let mut sum = b[n];
        for k in 0..K {
            sum += w[n][k] * x[k];
        }
        if relu { sum.max(0.0) } else { sum }
    })
}

impl Naive {
    /// Some weights.
    pub fn new() -> Self {
        Self {
            l1: (
                std::array::from_fn(|n| std::array::from_fn(|k| noise(n * 6 + k))),
                [0.1; 64],
            ),
            l2: (
                std::array::from_fn(|n| std::array::from_fn(|k| noise(n * 64 + k))),
                [0.1; 8],
            ),
            l3: (
                std::array::from_fn(|n| std::array::from_fn(|k| noise(n * 8 + k))),
                [0.1; 4],
            ),
        }
    }

    #[inline(never)]
    pub fn forward(&self, x: &[f32; 6]) -> [f32; 4] {
        let h = naive_layer(&self.l1.0, &self.l1.1, x, true);
        let h = naive_layer(&self.l2.0, &self.l2.1, &h, true);
        naive_layer(&self.l3.0, &self.l3.1, &h, false)
    }
}
