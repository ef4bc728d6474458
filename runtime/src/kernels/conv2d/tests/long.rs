//! Sums of more products than one chain holds.

#![allow(
    clippy::needless_range_loop,
    clippy::modulo_one,
    reason = "indices are those of the formulas, some sizes are 1"
)]

use super::*;

/// y = w * x for one tap of K channels and 16 outputs, as a task.
struct Deep<'a, const K: usize> {
    x: &'a [f32; K],
    w: &'a [[Block; K]; 1],
}

impl<const K: usize> Task for Deep<'_, K> {
    type Output = Block;

    fn run<S: Isa>(self, s: S) -> Block {
        type C = Taps<1, 1, 1, 1, 1, 1, 0, 0>;
        type X<const K: usize> = ChannelLast<1, 1, K, 0, 0, 1, 1>;
        type Y = ChannelLast<1, 1, 16, 0, 0, 1, 1>;
        let mut y = [[Block::ZERO]];
        let x = core::slice::from_ref(self.x);
        forward::<S, Identity, C, X<K>, Y, 1, 1, K, K, 1, 1>(s, x, self.w, &[Block::ZERO], &mut y);
        y[0][0]
    }
}

fn near(what: &str, found: f32, exact: f64) {
    let error = (f64::from(found) / exact - 1.0).abs();
    assert!(error < 2e-6, "{what}: {found} is not {exact}");
}

/// Weights of one panel, on the heap from the start, for the stack of a test holds no such array.
fn panel(inputs: usize, seed: u32) -> Vec<Block> {
    let values = noise(inputs * LANES, seed);
    let blocks = values.as_chunks().0.iter();
    blocks.map(|block| Block(block.map(f32::abs))).collect()
}

/// One tap of more channels than a chain holds, all of one sign.
#[test]
fn deep_sums_keep_their_digits() {
    const K: usize = 20_000;
    let x: Vec<f32> = noise(K, 3).into_iter().map(f32::abs).collect();
    let w = panel(K, 4);
    for level in simd::levels() {
        let deep = Deep::<K> {
            x: (&x[..]).try_into().unwrap(),
            w: w.as_chunks().0.first_chunk().unwrap(),
        };
        let y = simd::dispatch(level, deep);
        for lane in 0..16 {
            let products = (0..K).map(|k| f64::from(x[k]) * f64::from(w[k].0[lane]));
            near(&std::format!("{level:?}"), y.0[lane], products.sum());
        }
    }
}

/// Sums of many products over SIZE x SIZE taps, of which some lie outside an image of H x W: PANELS panels of them.
macro_rules! deep {
    ($(#[$doc:meta])+ $name:ident: $channels:literal channels, $size:literal taps, $h:literal x $w:literal, $panels:literal) => {
        $(#[$doc])+
        #[test]
        fn $name() {
            const K: usize = $size * $size * $channels;
            const PAD: usize = $size / 2;
            type C = Taps<$size, $size, 1, 1, 1, 1, PAD, PAD>;
            type X = ChannelLast<$h, $w, $channels, 1, PAD, { $h + 2 }, { $w + 2 * PAD }>;
            type Y = ChannelLast<$h, $w, { $panels * LANES }, 0, 0, $h, $w>;
            const YS: usize = Y::FLOATS / LANES;
            struct Deep<'a> {
                x: &'a [[f32; X::FLOATS]],
                w: &'a [[Block; K]; $panels],
                y: &'a mut [[Block; YS]],
            }
            impl Task for Deep<'_> {
                type Output = ();
                fn run<S: Isa>(self, s: S) {
                    let b = [Block([0.5; LANES]); $panels];
                    forward::<S, Identity, C, X, Y, 1, 1, _, K, $panels, YS>(
                        s, self.x, self.w, &b, self.y,
                    );
                }
            }
            let image = noise($h * $w * $channels, 5).into_iter().map(f32::abs).collect::<Vec<_>>();
            let mut x = vec![[0.0; X::FLOATS]];
            import::<X>(&image, &mut x[0]);
            let w = panel(K * $panels, 6);
            for level in simd::levels() {
                let mut y = vec![[DIRTY; YS]];
                let panels = w.as_chunks::<K>().0;
                let deep = Deep { x: &x, w: panels.first_chunk().unwrap(), y: &mut y };
                simd::dispatch(level, deep);
                for (at, found) in y[0].iter().enumerate() {
                    let (row, column, panel) =
                        (at / $panels / $w, at / $panels % $w, at % $panels);
                    let mut exact = [0.5; LANES];
                    for tap in 0..$size * $size {
                        let (row, column) = (row + tap / $size, column + tap % $size);
                        if (PAD..PAD + $h).contains(&row) && (PAD..PAD + $w).contains(&column) {
                            for channel in 0..$channels {
                                let pixel = (row - PAD) * $w + column - PAD;
                                let x = f64::from(image[channel * $h * $w + pixel]);
                                for lane in 0..LANES {
                                    let w = panels[panel][tap * $channels + channel].0[lane];
                                    exact[lane] += x * f64::from(w);
                                }
                            }
                        }
                    }
                    for lane in 0..LANES {
                        near(&std::format!("{level:?}, {at}"), found.0[lane], exact[lane]);
                    }
                }
            }
        }
    };
}

deep!(
    /// 10,000 products in each sum, which is cut between taps.
    sums_are_cut_between_taps: 400 channels, 5 taps, 3 x 3, 1
);
deep!(
    /// Two panels that exceed what stays near, so that sums wait between rows of taps.
    sums_wait_between_rows_of_taps: 55 channels, 7 taps, 5 x 6, 2
);
deep!(
    /// Two panels whose sums are cut after each tap, and wait.
    sums_that_are_cut_wait: 2100 channels, 3 taps, 2 x 7, 2
);

/// The gradients of 1 x 1 taps on one channel: images of H x W, `repeats` times over, in chunks of `chunk`.
struct Gradients<'a, const H: usize, const W: usize, const A: usize> {
    x: &'a [[f32; A]],
    delta: &'a [[Block; A]],
    chunk: usize,
    repeats: usize,
}

impl<const H: usize, const W: usize, const A: usize> Task for Gradients<'_, H, W, A> {
    type Output = (Block, Block);

    fn run<S: Isa>(self, s: S) -> (Block, Block) {
        type C = Taps<1, 1, 1, 1, 1, 1, 0, 0>;
        type X<const H: usize, const W: usize> = Planar<1, H, W, 0, 0, H, W>;
        type D<const H: usize, const W: usize> = ChannelLast<H, W, 16, 0, 0, H, W>;
        let chunks = self.x.chunks(self.chunk).zip(self.delta.chunks(self.chunk));
        let samples = (0..self.repeats).flat_map(|_| chunks.clone());
        let applications = application::<C, X<H, W>, D<H, W>, _, A, A>(samples);
        let (mut weight, mut bias) = ([Block::ZERO], [Block::ZERO]);
        let state = &mut [()];
        let mut sink = Consumer::new(s, &Store, &mut weight, state);
        weight_gradient(s, applications.clone(), &mut Stretch::new(&mut sink, 0));
        let state = &mut [()];
        let mut sink = Consumer::new(s, &Store, &mut bias, state);
        bias_gradient(s, applications, &mut Stretch::new(&mut sink, 0));
        (weight[0], bias[0])
    }
}

/// Gradients of numbers of one sign against f64, and the same bits from samples that come one by one. The best set is the
/// fastest, and takes all repeats.
fn check_gradients<const H: usize, const W: usize, const A: usize>(samples: usize, repeats: usize) {
    // Not in arrays of samples, for the stack of a test holds no such array.
    let x: Vec<f32> = noise(samples * A, 1).into_iter().map(f32::abs).collect();
    let delta = panel(samples * A, 2);
    let exact = |lane: usize| {
        let deltas = delta.iter().map(|delta| f64::from(delta.0[lane]));
        let products = x.iter().zip(deltas.clone());
        let weight: f64 = products.map(|(&x, delta)| f64::from(x) * delta).sum();
        (weight, deltas.sum::<f64>())
    };
    let exact: [(f64, f64); LANES] = core::array::from_fn(exact);
    for (index, level) in simd::levels().enumerate() {
        let gradients = |chunk, repeats| {
            let task = Gradients::<H, W, A> {
                x: x.as_chunks().0,
                delta: delta.as_chunks().0,
                chunk,
                repeats,
            };
            simd::dispatch(level, task)
        };
        let repeats = if index == 0 { repeats } else { 4 };
        let (weight, bias) = gradients(samples, repeats);
        let what = std::format!("{level:?}, {H} x {W}");
        for lane in 0..LANES {
            let (products, deltas) = exact[lane];
            near(&what, weight.0[lane], products * repeats as f64);
            near(&what, bias.0[lane], deltas * repeats as f64);
        }
        let whole = gradients(samples, 2);
        assert_eq!(whole, gradients(1, 2), "{what}: cut otherwise");
    }
}

/// A million pixels in many samples.
#[test]
fn gradients_over_a_million_pixels_keep_their_digits() {
    check_gradients::<9, 11, 99>(64, 160);
}

/// Samples of more rows than a chain holds, and samples of longer rows.
#[test]
fn gradients_of_large_samples_keep_their_digits() {
    check_gradients::<80, 100, 8000>(2, 12);
    check_gradients::<1, 10_000, 10_000>(2, 12);
}
