//! From the outputs' gradients to the pixels'.

use super::source::{CHUNK, Place, Source, places};
use crate::{
    block::Block,
    kernels::pixels::Pixels,
    math,
    simd::{Isa, compiled_here},
};
use fearless_simd::{f32x16, prelude::*};

compiled_here! {
    /// Gives each output's gradient to the pixels it is made of: dx = that, or dx += that. `pixels` are those of dy and
    /// dx. The border of dx is not meaningful afterwards.
    pub fn backward = backward_on(
        dy: &[Block],
        dx: &mut [Block],
        pixels: (Pixels, Pixels),
        sources: (Source, Source),
        linear: bool,
        add: bool,
    );
}

fn backward_on<S: Isa>(
    s: S,
    dy: &[Block],
    dx: &mut [Block],
    (of_dy, of_dx): (Pixels, Pixels),
    sources: (Source, Source),
    linear: bool,
    add: bool,
) {
    s.vectorize(
        #[inline(always)]
        || {
            let samples = dy.chunks_exact(of_dy.blocks);
            for (dy, dx) in samples.zip(dx.chunks_exact_mut(of_dx.blocks)) {
                if linear {
                    gather::<S, true>(s, dy, dx, (of_dy, of_dx), sources, add);
                } else {
                    gather::<S, false>(s, dy, dx, (of_dy, of_dx), sources, add);
                }
            }
        },
    );
}

#[inline(always)]
fn gather<S: Isa, const LINEAR: bool>(
    s: S,
    dy: &[Block],
    dx: &mut [Block],
    (of_dy, of_dx): (Pixels, Pixels),
    (rows, columns): (Source, Source),
    add: bool,
) {
    let panels = of_dx.panels;
    // Pixels of each row that have been written.
    let mut reached = 0;
    let mut first = 0;
    while first < of_dy.columns {
        let (places, count) = places::<LINEAR>(&columns, first, [of_dy.columns, of_dx.columns]);
        let places = &places[..count];
        let last = places[count - 1].pixel + 1 + usize::from(LINEAR);
        let last = last.min(of_dx.columns).max(reached);
        let (mut low, mut high) = (0, 0);
        for row in 0..of_dx.rows {
            // The outputs between whose rows this one is: at it, or at the one above.
            let at = |output| rows.place::<LINEAR>(output, of_dx.rows).pixel;
            while low < of_dy.rows && at(low) + usize::from(LINEAR) < row {
                low += 1;
            }
            while high < of_dy.rows && at(high) <= row {
                high += 1;
            }
            let out = of_dx.row_mut(dx, row);
            if low >= high && !add {
                out[reached * panels..last * panels].fill(Block::ZERO);
            }
            let mut from = low;
            while from < high {
                let mut weights = [0.0; CHUNK];
                let outputs = CHUNK.min(high - from);
                for (output, weight) in weights[..outputs].iter_mut().enumerate() {
                    let Place { pixel, weight: w } =
                        rows.place::<LINEAR>(from + output, of_dx.rows);
                    *weight = if pixel == row { 1.0 - w } else { w };
                }
                let strip = Strip {
                    dy: &dy[of_dy.pixel([from, first])..],
                    row: of_dy.row,
                    weights: &weights[..outputs],
                    places,
                    panels,
                    // What comes first is written, and all else is added.
                    reached: if add || from > low {
                        usize::MAX
                    } else {
                        reached
                    },
                };
                let mut panel = 0;
                while panel + 4 <= panels {
                    strip.sum::<S, LINEAR, 4>(s, panel, out);
                    panel += 4;
                }
                if panel + 2 <= panels {
                    strip.sum::<S, LINEAR, 2>(s, panel, out);
                    panel += 2;
                }
                if panel < panels {
                    strip.sum::<S, LINEAR, 1>(s, panel, out);
                }
                from += outputs;
            }
        }
        reached = last;
        first += count;
    }
    if !add {
        for row in 0..of_dx.rows {
            of_dx.row_mut(dx, row)[reached * panels..].fill(Block::ZERO);
        }
    }
}

/// Some rows and columns of outputs, and what they give to a row of pixels.
struct Strip<'a> {
    /// From the first output on.
    dy: &'a [Block],
    /// Blocks from a row of outputs to the next.
    row: usize,
    /// Those of the rows.
    weights: &'a [f32],
    places: &'a [Place],
    panels: usize,
    /// Pixels that have been written; those behind them have not.
    reached: usize,
}

impl Strip<'_> {
    /// The sums of G panels.
    #[inline(always)]
    fn sum<S: Isa, const LINEAR: bool, const G: usize>(
        &self,
        s: S,
        panel: usize,
        out: &mut [Block],
    ) {
        let zero = [f32x16::splat(s, 0.0); G];
        let (mut here, mut next) = (zero, zero);
        let mut pixel = self.places[0].pixel;
        let mut reached = self.reached;
        for (column, place) in self.places.iter().enumerate() {
            if place.pixel != pixel {
                self.give(s, pixel, panel, here, out, &mut reached);
                if LINEAR && place.pixel > pixel + 1 {
                    self.give(s, pixel + 1, panel, next, out, &mut reached);
                    next = zero;
                }
                here = if LINEAR { next } else { zero };
                next = zero;
                pixel = place.pixel;
            }
            let mut sum = zero;
            for (row, &weight) in self.weights.iter().enumerate() {
                let at = row * self.row + column * self.panels + panel;
                let dy = &self.dy[at..][..G];
                for index in 0..G {
                    let gradient = dy[index].load(s);
                    sum[index] = match LINEAR {
                        true => gradient.mul_add(f32x16::splat(s, weight), sum[index]),
                        false => sum[index] + gradient,
                    };
                }
            }
            for index in 0..G {
                if LINEAR {
                    let sum = math::flush(s, sum[index]);
                    here[index] = sum.mul_add(1.0 - place.weight, here[index]);
                    next[index] = sum.mul_add(place.weight, next[index]);
                } else {
                    here[index] += sum[index];
                }
            }
        }
        self.give(s, pixel, panel, here, out, &mut reached);
        if LINEAR && (pixel + 1) * self.panels < out.len() {
            self.give(s, pixel + 1, panel, next, out, &mut reached);
        }
    }

    /// Adds a pixel's sum to what is there, or writes it, with zeros for the pixels before it that have none.
    #[inline(always)]
    fn give<S: Isa, const G: usize>(
        &self,
        s: S,
        pixel: usize,
        panel: usize,
        sum: [f32x16<S>; G],
        out: &mut [Block],
        reached: &mut usize,
    ) {
        let is_new = pixel >= *reached;
        while pixel > *reached {
            out[*reached * self.panels + panel..][..G].fill(Block::ZERO);
            *reached += 1;
        }
        *reached += usize::from(is_new);
        let out = &mut out[pixel * self.panels + panel..][..G];
        for index in 0..G {
            let sum = match is_new {
                true => sum[index],
                false => out[index].load(s) + sum[index],
            };
            out[index].store(math::flush(s, sum));
        }
    }
}
