//! Every kernel against loops in f64 written from the definition, on every instruction set of the machine.

#![allow(
    clippy::modulo_one,
    reason = "sizes of the cases are constants, and some are 1"
)]

use super::*;
use crate::{
    block::{Block, LANES},
    kernels::{
        activation::{Identity, Relu},
        image::{ChannelLast, Image},
        stencil::{Along, Stencil, Taps},
    },
    simd::{self, Isa, Task},
    update::{Consumer, Store, Stretch},
};
use std::{vec, vec::Vec};

const SAMPLES: usize = 3;

/// What a kernel must overwrite.
const DIRTY: Block = Block([f32::NAN; LANES]);

/// Reproducible numbers in -1..1.
fn noise(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761) + 1;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(next).collect()
}

/// Copies `[C][H][W]` into the layout `I`, whose border becomes zero.
fn import<I: Image>(from: &[f32]) -> Vec<Block> {
    let mut to = vec![Block::ZERO; I::FLOATS / LANES];
    for (index, number) in from.iter().enumerate() {
        let at = place::<I>(index);
        to[at / LANES].0[at % LANES] = *number;
    }
    to
}

/// Where number `index` of `[C][H][W]` lies.
fn place<I: Image>(index: usize) -> usize {
    let (channel, pixel) = (
        index / (I::HEIGHT * I::WIDTH),
        index % (I::HEIGHT * I::WIDTH),
    );
    let (row, column) = (pixel / I::WIDTH, pixel % I::WIDTH);
    (I::TOP + row) * I::ROW + (I::LEFT + column) * I::COLUMN + channel
}

/// The numbers of an image; all others must be zero if it is `clean`.
fn export<I: Image>(from: &[Block], clean: bool) -> Vec<f32> {
    let mut floats = bytemuck::must_cast_slice::<Block, f32>(from).to_vec();
    let count = I::CHANNELS * I::HEIGHT * I::WIDTH;
    let taken = (0..count)
        .map(|index| core::mem::take(&mut floats[place::<I>(index)]))
        .collect();
    assert!(!clean || floats.iter().all(|rest| *rest == 0.0));
    taken
}

fn close(name: &str, got: &[f32], expected: &[f64]) {
    assert_eq!(got.len(), expected.len(), "{name}");
    for (i, (got, expected)) in got.iter().zip(expected).enumerate() {
        let error = (f64::from(*got) - expected).abs();
        assert!(
            error <= 1e-5 * (1.0 + expected.abs()),
            "{name}[{i}]: {got} for {expected}"
        );
    }
}

/// Calls `visit(x index, w index, y index)` for every product of the definition.
fn products<C: Stencil, X: Image, Y: Image>(mut visit: impl FnMut(usize, usize, usize)) {
    let [kh, kw] = C::KERNEL;
    for y in 0..Y::CHANNELS * Y::HEIGHT * Y::WIDTH {
        let (channel, row, column) = (
            y / (Y::HEIGHT * Y::WIDTH),
            y / Y::WIDTH % Y::HEIGHT,
            y % Y::WIDTH,
        );
        for tap in 0..kh * kw {
            let at = (row * C::STRIDE[0] + tap / kw * C::DILATION[0]).wrapping_sub(C::PADDING[0]);
            let to =
                (column * C::STRIDE[1] + tap % kw * C::DILATION[1]).wrapping_sub(C::PADDING[1]);
            if at < X::HEIGHT && to < X::WIDTH {
                let x = (channel * X::HEIGHT + at) * X::WIDTH + to;
                visit(x, channel * kh * kw + tap, y);
            }
        }
    }
}

/// A test of one geometry, padded alike on both sides.
macro_rules! case {
    ($name:ident: $c:literal, $h:literal x $w:literal, kernel $kh:literal x $kw:literal, stride $sh:literal x $sw:literal,
     dilation $dh:literal x $dw:literal, padding $ph:literal $pw:literal) => {
        #[test]
        fn $name() {
            type C = Taps<$kh, $kw, $sh, $sw, $dh, $dw, $ph, $pw>;
            const OH: usize = ($h + 2 * $ph - ($kh - 1) * $dh - 1) / $sh + 1;
            const OW: usize = ($w + 2 * $pw - ($kw - 1) * $dw - 1) / $sw + 1;
            type X =
                ChannelLast<$h, $w, $c, $ph, { $pw + 1 }, { $h + 2 * $ph }, { $w + 2 * $pw + 1 }>;
            type Y = ChannelLast<OH, OW, $c, 1, 2, { OH + 2 }, { OW + 3 }>;
            const BORDER: [usize; 2] = Along {
                size: $w,
                outputs: OW,
                kernel: $kw,
                stride: $sw,
                dilation: $dw,
                padding: $pw,
            }
            .border();
            type D = ChannelLast<OH, OW, $c, 0, { BORDER[0] }, OH, { OW + BORDER[0] + BORDER[1] }>;
            const XS: usize = X::FLOATS / LANES;
            const YS: usize = Y::FLOATS / LANES;
            const DS: usize = D::FLOATS / LANES;
            const T: usize = $kh * $kw;
            const P: usize = usize::div_ceil($c, LANES);

            struct Case;
            impl Task for Case {
                type Output = ();
                fn run<S: Isa>(self, s: S) {
                    std::println!("{} on {:?}", stringify!($name), S::SET);
                    let (weight, bias) = (noise($c * T, 1), noise($c, 2));
                    let mut w = [[Block::ZERO; T]; P];
                    let mut b = [Block::ZERO; P];
                    for channel in 0..$c {
                        let (panel, lane) = (channel / LANES, channel % LANES);
                        b[panel].0[lane] = bias[channel];
                        for tap in 0..T {
                            w[panel][tap].0[lane] = weight[channel * T + tap];
                        }
                    }
                    let images: Vec<_> = (0..SAMPLES)
                        .map(|i| noise($c * $h * $w, 7 + i as u32))
                        .collect();
                    let deltas: Vec<_> = (0..SAMPLES)
                        .map(|i| noise($c * OH * OW, 70 + i as u32))
                        .collect();
                    let x: Vec<Block> = images.iter().flat_map(|x| import::<X>(x)).collect();
                    let delta: Vec<Block> = deltas.iter().flat_map(|d| import::<D>(d)).collect();
                    let (x, delta) = (x.as_chunks::<XS>().0, delta.as_chunks::<DS>().0);

                    let mut y = vec![[DIRTY; YS]; SAMPLES];
                    forward::<S, Relu, C, X, Y, 1, 1, XS, T, P, YS>(s, x, &w, &b, &mut y);
                    let mut told = vec![[DIRTY; YS]; SAMPLES];
                    forward_told::<S, C, X, Y, 1, 1, XS, T, P, YS>(
                        s,
                        x,
                        &w,
                        &b,
                        (&[], 0.0, f32::INFINITY),
                        &[],
                        &mut told,
                    );
                    assert_eq!(y, told, "told by values");
                    let mut dx = vec![[DIRTY; XS]; SAMPLES];
                    input_gradient::<S, C, D, X, 1, false, DS, T, P, XS>(s, delta, &w, &mut dx);
                    let mut added = dx.clone();
                    input_gradient::<S, C, D, X, 1, true, DS, T, P, XS>(s, delta, &w, &mut added);
                    let mut dw = vec![0.0; $c * T];
                    for i in 0..SAMPLES {
                        let mut sums: Vec<f64> = (0..$c * OH * OW)
                            .map(|o| f64::from(bias[o / (OH * OW)]))
                            .collect();
                        let mut down = vec![0.0; $c * $h * $w];
                        products::<C, X, Y>(|x, w, y| {
                            sums[y] += f64::from(images[i][x]) * f64::from(weight[w]);
                            down[x] += f64::from(deltas[i][y]) * f64::from(weight[w]);
                            dw[w] += f64::from(deltas[i][y]) * f64::from(images[i][x]);
                        });
                        let sums: Vec<f64> = sums.iter().map(|sum| sum.max(0.0)).collect();
                        close("y", &export::<Y>(&y[i], true), &sums);
                        close("dx", &export::<X>(&dx[i], false), &down);
                        let twice: Vec<f64> = down.iter().map(|x| 2.0 * x).collect();
                        close("dx added", &export::<X>(&added[i], false), &twice);
                    }

                    // The batch in two chunks, the tensor in stretches of any length.
                    let xs: Vec<[[Block; XS]; 1]> = x.iter().map(|x| [*x]).collect();
                    let ds: Vec<[[Block; DS]; 1]> = delta.iter().map(|d| [*d]).collect();
                    let samples = [(&xs[..2], &ds[..2]), (&xs[2..], &ds[2..])];
                    let application = application::<C, X, D, _, 1, 1, XS, DS>(samples.into_iter());
                    for length in [T * P, T, 1, 5] {
                        let mut gradient = vec![DIRTY; T * P];
                        for first in (0..T * P).step_by(length) {
                            let to = (first + length).min(T * P);
                            let none = &mut vec![(); to - first];
                            let mut sink = Consumer::new(s, &Store, &mut gradient[first..to], none);
                            let mut stretch = Stretch::new(&mut sink, first);
                            weight_gradient(s, application.clone(), &mut stretch);
                        }
                        for (at, block) in gradient.iter().enumerate() {
                            for (lane, got) in block.0.iter().enumerate() {
                                let channel = at / T * LANES + lane;
                                let expected = dw.get(channel * T + at % T);
                                let expected = expected.filter(|_| channel < $c).unwrap_or(&0.0);
                                close("dw", &[*got], &[*expected]);
                            }
                        }
                    }
                }
            }
            for level in simd::levels() {
                simd::dispatch(level, Case);
            }
        }
    };
}

case!(three_by_three: 20, 6 x 7, kernel 3 x 3, stride 1 x 1, dilation 1 x 1, padding 1 1);
case!(strided: 33, 7 x 8, kernel 3 x 3, stride 2 x 2, dilation 1 x 1, padding 1 1);
case!(strided_unlike: 5, 9 x 11, kernel 2 x 5, stride 3 x 2, dilation 1 x 1, padding 0 2);
case!(dilated: 16, 9 x 9, kernel 3 x 3, stride 2 x 1, dilation 2 x 3, padding 2 3);
case!(unreached: 3, 8 x 7, kernel 2 x 2, stride 3 x 4, dilation 1 x 1, padding 0 0);
case!(a_point: 18, 3 x 2, kernel 1 x 1, stride 1 x 1, dilation 1 x 1, padding 0 0);
case!(large_kernel: 2, 5 x 20, kernel 5 x 17, stride 1 x 1, dilation 1 x 1, padding 2 8);
case!(one_column: 17, 30 x 1, kernel 7 x 1, stride 2 x 1, dilation 1 x 1, padding 3 0);
case!(long_row: 4, 2 x 301, kernel 2 x 3, stride 1 x 1, dilation 1 x 1, padding 0 1);

/// More taps than a chain holds, of numbers of one sign.
#[test]
fn deep_sums_keep_their_digits() {
    const N: usize = 20_000;
    type C = Taps<1, N, 1, 1, 1, 1, 0, 0>;
    type X = ChannelLast<1, N, 1, 0, 0, 1, N>;
    type Y = ChannelLast<1, 1, 1, 0, 0, 1, 1>;

    struct Deep<'a>(&'a [[Block; N]], &'a [[Block; N]; 1]);
    impl Task for Deep<'_> {
        type Output = Block;
        fn run<S: Isa>(self, s: S) -> Block {
            let mut y = [[Block::ZERO]];
            let b = [Block::ZERO];
            forward::<S, Identity, C, X, Y, 1, 1, N, N, 1, 1>(s, self.0, self.1, &b, &mut y);
            y[0][0]
        }
    }

    let image = |seed| import::<X>(&noise(N, seed).iter().map(|x| x.abs()).collect::<Vec<_>>());
    let (x, w) = (image(3), image(4));
    let exact = x
        .iter()
        .zip(&w)
        .map(|(x, w)| f64::from(x.0[0]) * f64::from(w.0[0]));
    let exact: f64 = exact.sum();
    for level in simd::levels() {
        let deep = Deep(x.as_chunks().0, w.as_chunks().0.first_chunk().unwrap());
        let y = simd::dispatch(level, deep).0[0];
        assert!(
            (f64::from(y) / exact - 1.0).abs() < 2e-6,
            "{level:?}: {y} is not {exact}"
        );
    }
}
