//! Which pixels of an axis a window sees.

use crate::kernels::pixels::Pixels;
use core::ops::Range;

/// How the windows of an axis follow one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Window i sees the pixels i stride - padding + u dilation for u below kernel, as far as the image has them.
    Sliding {
        /// Pixels that a window sees.
        kernel: usize,
        /// From a window to the next.
        stride: usize,
        /// From a pixel of a window to the next.
        dilation: usize,
        /// Pixels before the image.
        padding: usize,
    },
    /// Of m windows over n pixels, window i sees those from floor(i n / m) up to ceil((i + 1) n / m).
    Adaptive,
}

/// An axis under its windows.
#[derive(Clone, Copy, Debug)]
pub struct Axis {
    /// The rule.
    pub rule: Rule,
    /// Pixels.
    pub size: usize,
    /// Windows.
    pub outputs: usize,
}

/// The pixels of the image in a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taps {
    /// The first.
    pub from: usize,
    /// Which of the window's positions it is.
    pub first: usize,
    /// How many there are.
    pub count: usize,
}

/// Both axes of an image x whose pool is y.
pub fn axes(rules: (Rule, Rule), x: Pixels, y: Pixels) -> [Axis; 2] {
    let axis = |rule, size, outputs| Axis {
        rule,
        size,
        outputs,
    };
    [
        axis(rules.0, x.rows, y.rows),
        axis(rules.1, x.columns, y.columns),
    ]
}

impl Axis {
    /// What window `at` sees.
    #[inline]
    pub fn taps(&self, at: usize) -> Taps {
        match self.rule {
            Rule::Sliding {
                kernel,
                stride,
                dilation,
                padding,
            } => {
                // Counted from the first position of the padding.
                let start = at * stride;
                let first = padding.saturating_sub(start).div_ceil(dilation);
                let end = (self.size + padding)
                    .saturating_sub(start)
                    .div_ceil(dilation);
                Taps {
                    from: (start + first * dilation).saturating_sub(padding),
                    first,
                    count: end.min(kernel).saturating_sub(first),
                }
            }
            Rule::Adaptive => {
                let from = self.start(at);
                Taps {
                    from,
                    first: 0,
                    count: share(at + 1, self.size, self.outputs, true) - from,
                }
            }
        }
    }

    /// Where window `at` begins, for an adaptive one.
    fn start(&self, at: usize) -> usize {
        share(at, self.size, self.outputs, false)
    }

    /// Which position of window `at` pixel `pixel` is; the window reaches as far.
    #[inline]
    pub fn position(&self, at: usize, pixel: usize) -> Option<usize> {
        match self.rule {
            Rule::Sliding {
                stride,
                dilation: 1,
                padding,
                ..
            } => Some(pixel + padding - at * stride),
            Rule::Sliding {
                stride,
                dilation,
                padding,
                ..
            } => {
                let distance = pixel + padding - at * stride;
                distance
                    .is_multiple_of(dilation)
                    .then_some(distance / dilation)
            }
            Rule::Adaptive => Some(pixel - self.start(at)),
        }
    }

    /// The windows that reach as far as a pixel: from the first of them to the last.
    #[inline]
    pub fn holders(&self, pixel: usize) -> Range<usize> {
        match self.rule {
            Rule::Sliding {
                stride, padding, ..
            } => {
                let place = pixel + padding;
                let low = (place + 1).saturating_sub(self.reach()).div_ceil(stride);
                low..(place / stride + 1).min(self.outputs)
            }
            // i n / m < p + 1 and (i + 1) n / m > p, solved for i.
            Rule::Adaptive => {
                share(pixel, self.outputs, self.size, false)
                    ..share(pixel + 1, self.outputs, self.size, true)
            }
        }
    }

    /// Windows of which each position is a pixel of the image, if all windows have the same number.
    pub fn full(&self) -> Range<usize> {
        match self.rule {
            Rule::Sliding {
                stride, padding, ..
            } => {
                let fitting = match (self.size + padding).checked_sub(self.reach()) {
                    Some(room) => room / stride + 1,
                    None => 0,
                };
                let low = padding.div_ceil(stride).min(self.outputs);
                low..fitting.clamp(low, self.outputs)
            }
            Rule::Adaptive => 0..0,
        }
    }

    /// What each window sees, cheaper to ask for than of [`taps`](Self::taps), which divides.
    pub fn walk(&self) -> Walk {
        let full = self.full();
        let first = self.taps(full.start);
        let next = self.taps(full.start + 1);
        Walk {
            axis: *self,
            full: [full.start, full.end],
            first,
            stride: next.from.saturating_sub(first.from),
        }
    }

    /// From a pixel of a window to the next.
    pub fn dilation(&self) -> usize {
        match self.rule {
            Rule::Sliding { dilation, .. } => dilation,
            Rule::Adaptive => 1,
        }
    }

    /// From the first pixel of a window to behind its last, for windows that slide.
    fn reach(&self) -> usize {
        match self.rule {
            Rule::Sliding {
                kernel, dilation, ..
            } => (kernel - 1) * dilation + 1,
            Rule::Adaptive => 0,
        }
    }

    /// The most positions of a window, by which positions of an image's windows are counted: row times this, plus
    /// column.
    pub const fn longest(&self) -> usize {
        match self.rule {
            Rule::Sliding { kernel, .. } => kernel,
            Rule::Adaptive => {
                let whole = self.size / self.outputs;
                // A window that is cut at both ends has two parts of pixels more.
                if self.size.is_multiple_of(self.outputs) {
                    whole
                } else if whole + 2 < self.size {
                    whole + 2
                } else {
                    self.size
                }
            }
        }
    }

    /// How many positions of window `at` a mean divides by: those of the image, or if `pad` those of its padding, too.
    /// What lies behind both never counts.
    pub fn counted(&self, at: usize, pad: bool) -> usize {
        match self.rule {
            Rule::Sliding {
                kernel,
                stride,
                padding,
                ..
            } if pad => kernel.min((self.size + 2 * padding).saturating_sub(at * stride)),
            _ => self.taps(at).count,
        }
    }

    /// The windows of which all positions count.
    pub fn whole(&self, pad: bool) -> Range<usize> {
        match self.rule {
            Rule::Sliding {
                kernel,
                stride,
                padding,
                ..
            } if pad => match (self.size + 2 * padding).checked_sub(kernel) {
                Some(room) => 0..(room / stride + 1).min(self.outputs),
                None => 0..0,
            },
            _ => self.full(),
        }
    }

    /// The most windows that a pixel is in, or a few more.
    pub fn held(&self) -> usize {
        let most = match self.rule {
            Rule::Sliding { stride, .. } => self.reach().div_ceil(stride),
            Rule::Adaptive => self.outputs / self.size + 2,
        };
        most.min(self.outputs)
    }

    /// Whether no pixel is in two windows.
    pub fn is_disjoint(&self) -> bool {
        match self.rule {
            Rule::Sliding { stride, .. } => self.outputs == 1 || stride >= self.reach(),
            Rule::Adaptive => self.size.is_multiple_of(self.outputs),
        }
    }

    /// Pixels up to the last in a window, if there is none before it that is in no window.
    pub fn covered(&self) -> usize {
        match self.rule {
            Rule::Sliding {
                kernel,
                stride,
                dilation,
                padding,
            } => {
                let dense =
                    (dilation == 1 || kernel == 1) && (stride <= kernel || self.outputs == 1);
                let end = (self.outputs - 1) * stride + self.reach();
                match dense {
                    true => end.saturating_sub(padding).min(self.size),
                    false => 0,
                }
            }
            Rule::Adaptive => self.size,
        }
    }
}

/// The windows of an axis one after another: those that lie within the image differ in nothing but where they begin.
#[derive(Clone, Copy, Debug)]
pub struct Walk {
    axis: Axis,
    full: [usize; 2],
    first: Taps,
    /// Pixels from a full window to the next.
    pub stride: usize,
}

impl Walk {
    /// What window `at` sees.
    #[inline(always)]
    pub fn taps(&self, at: usize) -> Taps {
        if !self.are_full(at, 1) {
            return self.axis.taps(at);
        }
        Taps {
            from: self.first.from + (at - self.full[0]) * self.stride,
            ..self.first
        }
    }

    /// Whether so many windows from `at` on lie within the image.
    #[inline(always)]
    pub fn are_full(&self, at: usize, count: usize) -> bool {
        self.full[0] <= at && at + count <= self.full[1]
    }
}

/// `at` parts of `size` over `parts`, rounded down or up.
fn share(at: usize, size: usize, parts: usize, up: bool) -> usize {
    let (product, parts) = (at as u64 * size as u64, parts as u64);
    let part = match up {
        true => product.div_ceil(parts),
        false => product / parts,
    };
    part as usize
}

/// The size of the windows that a row of outputs has and the columns from one to the next, if there is a kernel of
/// their own for them and the row's windows are in the image whole.
pub fn small([rows, columns]: [Axis; 2], down: Taps) -> Option<[usize; 3]> {
    let (Rule::Sliding { kernel: height, .. }, Rule::Sliding { kernel, stride, .. }) =
        (rows.rule, columns.rule)
    else {
        return None;
    };
    let size = [height, kernel, stride];
    let whole = down.count == height && rows.dilation() == 1 && columns.dilation() == 1;
    (whole && !columns.full().is_empty() && SMALL.contains(&size)).then_some(size)
}

/// Rows, columns and stride of windows for which there are kernels of their own.
const SMALL: [[usize; 3]; 5] = [[1, 2, 2], [1, 3, 2], [2, 2, 2], [3, 3, 1], [3, 3, 2]];

/// Hands a method the window that [`small`] has found, as constants.
macro_rules! of_small {
    ($found:expr, ($kh:ident, $kw:ident, $step:ident) => $body:expr) => {
        match $found {
            Some([1, 2, 2]) => {
                const $kh: usize = 1;
                const $kw: usize = 2;
                const $step: usize = 2;
                $body
            }
            Some([1, 3, 2]) => {
                const $kh: usize = 1;
                const $kw: usize = 3;
                const $step: usize = 2;
                $body
            }
            Some([2, 2, 2]) => {
                const $kh: usize = 2;
                const $kw: usize = 2;
                const $step: usize = 2;
                $body
            }
            Some([3, 3, 1]) => {
                const $kh: usize = 3;
                const $kw: usize = 3;
                const $step: usize = 1;
                $body
            }
            Some([3, 3, 2]) => {
                const $kh: usize = 3;
                const $kw: usize = 3;
                const $step: usize = 2;
                $body
            }
            _ => {}
        }
    };
}
pub(crate) use of_small;
