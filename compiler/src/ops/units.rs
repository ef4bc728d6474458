//! What normalisations of each sample by itself over its last axes, or over its channels, have in common: the units
//! that they normalise, and the calls.
//!
//! A unit is a pixel with its channels or a whole sample, as kernels see them. What is neither is copied into rows, one
//! for each unit: the numbers `[8, 28, 28]` of an image, normalised over `[28, 28]`, into 8 rows of 784.

use super::{activation, batch_norm::GRADIENT, image};
use crate::call::{Argument, Call, Form, Gradient, Join, Size, Slot, Term};
use crate::packing::{PackedAxis, Packing};
use crate::rt::{self, Path, kernels};
use crate::site::{Operand, Site};
use crate::storage::{self, Border, LANES, Storage, padded};

kernels! {
    INFER = layer_norm::infer(s, x, affine, out y, pixels, rule);
    FORWARD = layer_norm::forward(s, x, affine, out y, out statistics, pixels, rule);
    SUMS = layer_norm::sums(s, x, dy, statistics, out sums, pixels, rule, kinds);
    BACKWARD = layer_norm::backward(s, x, dy, statistics, weight, add dx, pixels, rule);
}

/// Most units of a sample whose terms of a gradient are one sum.
const POSITIONS: usize = 4096;

/// What forward keeps of each unit, and what a sample adds to gradients.
const STATISTICS: Slot = Slot::Own("statistics");
const SUMS_OF: Slot = Slot::Own("sums");

/// Which numbers of a sample are normalised together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Those of so many last axes.
    Last(usize),
    /// Those of a pixel of an image; those of a step or a vector.
    Channels,
}

/// A normalisation of each sample by itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Units {
    /// What is normalised together.
    pub unit: Unit,
    /// What units are brought to.
    pub norm: Path,
    /// How many numbers forward keeps of a unit.
    pub kept: usize,
    /// Added to the variance or the mean square; the least norm.
    pub eps: f64,
    /// How many tensors are applied to the result: none, a weight, or a weight and a bias.
    pub affine: usize,
    /// Whether these are learnt.
    pub learns: bool,
}

/// How units lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lies {
    /// Each is a pixel.
    Pixels,
    /// It is the whole sample, an image or a sequence.
    Whole,
    /// Each is a row of so many numbers of a storage that is made for it.
    Rows(usize),
}

impl Units {
    fn lies(&self, shape: &[usize]) -> Lies {
        let numbers = |axes: usize| shape[shape.len().saturating_sub(axes)..].iter().product();
        match (self.unit, shape.len()) {
            (Unit::Channels, _) | (Unit::Last(1), 1 | 2) => Lies::Pixels,
            (Unit::Last(2), 2) | (Unit::Last(3), 3) => Lies::Whole,
            (Unit::Last(axes), _) => Lies::Rows(numbers(axes)),
        }
    }

    /// The storage of rows.
    fn rows(shape: &[usize], numbers: usize) -> Storage {
        let all: usize = shape.iter().product();
        Storage {
            shape: vec![all / numbers.max(1), numbers],
            form: storage::Form::Steps,
        }
    }

    /// Channels lie in whole blocks.
    pub fn accepts(&self, operand: Operand<'_>) -> bool {
        let (storage, shape) = (operand.storage, operand.shape);
        match (self.lies(shape), storage.form) {
            (Lies::Rows(numbers), _) => *storage == Self::rows(shape, numbers),
            (_, storage::Form::Flat) => shape.len() == 1 && storage.shape == shape,
            (_, storage::Form::Steps | storage::Form::Image(_)) => {
                storage.shape == image::as_image(shape)
            }
            (_, storage::Form::Planar(_)) => false,
        }
    }

    /// What an operand is copied into that is not accepted.
    pub fn wants(&self, operand: Operand<'_>, border: Border) -> Storage {
        match self.lies(operand.shape) {
            Lies::Rows(numbers) => Self::rows(operand.shape, numbers),
            Lies::Pixels | Lies::Whole => Storage::natural(&image::as_image(operand.shape), border),
        }
    }

    /// Weight and bias lie like the numbers of a unit.
    pub fn packing(&self, input: &Storage, shape: &[usize]) -> Vec<Packing> {
        let packing = match self.lies(shape) {
            Lies::Rows(numbers) => Packing::bias(numbers),
            Lies::Pixels => Packing::bias(channels(input)),
            Lies::Whole => whole(shape),
        };
        vec![packing; self.affine]
    }

    /// Units of a sample, and blocks of each, without the border.
    fn sizes(&self, site: &Site<'_>) -> [usize; 2] {
        let panels = channels(site.input(0)).div_ceil(LANES);
        let pixels = site.input_shape(0).iter().product::<usize>() / channels(site.input(0));
        match self.lies(site.input_shape(0)) {
            Lies::Whole => [1, pixels * panels],
            Lies::Pixels | Lies::Rows(_) => [pixels, panels],
        }
    }

    /// How the kernels are told what to do.
    fn rule(&self, site: &Site<'_>) -> Argument<Slot> {
        let whole = self.lies(site.input_shape(0)) == Lies::Whole;
        let parts = vec![
            ("norm", Argument::Variant(self.norm, Vec::new())),
            ("whole", Argument::Flag(whole)),
            ("eps", Argument::Float(self.eps as f32)),
        ];
        Argument::Record(rt::LAYER_NORM_RULE, parts)
    }

    /// A tensor that is applied to the result, if there are so many.
    fn part(&self, index: usize, blocks: usize) -> Argument<Slot> {
        match index < self.affine {
            true => Argument::read(Slot::Parameter(index), Form::Cells(blocks)),
            false => Argument::List(Vec::new()),
        }
    }

    fn affine(&self, blocks: usize) -> Argument<Slot> {
        let parts = ["weight", "bias"].into_iter().enumerate();
        let parts = parts.map(|(index, name)| (name, self.part(index, blocks)));
        Argument::Record(rt::LAYER_NORM_AFFINE, parts.collect())
    }

    /// y = f(g x^ + b).
    pub fn infer(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let [_, blocks] = self.sizes(site);
        vec![
            Call::of(&INFER, [Size::Isa, site.activation.into()])
                .read("x", Slot::Input(0), Form::Blocks)
                .with("affine", self.affine(blocks))
                .write("y", Slot::Output, Form::Blocks)
                .with("pixels", image::pixels(site.input(0)))
                .with("rule", self.rule(site)),
        ]
    }

    /// The same, and what backward needs of each unit.
    pub fn forward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let [units, blocks] = self.sizes(site);
        vec![
            Call::of(&FORWARD, [Size::Isa, site.activation.into()])
                .read("x", Slot::Input(0), Form::Blocks)
                .with("affine", self.affine(blocks))
                .write("y", Slot::Output, Form::Blocks)
                .write("statistics", STATISTICS, self.statistics(units))
                .with("pixels", image::pixels(site.input(0)))
                .with("rule", self.rule(site)),
        ]
    }

    /// What is kept of the units of a sample.
    fn statistics(&self, units: usize) -> Form {
        Form::Scratch((units * self.kept).div_ceil(LANES))
    }

    /// The delta before the activation, in place; then the terms of gradients, and dx.
    pub fn backward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let [units, blocks] = self.sizes(site);
        let over = |call: Call<Slot>| {
            call.read("x", Slot::Input(0), Form::Blocks)
                .read("dy", Slot::Delta, Form::Blocks)
                .read("statistics", STATISTICS, self.statistics(units))
        };
        let sums = (self.learns && self.affine > 0).then(|| {
            let sums = units.div_ceil(POSITIONS) * self.affine * blocks;
            over(Call::of(&SUMS, [Size::Isa]))
                .write("sums", SUMS_OF, Form::Scratch(sums))
                .with("pixels", image::pixels(site.input(0)))
                .with("rule", self.rule(site))
                .with("kinds", Argument::Number(self.affine))
        });
        let down = |add: bool| {
            over(Call::of(&BACKWARD, [Size::Isa, Size::Adds]))
                .with("weight", self.part(0, blocks))
                .add("dx", Slot::InputDelta(0), add, Form::Blocks)
                .with("pixels", image::pixels(site.input(0)))
                .with("rule", self.rule(site))
        };
        let through = activation::through(site).into_iter();
        through.chain(sums).chain(site.adds(0).map(down)).collect()
    }

    /// The gradient of the weight, or of the bias.
    pub fn update(&self, site: &Site<'_>, index: usize) -> Gradient<Slot> {
        let [units, blocks] = self.sizes(site);
        let (rows, both) = (units.div_ceil(POSITIONS), self.affine * blocks);
        let sums = Form::Rows { rows, blocks: both };
        Gradient {
            kernel: &GRADIENT,
            sizes: vec![Size::Isa, both.into(), (index * blocks).into()],
            terms: vec![Term::of(rows, [("sums", SUMS_OF, sums)])],
            join: Join::Chain,
        }
    }
}

/// Channels of a storage of whole blocks.
fn channels(storage: &Storage) -> usize {
    image::of(storage).shape[0]
}

/// A tensor of a sample's shape that lies like the sample without its border.
fn whole(shape: &[usize]) -> Packing {
    let (axes, pixels, channels) = match *shape {
        [channels, height, width] => {
            let pixel = padded(channels);
            let rows = PackedAxis::plain(height, width * pixel);
            let columns = PackedAxis::plain(width, pixel);
            let axes = vec![PackedAxis::lanes(channels, 1), rows, columns];
            (axes, height * width, channels)
        }
        [steps, features] => {
            let rows = PackedAxis::plain(steps, padded(features));
            let axes = vec![rows, PackedAxis::lanes(features, 1)];
            (axes, steps, features)
        }
        _ => return Packing::bias(shape.iter().product()),
    };
    Packing {
        offset: 0,
        axes,
        blocks: pixels * channels.div_ceil(LANES),
    }
}
