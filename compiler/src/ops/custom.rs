//! `crate::Gain(weight: [64], init = .., saved = [64]) -> [64]`: a layer of the user's own, a type that is named by its path.
//!
//! Its shapes and parameters are what the declaration states, for a macro cannot run a user's code; that the type is such a
//! layer is rustc's to check. Its arrays are row-major and without gaps, so that operands and result are flat. Backward leaves
//! each sample's gradient of a parameter in a buffer, whose rows are summed as those of a bias are.

use super::dense::bias_gradient;
use super::lower::Lower;
use super::operator::{Application, Operator};
use super::pair::TERM_BACKWARD;
use crate::arguments::Arguments;
use crate::call::{Access, Argument, Call, Form, Gradient, Size, Slot, UserType, View};
use crate::packing::{PackedAxis, Packing};
use crate::parameter::Parameter;
use crate::rt::kernels;
use crate::site::{Operand, Site};
use crate::storage::{Border, LANES, Storage};

kernels! {
    FORWARD = custom::forward(s, x, parameters, out y, out kept);
    BACKWARD = custom::backward(s, x, parameters, y, kept, dy, out dx, out dp);
}

/// The most inputs, and the most parameters.
pub const PARTS: usize = 6;

/// Deltas of inputs that others add to, by operand.
const SLOPES: [&str; PARTS] = ["slope0", "slope1", "slope2", "slope3", "slope4", "slope5"];

/// Each sample's gradients of parameters.
const GRADIENTS: [&str; PARTS] = [
    "gradient0",
    "gradient1",
    "gradient2",
    "gradient3",
    "gradient4",
    "gradient5",
];

/// What is kept for backward.
const KEPT: &str = "kept";

/// A layer of the user's own.
#[derive(Clone, Debug, PartialEq)]
pub struct Custom {
    /// The type that it is.
    pub layer: UserType,
    /// What it learns, in the order of the declaration.
    pub parameters: Vec<Parameter>,
    /// What it keeps from forward for backward.
    pub saved: Option<Vec<usize>>,
    /// The output that is stated.
    pub output: Vec<usize>,
}

impl Operator for Custom {
    /// It is declared by its path, which has arguments of its own.
    fn declare(_: &mut Arguments<'_>) -> Self {
        unreachable!("a layer of one's own is no kind of the table")
    }

    fn arity(&self) -> (usize, usize) {
        (1, PARTS)
    }

    fn infer(&self, _: &Application<'_>) -> Result<Vec<usize>, String> {
        Ok(self.output.clone())
    }

    fn parameters(&self, _: &[&[usize]]) -> Vec<Parameter> {
        self.parameters.clone()
    }

    /// What it reads and writes, of which nobody knows what becomes.
    fn flops(&self, inputs: &[&[usize]], output: &[usize]) -> u64 {
        let volume = |shape: &[usize]| {
            let sizes = shape.iter();
            sizes.fold(1_u64, |all, &size| all.saturating_mul(size as u64))
        };
        let weights = self.parameters.iter().map(|it| volume(&it.shape));
        let read = weights.chain(inputs.iter().map(|shape| volume(shape)));
        read.fold(volume(output), u64::saturating_add)
    }
}

/// Blocks of an array without gaps.
fn blocks(shape: &[usize]) -> usize {
    shape.iter().product::<usize>().div_ceil(LANES)
}

/// Memory of several arrays.
fn several(views: impl Iterator<Item = (Slot, Access, Form)>) -> Argument<Slot> {
    let view = |(memory, access, form)| {
        Argument::View(View {
            memory,
            access,
            form,
        })
    };
    Argument::Tuple(views.map(view).collect())
}

impl Custom {
    /// What the kernels are compiled for: the layer, and the arrays that it takes and gives.
    fn sizes(&self, site: &Site<'_>) -> Vec<Size> {
        let inputs = site.inputs.iter().map(|input| input.shape.clone());
        let parameters = self.parameters.iter().map(|it| it.shape.clone());
        vec![
            Size::Isa,
            Size::User(self.layer.clone()),
            Size::Arrays(inputs.collect()),
            Size::Arrays(parameters.collect()),
            Size::Arrays(vec![self.output.clone()]),
            Size::Arrays(self.saved.iter().cloned().collect()),
        ]
    }

    /// What it reads: its inputs and its parameters.
    fn reads(&self, site: &Site<'_>) -> [Argument<Slot>; 2] {
        let inputs = 0..site.inputs.len();
        let inputs = inputs.map(|index| (Slot::Input(index), Access::Read, Form::Blocks));
        let parameters = self.parameters.iter().enumerate();
        let parameters = parameters.map(|(index, parameter)| {
            let form = Form::Cells(blocks(&parameter.shape));
            (Slot::Parameter(index), Access::Read, form)
        });
        [several(inputs), several(parameters)]
    }

    /// What it keeps for backward.
    fn kept(&self, access: Access) -> Argument<Slot> {
        let kept = |shape: &Vec<usize>| (Slot::Own(KEPT), access, Form::Scratch(blocks(shape)));
        several(self.saved.iter().map(kept))
    }
}

impl Lower for Custom {
    /// Arrays are seen as the user's program has them.
    fn accepts(&self, operand: Operand<'_>) -> bool {
        operand.storage.is_compact()
    }

    fn wants(&self, operand: Operand<'_>, _: Border) -> Storage {
        Storage::flat(operand.shape)
    }

    fn gives(&self, _: &[&Storage], shape: &[usize], _: Border) -> Storage {
        Storage::flat(shape)
    }

    fn packing(&self, _: &[&Storage], _: &[usize]) -> Vec<Packing> {
        let packing = |parameter: &Parameter| {
            let (offset, axes) = Storage::flat(&parameter.shape).axes();
            let axes = axes.iter();
            Packing {
                offset,
                axes: axes
                    .map(|axis| PackedAxis::plain(axis.size, axis.stride))
                    .collect(),
                blocks: blocks(&parameter.shape),
            }
        };
        self.parameters.iter().map(packing).collect()
    }

    fn infer(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let [x, parameters] = self.reads(site);
        vec![
            Call::of(&FORWARD, self.sizes(site))
                .with("x", x)
                .with("parameters", parameters)
                .write("y", Slot::Output, Form::Blocks)
                .with("kept", self.kept(Access::Write)),
        ]
    }

    /// A delta to which others have given is left apart, and added.
    fn backward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let alone = |operand: usize| site.adds(operand) == Some(false);
        let dx = site.inputs.iter().enumerate().map(|(operand, input)| {
            let (memory, form) = match alone(operand) {
                true => (Slot::InputDelta(operand), Form::Blocks),
                false => {
                    let form = Form::Scratch(blocks(&input.shape));
                    (Slot::Own(SLOPES[operand]), form)
                }
            };
            (memory, Access::Write, form)
        });
        let dp = self.parameters.iter().zip(GRADIENTS);
        let dp = dp.map(|(parameter, name)| {
            let form = Form::Scratch(blocks(&parameter.shape));
            (Slot::Own(name), Access::Write, form)
        });
        let [x, parameters] = self.reads(site);
        let call = Call::of(&BACKWARD, self.sizes(site))
            .with("x", x)
            .with("parameters", parameters)
            .read("y", Slot::Output, Form::Blocks)
            .with("kept", self.kept(Access::Read))
            .read("dy", Slot::Delta, Form::Blocks)
            .with("dx", several(dx))
            .with("dp", several(dp));
        let added = (0..site.inputs.len()).filter(|&operand| site.adds(operand) == Some(true));
        let added = added.map(|operand| {
            let sizes = [Size::Isa, false.into(), Size::Adds];
            let form = Form::Scratch(blocks(&site.inputs[operand].shape));
            let dx = Slot::InputDelta(operand);
            Call::of(&TERM_BACKWARD, sizes)
                .read("dz", Slot::Own(SLOPES[operand]), form)
                .add("dx", dx, true, Form::Blocks)
        });
        std::iter::once(call).chain(added).collect()
    }

    fn update(&self, _: &Site<'_>, index: usize) -> Option<Gradient<Slot>> {
        let parameter = self.parameters.get(index)?;
        let gradient = Slot::Own(GRADIENTS[index]);
        Some(bias_gradient(blocks(&parameter.shape), 1, gradient))
    }
}
