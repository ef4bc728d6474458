//! The learnt state before the first step of a recurrence: a part of a layer, which nobody declares.

use super::levels::Learnt;
use super::lower::Lower;
use super::operator::{Application, Operator};
use super::{dense, parameter};
use crate::arguments::Arguments;
use crate::call::{Argument, Call, Form, Gradient, Size, Slot};
use crate::pace::{Pace, Timing};
use crate::packing::Packing;
use crate::parameter::Parameter;
use crate::rt::kernels;
use crate::site::{Operand, Site};
use crate::storage::{LANES, Storage};

kernels! {
    INFER = recurrent::initial(s, state, out y);
}

/// The same numbers for every sample. Its operand says where in a network it stands; none of it is read.
#[derive(Clone, Debug, PartialEq)]
pub struct Initial {
    /// The parameter.
    pub learnt: Learnt,
}

impl Initial {
    fn blocks(&self) -> usize {
        self.learnt.units.div_ceil(LANES)
    }
}

impl Operator for Initial {
    fn declare(_: &mut Arguments<'_>) -> Self {
        let course = parameter::Course {
            rate: 1.0,
            frozen: false,
        };
        let learnt = Learnt {
            name: String::new(),
            units: 1,
            course,
        };
        Self { learnt }
    }

    fn infer(&self, _: &Application<'_>) -> Result<Vec<usize>, String> {
        Ok(vec![1, self.learnt.units])
    }

    /// It reads nothing of what runs.
    fn pace(&self, _: &Timing<'_>) -> Result<Pace, String> {
        Ok(Pace::Still)
    }

    fn parameters(&self, _: &[&[usize]]) -> Vec<Parameter> {
        let Learnt {
            name,
            units,
            course,
        } = &self.learnt;
        course.of(vec![parameter::learnt(name, vec![*units], 0.0)])
    }

    fn flops(&self, _: &[&[usize]], _: &[usize]) -> u64 {
        0
    }
}

impl Lower for Initial {
    fn accepts(&self, _: Operand<'_>) -> bool {
        true
    }

    fn reads_floats(&self, _: usize, _: &[usize]) -> bool {
        true
    }

    fn packing(&self, _: &[&Storage], _: &[usize]) -> Vec<Packing> {
        vec![Packing::bias(self.learnt.units)]
    }

    fn infer(&self, _: &Site<'_>) -> Vec<Call<Slot>> {
        let blocks = self.blocks();
        let state = Argument::read(Slot::Parameter(0), Form::Cells(blocks));
        let call = Call::of(&INFER, [Size::Isa, blocks.into()]).with("state", state);
        vec![call.write("y", Slot::Output, Form::row(blocks))]
    }

    /// What it reads has its delta from whoever reads it, too.
    fn backward(&self, _: &Site<'_>) -> Vec<Call<Slot>> {
        Vec::new()
    }

    fn update(&self, _: &Site<'_>, _: usize) -> Option<Gradient<Slot>> {
        Some(dense::bias_gradient(self.blocks(), 1, Slot::Delta))
    }
}
