//! `Add`, `a + b`: the sum of two tensors, number by number.

use super::broadcast::{By, Part};
use crate::call::{Call, Slot};
use crate::rt::{self, Kernel, Path, kernels};
use crate::site::{Operand, Site};
use crate::storage::{Border, Storage};

kernels! {
    ADD = arithmetic::add(s, x, y, out z);
}

super::pair::pair! {
    /// The sum of two tensors.
    Add, is_sum = true
}

const ONE_SHAPE: Option<&Kernel> = Some(&ADD);
const COMBINE: Path = rt::COMBINE_SUM;

/// d(x + y) = dx + dy.
fn delta_of_one_shape(site: &Site<'_>, operand: usize) -> Option<Call<Slot>> {
    pair::term(site, operand, false)
}

fn term<'a>(_: &Site<'a>, _: usize) -> (By<'static>, Vec<Part<'a>>) {
    ((rt::TERM_SCALED, &[("factor", 1.0)]), Vec::new())
}
