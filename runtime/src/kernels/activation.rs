//! Elementwise activations, fused into the contraction before them or applied to what lies in memory.
//!
//! Most derivatives are written in terms of the output y, so that nothing but y is saved for backward. Others need the input
//! x: those of functions that do not always rise, such as GELU, take different slopes at the same y. Magnitudes below 2^-63
//! count as zero (see [`math::flush`]): x may be a sum, y and the deltas are numbers that were flushed. NaN stays NaN.
//!
//! An activation is known in two ways. Contractions are compiled for a type ([`Activation`]), whose parameters are the bits of
//! floats. Kernels whose time is memory's are compiled once and told by a value ([`Kind`]).
//!
//! f(flush(x)) and f(x) have the same bits, for every f and x: so a sum gives the same whether it is stored before f or not.

pub mod function;
pub mod kind;
mod rows;
#[cfg(test)]
mod tests;

use super::pixels::Pixels;
use crate::{
    block::{Block, without_padding},
    math,
    simd::{Isa, compiled_here, inlined},
};
use fearless_simd::{Simd, f32x16};
pub use function::{Function, Identity, Relu, Sigmoid, Tanh, Unfinished};
pub use kind::Kind;
pub(crate) use kind::of_kind;

/// A [`Function`] as a type.
pub trait Activation {
    /// The type of its value.
    type Function: Function;
    /// Its value.
    const FUNCTION: Self::Function;
    /// Whether f(0) = 0, so that padding lanes stay zero by themselves.
    const KEEPS_ZERO: bool;

    /// [`Function::apply`]
    #[inline(always)]
    fn apply<S: Simd>(s: S, x: f32x16<S>) -> f32x16<S> {
        Self::FUNCTION.apply(s, x)
    }

    /// [`Function::gradient`]
    #[inline(always)]
    fn gradient<S: Simd>(s: S, from: f32x16<S>, dy: f32x16<S>) -> f32x16<S> {
        Self::FUNCTION.gradient(s, from, dy)
    }
}

/// An activation that a network may declare.
pub trait Declared: Activation {
    /// Which one it is.
    const KIND: Kind;
}

/// Declares the type of a function whose parameters are the bits of floats.
macro_rules! activation {
    ($(#[$doc:meta])* $name:ident($($number:ident),+) = $kind:expr, $function:expr, $keeps_zero:expr) => {
        $(#[$doc])*
        pub struct $name<$(const $number: u32),+>;

        impl<$(const $number: u32),+> Activation for $name<$($number),+> {
            type Function = function::$name;
            const FUNCTION: Self::Function = $function;
            const KEEPS_ZERO: bool = $keeps_zero;
        }

        impl<$(const $number: u32),+> Declared for $name<$($number),+> {
            const KIND: Kind = $kind(Self::FUNCTION);
        }
    };
}

/// Gives a function without parameters its type, which is its own.
macro_rules! plain {
    ($($name:ident: $keeps_zero:literal),+ $(,)?) => {$(
        impl Activation for function::$name {
            type Function = Self;
            const FUNCTION: Self = function::$name;
            const KEEPS_ZERO: bool = $keeps_zero;
        }

        impl Declared for function::$name {
            const KIND: Kind = Kind::$name;
        }
    )+};
}

plain! {
    Identity: true,
    Relu: true,
    Sigmoid: false,
    Tanh: true,
    FastSigmoid: false,
    FastTanh: true,
    Selu: true,
    Gelu: true,
    GeluTanh: true,
    Silu: true,
    Mish: true,
    Softsign: true,
    HardSigmoid: false,
    HardSwish: true,
    Abs: true,
    Sqrt: true,
    Exp: false,
    Log: false,
}

impl Activation for Unfinished {
    type Function = Self;
    const FUNCTION: Self = Self;
    const KEEPS_ZERO: bool = true;
}

activation! {
    /// [`function::HardTanh`]
    HardTanh(MIN, MAX) = Kind::HardTanh, function::HardTanh {
        min: f32::from_bits(MIN),
        max: f32::from_bits(MAX),
    }, f32::from_bits(MIN) <= 0.0 && f32::from_bits(MAX) >= 0.0
}
activation! {
    /// [`function::LeakyRelu`]
    LeakyRelu(SLOPE) = Kind::LeakyRelu, function::LeakyRelu {
        slope: f32::from_bits(SLOPE),
    }, true
}
activation! {
    /// [`function::Elu`]
    Elu(ALPHA) = Kind::Elu, function::Elu {
        alpha: f32::from_bits(ALPHA),
    }, true
}
activation! {
    /// [`function::Softplus`]
    Softplus(BETA, THRESHOLD) = Kind::Softplus, function::Softplus {
        beta: f32::from_bits(BETA),
        threshold: f32::from_bits(THRESHOLD),
    }, false
}

/// y = f(x), both of these pixels; writes y's border and padding, too.
pub fn forward<S: Isa, A: Declared>(s: S, x: &[Block], y: &mut [Block], pixels: Pixels) {
    forward_as(s, x, y, pixels, A::KIND);
}

compiled_here! {
    fn forward_as = forward_on(x: &[Block], y: &mut [Block], pixels: Pixels, kind: Kind);
}

/// Blocks of a step that are a part of what calls [`step`].
const FEW: usize = 8;

/// [`forward`] for the steps of a stream: a few blocks side by side are a part of what calls it, so that a small network is
/// one function.
#[inline(always)]
pub fn step<S: Isa, A: Declared>(s: S, x: &[Block], y: &mut [Block], pixels: Pixels) {
    let lone = pixels.blocks == pixels.panels && y.len() == pixels.blocks;
    if y.len() > FEW || !(A::KEEPS_ZERO || lone) {
        return forward::<S, A>(s, x, y, pixels);
    }
    inlined(
        s,
        #[inline(always)]
        || {
            for (index, (y, x)) in y.iter_mut().zip(x).enumerate() {
                let value = A::apply(s, x.load(s));
                y.store(match A::KEEPS_ZERO {
                    true => value,
                    false => without_padding(s, value, index, pixels.channels),
                });
            }
        },
    );
}

fn forward_on<S: Isa>(s: S, x: &[Block], y: &mut [Block], pixels: Pixels, kind: Kind) {
    if kind.keeps_zero() {
        kind.apply(s, x, y);
        return;
    }
    let blocks = pixels.blocks.max(1);
    for (x, y) in x.chunks_exact(blocks).zip(y.chunks_exact_mut(blocks)) {
        pixels.clear_border(y);
        for row in 0..pixels.rows {
            let y = pixels.row_mut(y, row);
            kind.apply(s, pixels.row(x, row), y);
            clear_padding(s, y, pixels);
        }
    }
}

/// Clears the lanes behind the channels of each pixel of a row.
#[inline(always)]
pub(super) fn clear_padding<S: Isa>(s: S, row: &mut [Block], pixels: Pixels) {
    let last = pixels.panels - 1;
    s.vectorize(
        #[inline(always)]
        || {
            for pixel in row.chunks_exact_mut(pixels.panels) {
                let value = pixel[last].load(s);
                pixel[last].store(without_padding(s, value, last, pixels.channels));
            }
        },
    );
}

/// Turns the delta of an activation's output into the delta of its input, in place. `from` is the output, or the input where
/// the derivative needs it.
pub fn backward<S: Isa, A: Declared>(s: S, from: &[Block], dy: &mut [Block]) {
    backward_as(s, from, dy, A::KIND);
}

compiled_here! {
    fn backward_as = backward_on(from: &[Block], dy: &mut [Block], kind: Kind);
}

fn backward_on<S: Isa>(s: S, from: &[Block], dy: &mut [Block], kind: Kind) {
    of_kind!(kind, f, then => match then {
        Some(kind) => kind.turn(s, from, dy),
        None => s.vectorize(
            #[inline(always)]
            || {
                for (dy, from) in dy.iter_mut().zip(from) {
                    dy.store(f.gradient(s, from.load(s), dy.load(s)));
                }
            },
        ),
    });
}

/// dx = f'(x) dy, or dx += f'(x) dy. `from` is the output, or the input where the derivative needs it.
pub fn backward_into<S: Isa, A: Declared, const ADD: bool>(
    s: S,
    from: &[Block],
    dy: &[Block],
    dx: &mut [Block],
) {
    match ADD {
        true => add_as(s, from, dy, dx, A::KIND),
        false => write_as(s, from, dy, dx, A::KIND),
    }
}

compiled_here! {
    fn write_as = write_on(from: &[Block], dy: &[Block], dx: &mut [Block], kind: Kind);
    fn add_as = add_on(from: &[Block], dy: &[Block], dx: &mut [Block], kind: Kind);
}

fn write_on<S: Isa>(s: S, from: &[Block], dy: &[Block], dx: &mut [Block], kind: Kind) {
    kind.gradient(s, from, dy, dx);
}

fn add_on<S: Isa>(s: S, from: &[Block], dy: &[Block], dx: &mut [Block], kind: Kind) {
    let mut terms = [Block::ZERO; rows::AT_ONCE];
    let chunks = from.chunks(rows::AT_ONCE).zip(dy.chunks(rows::AT_ONCE));
    for ((from, dy), dx) in chunks.zip(dx.chunks_mut(rows::AT_ONCE)) {
        kind.gradient(s, from, dy, &mut terms);
        s.vectorize(
            #[inline(always)]
            || {
                for (dx, term) in dx.iter_mut().zip(&terms) {
                    dx.store(math::flush(s, dx.load(s) + term.load(s)));
                }
            },
        );
    }
}
