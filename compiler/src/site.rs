//! A site: one application of an operator, with everything placed but memory. It is what the back end of an operator sees.

use crate::ids::ValueId;
use crate::rt::{self, Path};
use crate::storage::{LANES, Storage};

/// An elementwise function, which a kernel can apply to its accumulators.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Activation {
    /// The runtime's type that computes it.
    pub path: Path,
    /// Its parameters, flushed as all numbers are.
    pub numbers: [Option<f32>; 2],
    /// Whether f(0) = 0, so that zeros around a value's elements stay zero.
    pub keeps_zero: bool,
    /// The c and d for which it is min(max(x, c), d), if there are any.
    pub bounds: Option<[f32; 2]>,
    /// Whether it is made of straight pieces: its derivative is found from x as cheaply as from y.
    pub is_straight: bool,
    /// Whether it never decreases and is nowhere undefined, so that the largest number gives the largest result.
    pub rises: bool,
    /// Whether its derivative needs x, and does not follow from y.
    pub reads_input: bool,
}

impl Activation {
    /// x itself.
    pub const IDENTITY: Self = Self {
        bounds: Some([f32::NEG_INFINITY, f32::INFINITY]),
        is_straight: true,
        ..Self::rising(rt::IDENTITY)
    };

    /// One that rises through 0, of which nothing else is known.
    pub const fn rising(path: Path) -> Self {
        Self {
            path,
            numbers: [None; 2],
            keeps_zero: true,
            bounds: None,
            is_straight: false,
            rises: true,
            reads_input: false,
        }
    }

    /// One that does not always rise, so that its derivative needs x.
    pub const fn turning(path: Path) -> Self {
        Self {
            rises: false,
            reads_input: true,
            ..Self::rising(path)
        }
    }

    /// x between two bounds.
    pub fn within(min: f32, max: f32) -> Self {
        Self {
            numbers: [Some(min), Some(max)],
            keeps_zero: min <= 0.0 && max >= 0.0,
            bounds: Some([min, max]),
            is_straight: true,
            ..Self::rising(rt::HARD_TANH)
        }
    }
}

/// Windows whose largest element survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pooling {
    /// Rows and columns of a window.
    pub kernel: (usize, usize),
    /// Rows and columns between windows.
    pub stride: (usize, usize),
    /// Rows and columns of minus infinity around the image.
    pub padding: (usize, usize),
}

/// A normalisation by running statistics, which a contraction can apply to its accumulators.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normal {
    /// Whether a scale and a shift are learnt.
    pub affine: bool,
    /// What is added to the variance.
    pub eps: f64,
    /// Panels of sixteen channels.
    pub panels: usize,
}

/// What inference alone takes into a contraction's registers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Absorbed {
    /// A normalisation, and the slot of its first parameter.
    pub normal: (Normal, usize),
    /// The operand that is added to the normal result, if one is.
    pub residual: Option<usize>,
}

/// A value and how its numbers lie.
#[derive(Clone, Debug)]
pub struct Placed {
    /// What messages call it: an input's name, or the layer or operator that gives it.
    pub name: String,
    /// Sizes in PyTorch's order, channels first.
    pub shape: Vec<usize>,
    /// How its numbers lie.
    pub storage: Storage,
    /// The value whose memory it shares: itself, or what it is a view of.
    pub root: ValueId,
    /// Whether it has a delta: it depends on something learnt, or on an input whose gradient is asked for.
    pub learns: bool,
    /// The least and the greatest index that its readers take, where it is indices.
    pub tokens: Option<[u32; 2]>,
    /// Whether it depends on nothing learnt: its delta is wanted for gradients of inputs alone.
    pub asked: bool,
}

/// One application of an operator.
#[derive(Clone, Debug)]
pub struct Site<'a> {
    /// Its number among those of the network.
    pub index: usize,
    /// How many stages before it draw random bits.
    pub draws: usize,
    /// Operands.
    pub inputs: Vec<&'a Placed>,
    /// The result.
    pub output: &'a Placed,
    /// Applied to the operator's result.
    pub activation: Activation,
    /// Applied after the activation, or before it, which is the same: a pooling is taken behind one that rises alone.
    pub pooling: Option<Pooling>,
    /// What inference takes into the registers besides.
    pub absorbed: Option<Absorbed>,
    /// Whether inference absorbs a normalisation here.
    pub normalised: bool,
    /// Whether each operand is read from the caller's own arrays.
    pub direct: Vec<bool>,
    /// Whether each operand's delta is asked for, and if so whether it is added to what others left. Empty where there is
    /// no backward.
    pub deltas: Vec<Option<bool>>,
}

impl<'a> Site<'a> {
    /// Storage of an operand.
    pub fn input(&self, operand: usize) -> &'a Storage {
        &self.inputs[operand].storage
    }

    /// Shape of an operand.
    pub fn input_shape(&self, operand: usize) -> &'a [usize] {
        &self.inputs[operand].shape
    }

    /// Storage of the result.
    pub fn output(&self) -> &'a Storage {
        &self.output.storage
    }

    /// Shape of the result.
    pub fn output_shape(&self) -> &'a [usize] {
        &self.output.shape
    }

    /// Whether an operand's delta is asked for, and whether it adds to what is there.
    pub fn adds(&self, operand: usize) -> Option<bool> {
        self.deltas.get(operand).copied().flatten()
    }

    /// Whether any operand's delta is asked for.
    pub fn wants_deltas(&self) -> bool {
        self.deltas.iter().any(Option::is_some)
    }

    /// Whether an operand is read from the caller's own arrays.
    fn is_direct(&self, operand: usize) -> bool {
        self.direct.get(operand).copied().unwrap_or(false)
    }

    /// Floats of a whole sample of an operand.
    pub fn sample_floats(&self, operand: usize) -> usize {
        match self.is_direct(operand) {
            true => self.input_shape(operand).iter().product(),
            false => self.input(operand).floats(),
        }
    }

    /// Rows of a sample of an operand, whose last axis is a row.
    pub fn rows(&self, operand: usize) -> usize {
        match self.input_shape(operand) {
            [outer @ .., _] => outer.iter().product(),
            [] => 1,
        }
    }

    /// Floats from row to row of an operand, whose last axis is a row.
    pub fn row_stride(&self, operand: usize) -> usize {
        let storage = self.input(operand);
        match *self.input_shape(operand) {
            // The caller's arrays have no padding, not even behind a lone step.
            [.., features] if self.is_direct(operand) => features,
            [_] => storage.floats(),
            _ => storage
                .rows()
                .map_or(storage.floats(), |(_, stride)| stride),
        }
    }
}

/// An operand as the layout pass offers it.
#[derive(Clone, Copy)]
pub struct Operand<'a> {
    /// Which operand.
    pub index: usize,
    /// Its shape.
    pub shape: &'a [usize],
    /// Its storage.
    pub storage: &'a Storage,
    /// The first operand's storage.
    pub first: &'a Storage,
    /// Whether it depends on something learnt, so that backward writes a delta stored alike.
    pub learns: bool,
    /// Whether another stage applies the same layer, so that the weights must fit both.
    pub shared: bool,
}

impl Operand<'_> {
    /// Whether a sequence lies in rows at one distance, whole blocks apart where a delta is to be written.
    pub fn lies_in_rows(&self) -> bool {
        let aligned = |(_, stride): (usize, usize)| {
            !(self.learns || self.shared) || stride.is_multiple_of(LANES)
        };
        self.storage.shape == self.shape && self.storage.rows().is_some_and(aligned)
    }
}
