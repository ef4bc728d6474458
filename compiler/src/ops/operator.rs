//! What every layer and operator is: its arguments, its shape rule, its parameters.

use super::levels::{Asked, Levels};
use super::padding_mode::Mode;
use crate::{
    arguments::Arguments,
    element::Element,
    pace::{Pace, Timing},
    parameter::Parameter,
};

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

    /// The levels that one application of it becomes, with parameters of their own, each taking what the one before gives:
    /// itself alone, unless it is a stack of them.
    fn levels(&self, asked: Asked<'_>) -> Levels<Self>
    where
        Self: Clone,
    {
        let _ = asked;
        Levels::one(self.clone())
    }

    /// How many states it has between steps, which it takes as further operands and gives as further results.
    fn states(&self) -> usize {
        0
    }

    /// Whether it learns them, where they are not given.
    fn learns_states(&self) -> bool {
        false
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

    /// The rule in time: how the steps of its result follow from those of its operands, at least one of which is a sequence.
    /// An error says what it does that a stream cannot, and a repair.
    fn pace(&self, timing: &Timing<'_>) -> Result<Pace, String> {
        timing.refused("works on whole sequences", "leave it out")
    }

    /// Itself as it answers the frames of a step, which stand alone: what it knows of those before, it keeps.
    fn framed(&self) -> Self
    where
        Self: Clone,
    {
        self.clone()
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
