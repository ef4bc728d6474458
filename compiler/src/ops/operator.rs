//! What every layer and operator is: its arguments, its shape rule, its parameters.

use super::padding_mode::Mode;
use crate::{arguments::Arguments, element::Element, parameter::Parameter};

/// An operand as shape rules see it.
#[derive(Clone, Copy)]
pub struct Feed<'a> {
    /// What gives it: an input or a layer, as messages call it.
    pub from: &'a str,
    /// Its shape.
    pub shape: &'a [usize],
    /// What its numbers are.
    pub element: Element,
}

/// One application as shape rules see it.
#[derive(Clone, Copy)]
pub struct Application<'a> {
    /// What messages call the layer: its name, or its kind where it has none.
    pub layer: &'a str,
    /// Operands in order.
    pub inputs: &'a [Feed<'a>],
}

/// What every layer and operator is: its arguments, its shape rule, its parameters.
pub trait Operator: Sized {
    /// Reads the declared arguments; `Arguments` collects what is wrong with them and gives stand-ins.
    fn declare(arguments: &mut Arguments<'_>) -> Self;

    /// How many operands it takes: at least and at most.
    fn arity(&self) -> (usize, usize) {
        (1, 1)
    }

    /// Whether it may be given the number of steps that it reads, as `length = n`: a last operand, a `u32`.
    fn takes_length(&self) -> bool {
        false
    }

    /// The operators that one application of it becomes, each taking what the one before gives: itself alone, unless
    /// it is a stack of levels with parameters of their own.
    fn levels(&self) -> Vec<Self>
    where
        Self: Clone,
    {
        vec![self.clone()]
    }

    /// With what it pads what it reads, if that is a level of its own: then itself as it pads by zeros, and without
    /// padding.
    fn padded_first(&self) -> Option<(Mode, Self, Self)> {
        None
    }

    /// Whether a step of what it gives depends on the steps before it.
    fn remembers(&self) -> bool {
        false
    }

    /// The least and the greatest index that it takes as an operand, for operands of these shapes, if it takes indices
    /// there and no numbers.
    fn tokens(&self, operand: usize, inputs: &[&[usize]]) -> Option<[u32; 2]> {
        let _ = (operand, inputs);
        None
    }

    /// Whether it needs weights in panels that it shares with other applications of its layer, which take them so.
    fn needs_panels(&self) -> bool {
        false
    }

    /// From here on its weights lie in panels.
    fn take_panels(&mut self) {}

    /// The shape rule. An error says expected, found and a repair.
    fn infer(&self, call: &Application<'_>) -> Result<Vec<usize>, String>;

    /// How the size of its result along an axis comes about, as in `height is (28 + 2 * 0 - 3) / 2 + 1 = 13`, if windows
    /// or factors make it.
    fn arithmetic(&self, inputs: &[&[usize]], axis: usize) -> Option<String> {
        let _ = (inputs, axis);
        None
    }

    /// Takes notice of its operands' shapes, which the back end depends on.
    fn settle(&mut self, inputs: &[&[usize]]) {
        let _ = inputs;
    }

    /// What it learns, for operands of these shapes.
    fn parameters(&self, inputs: &[&[usize]]) -> Vec<Parameter> {
        let _ = inputs;
        Vec::new()
    }

    /// Floating-point operations of one sample's forward pass, a multiply-add counted as two.
    fn flops(&self, inputs: &[&[usize]], output: &[usize]) -> u64 {
        let _ = inputs;
        output.iter().product::<usize>() as u64
    }
}
