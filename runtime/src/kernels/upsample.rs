//! Resampling: PyTorch's `Upsample`, by the nearest pixel or linearly along each axis, up or down.
//!
//! Output i of an axis stands at p = max((i + before) scale - after, 0) of the input, between pixel j = floor(p) and
//! the next, whose weight is w = p - j; the last pixel has no next. By the nearest pixel w = 0. With v and u for rows
//! and columns:
//!
//! ```text
//! y[i][k] = (1 - v) ((1 - u) x[j][l] + u x[j][l+1]) + v ((1 - u) x[j+1][l] + u x[j+1][l+1])
//! dx[j][l] = sum over i, k of a[i] b[k] dy[i][k]
//!            a[i] = 1 - v of the outputs i at j, v of those at j - 1; b[k] likewise, of u and l
//! ```
//!
//! Both go along a row of outputs once: rows are combined first, and a pixel's combination, or the sum that it is owed,
//! waits in registers until the row has passed it. So forward reads two rows and writes one, and backward gathers each
//! pixel's terms in the order of the outputs. A chain has 64 rows or 64 columns at most; what several of them leave is
//! added up in dx.
//!
//! Borders of x and dy are never read. Products of three numbers are flushed in between (see [`math::flush`]).

mod backward;
mod forward;
#[cfg(test)]
mod tests;

pub use backward::backward;
pub use forward::forward;

/// Where the outputs of an axis stand in its input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Source {
    /// Pixels of the input from an output to the next.
    pub scale: f32,
    /// What is added to an output's number.
    pub before: f32,
    /// What is taken off its place.
    pub after: f32,
}

/// A pixel, and the weight of the one after it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Place {
    pixel: usize,
    weight: f32,
}

impl Source {
    /// Where output `at` stands on an axis of `size` pixels.
    #[inline(always)]
    fn place<const LINEAR: bool>(&self, at: usize, size: usize) -> Place {
        let place = (at as f32 + self.before) * self.scale - self.after;
        let place = if place > 0.0 { place } else { 0.0 };
        let pixel = (place as usize).min(size - 1);
        let weight = match LINEAR && pixel + 1 < size {
            true => (place - pixel as f32).min(1.0),
            false => 0.0,
        };
        Place { pixel, weight }
    }
}

/// Columns whose places are looked up at once, and rows that are added up at once.
const CHUNK: usize = 64;

/// The places of the outputs from `first` on, and how many there are.
#[inline(always)]
fn places<const LINEAR: bool>(
    source: &Source,
    first: usize,
    [outputs, size]: [usize; 2],
) -> ([Place; CHUNK], usize) {
    let count = CHUNK.min(outputs - first);
    let mut places = [Place::default(); CHUNK];
    for (at, place) in places[..count].iter_mut().enumerate() {
        *place = source.place::<LINEAR>(first + at, size);
    }
    (places, count)
}
