//! Gradients of inputs whose panels are longer than what stays near, so that sums wait between rows of taps.

use super::reference::{Sizes, export};
use super::*;

/// 3 x 3 taps of `cin` channels and `cout` outputs on an image of H x W, padded by one; `top` and `bottom` are the rows of
/// zeros around the deltas.
macro_rules! striped {
    ($(#[$doc:meta])+ $name:ident: $cin:literal -> $cout:literal, input $h:literal x $w:literal, stride $sh:literal x $sw:literal,
     rows $top:literal $bottom:literal) => {
        $(#[$doc])+
        #[test]
        fn $name() {
            type C = Taps<3, 3, $sh, $sw, 1, 1, 1, 1>;
            const OH: usize = ($h - 1) / $sh + 1;
            const OW: usize = ($w - 1) / $sw + 1;
            const K: usize = 9 * $cin;
            const KT: usize = 9 * $cout;
            const P: usize = usize::div_ceil($cout, LANES);
            const Q: usize = usize::div_ceil($cin, LANES);
            const A: [usize; 2] = along($w, OW, 3, $sw, 1, 1).border();
            type X = ChannelLast<$h, $w, $cin, 0, 0, $h, $w>;
            type D = ChannelLast<OH, OW, $cout, $top, { A[0] }, { OH + $top + $bottom }, { OW + A[0] + A[1] }>;
            const XS: usize = X::FLOATS / LANES;
            const DS: usize = D::FLOATS / LANES;

            struct Striped<'a> {
                w: &'a [[Block; K]; P],
                d: &'a [[Block; DS]],
                transposed: &'a mut [[Block; KT]; Q],
                dx: &'a mut [[Block; XS]],
            }
            impl Task for Striped<'_> {
                type Output = ();
                fn run<S: Isa>(self, s: S) {
                    transpose::<S, $cin, $cout, K, P, KT>(s, self.w, 0, self.transposed);
                    input_gradient::<S, C, D, X, false, _, _, _, _>(s, self.d, self.transposed, self.dx);
                    input_gradient::<S, C, D, X, true, _, _, _, _>(s, self.d, self.transposed, self.dx);
                }
            }

            let sizes = Sizes::of::<C, X, D>();
            let (weight, delta) = (noise($cout * K, 1), noise($cout * OH * OW, 2));
            let w = sizes.pack::<K, P>(&weight);
            let mut d = vec![[DIRTY; DS]];
            import::<D>(&delta, bytemuck::must_cast_slice_mut(&mut d[0]));
            let x = vec![0.0; $cin * $h * $w];
            let (expected, _) = sizes.backward(&x, &wide(&weight), &wide(&delta));
            let expected: Vec<f64> = expected.iter().map(|dx| 2.0 * dx).collect();
            for level in simd::levels() {
                let mut transposed = vec![[DIRTY; KT]; Q];
                let mut dx = vec![[DIRTY; XS]];
                let task = Striped {
                    w: w.first_chunk().unwrap(),
                    d: &d,
                    transposed: transposed.first_chunk_mut().unwrap(),
                    dx: &mut dx,
                };
                simd::dispatch(level, task);
                let found = export::<X>(floats(&dx[0]), false);
                close(&std::format!("{level:?}"), &found, &expected, 1e-4);
            }
        }
    };
}

striped!(
    /// Rows of zeros on both sides, and tiles that overlap.
    gradients_wait_between_rows_of_taps: 20 -> 300, input 6 x 11, stride 1 x 1, rows 1 1
);
striped!(
    /// Sums that are cut, and rows out of reach.
    gradients_that_are_cut_wait: 20 -> 600, input 5 x 9, stride 1 x 1, rows 1 0
);
striped!(
    /// Two classes of rows.
    gradients_of_classes_wait: 36 -> 600, input 8 x 11, stride 2 x 1, rows 1 1
);
striped!(
    /// Four classes.
    gradients_of_four_classes_wait: 20 -> 600, input 7 x 10, stride 2 x 2, rows 1 1
);
