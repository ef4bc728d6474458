//! A copy into another storage, inserted by the layout pass where a kernel cannot read what another wrote.

use super::copying::Region;
use super::lower::{Geometry, Lower, Operand};
use super::{Call, Operator};
use crate::arguments::Arguments;

/// The same numbers in the same shape, stored anew.
#[derive(Clone, Debug, PartialEq)]
pub struct Repack;

impl Operator for Repack {
    fn declare(_: &mut Arguments<'_>) -> Self {
        Self
    }

    fn infer(&self, call: &Call<'_>) -> Result<Vec<usize>, String> {
        Ok(call.inputs[0].shape.to_vec())
    }

    fn flops(&self, _: &[&[usize]], _: &[usize]) -> u64 {
        0
    }
}

impl Lower for Repack {
    fn accepts(&self, _: Operand<'_>) -> bool {
        true
    }

    fn regions(&self, geometry: &Geometry<'_>) -> Vec<Region> {
        vec![Region::whole(geometry.inputs[0], geometry.output)]
    }
}
