//! From pixels to outputs.

use super::source::{CHUNK, Place, Source, places};
use crate::{
    block::Block,
    kernels::pixels::Pixels,
    math,
    simd::{Isa, compiled_here},
};
use fearless_simd::{f32x16, prelude::*};

compiled_here! {
    /// y = x resampled; writes y's border, too. `pixels` are those of x and y, `sources` those of rows and columns.
    pub fn forward = forward_on(
        x: &[Block],
        y: &mut [Block],
        pixels: (Pixels, Pixels),
        sources: (Source, Source),
        linear: bool,
    );
}

fn forward_on<S: Isa>(
    s: S,
    x: &[Block],
    y: &mut [Block],
    (of_x, of_y): (Pixels, Pixels),
    sources: (Source, Source),
    linear: bool,
) {
    s.vectorize(
        #[inline(always)]
        || {
            let samples = x.chunks_exact(of_x.blocks);
            for (x, y) in samples.zip(y.chunks_exact_mut(of_y.blocks)) {
                of_y.clear_border(y);
                if linear {
                    interpolate(s, x, y, (of_x, of_y), sources);
                } else {
                    repeat(x, y, (of_x, of_y), sources);
                }
            }
        },
    );
}

/// Outputs that are pixels; a row that is that of the output above is copied from there.
#[inline(always)]
fn repeat(
    x: &[Block],
    y: &mut [Block],
    (of_x, of_y): (Pixels, Pixels),
    (rows, columns): (Source, Source),
) {
    let (panels, mut above) = (of_x.panels, None);
    for row in 0..of_y.rows {
        let from = rows.place::<false>(row, of_x.rows).pixel;
        if above == Some(from) {
            let start = of_y.pixel([row - 1, 0]);
            let end = start + of_y.columns * panels;
            y.copy_within(start..end, of_y.pixel([row, 0]));
            continue;
        }
        above = Some(from);
        let (line, out) = (of_x.row(x, from), of_y.row_mut(y, row));
        for (chunk, out) in out.chunks_mut(CHUNK * panels).enumerate() {
            let sizes = [of_y.columns, of_x.columns];
            let (places, _) = places::<false>(&columns, chunk * CHUNK, sizes);
            for (place, out) in places.iter().zip(out.chunks_exact_mut(panels)) {
                let pixel = &line[place.pixel * panels..][..panels];
                if let (&[pixel], [out]) = (pixel, &mut *out) {
                    *out = pixel;
                    continue;
                }
                let (fours, rest) = pixel.as_chunks::<4>();
                let (out_fours, out_rest) = out.as_chunks_mut::<4>();
                for (out, four) in out_fours.iter_mut().zip(fours) {
                    *out = *four;
                }
                for (out, one) in out_rest.iter_mut().zip(rest) {
                    *out = *one;
                }
            }
        }
    }
}

/// Outputs between pixels.
#[inline(always)]
fn interpolate<S: Isa>(
    s: S,
    x: &[Block],
    y: &mut [Block],
    (of_x, of_y): (Pixels, Pixels),
    (rows, columns): (Source, Source),
) {
    let panels = of_x.panels;
    let mut first = 0;
    while first < of_y.columns {
        let sizes = [of_y.columns, of_x.columns];
        let (places, count) = places::<true>(&columns, first, sizes);
        for row in 0..of_y.rows {
            let place = rows.place::<true>(row, of_x.rows);
            let below = if place.weight > 0.0 {
                place.pixel + 1
            } else {
                place.pixel
            };
            let line = Line {
                rows: [of_x.row(x, place.pixel), of_x.row(x, below)],
                weight: place.weight,
                panels,
            };
            let out = &mut of_y.row_mut(y, row)[first * panels..];
            let mut panel = 0;
            while panel + 4 <= panels {
                line.interpolate::<S, 4>(s, &places[..count], panel, out);
                panel += 4;
            }
            if panel + 2 <= panels {
                line.interpolate::<S, 2>(s, &places[..count], panel, out);
                panel += 2;
            }
            if panel < panels {
                line.interpolate::<S, 1>(s, &places[..count], panel, out);
            }
        }
        first += count;
    }
}

/// Two rows of an image, which are combined to one.
struct Line<'a> {
    rows: [&'a [Block]; 2],
    /// That of the second.
    weight: f32,
    panels: usize,
}

impl Line<'_> {
    /// G panels of outputs at some places.
    #[inline(always)]
    fn interpolate<S: Isa, const G: usize>(
        &self,
        s: S,
        places: &[Place],
        panel: usize,
        out: &mut [Block],
    ) {
        let zero = [f32x16::splat(s, 0.0); G];
        let (mut pixel, mut here, mut next) = (usize::MAX, zero, zero);
        for (at, place) in places.iter().enumerate() {
            if place.pixel != pixel {
                here = match place.pixel == pixel.wrapping_add(1) && at > 0 {
                    true => next,
                    false => self.combine(s, place.pixel, panel),
                };
                pixel = place.pixel;
                let last = self.rows[0].len() <= (pixel + 1) * self.panels;
                next = if last {
                    here
                } else {
                    self.combine(s, pixel + 1, panel)
                };
            }
            let (a, b) = (
                f32x16::splat(s, 1.0 - place.weight),
                f32x16::splat(s, place.weight),
            );
            let out = &mut out[at * self.panels + panel..][..G];
            for index in 0..G {
                let value = here[index].mul_add(a, next[index] * b);
                out[index].store(math::flush(s, value));
            }
        }
    }

    /// G panels of a pixel of the combined row.
    #[inline(always)]
    fn combine<S: Isa, const G: usize>(&self, s: S, pixel: usize, panel: usize) -> [f32x16<S>; G] {
        let at = pixel * self.panels + panel;
        let (above, below) = (&self.rows[0][at..][..G], &self.rows[1][at..][..G]);
        let (a, b) = (
            f32x16::splat(s, 1.0 - self.weight),
            f32x16::splat(s, self.weight),
        );
        let mut combined = [a; G];
        for index in 0..G {
            combined[index] = above[index].load(s);
            if self.weight > 0.0 {
                let value = combined[index].mul_add(a, below[index].load(s) * b);
                combined[index] = math::flush(s, value);
            }
        }
        combined
    }
}
