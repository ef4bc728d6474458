//! The geometry of windows that slide over an image.

mod words;

pub use words::{quotient, rows_and_columns, shortfall, spatial};

use super::operator::Feed;
use crate::arguments::Sides;
use crate::storage::Border;

/// Zeros around an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Padding {
    /// Rows above.
    pub top: usize,
    /// Rows below.
    pub bottom: usize,
    /// Columns to the left.
    pub left: usize,
    /// Columns to the right.
    pub right: usize,
}

impl Padding {
    /// No padding.
    pub const NONE: Self = Self {
        top: 0,
        bottom: 0,
        left: 0,
        right: 0,
    };

    /// The same above and below, and the same left and right.
    pub fn symmetric((height, width): (usize, usize)) -> Self {
        Self {
            top: height,
            bottom: height,
            left: width,
            right: width,
        }
    }

    /// Around an image: a pair is height and width.
    pub fn of_image(sides: Sides) -> Self {
        match sides {
            Sides::All(all) => Self::symmetric((all, all)),
            Sides::Pair(height, width) => Self::symmetric((height, width)),
            Sides::Each([(top, bottom), (left, right)]) => Self {
                top,
                bottom,
                left,
                right,
            },
        }
    }

    /// Around an axis, which is the row of an image: a pair is before and after. `None` for the sides of two axes.
    pub fn of_line(sides: Sides) -> Option<Self> {
        let (left, right) = match sides {
            Sides::All(all) => (all, all),
            Sides::Pair(before, after) => (before, after),
            Sides::Each(_) => return None,
        };
        let (top, bottom) = (0, 0);
        Some(Self {
            top,
            bottom,
            left,
            right,
        })
    }

    /// As a border of a storage.
    pub fn border(self) -> Border {
        Border {
            top: self.top,
            bottom: self.bottom,
            left: self.left,
            right: self.right,
        }
    }
}

impl From<Border> for Padding {
    fn from(border: Border) -> Self {
        let Border {
            top,
            bottom,
            left,
            right,
        } = border;
        Self {
            top,
            bottom,
            left,
            right,
        }
    }
}

/// How much a convolution pads: as is stated, or as its window and the image have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Around {
    /// So much.
    By(Padding),
    /// As much as gives ceil(size / stride) outputs, what is odd below and to the right.
    Same,
    /// All that the window reaches before the steps, so that an output sees none that come later.
    Causal,
}

impl Around {
    /// No padding.
    pub const NONE: Self = Self::By(Padding::NONE);
}

/// The words that `padding` may be over images; `Valid` is none.
pub const PADDINGS_2D: &[(&str, Around)] = &[("Same", Around::Same), ("Valid", Around::NONE)];

/// The same over sequences.
pub const PADDINGS_1D: &[(&str, Around)] = &[
    ("Same", Around::Same),
    ("Valid", Around::NONE),
    ("Causal", Around::Causal),
];

/// A window's size and how it moves; pairs are height and width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Rows and columns it looks at.
    pub kernel: (usize, usize),
    /// Rows and columns from one place to the next.
    pub stride: (usize, usize),
    /// Distance of neighbouring rows and columns it looks at.
    pub dilation: (usize, usize),
    /// What surrounds the image.
    pub padding: Padding,
}

impl Window {
    /// Height and width of what `layer` gives for an image of `feed`.
    pub fn slide(
        &self,
        layer: &str,
        feed: Feed<'_>,
        (height, width): (usize, usize),
    ) -> Result<(usize, usize), String> {
        let [rows, columns] = self.axes((height, width));
        let across = match feed.shape.len() {
            2 => "length",
            _ => "width",
        };
        let too_large = |name, axis: Along| {
            let from = format!("`{}` gives {:?}", feed.from, feed.shape);
            let fits = match *feed.shape {
                [first, _, last] if last < first => {
                    "fits, and an image is [channels, height, width]"
                }
                _ => "fits",
            };
            format!(
                "the kernel of `{layer}` is larger than its input: {from}, and {}; one of at most {} {fits}",
                shortfall(name, axis.size, axis.padding, axis.kernel, axis.dilation),
                axis.most()
            )
        };
        Ok((
            rows.places().ok_or_else(|| too_large("height", rows))?,
            columns.places().ok_or_else(|| too_large(across, columns))?,
        ))
    }

    /// Height and width of what it gives for an image that [`slide`](Self::slide) has let pass.
    pub fn places(&self, size: (usize, usize)) -> (usize, usize) {
        let [rows, columns] = self.axes(size).map(|axis| axis.places().unwrap_or(0));
        (rows, columns)
    }

    /// Zeros that the gradient of an image of `size` reads before and after `outputs` deltas, along both axes.
    pub fn overhang(&self, size: (usize, usize), outputs: (usize, usize)) -> [(usize, usize); 2] {
        let [rows, columns] = self.axes(size);
        [rows.overhang(outputs.0), columns.overhang(outputs.1)]
    }

    /// How many places it has along an axis of an image or a sequence of `shape` that it fits.
    pub fn arithmetic(&self, shape: &[usize], axis: usize) -> Option<String> {
        let (name, index) = spatial(shape, axis)?;
        let along = self.axes(rows_and_columns(shape)?)[index];
        let steps = quotient(
            along.size,
            along.padding,
            along.kernel,
            along.dilation,
            along.stride,
        );
        Some(format!("{name} is {steps} + 1 = {}", along.places()?))
    }

    /// The same window, padded as `around` says over an image of `size`.
    pub fn around(self, around: Around, size: (usize, usize)) -> Self {
        let bare = Self {
            padding: Padding::NONE,
            ..self
        };
        let [rows, columns] = bare.axes(size);
        let padding = match around {
            Around::By(padding) => padding,
            Around::Same => {
                let ((top, bottom), (left, right)) = (rows.same(), columns.same());
                Padding {
                    top,
                    bottom,
                    left,
                    right,
                }
            }
            Around::Causal => Padding {
                left: columns.before(),
                ..Padding::NONE
            },
        };
        Self { padding, ..self }
    }

    /// The same window with no stride longer than leaves the image: what is computed for each rest by a stride, such as
    /// which taps reach an input, is then computed for no more rests than there are.
    pub fn within(self, size: (usize, usize)) -> Self {
        let [rows, columns] = self.axes(size);
        Self {
            stride: (rows.stride_within(), columns.stride_within()),
            ..self
        }
    }

    /// The image's axes under the window: rows, columns.
    fn axes(&self, (height, width): (usize, usize)) -> [Along; 2] {
        let (padding, kernel, stride, dilation) =
            (self.padding, self.kernel, self.stride, self.dilation);
        let rows = Along {
            size: height,
            padding: (padding.top, padding.bottom),
            kernel: kernel.0,
            stride: stride.0,
            dilation: dilation.0,
        };
        let columns = Along {
            size: width,
            padding: (padding.left, padding.right),
            kernel: kernel.1,
            stride: stride.1,
            dilation: dilation.1,
        };
        [rows, columns]
    }
}

/// One axis of an image under a window.
#[derive(Clone, Copy, Debug)]
struct Along {
    size: usize,
    padding: (usize, usize),
    kernel: usize,
    stride: usize,
    dilation: usize,
}

impl Along {
    /// floor((size + padding - dilation (kernel - 1) - 1) / stride) + 1, or `None` if the window does not fit once.
    ///
    /// In 128 bits nothing overflows: every number is below 2^62.
    fn places(self) -> Option<usize> {
        let room = self.padded().checked_sub(self.reach())?;
        usize::try_from(room / self.stride as u128 + 1).ok()
    }

    /// The stride, or the least that is too long for a second place.
    fn stride_within(self) -> usize {
        let room = self.padded().saturating_sub(self.reach());
        self.stride.min(number(room + 1))
    }

    /// What `Same` pads, before and after: with ceil(size / stride) outputs,
    /// max((outputs - 1) stride + dilation (kernel - 1) + 1 - size, 0) in all, of which the odd one comes after.
    fn same(self) -> (usize, usize) {
        let (size, stride) = (self.size as u128, self.stride as u128);
        let covered = (size.div_ceil(stride).saturating_sub(1)) * stride + self.reach();
        let total = covered.saturating_sub(size);
        (number(total / 2), number(total - total / 2))
    }

    /// All that the window reaches back from its last place.
    fn before(self) -> usize {
        number(self.reach() - 1)
    }

    /// Zeros that the gradient reads before and after `outputs` deltas: element i takes the deltas from
    /// floor((i + padding - dilation (kernel - 1)) / stride) to floor((i + padding) / stride), and of the last
    /// elements only those count that some window covers.
    fn overhang(self, outputs: usize) -> (usize, usize) {
        let (padding, reach) = (self.padding.0, (self.kernel - 1) * self.dilation);
        let before = reach.saturating_sub(padding) / self.stride;
        let end = ((outputs - 1) * self.stride + reach + 1).saturating_sub(padding);
        if end == 0 {
            return (before, 0);
        }
        let last = (end.min(self.size) + padding - 1) / self.stride;
        (before, (last + 1).saturating_sub(outputs))
    }

    /// The largest kernel that fits.
    fn most(self) -> u128 {
        (self.padded() - 1) / self.dilation as u128 + 1
    }

    fn padded(self) -> u128 {
        self.size as u128 + self.padding.0 as u128 + self.padding.1 as u128
    }

    fn reach(self) -> u128 {
        self.dilation as u128 * (self.kernel as u128 - 1) + 1
    }
}

/// A padding of so many pixels; no kernel that needs more than a number holds has weights that fit in memory.
fn number(pixels: u128) -> usize {
    usize::try_from(pixels).unwrap_or(usize::MAX)
}

/// Channels, height and width of the image that `layer` takes.
pub fn image(layer: &str, feed: Feed<'_>) -> Result<[usize; 3], String> {
    let found = format!(
        "`{layer}` takes an image [channels, height, width], but `{}` gives {:?}",
        feed.from, feed.shape
    );
    match *feed.shape {
        [channels, height, width] => Ok([channels, height, width]),
        [height, width] => Err(format!(
            "{found}; put `Reshape(1, {height}, {width})` before it, for one channel"
        )),
        [batch, channels, height, width] => Err(format!(
            "{found}; if {batch} is the batch, leave it out: [{channels}, {height}, {width}]"
        )),
        _ => Err(format!("{found}; put `Reshape` before it")),
    }
}

/// Steps and features of the sequence that `layer` takes, which `of_images` does with images.
pub fn sequence(layer: &str, feed: Feed<'_>, of_images: &str) -> Result<[usize; 2], String> {
    let found = format!(
        "`{layer}` takes a sequence [time, features], but `{}` gives {:?}",
        feed.from, feed.shape
    );
    match *feed.shape {
        [steps, features] => Ok([steps, features]),
        [steps] => Err(format!(
            "{found}; put `Reshape({steps}, 1)` before it, for one feature"
        )),
        [_, _, _] => Err(format!("{found}; `{of_images}` takes images")),
        _ => Err(format!("{found}; put `Reshape` before it")),
    }
}

#[cfg(test)]
mod tests;
