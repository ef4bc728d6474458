use super::*;
use crate::{
    kernels::{image::ChannelLast, stencil::Taps},
    simd::{self, Task},
};
use std::{vec, vec::Vec};

const DIRTY: Block = Block([f32::NAN; LANES]);

/// Values with many ties, so that the first of equal maxima matters.
fn value(row: usize, column: usize, channel: usize) -> f32 {
    ((row * 7 + column * 3 + channel * 5 + row * column) % 9) as f32 - 6.0
}

/// A test of one geometry against the definition.
macro_rules! case {
    ($name:ident: channels $c:literal, input $h:literal x $w:literal -> $oh:literal x $ow:literal, kernel $kh:literal x $kw:literal,
     stride $sh:literal x $sw:literal, dilation $dh:literal x $dw:literal, padding $pt:literal $pl:literal) => {
        #[test]
        fn $name() {
            type C = Taps<$kh, $kw, $sh, $sw, $dh, $dw, $pt, $pl>;
            type X = ChannelLast<$h, $w, $c, 1, 0, { $h + 2 }, { $w + 1 }>;
            type Y = ChannelLast<$oh, $ow, $c, 0, 1, { $oh + 1 }, { $ow + 3 }>;
            type G = ChannelLast<$oh, $ow, $c, 0, 0, $oh, $ow>;
            const PANELS: usize = usize::div_ceil($c, LANES);
            const XS: usize = X::FLOATS / LANES;
            const YS: usize = Y::FLOATS / LANES + 2;
            const GS: usize = G::FLOATS / LANES;
            const WS: usize = winners::blocks($oh * $ow, PANELS, $kh * $kw);

            struct Case;
            impl Task for Case {
                type Output = ();
                fn run<S: Isa>(self, s: S) {
                    std::println!("{} on {:?}", stringify!($name), S::SET);
                    // What lies around the image must not matter.
                    let mut x = [[DIRTY; XS]];
                    let mut dy = [[Block::ZERO; GS]];
                    for channel in 0..PANELS * LANES {
                        for row in 0..$h {
                            for column in 0..$w {
                                let at = pixel::<X>(row, column) + channel / LANES;
                                x[0][at].0[channel % LANES] = if channel < $c {
                                    value(row, column, channel)
                                } else {
                                    0.0
                                };
                            }
                        }
                        for row in 0..$oh as usize {
                            for column in 0..$ow as usize {
                                let at = pixel::<G>(row, column) + channel / LANES;
                                dy[0][at].0[channel % LANES] = if channel < $c {
                                    (1 + row * $ow + column) as f32
                                } else {
                                    0.0
                                };
                            }
                        }
                    }
                    let (mut y, mut again) = ([[DIRTY; YS]], [[DIRTY; YS]]);
                    let mut won = [[DIRTY; WS]];
                    forward::<S, C, X, Y, XS, YS>(s, &x, &mut y);
                    forward_winners::<S, C, X, Y, XS, YS, WS>(s, &x, &mut again, &mut won);
                    let mut dx = [[DIRTY; XS]];
                    backward::<S, C, G, X, false, GS, WS, XS>(s, &dy, &won, &mut dx);
                    let mut twice = dx;
                    backward::<S, C, G, X, true, GS, WS, XS>(s, &dy, &won, &mut twice);
                    for channel in 0..PANELS * LANES {
                        let read = |image: &[Block], at: usize| {
                            image[at + channel / LANES].0[channel % LANES]
                        };
                        let mut expected: Vec<f32> = vec![0.0; $h * $w];
                        for row in 0..$oh as usize {
                            for column in 0..$ow as usize {
                                let mut best = (f32::NEG_INFINITY, 0);
                                for u in 0..$kh {
                                    for v in 0..$kw {
                                        let (r, c) = (
                                            (row * $sh + u * $dh).wrapping_sub($pt),
                                            (column * $sw + v * $dw).wrapping_sub($pl),
                                        );
                                        if r < $h
                                            && c < $w
                                            && channel < $c
                                            && value(r, c, channel) > best.0
                                        {
                                            best = (value(r, c, channel), r * $w + c);
                                        }
                                    }
                                }
                                let best = if channel < $c { best } else { (0.0, 0) };
                                assert_eq!(read(&y[0], pixel::<Y>(row, column)), best.0);
                                assert_eq!(read(&again[0], pixel::<Y>(row, column)), best.0);
                                expected[best.1] += read(&dy[0], pixel::<G>(row, column));
                            }
                        }
                        for row in 0..$h {
                            for column in 0..$w {
                                let at = pixel::<X>(row, column);
                                assert_eq!(
                                    read(&dx[0], at),
                                    expected[row * $w + column],
                                    "{row} {column} {channel}"
                                );
                                assert_eq!(read(&twice[0], at), 2.0 * expected[row * $w + column]);
                            }
                        }
                    }
                    // The border of y is zero.
                    for column in [0, Y::COLUMNS - 1] {
                        assert_eq!(y[0][column * PANELS..][..PANELS], [Block::ZERO; PANELS]);
                    }
                }
            }
            for level in simd::levels() {
                simd::dispatch(level, Case);
            }
        }
    };
}

case!(halves: channels 20, input 6 x 7 -> 3 x 3, kernel 2 x 2, stride 2 x 2, dilation 1 x 1, padding 0 0);
case!(overlaps: channels 16, input 7 x 8 -> 4 x 4, kernel 3 x 3, stride 2 x 2, dilation 1 x 1, padding 1 1);
case!(rectangle: channels 3, input 9 x 6 -> 3 x 5, kernel 4 x 2, stride 3 x 1, dilation 1 x 1, padding 1 0);
case!(dilated: channels 33, input 8 x 8 -> 5 x 5, kernel 3 x 3, stride 1 x 1, dilation 2 x 2, padding 1 1);
case!(whole_image: channels 5, input 17 x 16 -> 1 x 1, kernel 17 x 16, stride 1 x 1, dilation 1 x 1, padding 0 0);
