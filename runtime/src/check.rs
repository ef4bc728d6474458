//! A check of a layer's gradients, for its author's tests.
//!
//! With random c the functional L = sum c_i y_i has the gradients that backward gives for dy = c. They are compared with
//! central differences D(h) = (L(x + h) - L(x - h)) / 2h, extrapolated to (4 D(h) - D(2h)) / 3, which is off by h^4. Where
//! L has a kink within the step, as a rectifier has, the two differ, and whatever lies between the slopes on either side is
//! right. Several kinks may hide each other; a shorter step is tried then.

use crate::{
    block::{Block, LANES},
    custom::{CustomLayer, Operands, array, array_mut, blocks},
    error::{Error, Result},
    parameters::Seed,
    random,
    value::Nested,
};
use alloc::{vec, vec::Vec};
use bytemuck::{must_cast_slice, must_cast_slice_mut};
use rand_core::Rng;

/// How far a number is moved: with numbers up to 1, differences are right to five digits by the first step, and to three by
/// the last, within which there are fewer kinks.
const STEPS: [f32; 3] = [1.0 / 32.0, 1.0 / 128.0, 1.0 / 512.0];

/// How far a gradient may be off, relative to the largest of its tensor.
const TOLERANCE: f64 = 2e-3;

/// The most numbers of a tensor that are moved.
const MOVED: usize = 256;

/// Compares the gradients of a layer of one's own with differences of its outputs, for random inputs and parameters
/// of 0.25 to 1 and of both signs:
/// a test that every such layer should have. `X`, `P`, `Y` and `K` are as in [`CustomLayer`].
///
/// ```
/// use kiln::{CustomLayer, Seed, check_gradients};
///
/// struct Square;
///
/// impl<const N: usize> CustomLayer<[f32; N], (), [f32; N]> for Square {
///     fn forward(x: &[f32; N], (): (), y: &mut [f32; N], (): ()) {
///         *y = x.map(|x| x * x);
///     }
///
///     fn backward((x, (), _, dy): (&[f32; N], (), &[f32; N], &[f32; N]), (): (), dx: &mut [f32; N], (): ()) {
///         for i in 0..N {
///             dx[i] = x[i] * dy[i]; // which lacks a factor of 2
///         }
///     }
/// }
///
/// let error = check_gradients::<Square, [f32; 3], (), [f32; 3], ()>(Seed(1)).unwrap_err();
/// assert!(error.to_string().starts_with("the gradient by number 0 of input 0"));
/// ```
///
/// # Errors
///
/// [`Error::WrongGradient`] with the first that is off.
pub fn check_gradients<C, X, P, Y, K>(seed: impl Into<Seed>) -> Result<()>
where
    C: CustomLayer<X, P, Y, K>,
    X: Operands,
    P: Operands,
    Y: Nested,
    K: Operands,
{
    let mut random = random::stream(seed.into().0, 0);
    let mut draw = |floats: &[usize]| -> Vec<Vec<Block>> {
        let mut numbers = room(floats);
        for (part, &floats) in numbers.iter_mut().zip(floats) {
            for number in &mut must_cast_slice_mut::<Block, f32>(part)[..floats] {
                // Away from 0, where a mistake in a factor would be none.
                let bits = random.next_u32();
                let size = 0.25 + 0.75 * (bits >> 8) as f32 / (1 << 24) as f32;
                *number = if bits & 1 == 0 { size } else { -size };
            }
        }
        numbers
    };
    let outputs = size_of::<Y>() / size_of::<f32>();
    let (mut x, mut p) = (draw(X::FLOATS), draw(P::FLOATS));
    let dy = draw(&[outputs]).concat();
    let (mut dx, mut dp) = (room(X::FLOATS), room(P::FLOATS));
    let (mut y, mut kept) = (vec![Block::ZERO; blocks::<Y>()], room(K::FLOATS));
    forward::<C, X, P, Y, K>(&x, &p, &mut y, &mut kept);
    {
        let (x, p, kept) = (lent(&x), lent(&p), lent(&kept));
        let (x, p, kept) = (X::lend(&x), P::lend(&p), K::lend(&kept));
        let mut dx = X::lend_mut(&mut dx.iter_mut().map(Vec::as_mut_slice));
        let mut dp = P::lend_mut(&mut dp.iter_mut().map(Vec::as_mut_slice));
        let (y, dy) = (array(&y, 0), array(&dy, 0));
        let seen = (X::refs(&x, 0), P::refs(&p, 0), y, dy);
        C::backward(
            seen,
            K::refs(&kept, 0),
            X::muts(&mut dx, 0),
            P::muts(&mut dp, 0),
        );
    }
    let mut functional = |x: &[Vec<Block>], p: &[Vec<Block>]| -> f64 {
        forward::<C, X, P, Y, K>(x, p, &mut y, &mut kept);
        let products = numbers(&y).iter().zip(numbers(&dy));
        products.map(|(&y, &dy)| f64::from(y) * f64::from(dy)).sum()
    };
    for (of, found) in [("input", &dx), ("parameter", &dp)] {
        for (which, found) in found.iter().enumerate() {
            let floats = if of == "input" { X::FLOATS } else { P::FLOATS }[which];
            let found = &numbers(found)[..floats];
            let largest = found.iter().map(|x| f64::from(x.abs())).fold(0.1, f64::max);
            for index in (0..floats).step_by(floats.div_ceil(MOVED).max(1)) {
                let mut at = |way: f32| {
                    let moved = if of == "input" { &mut x } else { &mut p };
                    let was = must_cast_slice::<Block, f32>(&moved[which])[index];
                    must_cast_slice_mut::<Block, f32>(&mut moved[which])[index] = was + way;
                    let value = functional(&x, &p);
                    let moved = if of == "input" { &mut x } else { &mut p };
                    must_cast_slice_mut::<Block, f32>(&mut moved[which])[index] = was;
                    value
                };
                let given = f64::from(found[index]);
                let mut expected = 0.0;
                let close = STEPS.iter().any(|&step| {
                    let (slope, doubt) = slope(&mut at, step, TOLERANCE * largest);
                    expected = slope;
                    // A NaN is off.
                    (given - slope).abs() <= TOLERANCE * largest + doubt
                });
                if !close {
                    return Err(Error::WrongGradient {
                        of,
                        which,
                        index,
                        expected: expected as f32,
                        found: found[index],
                    });
                }
            }
        }
    }
    Ok(())
}

/// The slope of `at` at 0, and how far it may be off.
fn slope(at: &mut dyn FnMut(f32) -> f64, step: f32, tolerance: f64) -> (f64, f64) {
    let middle = at(0.0);
    let (right, left) = (at(step) - middle, middle - at(-step));
    let width = 2.0 * f64::from(step);
    let near = (right + left) / width;
    let far = (at(2.0 * step) - at(-2.0 * step)) / (2.0 * width);
    // Where both differ there is a kink, or much curvature, which is off by a third of that.
    match (near - far).abs() > tolerance {
        true => (
            near,
            (right - left).abs() / width + (near - far).abs() / 3.0,
        ),
        false => ((4.0 * near - far) / 3.0, 0.0),
    }
}

/// Runs forward on one sample.
fn forward<C, X, P, Y, K>(
    x: &[Vec<Block>],
    p: &[Vec<Block>],
    y: &mut [Block],
    kept: &mut [Vec<Block>],
) where
    C: CustomLayer<X, P, Y, K>,
    X: Operands,
    P: Operands,
    Y: Nested,
    K: Operands,
{
    y.fill(Block::ZERO);
    kept.iter_mut().for_each(|kept| kept.fill(Block::ZERO));
    let (x, p) = (lent(x), lent(p));
    let (x, p) = (X::lend(&x), P::lend(&p));
    let mut kept = K::lend_mut(&mut kept.iter_mut().map(Vec::as_mut_slice));
    let (x, p) = (X::refs(&x, 0), P::refs(&p, 0));
    C::forward(x, p, array_mut(y, 0), K::muts(&mut kept, 0));
}

/// Cleared memory for arrays of so many floats.
fn room(floats: &[usize]) -> Vec<Vec<Block>> {
    let part = |&floats: &usize| vec![Block::ZERO; floats.div_ceil(LANES)];
    floats.iter().map(part).collect()
}

fn lent(parts: &[Vec<Block>]) -> Vec<&[Block]> {
    parts.iter().map(Vec::as_slice).collect()
}

fn numbers(blocks: &[Block]) -> &[f32] {
    must_cast_slice(blocks)
}
