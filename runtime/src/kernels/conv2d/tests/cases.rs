//! The geometries that are tested, and all that is asked of each.

#![allow(
    clippy::modulo_one,
    reason = "sizes of the cases are constants, and some are 1"
)]

use super::reference::{Sizes, activation, derivative, export};
use super::*;

const SAMPLES: usize = 3;

/// A test of one geometry: `rows` and `columns` are X's border (before, after), `pool` the fused pool.
macro_rules! case {
    ($name:ident: $cin:literal -> $cout:literal, $activation:ty, input $h:literal x $w:literal, kernel $kh:literal x $kw:literal,
     stride $sh:literal x $sw:literal, dilation $dh:literal x $dw:literal, padding $pt:literal $pb:literal $pl:literal $pr:literal,
     rows $xt:literal $xb:literal, columns $xl:literal $xr:literal, pool $ph:literal x $pw:literal) => {
        #[test]
        fn $name() {
            type C = Taps<$kh, $kw, $sh, $sw, $dh, $dw, $pt, $pl>;
            const OH: usize = ($h + $pt + $pb - ($kh - 1) * $dh - 1) / $sh + 1;
            const OW: usize = ($w + $pl + $pr - ($kw - 1) * $dw - 1) / $sw + 1;
            const QH: usize = OH / $ph;
            const QW: usize = OW / $pw;
            const K: usize = $kh * $kw * $cin;
            const KT: usize = $kh * $kw * $cout;
            const P: usize = usize::div_ceil($cout, LANES);
            const Q: usize = usize::div_ceil($cin, LANES);
            type X = ChannelLast<$h, $w, $cin, $xt, $xl, { $h + $xt + $xb }, { $w + $xl + $xr }>;
            type Flat = Planar<$cin, $h, $w, $xt, $xl, { $h + $xt + $xb }, { $w + $xl + $xr }>;
            type Y = ChannelLast<OH, OW, $cout, 1, 2, { OH + 2 }, { OW + 3 }>;
            type Pooled = ChannelLast<QH, QW, $cout, 2, 0, { QH + 2 }, { QW + 1 }>;
            type Bare = ChannelLast<OH, OW, $cout, 0, 0, OH, OW>;
            type BarePooled = ChannelLast<QH, QW, $cout, 0, 0, QH, QW>;
            // Deltas of all outputs, with one row of zeros above, and of those that the pool keeps, with every row.
            const A: [usize; 2] = along($w, OW, $kw, $sw, $dw, $pl).border();
            type D = ChannelLast<OH, OW, $cout, 1, { A[0] }, { OH + 1 }, { OW + A[0] + A[1] }>;
            const R: [usize; 2] = along($h, QH * $ph, $kh, $sh, $dh, $pt).border();
            const B: [usize; 2] = along($w, QW * $pw, $kw, $sw, $dw, $pl).border();
            type Kept = ChannelLast<
                { QH * $ph },
                { QW * $pw },
                $cout,
                { R[0] },
                { B[0] },
                { QH * $ph + R[0] + R[1] },
                { QW * $pw + B[0] + B[1] },
            >;
            const XS: usize = X::FLOATS / LANES;
            const YS: usize = Y::FLOATS / LANES;
            const PS: usize = Pooled::FLOATS / LANES + 1;
            const WS: usize = winners::blocks(QH * QW, P, $ph * $pw);
            const DS: usize = D::FLOATS / LANES;
            const KS: usize = Kept::FLOATS / LANES;

            struct Case;
            impl Task for Case {
                type Output = ();
                fn run<S: Isa>(self, s: S) {
                    std::println!("{} on {:?}", stringify!($name), S::SET);
                    let all = Sizes::of::<C, X, Y>();
                    let images: Vec<Vec<f32>> = (0..SAMPLES as u32)
                        .map(|i| noise($cin * $h * $w, 7 + i))
                        .collect();
                    let weight = noise($cout * K, 1);
                    let bias = noise($cout, 2);
                    let w: [[Block; K]; P] = all.pack::<K, P>(&weight).try_into().unwrap();
                    let mut b = [Block::ZERO; P];
                    for (i, value) in bias.iter().enumerate() {
                        b[i / LANES].0[i % LANES] = *value;
                    }
                    let mut x = [[Block::ZERO; XS]; SAMPLES];
                    let mut flat = [[0.0; Flat::FLOATS]; SAMPLES];
                    for i in 0..SAMPLES {
                        import::<X>(&images[i], bytemuck::must_cast_slice_mut(&mut x[i]));
                        import::<Flat>(&images[i], &mut flat[i]);
                    }
                    let x: &[[f32; X::FLOATS]] = bytemuck::must_cast_slice(&x);

                    // Forward, both layouts.
                    let mut y = [[DIRTY; YS]; SAMPLES];
                    forward::<S, $activation, C, X, Y, 1, 1, _, K, P, YS>(s, x, &w, &b, &mut y);
                    let mut y_flat = [[DIRTY; YS]; SAMPLES];
                    forward::<S, $activation, C, Flat, Y, 1, 1, _, K, P, YS>(
                        s,
                        &flat,
                        &w,
                        &b,
                        &mut y_flat,
                    );
                    assert_eq!(y, y_flat, "layouts of x differ");
                    let mut pooled = [[DIRTY; PS]; SAMPLES];
                    forward::<S, $activation, C, X, Pooled, $ph, $pw, _, K, P, PS>(
                        s,
                        x,
                        &w,
                        &b,
                        &mut pooled,
                    );
                    let mut recorded = [[DIRTY; PS]; SAMPLES];
                    let mut won = [[DIRTY; WS]; SAMPLES];
                    forward_winners::<S, $activation, C, Flat, Pooled, $ph, $pw, _, K, P, PS, WS>(
                        s,
                        &flat,
                        &w,
                        &b,
                        &mut recorded,
                        &mut won,
                    );
                    let mut chosen: Vec<Vec<usize>> = Vec::new();
                    for i in 0..SAMPLES {
                        let expected = all.forward(&wide(&images[i]), &wide(&weight), &wide(&bias));
                        let activated: Vec<f64> = expected
                            .iter()
                            .map(|z| activation(stringify!($activation), *z))
                            .collect();
                        let got = export::<Y>(floats(&y[i]), true);
                        close("y", &got, &activated, 1e-5);
                        let (got, again) = (
                            export::<Pooled>(floats(&pooled[i]), true),
                            export::<Pooled>(floats(&recorded[i]), true),
                        );
                        assert_eq!(got, again);
                        let mut choice = Vec::new();
                        for (index, got) in got.iter().enumerate() {
                            let (o, r, c) = (index / (QH * QW), index / QW % QH, index % QW);
                            let at = |u: usize, v: usize| (o * OH + r * $ph + u) * OW + c * $pw + v;
                            let best = (0..$ph * $pw)
                                .map(|p| activated[at(p / $pw, p % $pw)])
                                .fold(f64::MIN, f64::max);
                            close("pooled", &[*got], &[best], 1e-5);
                            let bytes: &[u8] = bytemuck::must_cast_slice(&won[i]);
                            let winner = usize::from(
                                bytes[((r * QW + c) * P + o / LANES) * LANES + o % LANES],
                            );
                            let place = at(winner / $pw, winner % $pw);
                            assert!(
                                (expected[place]
                                    - (0..$ph * $pw)
                                        .map(|p| expected[at(p / $pw, p % $pw)])
                                        .fold(f64::MIN, f64::max))
                                .abs()
                                    < 1e-4
                            );
                            choice.push(place);
                        }
                        chosen.push(choice);
                    }

                    // Deltas.
                    let gradients: Vec<Vec<f32>> = (0..SAMPLES as u32)
                        .map(|i| noise($cout * OH * OW, 70 + i))
                        .collect();
                    let mut dy = [[Block::ZERO; Bare::FLOATS / LANES]; SAMPLES];
                    let mut dp = [[Block::ZERO; BarePooled::FLOATS / LANES]; SAMPLES];
                    for i in 0..SAMPLES {
                        import::<Bare>(&gradients[i], bytemuck::must_cast_slice_mut(&mut dy[i]));
                        import::<BarePooled>(
                            &gradients[i],
                            bytemuck::must_cast_slice_mut(&mut dp[i]),
                        );
                    }
                    let mut d = [[DIRTY; DS]; SAMPLES];
                    delta::<S, $activation, Y, Bare, D, _, _, DS>(s, &y, &dy, &mut d);
                    let mut kept = [[DIRTY; KS]; SAMPLES];
                    delta_pooled::<S, $activation, Pooled, BarePooled, Kept, $ph, $pw, _, _, _, KS>(
                        s, &recorded, &dp, &won, &mut kept,
                    );
                    let pooled_sizes = Sizes {
                        output: [QH * $ph, QW * $pw],
                        ..all
                    };
                    let mut transposed = [[DIRTY; KT]; Q];
                    // As two threads would.
                    let (some, others) = transposed.split_at_mut(Q / 2);
                    transpose::<S, $cin, $cout, K, P, KT>(s, &w, 0, some);
                    transpose::<S, $cin, $cout, K, P, KT>(s, &w, Q / 2, others);
                    let mut dx = [[DIRTY; XS]; SAMPLES];
                    input_gradient::<S, C, D, X, false, _, _, _, _>(s, &d, &transposed, &mut dx);
                    let mut sum = dx;
                    input_gradient::<S, C, Kept, X, true, _, _, _, _>(
                        s,
                        &kept,
                        &transposed,
                        &mut sum,
                    );

                    let mut dw = vec![0.0; weight.len()];
                    let mut dw_kept = vec![0.0; weight.len()];
                    let mut db = vec![0.0; $cout];
                    for i in 0..SAMPLES {
                        let y = export::<Y>(floats(&y[i]), true);
                        let expected: Vec<f64> = y
                            .iter()
                            .zip(&gradients[i])
                            .map(|(y, g)| derivative(stringify!($activation), *y) * f64::from(*g))
                            .collect();
                        close("delta", &export::<D>(floats(&d[i]), true), &expected, 1e-5);
                        let (mut gx, gw) =
                            all.backward(&wide(&images[i]), &wide(&weight), &expected);
                        close("dx", &export::<X>(floats(&dx[i]), false), &gx, 1e-4);
                        for (sum, term) in dw.iter_mut().zip(gw) {
                            *sum += term;
                        }
                        for (index, term) in expected.iter().enumerate() {
                            db[index / (OH * OW)] += term;
                        }

                        let y = export::<Pooled>(floats(&recorded[i]), true);
                        let mut full = vec![0.0; $cout * OH * OW];
                        for (index, place) in chosen[i].iter().enumerate() {
                            full[*place] = derivative(stringify!($activation), y[index])
                                * f64::from(gradients[i][index]);
                        }
                        let (more, gw) = all.backward(&wide(&images[i]), &wide(&weight), &full);
                        for (sum, term) in gx.iter_mut().zip(more) {
                            *sum += term;
                        }
                        close("dx added", &export::<X>(floats(&sum[i]), false), &gx, 1e-4);
                        for (sum, term) in dw_kept.iter_mut().zip(gw) {
                            *sum += term;
                        }
                        let inside: Vec<f64> = (0..pooled_sizes.outputs())
                            .map(|index| {
                                let [h, w] = pooled_sizes.output;
                                full[(index / (h * w) * OH + index / w % h) * OW + index % w]
                            })
                            .collect();
                        close(
                            "delta pooled",
                            &export::<Kept>(floats(&kept[i]), true),
                            &inside,
                            1e-5,
                        );
                    }

                    // Gradients of weights: in one piece, and cut by samples and by weights.
                    let mut gw = [[DIRTY; K]; P];
                    let mut cut = gw;
                    for (chunk, gradient, length) in
                        [(SAMPLES, &mut gw, K * P), (2, &mut cut, K / 2 + 5)]
                    {
                        let mut from = 0;
                        for piece in gradient.as_flattened_mut().chunks_mut(length) {
                            let samples = flat.chunks(chunk).zip(d.chunks(chunk));
                            let applications = application::<C, Flat, D, _, _, DS>(samples);
                            let state = &mut vec![(); piece.len()];
                            let next = from + piece.len();
                            let mut sink = Consumer::new(s, &Store, piece, state);
                            weight_gradient(s, applications, &mut Stretch::new(&mut sink, from));
                            from = next;
                        }
                    }
                    close("dw", &all.unpack(&gw), &dw, 1e-4);
                    assert_eq!(gw, cut, "a cut changed bits");
                    // Another call of the same layer adds its samples after those of the first.
                    let (early, late) = (flat.split_at(1), d.split_at(1));
                    let applications = (
                        application::<C, Flat, D, _, _, DS>([(early.0, late.0)].into_iter()),
                        application::<C, Flat, D, _, _, DS>([(early.1, late.1)].into_iter()),
                    );
                    let (all_weights, state) = (cut.as_flattened_mut(), &mut [(); K * P]);
                    let mut sink = Consumer::new(s, &Store, all_weights, state);
                    weight_gradient(s, applications.clone(), &mut Stretch::new(&mut sink, 0));
                    assert_eq!(gw, cut, "a second call changed bits");
                    let samples = x.chunks(1).zip(kept.chunks(1));
                    let pooled = application::<C, X, Kept, _, _, KS>(samples);
                    let (all_weights, state) = (gw.as_flattened_mut(), &mut [(); K * P]);
                    let mut sink = Consumer::new(s, &Store, all_weights, state);
                    weight_gradient(s, pooled, &mut Stretch::new(&mut sink, 0));
                    close("dw pooled", &all.unpack(&gw), &dw_kept, 1e-4);
                    let mut gb = [DIRTY; P];
                    let whole = [(&flat[..], &d[..])].into_iter();
                    let whole = application::<C, Flat, D, _, _, DS>(whole);
                    let state = &mut [(); P];
                    let mut sink = Consumer::new(s, &Store, &mut gb, state);
                    bias_gradient(s, whole, &mut Stretch::new(&mut sink, 0));
                    close("db", &floats(&gb)[..$cout], &db, 1e-4);
                    let last = gb[P - 1];
                    let state = &mut [()];
                    let mut sink = Consumer::new(s, &Store, &mut gb[P - 1..], state);
                    bias_gradient(s, applications, &mut Stretch::new(&mut sink, P - 1));
                    assert_eq!(gb[P - 1], last);

                    // Samples one by one give the same bits.
                    let mut single = [[DIRTY; YS]];
                    forward::<S, $activation, C, X, Y, 1, 1, _, K, P, YS>(
                        s,
                        &x[1..2],
                        &w,
                        &b,
                        &mut single,
                    );
                    assert_eq!(single[0], y[1]);
                }
            }
            for level in simd::levels() {
                simd::dispatch(level, Case);
            }
        }
    };
}

case!(plain_3x3: 17 -> 33, Relu, input 9 x 11, kernel 3 x 3, stride 1 x 1, dilation 1 x 1, padding 0 0 0 0, rows 0 0, columns 0 0, pool 2 x 2);
case!(padded_3x3: 3 -> 20, Sigmoid, input 7 x 6, kernel 3 x 3, stride 1 x 1, dilation 1 x 1, padding 1 1 1 1, rows 1 1, columns 1 1, pool 2 x 2);
case!(clipped_5x3: 16 -> 16, Identity, input 8 x 9, kernel 5 x 3, stride 1 x 1, dilation 1 x 1, padding 2 2 1 1, rows 1 0, columns 1 2, pool 1 x 3);
case!(one_by_one_stride_3: 33 -> 4, Identity, input 11 x 8, kernel 1 x 1, stride 3 x 3, dilation 1 x 1, padding 0 0 0 0, rows 0 0, columns 0 0, pool 1 x 1);
case!(dilated_3x2: 4 -> 17, Relu, input 10 x 11, kernel 3 x 2, stride 1 x 1, dilation 2 x 3, padding 2 2 1 2, rows 2 2, columns 1 2, pool 3 x 2);
case!(dilated_and_strided: 20 -> 48, Relu, input 12 x 13, kernel 3 x 3, stride 2 x 3, dilation 2 x 2, padding 1 2 3 0, rows 1 2, columns 3 0, pool 2 x 2);
case!(one_output: 16 -> 64, Sigmoid, input 4 x 4, kernel 4 x 4, stride 1 x 1, dilation 1 x 1, padding 0 0 0 0, rows 0 0, columns 0 0, pool 1 x 1);
case!(odd_panels: 37 -> 72, Relu, input 4 x 5, kernel 3 x 3, stride 1 x 1, dilation 1 x 1, padding 1 1 1 1, rows 1 1, columns 1 1, pool 1 x 1);
case!(groups_of_panels: 27 -> 33, Relu, input 6 x 7, kernel 5 x 5, stride 2 x 1, dilation 1 x 1, padding 2 2 2 2, rows 2 1, columns 2 2, pool 1 x 1);
case!(taps_in_the_border: 16 -> 20, Relu, input 3 x 8, kernel 3 x 3, stride 1 x 1, dilation 4 x 2, padding 4 4 2 2, rows 4 4, columns 2 2, pool 1 x 1);
case!(outputs_in_the_border: 17 -> 16, Identity, input 3 x 5, kernel 1 x 2, stride 1 x 1, dilation 1 x 1, padding 2 2 1 2, rows 2 2, columns 1 2, pool 1 x 1);
case!(overlapping_rows: 34 -> 5, Relu, input 5 x 13, kernel 3 x 3, stride 1 x 1, dilation 1 x 1, padding 1 1 1 1, rows 1 1, columns 1 1, pool 1 x 1);
case!(wide_pool: 1 -> 32, Relu, input 10 x 18, kernel 3 x 3, stride 1 x 1, dilation 1 x 1, padding 0 0 0 0, rows 0 0, columns 0 0, pool 4 x 8);
case!(whole_rows: 16 -> 48, Relu, input 4 x 4, kernel 5 x 5, stride 1 x 1, dilation 1 x 1, padding 2 2 2 2, rows 2 2, columns 2 2, pool 2 x 1);
case!(one_tile: 17 -> 16, Sigmoid, input 4 x 4, kernel 3 x 3, stride 1 x 1, dilation 1 x 1, padding 1 1 1 1, rows 1 1, columns 1 1, pool 1 x 1);
case!(narrow_7x7: 16 -> 17, Identity, input 5 x 2, kernel 7 x 7, stride 1 x 1, dilation 1 x 1, padding 3 3 3 3, rows 3 3, columns 3 3, pool 2 x 2);
case!(small_and_strided: 18 -> 32, Relu, input 8 x 8, kernel 3 x 3, stride 2 x 2, dilation 1 x 1, padding 1 1 1 1, rows 1 1, columns 1 1, pool 2 x 2);
case!(two_tiles_a_row: 20 -> 33, Relu, input 3 x 16, kernel 3 x 5, stride 1 x 1, dilation 1 x 1, padding 1 1 2 2, rows 1 1, columns 2 2, pool 1 x 1);
