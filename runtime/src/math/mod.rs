//! Vector transcendental functions: sixteen lanes at once, accurate to a few units in the last place over every f32.
//!
//! All of them reduce their argument by a multiple of ln 2 as W. J. Cody and W. Waite do ("Software Manual for the
//! Elementary Functions", 1980), evaluate a short polynomial, and put the power of two back into the exponent bits.
//! There are no tables, no branches and no lane-by-lane code; every lane's bits depend on that lane alone.
//!
//! [`fast_tanh`] and [`fast_sigmoid`] are none of this: they are less accurate by far, and say so.
//!
//! # Reduction
//!
//! n = round(x / ln 2) is had by adding 1.5 * 2^23: at that size a float's last place is 1, so that the sum is rounded
//! to an integer, which then stands in its low mantissa bits. A bias added along with it makes those bits the exponent
//! field of 2^n, one shift away (`power_of_two`). ln 2 is taken in two parts of which the first has ten significant
//! bits: n times it is exact, and so is the difference, with or without fused multiply-add.
//!
//! # Polynomials
//!
//! Coefficients are minimax in relative error on the reduced interval: a Remez exchange in 40-digit arithmetic with the
//! leading coefficients held at their exact values (so that f(0) is exact), then rounded to f32. Their error, stated in
//! each file, is far below a rounding; what is left in the bounds is the rounding of the evaluation itself.
//!
//! # Accuracy
//!
//! The bound in each function's documentation holds for |computed - exact| over all 2^32 arguments, in units in the last
//! place of the exact value's binade (2^-149 among subnormals). Where what was measured is that of a subset, it says so.
//! The tests sweep a dense subset, and with `KILN_EXHAUSTIVE` set in the environment all of them.

mod erf;
mod exp;
mod exp_m1;
mod fast;
mod flush;
mod ln;
mod maximum;
mod normal;
mod reduction;
mod sigmoid;
mod softplus;
mod tanh;
#[cfg(test)]
pub(crate) mod ulp;

pub use erf::{erf, normal_cdf};
pub use exp::{exp, share};
pub use exp_m1::exp_m1;
pub use fast::{fast_sigmoid, fast_tanh};
pub use flush::{
    TINY, any_tiny, find, flush, flush_all, flush_below, flush_copy, flush_number, rectify,
};
pub use ln::ln;
pub use maximum::{largest_lane, maximum, wins};
pub use normal::normal;
pub use sigmoid::{gate, sigmoid, sigmoid_and_rest, sigmoid_of_sum};
pub use softplus::softplus;
pub use tanh::tanh;
