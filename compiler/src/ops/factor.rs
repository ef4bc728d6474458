//! `Factor(0.5)`, `x * 0.5`, `-x`: a tensor times a number.

use super::lower::Lower;
use super::operator::{Application, Operator};
use crate::arguments::Arguments;
use crate::call::{Argument, Call, Form, Size, Slot};
use crate::pace::{Pace, Timing};
use crate::rt::kernels;
use crate::site::{Operand, Site};

kernels! {
    SCALE = arithmetic::scale(s, x, add y, factor);
}

/// Multiplies every number by one.
#[derive(Clone, Debug, PartialEq)]
pub struct Factor {
    /// The number.
    pub factor: f64,
}

impl Operator for Factor {
    fn declare(arguments: &mut Arguments<'_>) -> Self {
        Self {
            factor: arguments.number("factor"),
        }
    }

    /// Any shape stays.
    fn infer(&self, call: &Application<'_>) -> Result<Vec<usize>, String> {
        Ok(call.inputs[0].shape.to_vec())
    }

    fn pace(&self, timing: &Timing<'_>) -> Result<Pace, String> {
        timing.alike()
    }
}

impl Lower for Factor {
    fn keeps_storage(&self) -> bool {
        true
    }

    /// Zeros between the numbers stay zeros.
    fn accepts(&self, _: Operand<'_>) -> bool {
        true
    }

    fn infer(&self, _: &Site<'_>) -> Vec<Call<Slot>> {
        vec![self.scale(Slot::Input(0), Slot::Output, false)]
    }

    /// d(c x) = c dx.
    fn backward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let down = |add| self.scale(Slot::Delta, Slot::InputDelta(0), add);
        site.adds(0).map(down).into_iter().collect()
    }
}

impl Factor {
    /// y = c x, or y += c x.
    fn scale(&self, x: Slot, y: Slot, add: bool) -> Call<Slot> {
        Call::of(&SCALE, [Size::Isa, Size::Adds])
            .read("x", x, Form::Blocks)
            .add("y", y, add, Form::Blocks)
            .with("factor", Argument::Float(self.factor as f32))
    }
}
