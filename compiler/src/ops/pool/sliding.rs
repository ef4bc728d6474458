//! Windows that slide: their arguments, and how many of them an axis has.

use super::{rule::Rule, space::Space};
use crate::arguments::Arguments;
use crate::ops::{operator::Feed, window};
use crate::site::Pooling;

/// Windows that slide; pairs are rows and columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sliding {
    /// Pixels that a window sees.
    pub kernel: (usize, usize),
    /// From a window to the next.
    pub stride: (usize, usize),
    /// From a pixel of a window to the next.
    pub dilation: (usize, usize),
    /// Pixels before and after the image.
    pub padding: (usize, usize),
    /// Whether a last window may begin inside the image, or the padding before it, and end beyond the padding after it.
    pub ceil_mode: bool,
}

/// The most positions of a window, which are counted in 32 bits.
const POSITIONS: usize = i32::MAX as usize;

impl Sliding {
    /// `kernel`, `stride`, `padding` and, for a maximum, `dilation`, then `ceil_mode`.
    pub fn declare(arguments: &mut Arguments<'_>, space: Space, dilates: bool) -> Self {
        let one = (space == Space::Steps).then_some(());
        let kernel = match one {
            Some(()) => (1, arguments.size("kernel")),
            None => arguments.pair("kernel"),
        };
        let stride = match one {
            Some(()) => (1, arguments.length_or("stride", "kernel", kernel.1)),
            None => arguments.pair_or("stride", "kernel", kernel),
        };
        let padding = match one {
            Some(()) => (0, arguments.margin("padding")),
            None => arguments.pair_or_word("padding", |sides| sides, &[]),
        };
        // A window must touch the image, or there is nothing to pool.
        if padding.0 > kernel.0 / 2 || padding.1 > kernel.1 / 2 {
            let most = (kernel.0 / 2, kernel.1 / 2);
            let message = match one {
                Some(()) => format!(
                    "the padding of a pool is at most half its kernel, here {}, and this is {}",
                    most.1, padding.1
                ),
                None => format!(
                    "the padding of a pool is at most half its kernel, here {most:?}, and this is {padding:?}"
                ),
            };
            arguments.reject("padding", message);
        }
        if kernel.0.saturating_mul(kernel.1) > POSITIONS {
            arguments.reject(
                "kernel",
                format!(
                    "a window has at most {POSITIONS} positions; pool twice, first by a smaller one"
                ),
            );
        }
        arguments.names_only();
        let dilation = match (dilates, one) {
            (false, _) => (1, 1),
            (true, Some(())) => (1, arguments.length_or("dilation", "1", 1)),
            (true, None) => arguments.pair_or("dilation", "1", (1, 1)),
        };
        Self {
            kernel,
            stride,
            dilation,
            padding,
            ceil_mode: arguments.flag("ceil_mode", false),
        }
    }

    /// As kernels are told.
    pub(super) fn rules(&self) -> [Rule; 2] {
        let rule = |kernel, stride, dilation, padding| Rule::Sliding {
            kernel,
            stride,
            dilation,
            padding,
        };
        [
            rule(
                self.kernel.0,
                self.stride.0,
                self.dilation.0,
                self.padding.0,
            ),
            rule(
                self.kernel.1,
                self.stride.1,
                self.dilation.1,
                self.padding.1,
            ),
        ]
    }

    /// What a convolution may take into its registers.
    pub(super) fn as_pooling(&self) -> Option<Pooling> {
        (!self.ceil_mode && self.dilation == (1, 1)).then_some(Pooling {
            kernel: self.kernel,
            stride: self.stride,
            padding: self.padding,
        })
    }

    /// Rows and columns of what `layer` gives for an image or a sequence of `feed`.
    pub(super) fn places(
        &self,
        layer: &str,
        feed: Feed<'_>,
        size: (usize, usize),
    ) -> Result<(usize, usize), String> {
        let [rows, columns] = self.axes(size);
        let across = if feed.shape.len() == 2 {
            "number of steps"
        } else {
            "width"
        };
        Ok((
            rows.places(layer, feed, "height")?,
            columns.places(layer, feed, across)?,
        ))
    }

    /// How many windows there are along an axis of an image or a sequence of `shape`.
    pub(super) fn arithmetic(&self, shape: &[usize], axis: usize) -> Option<String> {
        let (name, index) = window::spatial(shape, axis)?;
        let along = self.axes(window::rows_and_columns(shape)?)[index];
        Some(format!("{name} is {}", along.arithmetic()?))
    }

    /// Rows and columns of an image of this height and width under the windows.
    fn axes(&self, (height, width): (usize, usize)) -> [Along; 2] {
        let axis = |size, kernel, stride, dilation, padding| Along {
            size,
            kernel,
            stride,
            dilation,
            padding,
            ceil_mode: self.ceil_mode,
        };
        let rows = axis(
            height,
            self.kernel.0,
            self.stride.0,
            self.dilation.0,
            self.padding.0,
        );
        let columns = axis(
            width,
            self.kernel.1,
            self.stride.1,
            self.dilation.1,
            self.padding.1,
        );
        [rows, columns]
    }
}

/// One axis under its windows.
#[derive(Clone, Copy)]
struct Along {
    size: usize,
    kernel: usize,
    stride: usize,
    dilation: usize,
    padding: usize,
    ceil_mode: bool,
}

impl Along {
    /// How many windows there are: floor((size + 2 padding - dilation (kernel - 1) - 1) / stride) + 1, or with
    /// `ceil_mode` the quotient rounded up, without a window that begins behind the image.
    ///
    /// In 128 bits nothing overflows: every number is below 2^62.
    fn places(self, layer: &str, feed: Feed<'_>, name: &str) -> Result<usize, String> {
        let Some(places) = self.begun() else {
            return Err(self.too_large(layer, feed, name));
        };
        let places = places - u128::from(self.leaves_one_out(places));
        // Windows that begin in the padding step over an image that is smaller than a step.
        let first = (self.dilation - self.padding % self.dilation) % self.dilation;
        if first >= self.size {
            return Err(format!(
                "the first window of `{layer}` sees nothing of its input: `{}` gives {:?}, and of positions from -{} in steps \
                 of {} none is below {}, its {name}; make the dilation or the padding smaller",
                feed.from, feed.shape, self.padding, self.dilation, self.size
            ));
        }
        usize::try_from(places).map_err(|_| self.too_large(layer, feed, name))
    }

    /// Windows, a last one that begins behind the image among them, or `None` if there is none.
    fn begun(self) -> Option<u128> {
        let stride = self.stride as u128;
        let more = if self.ceil_mode { stride - 1 } else { 0 };
        let room = (self.padded() + more).checked_sub(self.reach())?;
        Some(room / stride + 1)
    }

    /// Whether the last of so many windows begins behind the image.
    fn leaves_one_out(self, places: u128) -> bool {
        let last = (places - 1) * self.stride as u128;
        self.ceil_mode && last >= (self.size + self.padding) as u128
    }

    /// How many windows there are: `(28 + 2 * 0 - 3) / 2 + 1 = 13`.
    fn arithmetic(self) -> Option<String> {
        let padding = (self.padding, self.padding);
        let steps = window::quotient(self.size, padding, self.kernel, self.dilation, self.stride);
        let places = self.begun()?;
        Some(match (self.ceil_mode, self.leaves_one_out(places)) {
            (false, _) => format!("{steps} + 1 = {places}"),
            (true, false) => format!("ceil({steps}) + 1 = {places}"),
            (true, true) => format!(
                "ceil({steps}) + 1 - 1 = {}, without the window that begins behind the image",
                places - 1
            ),
        })
    }

    fn padded(self) -> u128 {
        self.size as u128 + 2 * self.padding as u128
    }

    fn reach(self) -> u128 {
        self.dilation as u128 * (self.kernel as u128 - 1) + 1
    }

    /// Why no window fits, and what would.
    fn too_large(self, layer: &str, feed: Feed<'_>, name: &str) -> String {
        let padding = (self.padding, self.padding);
        let shortfall = window::shortfall(name, self.size, padding, self.kernel, self.dilation);
        let fits = match *feed.shape {
            [first, _, last] if last < first => "fits, and an image is [channels, height, width]",
            [steps, features] if steps < features => "fits, and a sequence is [time, features]",
            _ => "fits",
        };
        let most = (self.padded() - 1) / self.dilation as u128 + 1;
        format!(
            "the kernel of `{layer}` is larger than its input: `{}` gives {:?}, and {shortfall}; \
             one of at most {most} {fits}",
            feed.from, feed.shape
        )
    }
}
