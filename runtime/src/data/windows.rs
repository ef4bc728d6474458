//! A long sequence in windows that follow one another.

use super::dataset::Dataset;
use crate::error::{Error, Found, Result};
use core::{borrow::Borrow, ops::Range};

/// A long sequence, such as a text or a recording, as samples for backpropagation through time that is truncated to a
/// window (Williams and Peng 1990). It is cut into as many equal parts as a batch has samples, which are read side by
/// side; sample `k * parts + p` is window `k` of part `p` and follows the one before it. What is left over at the end is
/// not visited.
///
/// ```text
/// positions      0 1 2 3 4 5 | 6 7 8 9 10 11     parts = 2, window = 3
/// samples        0     2       1     3           sample 2 follows sample 0
/// ```
///
/// `make` gives input and target of a window's positions; the input holds the state that a part begins with.
///
/// ```
/// use kiln::data::{Dataset, Windows};
///
/// let series: Vec<f32> = (0..13).map(|i| i as f32).collect();
/// // Each number is to be told from those before it; a state of four units begins as zeros.
/// let windows = Windows::new(series.len() - 1, 3, 2, |at| {
///     let [x, y] = [at.start, at.start + 1].map(|from| core::array::from_fn::<_, 3, _>(|i| [series[from + i]]));
///     ((x, [[0.0; 4]]), y)
/// })?;
/// assert_eq!((windows.len(), windows.parts()), (4, 2));
/// assert_eq!(windows.follows(2), Some(0));
/// # Ok::<(), kiln::Error>(())
/// ```
pub struct Windows<F> {
    make: F,
    window: usize,
    parts: usize,
    /// Windows of each part.
    each: usize,
}

impl<F> Windows<F> {
    /// `length` positions in `parts` parts of windows of `window` positions.
    ///
    /// # Errors
    ///
    /// If `window` or `parts` is 0, or a part is shorter than a window.
    pub fn new<I, T>(length: usize, window: usize, parts: usize, make: F) -> Result<Self>
    where
        F: Fn(Range<usize>) -> (I, T) + Sync,
    {
        let refused = |setting, found, expected| {
            Err(Error::Setting {
                setting,
                found: Found::Count(found),
                expected,
            })
        };
        if parts == 0 {
            return refused("parts", 0, "at least 1, such as 32: the samples of a batch");
        }
        if window == 0 {
            return refused("window", 0, "at least 1, such as 64 positions");
        }
        let each = length / parts / window;
        if each == 0 {
            let expected = "at least as many positions as there are parts, times those of a window";
            return refused("length", length, expected);
        }
        Ok(Self {
            make,
            window,
            parts,
            each,
        })
    }

    /// How many parts are read side by side: the batch to train with.
    pub fn parts(&self) -> usize {
        self.parts
    }

    /// The positions of a sample.
    fn positions(&self, index: usize) -> Range<usize> {
        let (window, part) = (index / self.parts, index % self.parts);
        let first = (part * self.each + window) * self.window;
        first..first + self.window
    }
}

impl<I, T, F> Dataset for Windows<F>
where
    F: Fn(Range<usize>) -> (I, T) + Sync,
    T: Clone + Send + Sync,
{
    type Input = I;
    type Target = T;

    fn len(&self) -> usize {
        self.each * self.parts
    }

    fn sample(&self, index: usize) -> Result<(impl Borrow<I>, impl Borrow<T>)> {
        if index >= self.each * self.parts {
            let source = alloc::format!("there are {} windows; ask for one below", self.len());
            return Err(Error::Sample {
                row: index,
                source: source.into(),
            });
        }
        Ok((self.make)(self.positions(index)))
    }

    fn follows(&self, index: usize) -> Option<usize> {
        index.checked_sub(self.parts)
    }
}

#[cfg(test)]
mod tests {
    use super::Windows;
    use crate::data::Dataset;
    use alloc::{string::ToString, vec::Vec};
    use core::{borrow::Borrow, ops::Range};

    #[test]
    fn parts_are_read_side_by_side() {
        let windows = Windows::new(26, 4, 3, |at: Range<usize>| (at.start, at.end)).unwrap();
        let starts = (0..windows.len()).map(|index| {
            let (input, target) = windows.sample(index).unwrap();
            let (input, target): (&usize, &usize) = (input.borrow(), target.borrow());
            assert_eq!(target - input, 4);
            *input
        });
        assert_eq!(starts.collect::<Vec<_>>(), [0, 8, 16, 4, 12, 20]);
        assert!((0..6).map(|index| windows.follows(index)).eq([
            None,
            None,
            None,
            Some(0),
            Some(1),
            Some(2)
        ]));
        assert!(windows.sample(6).is_err());
    }

    #[test]
    fn too_little_is_refused() {
        let new = |length, window, parts| {
            let windows = Windows::new(length, window, parts, |at: Range<usize>| (at.start, 0));
            windows.err().map(|error| error.to_string())
        };
        assert_eq!(new(12, 4, 3), None);
        let messages = [new(11, 4, 3), new(12, 0, 3), new(12, 4, 0)].map(Option::unwrap);
        for (message, setting) in messages.iter().zip(["length", "window", "parts"]) {
            assert!(message.contains(setting), "{message}");
        }
    }
}
