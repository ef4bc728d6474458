//! Where the outputs of an axis stand in its input.

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
pub struct Place {
    /// The pixel.
    pub pixel: usize,
    /// What the next one counts.
    pub weight: f32,
}

impl Source {
    /// Where output `at` stands on an axis of `size` pixels.
    #[inline(always)]
    pub(super) fn place<const LINEAR: bool>(&self, at: usize, size: usize) -> Place {
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
pub const CHUNK: usize = 64;

/// The places of the outputs from `first` on, and how many there are.
#[inline(always)]
pub fn places<const LINEAR: bool>(
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
