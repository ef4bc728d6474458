//! Many samples of small images, side by side in tiles, give the bits of each alone.

use super::*;
use core::array;

/// Samples: more than a tile has, and no multiple of it.
const MANY: usize = 11;

/// Deterministic weights in panels of K blocks, on the heap.
fn panels<const K: usize>(count: usize, seed: u32) -> Vec<[Block; K]> {
    let values = noise(count * K * LANES, seed);
    let blocks = values
        .as_chunks::<LANES>()
        .0
        .iter()
        .map(|block| Block(*block));
    blocks.collect::<Vec<_>>().as_chunks().0.to_vec()
}

fn bits<const N: usize>(blocks: &[[Block; N]]) -> Vec<u32> {
    floats(blocks.as_flattened())
        .iter()
        .map(|value| value.to_bits())
        .collect()
}

/// Bits of the numbers of images, without borders and padding, which a gradient of inputs may leave as they come.
fn inside<I: Image, const N: usize>(images: &[[Block; N]]) -> Vec<u32> {
    let mut all = Vec::new();
    for image in images.iter().map(|image| floats(image)) {
        for row in I::TOP..I::TOP + I::HEIGHT {
            for column in I::LEFT..I::LEFT + I::WIDTH {
                let pixel = &image[row * I::ROW + column * I::COLUMN..][..I::CHANNELS];
                all.extend(pixel.iter().map(|value| value.to_bits()));
            }
        }
    }
    all
}

/// One layer from H x W images behind a border as wide as its padding: forward, with a normalisation and a residual
/// too, and the input's gradient, written and added.
macro_rules! together {
    ($(#[$doc:meta])+ $name:ident: $cin:literal -> $cout:literal, input $h:literal x $w:literal, kernel $kh:literal x $kw:literal,
     stride $sh:literal $sw:literal, dilation $d:literal, padding $pad:literal) => {
        $(#[$doc])+
        #[test]
        fn $name() {
            type C = Taps<$kh, $kw, $sh, $sw, $d, $d, $pad, $pad>;
            const OH: usize = ($h + 2 * $pad - ($kh - 1) * $d - 1) / $sh + 1;
            const OW: usize = ($w + 2 * $pad - ($kw - 1) * $d - 1) / $sw + 1;
            const K: usize = $kh * $kw * $cin;
            const KT: usize = $kh * $kw * $cout;
            const P: usize = usize::div_ceil($cout, LANES);
            const Q: usize = usize::div_ceil($cin, LANES);
            type X = ChannelLast<$h, $w, $cin, $pad, $pad, { $h + 2 * $pad }, { $w + 2 * $pad }>;
            type Y = ChannelLast<OH, OW, $cout, 1, 1, { OH + 2 }, { OW + 2 }>;
            const A: [usize; 2] = along($h, OH, $kh, $sh, $d, $pad).border();
            const B: [usize; 2] = along($w, OW, $kw, $sw, $d, $pad).border();
            type D = ChannelLast<OH, OW, $cout, { A[0] }, { B[0] }, { OH + A[0] + A[1] }, { OW + B[0] + B[1] }>;
            const XS: usize = X::FLOATS / LANES;
            const YS: usize = Y::FLOATS / LANES;
            const DS: usize = D::FLOATS / LANES;

            struct Layer<'a> {
                x: &'a [[f32; X::FLOATS]],
                w: &'a [[Block; K]; P],
                delta: &'a [[Block; DS]],
                transposed: &'a [[Block; KT]; Q],
                residual: &'a [[Block; YS]],
                y: [&'a mut [[Block; YS]]; 2],
                dx: [&'a mut [[Block; XS]]; 2],
            }
            impl Task for Layer<'_> {
                type Output = ();
                fn run<S: Isa>(self, s: S) {
                    let Self { x, w, delta, transposed, residual, y: [y, normal], dx: [dx, sum] } = self;
                    let b = array::from_fn(|panel| Block([panel as f32 - 0.5; LANES]));
                    let lines = [[Block([0.1; LANES]); P], [Block([1.5; LANES]); P], [Block([0.2; LANES]); P]];
                    forward::<S, Relu, C, X, Y, 1, 1, _, K, P, YS>(s, x, w, &b, y);
                    let finish = (lines.as_flattened(), 0.0, f32::INFINITY);
                    forward_told::<S, C, X, Y, _, K, P, YS>(s, x, w, &b, finish, residual, normal);
                    input_gradient::<S, C, D, X, false, DS, KT, Q, XS>(s, delta, transposed, dx);
                    input_gradient::<S, C, D, X, true, DS, KT, Q, XS>(s, delta, transposed, sum);
                }
            }

            let mut x = vec![[0.0; X::FLOATS]; MANY];
            let mut delta = vec![[Block::ZERO; DS]; MANY];
            let mut residual = vec![[Block::ZERO; YS]; MANY];
            for sample in 0..MANY {
                let seed = 10 * sample as u32;
                import::<X>(&noise($cin * $h * $w, seed + 1), &mut x[sample]);
                let values = noise($cout * OH * OW, seed + 2);
                import::<D>(&values, bytemuck::must_cast_slice_mut(&mut delta[sample]));
                import::<Y>(&values, bytemuck::must_cast_slice_mut(&mut residual[sample]));
            }
            let (w, transposed) = (panels::<K>(P, 5), panels::<KT>(Q, 6));
            for level in simd::levels() {
                let run = |samples: core::ops::Range<usize>| {
                    let count = samples.len();
                    let [mut y, mut normal] = [vec![[DIRTY; YS]; count], vec![[DIRTY; YS]; count]];
                    let mut dx = vec![[DIRTY; XS]; count];
                    let mut sum = vec![[Block([0.25; LANES]); XS]; count];
                    simd::dispatch(level, Layer {
                        x: &x[samples.clone()],
                        w: w.first_chunk().unwrap(),
                        delta: &delta[samples.clone()],
                        transposed: transposed.first_chunk().unwrap(),
                        residual: &residual[samples],
                        y: [&mut y, &mut normal],
                        dx: [&mut dx, &mut sum],
                    });
                    [bits(&y), bits(&normal), inside::<X, XS>(&dx), inside::<X, XS>(&sum)]
                };
                let whole = run(0..MANY);
                for (index, part) in whole.iter().enumerate() {
                    let alone = (0..MANY).flat_map(|sample| run(sample..sample + 1)[index].clone());
                    assert_eq!(*part, alone.collect::<Vec<_>>(), "{level:?}, result {index}");
                }
                assert_ne!(whole[0], whole[1]);
            }
        }
    };
}

together!(
    /// Most taps meet the border.
    two_by_two: 32 -> 48, input 2 x 2, kernel 3 x 3, stride 1 1, dilation 1, padding 1
);
together!(
    /// Channels that are no whole blocks, and an odd number of panels.
    odd_channels: 35 -> 70, input 1 x 4, kernel 3 x 3, stride 1 1, dilation 1, padding 1
);
together!(
    /// Sixteen outputs, of many weights.
    many_weights: 130 -> 120, input 4 x 4, kernel 3 x 3, stride 1 1, dilation 1, padding 1
);
together!(
    /// No tap meets the border.
    one_tap: 64 -> 16, input 2 x 2, kernel 1 x 1, stride 1 1, dilation 1, padding 0
);
together!(
    /// Inputs are of classes with taps of their own.
    strided: 130 -> 130, input 4 x 4, kernel 3 x 3, stride 2 2, dilation 1, padding 1
);
together!(
    /// Some inputs feed no output.
    uncovered: 20 -> 20, input 2 x 2, kernel 1 x 1, stride 2 2, dilation 1, padding 0
);
together!(
    /// Taps two pixels apart.
    dilated: 16 -> 33, input 2 x 2, kernel 3 x 3, stride 1 1, dilation 2, padding 2
);
together!(
    /// Sums are cut between taps, some of which are left out.
    cut: 460 -> 20, input 2 x 3, kernel 3 x 3, stride 1 1, dilation 1, padding 1
);
together!(
    /// Runs of two taps, so that one ends among rows that are left out.
    short_runs: 1500 -> 16, input 2 x 2, kernel 5 x 3, stride 1 1, dilation 1, padding 2
);
together!(
    /// A tap has several runs.
    long_taps: 5000 -> 16, input 1 x 2, kernel 3 x 3, stride 1 1, dilation 1, padding 1
);
