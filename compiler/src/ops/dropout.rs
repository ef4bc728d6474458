//! `Dropout(p)`: while training, zeroes each number with probability p and scales the others by 1 / (1 - p)
//! (Srivastava et al. 2014), as `torch.nn.Dropout`; otherwise it does nothing.

use super::lower::Lower;
use super::operator::{Application, Operator};
use crate::arguments::Arguments;
use crate::call::Call;
use crate::call::{Argument, Form, Size, Slot};
use crate::rt::kernels;
use crate::site::{Operand, Site};

kernels! {
    FORWARD = dropout::forward(s, x, out y, blocks_per_sample, p, key);
    BACKWARD = dropout::backward(s, dy, add dx, blocks_per_sample, p, key);
}

/// Zeroes at random while training.
#[derive(Clone, Debug, PartialEq)]
pub struct Dropout {
    /// The probability of a zero, from 0 to 1.
    pub p: f64,
}

impl Operator for Dropout {
    fn declare(arguments: &mut Arguments<'_>) -> Self {
        Self {
            p: arguments.probability("p"),
        }
    }

    /// Any shape stays.
    fn infer(&self, call: &Application<'_>) -> Result<Vec<usize>, String> {
        Ok(call.inputs[0].shape.to_vec())
    }

    fn flops(&self, _inputs: &[&[usize]], _output: &[usize]) -> u64 {
        0
    }
}

impl Lower for Dropout {
    fn only_trains(&self) -> bool {
        true
    }

    fn keeps_storage(&self) -> bool {
        true
    }

    fn accepts(&self, _: Operand<'_>) -> bool {
        true
    }

    fn forward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let call = Call::of(&FORWARD, [Size::Isa])
            .read("x", Slot::Input(0), Form::Blocks)
            .write("y", Slot::Output, Form::Blocks);
        vec![self.masked(call, site)]
    }

    /// The mask is drawn again, so nothing was saved.
    fn backward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let down = |add: bool| {
            let dx = Slot::InputDelta(0);
            let call = Call::of(&BACKWARD, [Size::Isa, Size::Adds])
                .read("dy", Slot::Delta, Form::Blocks)
                .add("dx", dx, add, Form::Blocks);
            self.masked(call, site)
        };
        site.adds(0).map(down).into_iter().collect()
    }
}

impl Dropout {
    /// Gives a call what the mask is a function of.
    fn masked(&self, call: Call<Slot>, site: &Site<'_>) -> Call<Slot> {
        let layer = site.index as u32;
        call.with(
            "blocks_per_sample",
            Argument::Number(site.output().blocks()),
        )
        .with("p", Argument::Float(self.p as f32))
        .with("key", Argument::Key { layer })
    }
}
