//! `L2Normalize`: every pixel of an image, step of a sequence or vector divided by its Euclidean norm, as
//! `torch.nn.functional.normalize` with its defaults, over the channels.

use super::layer_norm::{by_units, flops};
use super::lower::Lower;
use super::operator::{Application, Operator};
use super::units::{Unit, Units};
use crate::arguments::Arguments;
use crate::call::{Call, Gradient, Slot};
use crate::pace::{Pace, Timing};
use crate::packing::Packing;
use crate::rt;
use crate::site::{Operand, Site};
use crate::storage::{Border, Storage};

/// Division by the norm of the channels.
#[derive(Clone, Debug, PartialEq)]
pub struct L2Normalize {
    /// The least norm that is divided by.
    pub eps: f64,
}

impl Operator for L2Normalize {
    fn declare(arguments: &mut Arguments<'_>) -> Self {
        Self {
            eps: arguments.positive_or("eps", 1e-12),
        }
    }

    /// Any shape stays.
    fn infer(&self, call: &Application<'_>) -> Result<Vec<usize>, String> {
        Ok(call.inputs[0].shape.to_vec())
    }

    fn pace(&self, timing: &Timing<'_>) -> Result<Pace, String> {
        timing.features()
    }

    /// A multiply-add and a product.
    fn flops(&self, _: &[&[usize]], output: &[usize]) -> u64 {
        flops(3, output)
    }
}

impl L2Normalize {
    fn units(&self) -> Units {
        Units {
            unit: Unit::Channels,
            norm: rt::NORM_LENGTH,
            kept: 1,
            eps: self.eps,
            affine: 0,
            learns: false,
        }
    }
}

by_units!(L2Normalize);
