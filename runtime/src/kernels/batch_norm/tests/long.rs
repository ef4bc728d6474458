//! A sequence as audio has it: one row of very many pixels.

use super::*;

const LONG: Pixels = Pixels {
    blocks: 1 << 19,
    first: 0,
    rows: 1,
    columns: 1 << 19,
    row: 1 << 19,
    panels: 1,
    channels: 1,
};

struct Moments<'a>(&'a [Block]);

impl Task for Moments<'_> {
    type Output = [f32; 3];

    fn run<S: Isa>(self, s: S) -> [f32; 3] {
        let mut found = [DIRTY; 3];
        moments(s, self.0, &mut found, LONG);
        found.map(|block| block.0[0])
    }
}

#[test]
fn a_long_row_keeps_its_digits() {
    // The first number is taken off all of them, and equal numbers are rounded alike.
    let x = samples(LONG, 1, |_, index| if index == 0 { 0.0 } else { 0.1 });
    for level in simd::levels() {
        let [mean, _, squares] = simd::dispatch(level, Moments(&x));
        assert!((mean - 0.1).abs() < 5e-6, "mean {mean}");
        assert!(squares < 0.02, "squares {squares}");
    }
}
