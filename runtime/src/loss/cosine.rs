//! The cosine of two embeddings.
//!
//! For vectors a and b, with PyTorch's e = 1e-12, A = sum a_i^2 + e and B = sum b_i^2 + e:
//!
//! ```text
//! c = sum a_i b_i / sqrt(A B)
//! dc/da_i = b_i / sqrt(A B) - c a_i / A            and likewise for b
//! L = 1 - c                    where the label is 1
//!     max(0, c - margin)       where it is -1
//! ```
//!
//! So the cosine of a vector of zeros is 0.

use super::{label::Label, sample::Loss};
use crate::{
    block::LANES,
    error::{Error, Result, setting::check},
    simd::Isa,
    value::{Nested, floats, floats_mut},
};
use fearless_simd::{f32x16, prelude::*};

/// `torch.nn.CosineEmbeddingLoss`: a network with two outputs of one shape, whose target is 1 where they should point the
/// same way and -1 where they should not; a label of any signed integer type. All numbers of an output are one vector. Below
/// `margin`, the cosine of what is unlike costs nothing.
///
/// ```
/// use kiln::{CosineEmbedding, Loss};
///
/// let loss = CosineEmbedding::new(0.25);
/// assert!(Loss::<([f32; 8], [f32; 8]), _>::check(&loss, 0, &-1_i8).is_ok());
/// let error = Loss::<([f32; 8], [f32; 8]), _>::check(&loss, 5, &0_i8).unwrap_err();
/// assert!(error.to_string().ends_with("is 0, but must be 1 for a like pair, or -1 for an unlike one"));
/// ```
///
/// # Errors
///
/// A label that is neither 1 nor -1, found before training; a margin that is not from -1 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CosineEmbedding {
    /// The cosine below which an unlike pair costs nothing; PyTorch's default is 0.
    pub margin: f64,
}

impl CosineEmbedding {
    /// A loss with a margin.
    pub fn new(margin: f64) -> Self {
        Self { margin }
    }
}

/// PyTorch's, so that no vector is too short.
const EPSILON: f64 = 1e-12;

/// Blocks whose products are summed in f32.
const PIECE: usize = 4096 / LANES;

/// Adds the lanes of blocks to sums.
#[inline(always)]
fn add<S: Isa>(sums: &mut [f64; 3], blocks: [f32x16<S>; 3]) {
    for (sum, block) in sums.iter_mut().zip(blocks) {
        let lanes: [f32; LANES] = block.into();
        *sum += f64::from(lanes.into_iter().sum::<f32>());
    }
}

/// The sums of a b, a a and b b.
#[inline(always)]
fn products<S: Isa>(s: S, a: &[f32], b: &[f32]) -> [f64; 3] {
    let mut sums = [0.0; 3];
    let (a, a_rest) = a.as_chunks::<LANES>();
    let (b, b_rest) = b.as_chunks::<LANES>();
    for (a, b) in a.chunks(PIECE).zip(b.chunks(PIECE)) {
        let mut piece = [f32x16::splat(s, 0.0); 3];
        for (a, b) in a.iter().zip(b) {
            let (a, b) = (f32x16::simd_from(s, *a), f32x16::simd_from(s, *b));
            piece[0] = a.mul_add(b, piece[0]);
            piece[1] = a.mul_add(a, piece[1]);
            piece[2] = b.mul_add(b, piece[2]);
        }
        add(&mut sums, piece);
    }
    let (mut a, mut b) = ([0.0; LANES], [0.0; LANES]);
    a[..a_rest.len()].copy_from_slice(a_rest);
    b[..b_rest.len()].copy_from_slice(b_rest);
    let (a, b) = (f32x16::simd_from(s, a), f32x16::simd_from(s, b));
    add(&mut sums, [a * b, a * a, b * b]);
    sums
}

/// Leaves `along` b - `back` a.
fn slope(a: &[f32], b: &[f32], along: f64, back: f64, delta: &mut [f32]) {
    for ((a, b), delta) in a.iter().zip(b).zip(delta) {
        *delta = (along * f64::from(*b) - back * f64::from(*a)) as f32;
    }
}

impl<O: Nested, T: Label> Loss<(O, O), T> for CosineEmbedding {
    #[inline(always)]
    fn row<S: Isa>(
        &self,
        s: S,
        (a, b): &(O, O),
        target: &T,
        scale: f32,
        (delta_a, delta_b): &mut (O, O),
    ) -> f32 {
        let (a, b) = (floats(a), floats(b));
        let [both, a_square, b_square] = products(s, a, b);
        let (a_square, b_square) = (a_square + EPSILON, b_square + EPSILON);
        let length = libm::sqrt(a_square) * libm::sqrt(b_square);
        let cosine = both / length;
        let (loss, sign) = match target.number() {
            1 => (1.0 - cosine, -1.0),
            -1 if cosine <= self.margin => (0.0, 0.0),
            -1 => (cosine - self.margin, 1.0),
            _ => (f64::NAN, f64::NAN),
        };
        let sign = sign * f64::from(scale);
        let along = sign / length;
        slope(a, b, along, sign * cosine / a_square, floats_mut(delta_a));
        slope(b, a, along, sign * cosine / b_square, floats_mut(delta_b));
        loss as f32
    }

    fn check_settings(&self) -> Result<()> {
        let holds = (-1.0..=1.0).contains(&self.margin);
        check(holds, "margin", self.margin, "from -1 to 1, such as 0.25")
    }

    fn check(&self, row: usize, target: &T) -> Result<()> {
        let number = target.number();
        if matches!(number, 1 | -1) {
            return Ok(());
        }
        Err(Error::TargetNumber {
            row,
            index: 0,
            found: number as f64,
            expected: "1 for a like pair, or -1 for an unlike one",
        })
    }
}
