//! `Reciprocal`, `1.0 / x`: a number over a tensor, as `torch.reciprocal`.

use super::broadcast::{self, Part};
use super::lower::Lower;
use super::operator::{Application, Operator};
use super::pair;
use crate::arguments::Arguments;
use crate::call::{Call, Slot};
use crate::pace::{Pace, Timing};
use crate::rt;
use crate::site::{Operand, Site};

/// y = numerator / x.
#[derive(Clone, Debug, PartialEq)]
pub struct Reciprocal {
    /// What is divided.
    pub numerator: f64,
}

impl Operator for Reciprocal {
    fn declare(arguments: &mut Arguments<'_>) -> Self {
        Self {
            numerator: arguments.number_or("numerator", 1.0),
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

impl Lower for Reciprocal {
    fn keeps_storage(&self) -> bool {
        true
    }

    fn accepts(&self, operand: Operand<'_>) -> bool {
        pair::accepts(operand)
    }

    fn infer(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let numerator = [("numerator", self.numerator as f32)];
        broadcast::combine(site, (rt::COMBINE_OVER, &numerator))
    }

    /// d(a / x) = -a / x^2 dx = -y / x dx.
    fn backward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let others = [Part::output(site), Part::input(site, 0)];
        let delta = broadcast::delta(site, 0, &others, (rt::TERM_DIVISOR, &[]));
        delta.into_iter().collect()
    }
}
