use super::*;
use crate::{
    kernels::{image::ChannelLast, stencil::Taps},
    simd::{self, Task},
};
use std::{vec, vec::Vec};

const DIRTY: Block = Block([f32::NAN; LANES]);

fn value(row: usize, column: usize, channel: usize) -> f32 {
    ((row * 7 + column * 3 + channel * 5 + row * column) % 19) as f32 / 8.0 - 1.0
}

/// A test of one geometry against the definition; kernel, stride and padding are those of both axes.
macro_rules! case {
    ($name:ident: channels $c:literal, input $h:literal x $w:literal -> $oh:literal x $ow:literal, kernel $kh:literal x $kw:literal,
     stride $sh:literal x $sw:literal, padding $ph:literal $pw:literal, $pad:literal) => {
        #[test]
        fn $name() {
            type C = Taps<$kh, $kw, $sh, $sw, 1, 1, $ph, $pw>;
            type X = ChannelLast<$h, $w, $c, 1, 0, { $h + 2 }, { $w + 1 }>;
            type Y = ChannelLast<$oh, $ow, $c, 0, 1, { $oh + 1 }, { $ow + 3 }>;
            type G = ChannelLast<$oh, $ow, $c, 0, 0, $oh, $ow>;
            const PANELS: usize = usize::div_ceil($c, LANES);
            const XS: usize = X::FLOATS / LANES;
            const YS: usize = Y::FLOATS / LANES + 2;
            const GS: usize = G::FLOATS / LANES;

            struct Case;
            impl Task for Case {
                type Output = ();
                fn run<S: Isa>(self, s: S) {
                    std::println!("{} on {:?}", stringify!($name), S::SET);
                    // What lies around the image must not matter.
                    let mut x = [[DIRTY; XS]];
                    let mut dy = [[Block::ZERO; GS]];
                    for channel in 0..PANELS * LANES {
                        let (panel, lane) = (channel / LANES, channel % LANES);
                        let real = channel < $c;
                        for (row, column) in pixels($h, $w) {
                            let place = &mut x[0][pixel::<X>(row, column) + panel].0[lane];
                            *place = if real {
                                value(row, column, channel)
                            } else {
                                0.0
                            };
                        }
                        for (row, column) in pixels($oh, $ow) {
                            let place = &mut dy[0][pixel::<G>(row, column) + panel].0[lane];
                            *place = if real {
                                1.0 + value(column, row, channel)
                            } else {
                                0.0
                            };
                        }
                    }
                    let (mut y, mut dx) = ([[DIRTY; YS]], [[DIRTY; XS]]);
                    forward::<S, C, X, Y, $pad, XS, YS>(s, &x, &mut y);
                    backward::<S, C, G, X, $pad, false, GS, XS>(s, &dy, &mut dx);
                    let mut twice = dx;
                    backward::<S, C, G, X, $pad, true, GS, XS>(s, &dy, &mut twice);
                    for channel in 0..PANELS * LANES {
                        let read = |image: &[Block], at: usize| {
                            f64::from(image[at + channel / LANES].0[channel % LANES])
                        };
                        let mut shares: Vec<f64> = vec![0.0; $h * $w];
                        for (row, column) in pixels($oh, $ow) {
                            let (mut sum, mut all, mut inside) = (0.0, 0, Vec::new());
                            for (u, v) in pixels($kh, $kw) {
                                let (r, c) = (row * $sh + u, column * $sw + v);
                                // Beyond the padding nothing counts.
                                all += usize::from(r < $h + 2 * $ph && c < $w + 2 * $pw);
                                let (r, c) = (r.wrapping_sub($ph), c.wrapping_sub($pw));
                                if r < $h && c < $w {
                                    sum += read(&x[0], pixel::<X>(r, c));
                                    inside.push(r * $w + c);
                                }
                            }
                            let count = if $pad { all } else { inside.len() } as f64;
                            close(read(&y[0], pixel::<Y>(row, column)), sum / count);
                            for place in inside {
                                shares[place] += read(&dy[0], pixel::<G>(row, column)) / count;
                            }
                        }
                        for (row, column) in pixels($h, $w) {
                            let at = pixel::<X>(row, column);
                            close(read(&dx[0], at), shares[row * $w + column]);
                            close(read(&twice[0], at), 2.0 * shares[row * $w + column]);
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

fn pixels(rows: usize, columns: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..rows).flat_map(move |row| (0..columns).map(move |column| (row, column)))
}

#[track_caller]
fn close(found: f64, expected: f64) {
    let error = (found - expected).abs();
    assert!(
        error <= 2e-6 * (1.0 + expected.abs()),
        "{found} for {expected}"
    );
}

case!(halves: channels 20, input 6 x 7 -> 3 x 3, kernel 2 x 2, stride 2 x 2, padding 0 0, true);
case!(overlaps: channels 16, input 7 x 8 -> 4 x 4, kernel 3 x 3, stride 2 x 2, padding 1 1, true);
case!(without_padding: channels 16, input 7 x 8 -> 4 x 4, kernel 3 x 3, stride 2 x 2, padding 1 1, false);
case!(rectangle: channels 3, input 9 x 6 -> 3 x 5, kernel 4 x 2, stride 3 x 1, padding 1 0, false);
case!(rounded_up: channels 33, input 8 x 7 -> 3 x 3, kernel 3 x 3, stride 3 x 3, padding 1 1, true);
case!(whole_image: channels 5, input 17 x 16 -> 1 x 1, kernel 17 x 16, stride 1 x 1, padding 0 0, false);
