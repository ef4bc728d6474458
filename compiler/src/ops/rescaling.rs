//! `Rescaling(0.5, 1.0)`, `x + 1.0`, `1.0 - x`: a tensor times a number, plus a number; Keras' `Rescaling`.

use super::broadcast::{self};
use super::lower::Lower;
use super::operator::{Application, Operator};
use super::pair;
use crate::arguments::Arguments;
use crate::call::{Call, Slot};
use crate::pace::{Pace, Timing};
use crate::rt;
use crate::site::{Operand, Site};

/// y = scale x + offset.
#[derive(Clone, Debug, PartialEq)]
pub struct Rescaling {
    /// What every number is multiplied by.
    pub scale: f64,
    /// What is added to it.
    pub offset: f64,
}

impl Operator for Rescaling {
    fn declare(arguments: &mut Arguments<'_>) -> Self {
        Self {
            scale: arguments.number("scale"),
            offset: arguments.number_or("offset", 0.0),
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

impl Lower for Rescaling {
    fn keeps_storage(&self) -> bool {
        true
    }

    fn accepts(&self, operand: Operand<'_>) -> bool {
        pair::accepts(operand)
    }

    fn infer(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let (factor, offset) = (self.scale as f32, self.offset as f32);
        let numbers = [("factor", factor), ("offset", offset)];
        broadcast::combine(site, (rt::COMBINE_LINE, &numbers))
    }

    /// d(a x + b) = a dx.
    fn backward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let factor = [("factor", self.scale as f32)];
        let delta = broadcast::delta(site, 0, &[], (rt::TERM_SCALED, &factor));
        delta.into_iter().collect()
    }
}
