//! Every kernel against loops in f64 written from the definition, on every instruction set of the machine.
//!
//! The definition is that of the convolution from Y to X: the gradient of its input is the forward pass here, and its own
//! forward pass is the gradient of the input.

use super::*;
use crate::{
    kernels::{
        activation::{Identity, Relu, Sigmoid},
        conv2d::{
            self,
            tests::{
                DIRTY, along, close, floats, import, noise,
                reference::{Sizes, activation, export},
                wide,
            },
        },
        image::{ChannelLast, Planar},
        stencil::Taps,
    },
    simd::{self, Task},
    update::{Consumer, Store, Stretch},
};
use std::{vec, vec::Vec};

/// Samples: more than a tile has, and no multiple of it.
const SAMPLES: usize = 11;

/// What the panels' gradients are as PyTorch's weights; asserts that padding lanes are zero.
fn unpack<const K: usize>(panels: &[[Block; K]], [cin, cout]: [usize; 2]) -> Vec<f32> {
    let taps = K / cin;
    let mut w = vec![0.0; cin * cout * taps];
    for (p, panel) in panels.iter().enumerate() {
        for (k, block) in panel.iter().enumerate() {
            for (lane, value) in block.0.iter().enumerate() {
                let o = p * LANES + lane;
                if o < cout {
                    w[(k % cin * cout + o) * taps + k / cin] = *value;
                } else {
                    assert_eq!(*value, 0.0, "padding lane of a weight's gradient");
                }
            }
        }
    }
    w
}

/// So many arrays of a block. A function, whose copies on the stack do not add up where nothing is optimised.
fn arrays<const N: usize>(block: Block, count: usize) -> Vec<[Block; N]> {
    vec![[block; N]; count]
}

/// Bits of whole images.
fn bits<const N: usize>(images: &[[Block; N]]) -> Vec<u32> {
    let values = floats(images.as_flattened()).iter();
    values.map(|value| value.to_bits()).collect()
}

/// A test of one geometry: an input of H x W gives OH x OW outputs. X's border is wider than needed by `extra`.
macro_rules! case {
    ($(#[$doc:meta])* $name:ident: $cin:literal -> $cout:literal, $activation:ty, input $h:literal x $w:literal, kernel $kh:literal x $kw:literal,
     stride $sh:literal x $sw:literal, dilation $dh:literal x $dw:literal, padding $pt:literal x $pl:literal,
     output $oh:literal x $ow:literal, extra $extra:literal) => {
        $(#[$doc])*
        #[test]
        fn $name() {
            type C = Taps<$kh, $kw, $sh, $sw, $dh, $dw, $pt, $pl>;
            const K: usize = $kh * $kw * $cin;
            const KT: usize = $kh * $kw * $cout;
            const P: usize = usize::div_ceil($cout, LANES);
            const Q: usize = usize::div_ceil($cin, LANES);
            const A: [usize; 2] = along($oh, $h, $kh, $sh, $dh, $pt).border();
            const B: [usize; 2] = along($ow, $w, $kw, $sw, $dw, $pl).border();
            const ROWS: usize = $h + A[0] + A[1] + $extra;
            const COLUMNS: usize = $w + B[0] + B[1] + 2 * $extra;
            type X = ChannelLast<$h, $w, $cin, { A[0] + $extra }, { B[0] + $extra }, ROWS, COLUMNS>;
            type Flat = Planar<$cin, $h, $w, { A[0] }, { B[0] }, { $h + A[0] + A[1] }, { $w + B[0] + B[1] }>;
            type Y = ChannelLast<$oh, $ow, $cout, 1, 2, { $oh + 2 }, { $ow + 3 }>;
            // What the convolution reads behind the outputs.
            const BELOW: usize = (($h - 1) * $sh + ($kh - 1) * $dh + 1_usize).saturating_sub($pt + $oh);
            const RIGHT: usize = (($w - 1) * $sw + ($kw - 1) * $dw + 1_usize).saturating_sub($pl + $ow);
            type D = ChannelLast<$oh, $ow, $cout, $pt, $pl, { $oh + $pt + BELOW }, { $ow + $pl + RIGHT }>;
            // Samples that are judged: naive loops over many channels take long.
            const SOME: usize = if $cin * $cout > 10_000 { 2 } else { SAMPLES };
            const XS: usize = X::FLOATS / LANES;
            const YS: usize = Y::FLOATS / LANES;
            const DS: usize = D::FLOATS / LANES;

            struct Case;
            impl Task for Case {
                type Output = ();
                fn run<S: Isa>(self, s: S) {
                    std::println!("{} on {:?}", stringify!($name), S::SET);
                    let sizes = Sizes::of::<C, D, X>();
                    let weight = noise($cin * $cout * $kh * $kw, 1);
                    let bias = noise($cout, 2);
                    let convolution: Vec<[Block; KT]> = sizes.pack::<KT, Q>(&weight);
                    let convolution: &[[Block; KT]; Q] = convolution.first_chunk().unwrap();
                    let mut w = arrays::<K>(DIRTY, P);
                    conv2d::transpose::<S, $cout, $cin, KT, Q, K>(s, convolution, 0, &mut w);
                    let mut back = arrays::<KT>(DIRTY, Q);
                    let w: &[[Block; K]; P] = w.first_chunk().unwrap();
                    conv2d::transpose::<S, $cin, $cout, K, P, KT>(s, w, 0, &mut back);
                    assert_eq!(back, convolution, "a transpose is undone by another");
                    let mut b = [Block::ZERO; P];
                    for (i, value) in bias.iter().enumerate() {
                        b[i / LANES].0[i % LANES] = *value;
                    }
                    let mut images = Vec::new();
                    let mut gradients = Vec::new();
                    let mut x = vec![[0.0; X::FLOATS]; SAMPLES];
                    let mut flat = vec![[0.0; Flat::FLOATS]; SAMPLES];
                    let mut residual = arrays::<YS>(Block::ZERO, SAMPLES);
                    let mut d = arrays::<DS>(DIRTY, SAMPLES);
                    for i in 0..SAMPLES {
                        images.push(noise($cin * $h * $w, 7 + i as u32));
                        gradients.push(noise($cout * $oh * $ow, 70 + i as u32));
                        import::<X>(&images[i], &mut x[i]);
                        import::<Flat>(&images[i], &mut flat[i]);
                        import::<Y>(&gradients[i], bytemuck::must_cast_slice_mut(&mut residual[i]));
                        import::<D>(&gradients[i], bytemuck::must_cast_slice_mut(&mut d[i]));
                    }

                    // Forward, both layouts, and with a normalisation and a residual.
                    let mut y = arrays::<YS>(DIRTY, SAMPLES);
                    forward::<S, $activation, C, X, Y, _, K, P, YS>(s, &x, w, &b, &mut y);
                    let mut other = arrays::<YS>(DIRTY, SAMPLES);
                    forward::<S, $activation, C, Flat, Y, _, K, P, YS>(s, &flat, w, &b, &mut other);
                    assert_eq!(y, other, "layouts of x differ");
                    let lines = [[Block([0.1; LANES]); P], [Block([1.5; LANES]); P], [Block([0.2; LANES]); P]];
                    let lines = lines.as_flattened();
                    let mut normal = arrays::<YS>(DIRTY, SAMPLES);
                    forward_normal::<S, $activation, C, X, Y, true, _, K, P, YS>(
                        s, &x, w, &b, lines, &residual, &mut normal,
                    );
                    let mut told = arrays::<YS>(DIRTY, SAMPLES);
                    let finish = (lines, f32::NEG_INFINITY, f32::INFINITY);
                    forward_told::<S, C, X, Y, _, K, P, YS>(s, &x, w, &b, finish, &[], &mut told);
                    let mut bare = arrays::<YS>(DIRTY, SAMPLES);
                    forward_told::<S, C, X, Y, _, K, P, YS>(s, &x, w, &b, (&[], 0.0, f32::INFINITY), &[], &mut bare);
                    for i in 0..SOME {
                        let nothing = vec![0.0; $cout * $oh * $ow];
                        let (mut sums, _) = sizes.backward(&nothing, &wide(&weight), &wide(&images[i]));
                        for (index, sum) in sums.iter_mut().enumerate() {
                            *sum += f64::from(bias[index / ($oh * $ow)]);
                        }
                        let of = |f: &dyn Fn(usize, f64) -> f64| -> Vec<f64> {
                            sums.iter().enumerate().map(|(index, sum)| f(index, *sum)).collect()
                        };
                        let f = |z: f64| activation(stringify!($activation), z);
                        let line = |z: f64| (z - 0.1) * 1.5 + 0.2;
                        let got = |y: &[[Block; YS]]| export::<Y>(floats(&y[i]), true);
                        close("y", &got(&y), &of(&|_, z| f(z)), 1e-4);
                        let added = |index: usize, z: f64| f(line(z) + f64::from(gradients[i][index]));
                        close("normal", &got(&normal), &of(&added), 1e-4);
                        close("told", &got(&told), &of(&|_, z| line(z)), 1e-4);
                        close("bare", &got(&bare), &of(&|_, z| z.max(0.0)), 1e-4);
                    }
                    let mut alone = arrays::<YS>(DIRTY, SAMPLES);
                    for (x, y) in x.chunks(1).zip(alone.chunks_mut(1)) {
                        forward::<S, $activation, C, X, Y, _, K, P, YS>(s, x, w, &b, y);
                    }
                    assert_eq!(bits(&y), bits(&alone), "one sample and many");

                    // The gradient of the input, written and added.
                    let mut dx = arrays::<XS>(Block::ZERO, SAMPLES);
                    input_gradient::<S, C, D, X, false, DS, KT, Q, XS>(s, &d, convolution, &mut dx);
                    let mut alone = arrays::<XS>(Block::ZERO, SAMPLES);
                    for (d, dx) in d.chunks(1).zip(alone.chunks_mut(1)) {
                        input_gradient::<S, C, D, X, false, DS, KT, Q, XS>(s, d, convolution, dx);
                    }
                    assert_eq!(bits(&dx), bits(&alone), "one sample and many");
                    input_gradient::<S, C, D, X, true, DS, KT, Q, XS>(s, &d, convolution, &mut alone);
                    let mut dw = vec![0.0; weight.len()];
                    let mut db = vec![0.0; $cout];
                    for i in 0..SOME {
                        let delta = wide(&gradients[i]);
                        let zeros = vec![0.0; $cin];
                        let expected = sizes.forward(&delta, &wide(&weight), &zeros);
                        close("dx", &export::<X>(floats(&dx[i]), false), &expected, 1e-4);
                        let twice: Vec<f64> = expected.iter().map(|dx| 2.0 * dx).collect();
                        close("dx added", &export::<X>(floats(&alone[i]), false), &twice, 1e-4);
                        let (_, term) = sizes.backward(&delta, &wide(&weight), &wide(&images[i]));
                        for (sum, term) in dw.iter_mut().zip(term) {
                            *sum += term;
                        }
                        for (index, term) in delta.iter().enumerate() {
                            db[index / ($oh * $ow)] += term;
                        }
                    }

                    let (x, flat, d) = (&x[..SOME], &flat[..SOME], &d[..SOME]);
                    // Gradients of weights: in one piece, and cut by samples and by weights.
                    let mut gw = arrays::<K>(DIRTY, P);
                    let mut cut = gw.clone();
                    for (chunk, gradient, length) in
                        [(SAMPLES, &mut gw, K * P), (4, &mut cut, K / 2 + 5)]
                    {
                        let mut from = 0;
                        for piece in gradient.as_flattened_mut().chunks_mut(length) {
                            let samples = x.chunks(chunk).zip(d.chunks(chunk));
                            let samples = application::<C, X, D, _, _, DS>(samples);
                            let state = &mut vec![(); piece.len()];
                            let next = from + piece.len();
                            let mut sink = Consumer::new(s, &Store, piece, state);
                            conv2d::weight_gradient(s, samples, &mut Stretch::new(&mut sink, from));
                            from = next;
                        }
                    }
                    close("dw", &unpack(&gw, [$cin, $cout]), &dw, 2e-4);
                    assert_eq!(gw, cut, "a cut changed bits");
                    // Another call of the same layer adds its samples after those of the first.
                    let (x, d) = (flat.split_at(1), d.split_at(1));
                    let both = (
                        application::<C, Flat, D, _, _, DS>([(x.0, d.0)].into_iter()),
                        application::<C, Flat, D, _, _, DS>([(x.1, d.1)].into_iter()),
                    );
                    let (all, state) = (cut.as_flattened_mut(), &mut vec![(); K * P]);
                    let mut sink = Consumer::new(s, &Store, all, state);
                    conv2d::weight_gradient(s, both.clone(), &mut Stretch::new(&mut sink, 0));
                    assert_eq!(gw, cut, "a second call changed bits");
                    let mut gb = [DIRTY; P];
                    let state = &mut [(); P];
                    let mut sink = Consumer::new(s, &Store, &mut gb, state);
                    conv2d::bias_gradient(s, both, &mut Stretch::new(&mut sink, 0));
                    close("db", &floats(&gb)[..$cout], &db, 1e-4);
                }
            }
            for level in simd::levels() {
                simd::dispatch(level, Case);
            }
        }
    };
}

case!(doubled: 17 -> 33, Relu, input 4 x 5, kernel 4 x 4, stride 2 x 2, dilation 1 x 1, padding 1 x 1, output 8 x 10, extra 0);
case!(
    /// Classes of one tap.
    side_by_side: 33 -> 20, Sigmoid, input 3 x 4, kernel 2 x 2, stride 2 x 2, dilation 1 x 1, padding 0 x 0, output 6 x 8, extra 1
);
case!(
    /// Classes of one tap, two and four.
    unlike: 20 -> 17, Identity, input 5 x 4, kernel 3 x 3, stride 2 x 2, dilation 1 x 1, padding 1 x 1, output 10 x 8, extra 0
);
case!(one_class: 18 -> 33, Relu, input 5 x 4, kernel 3 x 3, stride 1 x 1, dilation 1 x 1, padding 1 x 1, output 5 x 4, extra 1);
case!(
    /// Pixels that no tap reaches, among the others and behind them.
    holes: 6 -> 18, Sigmoid, input 3 x 4, kernel 2 x 1, stride 3 x 2, dilation 1 x 1, padding 0 x 1, output 10 x 6, extra 0
);
case!(
    /// Few channels: rows of a tile are of several taps.
    few_channels: 2 -> 20, Relu, input 6 x 5, kernel 4 x 3, stride 2 x 2, dilation 1 x 1, padding 1 x 0, output 12 x 11, extra 1
);
case!(dilated: 16 -> 5, Identity, input 4 x 5, kernel 3 x 2, stride 2 x 3, dilation 3 x 2, padding 1 x 2, output 12 x 12, extra 0);
case!(
    /// Every output has one tap, and samples stand side by side.
    from_one_pixel: 40 -> 33, Relu, input 1 x 1, kernel 4 x 4, stride 4 x 4, dilation 1 x 1, padding 0 x 0, output 4 x 4, extra 0
);
case!(
    /// Classes of few outputs and many weights.
    many_weights: 130 -> 250, Relu, input 3 x 2, kernel 4 x 4, stride 2 x 2, dilation 1 x 1, padding 1 x 1, output 6 x 4, extra 0
);
case!(
    /// Sums that are cut.
    long_sums: 210 -> 18, Identity, input 3 x 3, kernel 5 x 4, stride 2 x 2, dilation 1 x 1, padding 1 x 1, output 7 x 6, extra 0
);
case!(
    /// A row of audio.
    one_row: 18 -> 33, Relu, input 1 x 9, kernel 1 x 16, stride 1 x 8, dilation 1 x 1, padding 0 x 4, output 1 x 72, extra 0
);
case!(
    /// The batch has more pixels than a chain.
    long_chains: 3 -> 2, Identity, input 20 x 20, kernel 2 x 2, stride 1 x 2, dilation 1 x 1, padding 1 x 0, output 19 x 40, extra 0
);
case!(
    /// Nothing but the bias is left.
    unreached: 3 -> 4, Sigmoid, input 1 x 1, kernel 1 x 1, stride 3 x 3, dilation 1 x 1, padding 1 x 1, output 1 x 1, extra 0
);
