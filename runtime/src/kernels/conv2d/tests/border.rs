//! Taps that meet only the border of a small image are left out, and no bit shows it.

use super::*;

/// A convolution of an image of H x W behind a border as wide as its padding, beside the same numbers as a larger image
/// without border or padding, of which nothing is left out.
macro_rules! border {
    ($(#[$doc:meta])+ $name:ident: $cin:literal -> $cout:literal, input $h:literal x $w:literal, kernel $kh:literal x $kw:literal,
     stride $s:literal, dilation $d:literal, border $top:literal $bottom:literal $left:literal $right:literal) => {
        $(#[$doc])+
        #[test]
        fn $name() {
            const ROWS: usize = $h + $top + $bottom;
            const COLUMNS: usize = $w + $left + $right;
            const OH: usize = (ROWS - ($kh - 1) * $d - 1) / $s + 1;
            const OW: usize = (COLUMNS - ($kw - 1) * $d - 1) / $s + 1;
            const K: usize = $kh * $kw * $cin;
            const P: usize = usize::div_ceil($cout, LANES);
            type X = ChannelLast<$h, $w, $cin, $top, $left, ROWS, COLUMNS>;
            type Larger = ChannelLast<ROWS, COLUMNS, $cin, 0, 0, ROWS, COLUMNS>;
            type Y = ChannelLast<OH, OW, $cout, 0, 0, OH, OW>;
            const YS: usize = Y::FLOATS / LANES;

            struct Both<'a> {
                x: &'a [[f32; X::FLOATS]],
                w: &'a [[Block; K]; P],
                y: [&'a mut [[Block; YS]]; 2],
            }
            impl Task for Both<'_> {
                type Output = ();
                fn run<S: Isa>(self, s: S) {
                    type Padded = Taps<$kh, $kw, $s, $s, $d, $d, $top, $left>;
                    type Bare = Taps<$kh, $kw, $s, $s, $d, $d, 0, 0>;
                    let Self { x, w, y: [y, all] } = self;
                    let b = &[Block([0.5; LANES]); P];
                    forward::<S, Identity, Padded, X, Y, 1, 1, _, K, P, YS>(s, x, w, b, y);
                    forward::<S, Identity, Bare, Larger, Y, 1, 1, _, K, P, YS>(s, x, w, b, all);
                }
            }

            let mut x = vec![[0.0; X::FLOATS]; 2];
            for (index, x) in x.iter_mut().enumerate() {
                import::<X>(&noise($cin * $h * $w, 3 + index as u32), x);
            }
            let w: Vec<[Block; K]> = noise(P * K * LANES, 5)
                .chunks_exact(K * LANES)
                .map(|panel| {
                    let mut blocks = [Block::ZERO; K];
                    bytemuck::must_cast_slice_mut(&mut blocks).copy_from_slice(panel);
                    blocks
                })
                .collect();
            for level in simd::levels() {
                let [mut y, mut all] = [vec![[DIRTY; YS]; 2], vec![[DIRTY; YS]; 2]];
                let task = Both {
                    x: &x,
                    w: w.first_chunk().unwrap(),
                    y: [&mut y, &mut all],
                };
                simd::dispatch(level, task);
                let bits = |y: &[[Block; YS]]| -> Vec<u32> {
                    floats(y.as_flattened()).iter().map(|y| y.to_bits()).collect()
                };
                assert_eq!(bits(&y), bits(&all), "{level:?}");
            }
        }
    };
}

border!(
    /// A tile is the whole image.
    one_tile: 16 -> 16, input 4 x 4, kernel 3 x 3, stride 1, dilation 1, border 1 1 1 1
);
border!(
    /// A tile has two rows, or is one.
    whole_rows: 17 -> 48, input 4 x 4, kernel 5 x 5, stride 1, dilation 1, border 2 2 2 2
);
border!(
    /// A tile is a row.
    one_row: 16 -> 64, input 7 x 7, kernel 3 x 3, stride 1, dilation 1, border 1 1 1 1
);
border!(
    /// A row has two tiles.
    two_tiles: 20 -> 33, input 3 x 16, kernel 5 x 5, stride 1, dilation 1, border 2 2 2 2
);
border!(
    /// The last tile of a row overlaps the one before it.
    overlapping: 34 -> 5, input 5 x 13, kernel 3 x 3, stride 1, dilation 1, border 1 1 1 1
);
border!(
    /// Taps that no output needs, and more to leave out on each side than is.
    narrow: 16 -> 32, input 5 x 2, kernel 7 x 7, stride 1, dilation 1, border 3 3 3 3
);
border!(
    /// Nothing is left out behind.
    strided: 18 -> 32, input 8 x 8, kernel 3 x 3, stride 2, dilation 1, border 1 0 1 0
);
border!(
    /// Two outputs are left out by one tap, and none by another.
    dilated: 16 -> 48, input 6 x 8, kernel 3 x 4, stride 1, dilation 2, border 2 2 4 1
);
border!(
    /// Outputs read the border in front and behind through the same tap.
    both_sides: 16 -> 20, input 3 x 2, kernel 1 x 3, stride 1, dilation 1, border 1 1 3 3
);
