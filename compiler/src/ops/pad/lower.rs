//! The back end of padding: which storages it reads and writes, and how its kernels are told of them.

use super::{Amount, Pad};
use crate::call::{Argument, Call, Form, Size, Slot};
use crate::ops::image;
use crate::ops::lower::Lower;
use crate::ops::padding_mode::Mode;
use crate::ops::window::Padding;
use crate::rt::{self, kernels};
use crate::site::{Operand, Site};
use crate::storage::{self, Axis, Border, Storage};

kernels! {
    FORWARD = pad::forward(s, x, out y, frame, mode);
    BACKWARD = pad::backward(s, dy, add dx, frame, mode, add);
}

impl Pad {
    /// Whether a tensor to which nothing flows back is read in the caller's order, and written in that which a convolution
    /// reads.
    fn is_planar(&self, shape: &[usize]) -> bool {
        match shape.len() {
            3 => image::few(shape),
            2 => image::few(shape) && matches!(self.amount, Amount::Before(_)),
            _ => false,
        }
    }

    /// What the kernels are told of a sample, whose operand has so many floats.
    fn frame(&self, site: &Site<'_>, floats: usize) -> Argument<Slot> {
        let (x, y) = (site.input(0), site.output());
        let shape = site.input_shape(0);
        let Padding {
            top,
            bottom,
            left,
            right,
        } = self.padding_on(shape).unwrap_or(Padding::NONE);
        let (of_x, of_y) = (Strides::of(x), Strides::of(y));
        let [channels, rows, columns] = of_x.sizes;
        // Channels that are neighbours are copied as one.
        let runs = of_x.strides[0] == 1 && of_y.strides[0] == 1;
        let (planes, run) = if runs { (1, channels) } else { (channels, 1) };
        let grid = |sample: usize, lies: &Strides| {
            let [plane, row, column] = lies.strides;
            let numbers = [
                ("sample", sample),
                ("first", lies.first),
                ("plane", plane),
                ("row", row),
                ("column", column),
            ];
            let number = |(name, number)| (name, Argument::Number(number));
            Argument::Record(rt::PAD_GRID, numbers.map(number).into())
        };
        let numbers = [
            ("planes", planes),
            ("rows", rows),
            ("columns", columns),
            ("run", run),
            ("top", top),
            ("bottom", bottom),
            ("left", left),
            ("right", right),
        ];
        let number = |(name, number)| (name, Argument::Number(number));
        let mut fields: Vec<_> = numbers.map(number).into();
        fields.push(("x", grid(floats, &of_x)));
        fields.push(("y", grid(y.floats(), &of_y)));
        Argument::Record(rt::PAD_FRAME, fields)
    }

    fn mode(&self) -> Argument<Slot> {
        let (path, value) = match self.mode {
            Mode::Constant(value) => (rt::PAD_CONSTANT, vec![Argument::Float(value)]),
            Mode::Reflect => (rt::PAD_REFLECT, Vec::new()),
            Mode::Replicate => (rt::PAD_REPLICATE, Vec::new()),
            Mode::Circular => (rt::PAD_CIRCULAR, Vec::new()),
        };
        Argument::Variant(path, value)
    }
}

/// Where the numbers of a tensor lie as channels, rows and columns: a sequence is one row of steps, a vector one of numbers.
struct Strides {
    first: usize,
    sizes: [usize; 3],
    strides: [usize; 3],
}

impl Strides {
    fn of(storage: &Storage) -> Self {
        let (first, axes) = storage.axes();
        let one = |stride| Axis { size: 1, stride };
        let axes = match axes[..] {
            [channels, height, width] => [channels, height, width],
            [steps, features] => [features, one(0), steps],
            [numbers] => [one(1), one(0), numbers],
            _ => unreachable!("shape rules let no other tensors pass"),
        };
        Self {
            first,
            sizes: axes.map(|axis| axis.size),
            strides: axes.map(|axis| axis.stride),
        }
    }
}

impl Lower for Pad {
    /// Flat memory is read as it lies: steps row by row, and images by planes where these are few.
    fn accepts(&self, operand: Operand<'_>) -> bool {
        let planes = !operand.learns;
        operand.storage.shape == operand.shape
            && match operand.storage.form {
                storage::Form::Image(_) | storage::Form::Steps => true,
                storage::Form::Flat if self.is_planar(operand.shape) => planes,
                storage::Form::Flat => operand.shape.len() < 3,
                storage::Form::Planar(_) => planes && self.is_planar(operand.shape),
            }
    }

    fn gives(&self, inputs: &[&Storage], shape: &[usize], border: Border) -> Storage {
        let reads_planes = match inputs[0].form {
            storage::Form::Flat | storage::Form::Planar(_) => self.is_planar(&inputs[0].shape),
            storage::Form::Steps | storage::Form::Image(_) => false,
        };
        match reads_planes {
            true => Storage {
                shape: shape.to_vec(),
                form: storage::Form::Planar(border),
            },
            false => Storage::natural(shape, border),
        }
    }

    /// What is stored flat, which inputs are.
    fn reads_floats(&self, operand: usize, shape: &[usize]) -> bool {
        operand == 0 && (shape.len() < 3 || self.is_planar(shape))
    }

    fn infer(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let floats = site.sample_floats(0);
        vec![
            Call::of(&FORWARD, [Size::Isa, Size::Number(floats)])
                .read("x", Slot::Input(0), Form::row_of_floats(floats))
                .write("y", Slot::Output, Form::Blocks)
                .with("frame", self.frame(site, floats))
                .with("mode", self.mode()),
        ]
    }

    fn backward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let down = |add: bool| {
            Call::of(&BACKWARD, [Size::Isa])
                .read("dy", Slot::Delta, Form::Blocks)
                .add("dx", Slot::InputDelta(0), add, Form::Blocks)
                .with("frame", self.frame(site, site.input(0).floats()))
                .with("mode", self.mode())
                .with("add", Argument::Adds)
        };
        site.adds(0).map(down).into_iter().collect()
    }
}
