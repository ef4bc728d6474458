//! `Mul`, `a * b`: the product of two tensors of one shape, number by number.

use super::lower::Lower;
use super::pair;
use crate::call::{Call, Form, Size, Slot};
use crate::rt::kernels;
use crate::site::{Operand, Site};
use crate::storage::{Border, Storage};

kernels! {
    BACKWARD = arithmetic::factor_backward(s, y, dz, add dx);
    MUL = arithmetic::mul(s, x, y, out z);
}

pair::pair! {
    /// The product of two tensors.
    Mul
}

impl Lower for Mul {
    fn keeps_storage(&self) -> bool {
        true
    }

    fn accepts(&self, operand: Operand<'_>) -> bool {
        pair::accepts(operand)
    }

    fn wants(&self, operand: Operand<'_>, border: Border) -> Storage {
        pair::wants(operand, border)
    }

    fn infer(&self, _: &Site<'_>) -> Vec<Call<Slot>> {
        pair::combine(&MUL)
    }

    /// d(x y) = y dx + x dy.
    fn backward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let factor = |operand: usize| {
            let add = site.adds(operand)?;
            let call = Call::of(&BACKWARD, [Size::Isa, Size::Adds])
                .read("y", Slot::Input(1 - operand), Form::Blocks)
                .read("dz", Slot::Delta, Form::Blocks);
            let dx = Slot::InputDelta(operand);
            Some(call.add("dx", dx, add, Form::Blocks))
        };
        (0..2).filter_map(factor).collect()
    }
}
