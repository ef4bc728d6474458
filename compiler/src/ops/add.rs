//! `Add`, `a + b`: the sum of two tensors of one shape, number by number.

use super::lower::Lower;
use super::pair;
use crate::call::{Call, Slot};
use crate::rt::kernels;
use crate::site::{Operand, Site};
use crate::storage::{Border, Storage};

kernels! {
    ADD = arithmetic::add(s, x, y, out z);
}

pair::pair! {
    /// The sum of two tensors.
    Add
}

impl Lower for Add {
    fn keeps_storage(&self) -> bool {
        true
    }

    fn accepts(&self, operand: Operand<'_>) -> bool {
        pair::accepts(operand)
    }

    fn wants(&self, operand: Operand<'_>, border: Border) -> Storage {
        pair::wants(operand, border)
    }

    fn is_sum(&self) -> bool {
        true
    }

    fn infer(&self, _: &Site<'_>) -> Vec<Call<Slot>> {
        pair::combine(&ADD)
    }

    /// d(x + y) = dx + dy.
    fn backward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let term = |operand| pair::term(site, operand, false);
        (0..2).filter_map(term).collect()
    }
}
