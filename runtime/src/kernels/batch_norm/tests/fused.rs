//! Residuals and rectifiers inside of passes, against the same passes one after the other.

use super::*;
use crate::kernels::activation;

/// Seven panels: all the groups in which panels are taken.
const WIDE: Pixels = Pixels {
    blocks: 4 * 6 * 7,
    first: 6 * 7 + 7,
    rows: 2,
    columns: 4,
    row: 6 * 7,
    panels: 7,
    channels: 101,
};

struct Fused {
    pixels: Pixels,
    x: Vec<Block>,
    residual: Vec<Block>,
    dy: Vec<Block>,
    affine: [Vec<Block>; 2],
}

impl Fused {
    fn new(pixels: Pixels) -> Self {
        let count = 3;
        let part = |seed: usize| {
            let number = |index: usize| match index < pixels.channels {
                true => noise(seed + index),
                false => 0.0,
            };
            let block = |panel| Block(core::array::from_fn(|lane| number(panel * LANES + lane)));
            (0..pixels.panels).map(block).collect()
        };
        Self {
            pixels,
            x: samples(pixels, count, |channel, index| {
                noise(index) + channel as f32
            }),
            residual: samples(pixels, count, |_, index| noise(index + 5)),
            dy: samples(pixels, count, |_, index| noise(index + 9)),
            affine: [part(1), part(40)],
        }
    }

    fn statistics<S: Isa>(&self, s: S) -> Vec<Block> {
        let (pixels, panels) = (self.pixels, self.pixels.panels);
        let mut of_samples = vec![DIRTY; 3 * 3 * panels];
        moments(s, &self.x, &mut of_samples, pixels);
        let mut statistics = vec![DIRTY; 4 * panels];
        let of_samples = batch(&of_samples, 3 * panels);
        join(s, of_samples, &mut statistics, pixels, EPS);
        statistics
    }

    fn pixels_of(&self, blocks: &[Block]) -> Vec<Vec<f64>> {
        let channels = 0..self.pixels.panels * LANES;
        channels
            .map(|channel| numbers(self.pixels, blocks, channel))
            .collect()
    }
}

impl Task for Fused {
    type Output = ();

    fn run<S: Isa>(self, s: S) {
        let (pixels, panels) = (self.pixels, self.pixels.panels);
        let statistics = self.statistics(s);
        let [weight, bias] = &self.affine;
        let affine = Affine::Learnt { weight, bias };
        let (x, dy) = (&self.x[..], &self.dy[..]);
        let dirty = || vec![DIRTY; x.len()];
        let given = |residual: &[Block]| {
            let mut y = dirty();
            forward::<S, Relu>(s, x, &statistics, affine, residual, &mut y, pixels);
            y
        };

        // y = max(g x^ + b + r, 0)
        let mut plain = dirty();
        forward::<S, Identity>(s, x, &statistics, affine, &[], &mut plain, pixels);
        let (rectified, added) = (given(&[]), given(&self.residual));
        let all = self.pixels_of(&plain).into_iter();
        let all = all
            .zip(self.pixels_of(&self.residual))
            .flat_map(|(a, b)| a.into_iter().zip(b));
        let found = self.pixels_of(&rectified).into_iter().flatten();
        let found = found.zip(self.pixels_of(&added).into_iter().flatten());
        for ((plain, residual), (rectified, added)) in all.zip(found) {
            assert_eq!(plain.max(0.0), rectified);
            assert!(((plain + residual).max(0.0) - added).abs() < 1e-6);
        }

        // The delta before the rectifier is the same wherever it is made, and so is what is made of it.
        let through = |y: &[Block]| {
            let mut delta = dy.to_vec();
            activation::backward::<S, Relu>(s, y, &mut delta);
            delta
        };
        let summed = |dy: &[Block], floor: f32| {
            let mut sum = vec![DIRTY; 3 * 2 * panels];
            sums(s, x, dy, &statistics, affine, &mut sum, pixels, floor);
            sum
        };
        let before = through(&rectified);
        let of_samples = summed(&before, ALL);
        assert_eq!(summed(dy, 0.0), of_samples);
        let mut of_batch = vec![DIRTY; 2 * panels];
        means(s, batch(&of_samples, 2 * panels), &mut of_batch, pixels);
        let back = |dy: &[Block], floor: f32| {
            let mut dx = dirty();
            backward::<S, false>(
                s,
                x,
                dy,
                &statistics,
                &of_batch,
                affine,
                &mut dx,
                pixels,
                floor,
            );
            dx
        };
        let dx = back(dy, 0.0);
        assert_eq!(self.pixels_of(&dx), self.pixels_of(&back(&before, ALL)));
        let zeros = |dx: &[Block]| {
            let mut blank = dx.to_vec();
            for sample in blank.chunks_mut(pixels.blocks) {
                pixels.clear_border(sample);
            }
            blank
        };
        assert_eq!(zeros(&dx), dx, "the border of dx is zero");

        let before = through(&added);
        let (mut delta, mut sum) = (dirty(), vec![DIRTY; 3 * 2 * panels]);
        let y = &added[..];
        sums_apart::<S, Relu>(s, x, y, dy, &statistics, &mut delta, &mut sum, pixels);
        assert_eq!(self.pixels_of(&delta), self.pixels_of(&before));
        assert_eq!(sum, summed(&before, ALL));
    }
}

#[test]
fn a_pass_that_does_more_gives_the_same() {
    for pixels in [IMAGE, FEATURES, WIDE] {
        for level in simd::levels() {
            std::println!("on {:?}", simd::set_of(level));
            simd::dispatch(level, Fused::new(pixels));
        }
    }
}
