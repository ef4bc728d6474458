//! Residuals and activations inside of passes, against the same passes one after the other.

use super::*;
use crate::kernels::activation::{self, Elu, HardTanh, LeakyRelu, function::HardSigmoid};

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

impl Fused {
    /// An activation made of straight pieces in the passes, and after them.
    fn agree<S: Isa, A: Declared>(&self, s: S) {
        let (pixels, panels) = (self.pixels, self.pixels.panels);
        let statistics = self.statistics(s);
        let [weight, bias] = &self.affine;
        let affine = Affine::Learnt { weight, bias };
        let (x, dy) = (&self.x[..], &self.dy[..]);
        let dirty = || vec![DIRTY; x.len()];
        let given = |residual: &[Block]| {
            let mut y = dirty();
            forward::<S, A>(s, x, &statistics, affine, residual, &mut y, pixels);
            y
        };
        // What the activation makes of numbers that lie in memory.
        let apply = |mut y: Vec<Block>| {
            A::KIND.change(s, &mut y);
            y
        };

        // y = f(g x^ + b + r)
        let mut plain = dirty();
        forward::<S, Identity>(s, x, &statistics, affine, &[], &mut plain, pixels);
        let mut sum = dirty();
        forward::<S, Identity>(s, x, &statistics, affine, &self.residual, &mut sum, pixels);
        let (activated, added) = (given(&[]), given(&self.residual));
        let real = |y: &[Block]| self.pixels_of(y)[..pixels.channels].to_vec();
        assert_eq!(real(&apply(plain)), real(&activated));
        assert_eq!(real(&apply(sum)), real(&added));
        let padding = |y: &[Block]| self.pixels_of(y)[pixels.channels..].concat();
        assert!(padding(&activated).iter().all(|y| *y == 0.0));

        // The delta before the activation is the same wherever it is made, and so is what is made of it.
        let through = |y: &[Block]| {
            let mut delta = dy.to_vec();
            activation::backward::<S, A>(s, y, &mut delta);
            delta
        };
        let found_apart = |dy: &[Block]| {
            let mut sum = vec![DIRTY; 3 * 2 * panels];
            sums::<S, Identity>(s, x, dy, &statistics, affine, &mut sum, pixels);
            sum
        };
        let before = through(&activated);
        let of_samples = found_apart(&before);
        let mut of_batch = vec![DIRTY; 2 * panels];
        means(s, batch(&of_samples, 2 * panels), &mut of_batch, pixels);
        if is_straight(A::KIND) {
            let mut inside = vec![DIRTY; 3 * 2 * panels];
            sums::<S, A>(s, x, dy, &statistics, affine, &mut inside, pixels);
            assert_eq!(inside, of_samples);
            let (mut dx, mut apart) = (dirty(), dirty());
            let means = &of_batch[..];
            backward::<S, A, false>(s, x, dy, &statistics, means, affine, &mut dx, pixels);
            let before = &before[..];
            backward::<S, Identity, false>(
                s,
                x,
                before,
                &statistics,
                means,
                affine,
                &mut apart,
                pixels,
            );
            assert_eq!(self.pixels_of(&dx), self.pixels_of(&apart));
            let mut blank = dx.clone();
            for sample in blank.chunks_mut(pixels.blocks) {
                pixels.clear_border(sample);
            }
            assert_eq!(blank, dx, "the border of dx is zero");
        }

        let before = through(&added);
        let (mut delta, mut sum) = (dirty(), vec![DIRTY; 3 * 2 * panels]);
        let y = &added[..];
        sums_apart::<S, A>(s, x, y, dy, &statistics, &mut delta, &mut sum, pixels);
        assert_eq!(self.pixels_of(&delta), self.pixels_of(&before));
        assert_eq!(sum, found_apart(&before));
    }
}

/// Whether backward makes the delta of x.
fn is_straight(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Identity | Kind::Relu | Kind::HardTanh(_) | Kind::LeakyRelu(_)
    )
}

impl Task for Fused {
    type Output = ();

    fn run<S: Isa>(self, s: S) {
        const fn bits(number: f32) -> u32 {
            number.to_bits()
        }
        self.agree::<S, Relu>(s);
        self.agree::<S, HardTanh<{ bits(-0.5) }, { bits(0.75) }>>(s);
        self.agree::<S, HardTanh<{ bits(0.25) }, { bits(2.0) }>>(s);
        self.agree::<S, LeakyRelu<{ bits(0.25) }>>(s);
        self.agree::<S, Sigmoid>(s);
        self.agree::<S, Elu<{ bits(1.0) }>>(s);
        self.agree::<S, HardSigmoid>(s);
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
