//! The calls of normalisations of each sample by itself over groups of its channels.

use crate::call::{Argument, Call, Form, Gradient, Join, Size, Slot, Term};
use crate::ops::{activation, batch_norm, image};
use crate::rt::kernels;
use crate::site::{Activation, Normal, Operand, Site};
use crate::storage::{self, Border, LANES, Storage};

kernels! {
    FORWARD = group_norm::forward(s, x, affine, out y, out statistics, pixels, groups, eps);
    SUMS = group_norm::sums(s, x, dy, statistics, affine, out sums, pixels, groups);
    BACKWARD = group_norm::backward(s, x, dy, statistics, sums, affine, add dx, pixels);
}

/// What forward keeps of each sample, and the sums of its deltas.
pub const STATISTICS: Slot = Slot::Own("statistics");
const SUMS_OF: Slot = Slot::Own("sums");

/// A normalisation over groups of channels.
#[derive(Clone, Copy, Debug)]
pub struct Groups {
    /// How many there are; by default each channel is one.
    pub groups: Option<usize>,
    /// What is added to the variance.
    pub eps: f64,
    /// Whether there are a weight and a bias.
    pub affine: bool,
    /// Whether they are learnt.
    pub learns: bool,
    /// Whether variances are kept for running statistics.
    pub tracks: bool,
}

/// Channels lie in whole blocks.
pub fn accepts(operand: Operand<'_>) -> bool {
    operand.storage.shape == image::as_image(operand.shape)
        && match operand.storage.form {
            storage::Form::Flat => operand.shape.len() == 1,
            storage::Form::Steps | storage::Form::Image(_) => true,
            storage::Form::Planar(_) => false,
        }
}

/// What an operand is copied into that is not accepted.
pub fn wants(operand: Operand<'_>, border: Border) -> Storage {
    Storage::natural(&image::as_image(operand.shape), border)
}

/// Blocks of the statistics of a sample, of so many panels.
pub fn statistics(panels: usize, tracks: bool) -> Form {
    Form::Scratch(if tracks { 4 * panels } else { 3 * panels })
}

impl Groups {
    fn panels(site: &Site<'_>) -> usize {
        image::channels(site.input_shape(0)).div_ceil(LANES)
    }

    fn groups(&self, site: &Site<'_>) -> Argument<Slot> {
        let channels = image::channels(site.input_shape(0));
        Argument::Number(self.groups.unwrap_or(channels))
    }

    fn affine(&self, panels: usize) -> Argument<Slot> {
        let normal = Normal {
            affine: self.affine,
            eps: self.eps,
            panels,
        };
        batch_norm::affine(normal, 0)
    }

    /// y = f(g x^ + b), and what backward needs.
    pub fn forward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let panels = Self::panels(site);
        vec![
            Call::of(&FORWARD, [Size::Isa, site.activation.into()])
                .read("x", Slot::Input(0), Form::Blocks)
                .with("affine", self.affine(panels))
                .write("y", Slot::Output, Form::Blocks)
                .write("statistics", STATISTICS, statistics(panels, self.tracks))
                .with("pixels", image::pixels(site.input(0)))
                .with("groups", self.groups(site))
                .with("eps", Argument::Float(self.eps as f32)),
        ]
    }

    /// The delta before the activation, in place, unless it follows from x; each sample's sums, which are the terms of
    /// what is learnt; and dx.
    pub fn backward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let panels = Self::panels(site);
        let (through, passes) = match site.activation.is_straight {
            true => (None, site.activation),
            false => (activation::through(site), Activation::IDENTITY),
        };
        let passes = Size::from(passes);
        let (statistics, sums) = (statistics(panels, self.tracks), Form::Scratch(4 * panels));
        let over = |call: Call<Slot>| {
            call.read("x", Slot::Input(0), Form::Blocks)
                .read("dy", Slot::Delta, Form::Blocks)
                .read("statistics", STATISTICS, statistics)
        };
        let down = |add: bool| {
            over(Call::of(&BACKWARD, [Size::Isa, passes.clone(), Size::Adds]))
                .read("sums", SUMS_OF, sums)
                .with("affine", self.affine(panels))
                .add("dx", Slot::InputDelta(0), add, Form::Blocks)
                .with("pixels", image::pixels(site.input(0)))
        };
        let summed = (self.learns || site.wants_deltas()).then(|| {
            over(Call::of(&SUMS, [Size::Isa, passes.clone()]))
                .with("affine", self.affine(panels))
                .write("sums", SUMS_OF, sums)
                .with("pixels", image::pixels(site.input(0)))
                .with("groups", self.groups(site))
        });
        let calls = through.into_iter().chain(summed);
        calls.chain(site.adds(0).map(down)).collect()
    }

    /// The gradient of the weight, or of the bias.
    pub fn update(&self, site: &Site<'_>, index: usize) -> Gradient<Slot> {
        let panels = Self::panels(site);
        // The sums of d x^ stand behind those of d.
        let first = if index == 0 { panels } else { 0 };
        Gradient {
            kernel: &batch_norm::GRADIENT,
            sizes: vec![Size::Isa, (4 * panels).into(), first.into()],
            terms: vec![Term::of(1, [("sums", SUMS_OF, Form::row(4 * panels))])],
            join: Join::Chain,
        }
    }
}
