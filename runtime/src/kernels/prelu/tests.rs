//! Against the definition in f64.

use super::*;
use crate::{
    block::LANES,
    simd::{self, Task},
};
use std::{vec, vec::Vec};

const DIRTY: Block = Block([f32::NAN; LANES]);

/// Channels, rows and columns of an image in a border of one.
struct Case {
    pixels: Pixels,
    samples: usize,
    shared: bool,
}

impl Case {
    fn new([channels, rows, columns]: [usize; 3], shared: bool) -> Self {
        let panels = channels.div_ceil(LANES);
        let row = (columns + 2) * panels;
        let pixels = Pixels {
            blocks: (rows + 2) * row,
            first: row + panels,
            rows,
            columns,
            row,
            panels,
            channels,
        };
        let samples = 2;
        Self {
            pixels,
            samples,
            shared,
        }
    }

    /// Where the numbers of channel `channel` lie in a sample, in floats.
    fn places(&self, channel: usize) -> Vec<usize> {
        let pixels = self.pixels;
        let rows = (0..pixels.rows).map(|row| pixels.first + row * pixels.row);
        let blocks = rows
            .flat_map(|row| (0..pixels.columns).map(move |column| row + column * pixels.panels));
        blocks
            .map(|block| (block + channel / LANES) * LANES + channel % LANES)
            .collect()
    }

    /// Numbers of both signs, with zeros for padding and dirt around.
    fn image(&self, seed: usize) -> Vec<Block> {
        let mut blocks = vec![DIRTY; self.samples * self.pixels.blocks];
        let floats = bytemuck::must_cast_slice_mut::<Block, f32>(&mut blocks);
        for (sample, floats) in floats.chunks_mut(self.pixels.blocks * LANES).enumerate() {
            for channel in 0..self.pixels.panels * LANES {
                for (index, place) in self.places(channel).into_iter().enumerate() {
                    let mixed = (index * 37 + channel * 11 + sample * 5 + seed) % 63;
                    let real = channel < self.pixels.channels;
                    floats[place] = if real { mixed as f32 / 16.0 - 2.0 } else { 0.0 };
                }
            }
        }
        blocks
    }
}

fn at(blocks: &[Block], place: usize) -> f64 {
    f64::from(blocks[place / LANES].0[place % LANES])
}

impl Task for &Case {
    type Output = ();

    fn run<S: Isa>(self, s: S) {
        let (pixels, shared) = (self.pixels, self.shared);
        let slope = |channel: usize| match channel < pixels.channels {
            true => channel as f32 / 8.0 - 0.5,
            false => 0.0,
        };
        let block = |panel| Block(core::array::from_fn(|lane| slope(panel * LANES + lane)));
        let weight: Vec<_> = (0..pixels.panels).map(block).collect();
        let (x, dy) = (self.image(1), self.image(8));
        let (mut y, mut dx) = (vec![DIRTY; x.len()], vec![DIRTY; x.len()]);
        forward(s, &x, &weight, &mut y, pixels, shared);
        backward::<S, false>(s, &x, &dy, &weight, &mut dx, pixels, shared);
        let mut twice = dx.clone();
        backward::<S, true>(s, &x, &dy, &weight, &mut twice, pixels, shared);
        let mut sum = vec![DIRTY; self.samples * 2 * pixels.panels];
        sums(s, &x, &dy, &mut sum, pixels, shared);

        let mut total = vec![0.0; self.samples];
        for channel in 0..pixels.panels * LANES {
            let w = f64::from(slope(if shared { 0 } else { channel }));
            for (sample, total) in total.iter_mut().enumerate() {
                let mut expected = 0.0;
                for place in self.places(channel) {
                    let place = sample * pixels.blocks * LANES + place;
                    let (x, dy) = (at(&x, place), at(&dy, place));
                    let passes = if x > 0.0 { 1.0 } else { w };
                    assert_eq!(at(&y, place), x * passes);
                    assert_eq!(at(&dx, place), dy * passes);
                    assert_eq!(at(&twice, place), 2.0 * dy * passes);
                    expected += if x > 0.0 { 0.0 } else { x * dy };
                }
                *total += expected;
                if !shared {
                    let found = at(&sum[sample * 2 * pixels.panels..], channel);
                    assert!((found - expected).abs() <= 1e-5 * expected.abs().max(1.0));
                }
            }
        }
        if shared {
            for (sample, total) in total.into_iter().enumerate() {
                let found = at(&sum[sample * 2 * pixels.panels..], 0);
                assert!(
                    (found - total).abs() <= 1e-5 * total.abs().max(1.0),
                    "{found} {total}"
                );
            }
        }
        for blocks in [&y, &dx] {
            let mut blank = blocks.clone();
            for sample in blank.chunks_mut(pixels.blocks) {
                pixels.clear_border(sample);
            }
            assert_eq!(&blank, blocks, "the border is zero");
        }
        std::println!(
            "{:?} of {} on {:?}",
            pixels.channels,
            pixels.count(),
            S::SET
        );
    }
}

#[test]
fn slopes_are_applied_and_learnt() {
    for shape in [[17, 3, 5], [1, 4, 3], [100, 2, 2], [5, 1, 1], [3, 2, 5000]] {
        for shared in [true, false] {
            let case = Case::new(shape, shared);
            for level in simd::levels() {
                simd::dispatch(level, &case);
            }
        }
    }
}
