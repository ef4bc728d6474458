//! The UCI handwritten digits, built in.

use super::samples::{Images, Samples};
use crate::error::{Error, Fault, Result};
use alloc::{string::ToString, vec::Vec};
use flate2::read::ZlibDecoder;
use std::io::Read;

/// A zlib stream of records; see `digits.md` beside it.
static PACKED: &[u8] = include_bytes!("digits.bin");

/// Records for training; the others are for testing.
const TRAIN: usize = 1500;

/// 1,797 handwritten digits of 8 x 8 pixels from 0 to 1, and their classes: 1,500 for training and 297 for testing.
///
/// The order is that of `sklearn.utils.shuffle(..., random_state=0)` on scikit-learn's `load_digits()`, the first 1,500 for
/// training. A perceptron with 128 hidden units (Adam, 40 epochs, batches of 32) reaches 98 % on the test part; other
/// shuffles are a little harder (97 %), and the last 297 digits in their first order much more so (91 % to 92 %).
///
/// Source: E. Alpaydin, C. Kaynak: *Optical Recognition of Handwritten Digits*, UCI Machine Learning Repository, 1998,
/// <https://doi.org/10.24432/C50P49>, licensed CC BY 4.0.
///
/// ```
/// let (train, test) = kiln::data::digits()?;
/// assert_eq!((train.len(), test.len()), (1500, 297));
/// # Ok::<(), kiln::Error>(())
/// ```
///
/// # Errors
///
/// None, but if the program's own bytes are damaged.
pub fn digits() -> Result<(Images<8, 8>, Images<8, 8>)> {
    let mut records = Vec::with_capacity(1797 * 65);
    ZlibDecoder::new(PACKED)
        .read_to_end(&mut records)
        .map_err(|error| Error::Data {
            path: "digits.bin".into(),
            offset: records.len() as u64,
            fault: Fault::Gzip {
                reason: error.to_string(),
            },
        })?;
    let pairs = records
        .as_chunks::<65>()
        .0
        .iter()
        .map(|&[ref pixels @ .., label]| {
            let rows = core::array::from_fn(|y| {
                core::array::from_fn(|x| f32::from(pixels[8 * y + x]) / 16.0)
            });
            ([rows], usize::from(label))
        });
    Samples::from_pairs(pairs)?.split_at(TRAIN)
}

#[cfg(test)]
mod tests {
    use super::{Images, digits};

    /// Sums as numpy computes them from scikit-learn's copy.
    #[test]
    fn digits_are_those_of_scikit_learn() {
        let (train, test) = digits().unwrap();
        let sum = |part: &Images<8, 8>| {
            let pixels = part.inputs().as_flattened().as_flattened().as_flattened();
            assert!(pixels.iter().all(|pixel| (0.0..=1.0).contains(pixel)));
            pixels.iter().map(|&pixel| f64::from(pixel)).sum::<f64>() * 16.0
        };
        let count = |part: &Images<8, 8>| {
            let mut counts = [0; 10];
            for &label in part.targets() {
                counts[label] += 1;
            }
            counts
        };
        assert_eq!((sum(&train), sum(&test)), (469124.0, 92594.0));
        assert_eq!(
            count(&train),
            [151, 157, 142, 155, 143, 157, 151, 148, 151, 145]
        );
        assert_eq!(count(&test), [27, 25, 35, 28, 38, 25, 30, 31, 23, 35]);
        assert_eq!(
            train.inputs()[0][0][4],
            [0.0, 0.0, 0.0, 0.0625, 1.0, 0.4375, 0.0, 0.0]
        );
    }
}
