//! A copy into another storage, inserted by the layout pass where a kernel cannot read what another wrote.

use super::copying::Region;
use super::lower::Lower;
use super::operator::{Application, Operator};
use crate::arguments::Arguments;
use crate::site::{Operand, Site};

/// The same numbers in the same shape, stored anew.
#[derive(Clone, Debug, PartialEq)]
pub struct Repack;

impl Operator for Repack {
    fn declare(_: &mut Arguments<'_>) -> Self {
        Self
    }

    fn infer(&self, call: &Application<'_>) -> Result<Vec<usize>, String> {
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

    fn is_copy(&self) -> bool {
        true
    }

    fn regions(&self, site: &Site<'_>) -> Vec<Region> {
        vec![Region::whole(site.input(0), site.output())]
    }
}
