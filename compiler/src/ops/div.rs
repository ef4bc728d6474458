//! `Div`, `a / b`: the quotient of two tensors, number by number.
//!
//! Padding must stay zero, and 0 / 0 is not, so that tensors of one shape are taken like others.

use super::broadcast::{By, Part};
use crate::call::{Call, Slot};
use crate::rt::{self, Kernel, Path};
use crate::site::{Operand, Site};
use crate::storage::{Border, Storage};

super::pair::pair! {
    /// The quotient of two tensors.
    Div
}

const ONE_SHAPE: Option<&Kernel> = None;
const COMBINE: Path = rt::COMBINE_QUOTIENT;

fn delta_of_one_shape(_: &Site<'_>, _: usize) -> Option<Call<Slot>> {
    None
}

/// d(x / y) = dx / y - z / y dy, where z = x / y.
fn term<'a>(site: &Site<'a>, operand: usize) -> (By<'static>, Vec<Part<'a>>) {
    let y = Part::input(site, 1);
    match operand {
        0 => ((rt::TERM_QUOTIENT, &[]), vec![y]),
        _ => ((rt::TERM_DIVISOR, &[]), vec![Part::output(site), y]),
    }
}
