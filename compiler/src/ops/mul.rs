//! `Mul`, `a * b`: the product of two tensors, number by number.

use super::broadcast::{By, Part};
use crate::call::{Call, Form, Size, Slot};
use crate::rt::{self, Kernel, Path, kernels};
use crate::site::{Operand, Site};
use crate::storage::{Border, Storage};

kernels! {
    BACKWARD = arithmetic::factor_backward(s, y, dz, add dx);
    MUL = arithmetic::mul(s, x, y, out z);
}

super::pair::pair! {
    /// The product of two tensors.
    Mul
}

const ONE_SHAPE: Option<&Kernel> = Some(&MUL);
const COMBINE: Path = rt::COMBINE_PRODUCT;

/// d(x y) = y dx + x dy.
fn delta_of_one_shape(site: &Site<'_>, operand: usize) -> Option<Call<Slot>> {
    let add = site.adds(operand)?;
    let call = Call::of(&BACKWARD, [Size::Isa, Size::Adds])
        .read("y", Slot::Input(1 - operand), Form::Blocks)
        .read("dz", Slot::Delta, Form::Blocks);
    let dx = Slot::InputDelta(operand);
    Some(call.add("dx", dx, add, Form::Blocks))
}

fn term<'a>(site: &Site<'a>, operand: usize) -> (By<'static>, Vec<Part<'a>>) {
    (
        (rt::TERM_PRODUCT, &[]),
        vec![Part::input(site, 1 - operand)],
    )
}
