//! `SinusoidalPositions`: sines and cosines added to each step, by Vaswani et al. 2017, "Attention is all you need",
//! section 3.5. Of F features, step t gets at 2i and 2i + 1 the sine and the cosine of `t / 10000^(2i / F)`.

use super::operator::{Application, Operator};
use super::{lower::Lower, pair, positions};
use crate::arguments::Arguments;
use crate::call::{Argument, Call, Slot};
use crate::rt;
use crate::site::{Operand, Site};

/// The most numbers of a table, which rustc computes.
const MOST: usize = 1 << 18;

/// A fixed vector for each step.
#[derive(Clone, Debug, PartialEq)]
pub struct SinusoidalPositions;

impl Operator for SinusoidalPositions {
    fn declare(_: &mut Arguments<'_>) -> Self {
        Self
    }

    fn infer(&self, call: &Application<'_>) -> Result<Vec<usize>, String> {
        let shape = positions::steps(call)?;
        let numbers = shape
            .iter()
            .fold(1, |all: usize, &size| all.saturating_mul(size));
        if numbers > MOST {
            return Err(format!(
                "`{}` adds a table of {numbers} numbers to `{}`, and it has at most {MOST}; learn it, by `Positions`",
                call.layer, call.inputs[0].from
            ));
        }
        Ok(shape)
    }
}

impl Lower for SinusoidalPositions {
    fn accepts(&self, operand: Operand<'_>) -> bool {
        positions::accepts(operand)
    }

    fn infer(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let features = site.input_shape(0)[1];
        // Of one feature to that after the next.
        let ratio = 10_000_f64.powf(-2.0 / features as f64);
        let sizes = [&positions::sizes(site)[..], &[features]].concat();
        let table = Argument::Constant(rt::SINUSOIDS, sizes, vec![ratio]);
        positions::added(site, table)
    }

    /// dx = dy.
    fn backward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        pair::term(site, 0, false).into_iter().collect()
    }
}
