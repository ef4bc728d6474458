//! `Sub`, `a - b`: the difference of two tensors, number by number.

use super::broadcast::{By, Part};
use crate::call::{Call, Slot};
use crate::rt::{self, Kernel, Path, kernels};
use crate::site::{Operand, Site};
use crate::storage::{Border, Storage};

kernels! {
    SUB = arithmetic::sub(s, x, y, out z);
}

super::pair::pair! {
    /// The difference of two tensors.
    Sub
}

const ONE_SHAPE: Option<&Kernel> = Some(&SUB);
const COMBINE: Path = rt::COMBINE_DIFFERENCE;

/// d(x - y) = dx - dy.
fn delta_of_one_shape(site: &Site<'_>, operand: usize) -> Option<Call<Slot>> {
    pair::term(site, operand, operand == 1)
}

fn term<'a>(_: &Site<'a>, operand: usize) -> (By<'static>, Vec<Part<'a>>) {
    let factor: &[_] = match operand {
        0 => &[("factor", 1.0)],
        _ => &[("factor", -1.0)],
    };
    ((rt::TERM_SCALED, factor), Vec::new())
}
