//! `BatchNorm`: each channel brought to mean 0 and variance 1 over the batch, then scaled and shifted (Ioffe and Szegedy
//! 2015), as `torch.nn.BatchNorm1d` and `BatchNorm2d`. In inference the mean and the variance are running ones.
//!
//! Channels are the first axis of `[C, H, W]` and the last of `[F]` and `[T, F]`.

mod delta;

use super::operator::{Application, Operator};
use super::{
    image::{self, channels},
    lower::Lower,
    pair,
    parameter::{Course, learnt},
};
use crate::arguments::Arguments;
use crate::call::{Argument, Call, Form, Gradient, Join, Size, Slot, Term};
use crate::pace::{Pace, Timing};
use crate::packing::{PackedAxis, Packing};
use crate::parameter::{Parameter, Role};
use crate::rt::{self, kernels};
use crate::site::{Absorbed, Normal, Operand, Site};
use crate::storage::{LANES, Storage};
use delta::Delta;

kernels! {
    INFER = batch_norm::infer(s, x, running, affine, out y, pixels);
    LINES = batch_norm::lines(s, running, affine, out lines);
    MOMENTS = batch_norm::moments(s, x, out moments, pixels);
    JOIN = batch_norm::join(s, moments, out statistics, pixels, eps);
    FORWARD = batch_norm::forward(s, x, statistics, affine, residual, out y, pixels);
    SUMS = batch_norm::sums(s, x, dy, statistics, affine, out sums, pixels);
    SUMS_APART = batch_norm::sums_apart(s, x, y, dy, statistics, out delta, out sums, pixels);
    MEANS = batch_norm::means(s, sums, out means, pixels);
    BACKWARD = batch_norm::backward(s, x, dy, statistics, means, affine, add dx, pixels);
    GRADIENT = batch_norm::gradient(s, sums, mut stretch);
    FOLLOW = batch_norm::follow(s, statistics, mut mean, mut variance, mut count, momentum);
}

/// Normalisation over the batch.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchNorm {
    /// Channels, where the user states them.
    pub features: Option<usize>,
    /// How far running statistics go towards a batch's.
    pub momentum: f64,
    /// What is added to the variance.
    pub eps: f64,
    /// Whether a scale and a shift are learnt.
    pub affine: bool,
    /// How scale and shift are trained.
    pub course: Course,
}

/// What each sample leaves for the batch: its moments, and the sums of its deltas.
const MOMENTS_OF: Slot = Slot::Own("moments");
const SUMS_OF: Slot = Slot::Own("sums");
/// What the batch's samples have in common: means and deviations, and what their deltas sum up to.
pub const STATISTICS: Slot = Slot::Joint("statistics");
const MEANS_OF: Slot = Slot::Joint("means of deltas");

impl Operator for BatchNorm {
    fn declare(arguments: &mut Arguments<'_>) -> Self {
        let features = (arguments.positional() > 0).then(|| arguments.size("features"));
        Self {
            features: features.or_else(|| arguments.optional_size("features")),
            momentum: arguments.probability_or("momentum", 0.1),
            eps: arguments.positive_or("eps", 1e-5),
            affine: arguments.flag("affine", true),
            course: Course::declare(arguments),
        }
    }

    /// `[F]`, `[T, F]` and `[C, H, W]` stay.
    fn infer(&self, call: &Application<'_>) -> Result<Vec<usize>, String> {
        let feed = call.inputs[0];
        if let [first, rest @ ..] = feed.shape
            && rest.len() > 2
        {
            let numbers = rest.iter().product::<usize>();
            return Err(format!(
                "`{}` takes features, a sequence or an image, but `{}` gives {:?}; \
                 if the first axis counts channels, put `Reshape({first}, 1, {numbers})` before it",
                call.layer, feed.from, feed.shape
            ));
        }
        match self.features {
            Some(stated) if stated != channels(feed.shape) => Err(format!(
                "`{}` is declared for {stated} features, but `{}` gives {:?}, which has {}; \
                 leave the number out and it is inferred",
                call.layer,
                feed.from,
                feed.shape,
                channels(feed.shape)
            )),
            _ => Ok(feed.shape.to_vec()),
        }
    }

    fn pace(&self, timing: &Timing<'_>) -> Result<Pace, String> {
        timing.features()
    }

    /// Scale and shift begin with 1 and 0, the running mean and variance with 0 and 1.
    fn parameters(&self, inputs: &[&[usize]]) -> Vec<Parameter> {
        let shape = vec![channels(inputs[0])];
        let learnt = [
            learnt("weight", shape.clone(), 1.0),
            learnt("bias", shape.clone(), 0.0),
        ];
        let learnt = learnt.into_iter().filter(|_| self.affine);
        self.course
            .of(learnt.chain(followed(&shape, self.momentum)).collect())
    }

    /// A multiply-add for each number.
    fn flops(&self, _: &[&[usize]], output: &[usize]) -> u64 {
        output
            .iter()
            .fold(2, |flops, &size| flops.saturating_mul(size as u64))
    }
}

/// The running statistics of so many channels, and the count of batches.
pub fn followed(shape: &[usize], momentum: f64) -> [Parameter; 3] {
    let tensor = |name: &str, shape: &[usize], role: Role, init: f64| Parameter {
        role,
        ..learnt(name, shape.to_vec(), init)
    };
    let statistic = |is_variance| Role::Statistic {
        momentum,
        is_variance,
    };
    [
        tensor("running_mean", shape, statistic(false), 0.0),
        tensor("running_var", shape, statistic(true), 1.0),
        tensor("num_batches_tracked", &[], Role::Count, 0.0),
    ]
}

impl BatchNorm {
    /// Which of the parameters is the running mean; the running variance and the count come next.
    fn running(&self) -> usize {
        if self.affine { 2 } else { 0 }
    }

    /// What is applied to numbers in inference.
    fn normal(&self, panels: usize) -> Normal {
        Normal {
            affine: self.affine,
            eps: self.eps,
            panels,
        }
    }
}

/// What is learnt, as kernels take it: the parameters from slot `first` on.
pub fn affine(normal: Normal, first: usize) -> Argument<Slot> {
    let part = |index| Argument::read(Slot::Parameter(first + index), Form::Cells(normal.panels));
    match normal.affine {
        true => Argument::Record(
            rt::AFFINE_LEARNT,
            vec![("weight", part(0)), ("bias", part(1))],
        ),
        false => Argument::Variant(rt::AFFINE_FIXED, Vec::new()),
    }
}

/// The running statistics, as kernels take them: behind what is learnt.
fn running(normal: Normal, first: usize) -> Argument<Slot> {
    let first = if normal.affine { first + 2 } else { first };
    let part = |index| Argument::read(Slot::Parameter(first + index), Form::Cells(normal.panels));
    let parts = vec![
        ("mean", part(0)),
        ("variance", part(1)),
        ("eps", Argument::Float(normal.eps as f32)),
    ];
    Argument::Record(rt::RUNNING, parts)
}

/// How a contraction that absorbed a normalisation applies it.
const LINES_OF: Slot = Slot::Own("lines");

/// The call by which a contraction learns how to normalise its sums, and what its kernel is given for it: the lines, and the
/// residual, which it sees in this form.
pub fn absorbed(absorbed: Absorbed, form: Form) -> (Call<Slot>, [Argument<Slot>; 2]) {
    let (normal, first) = absorbed.normal;
    // Those of the call's first sample serve all.
    let lines = Form::Scratch(3 * normal.panels);
    let call = Call::of(&LINES, [Size::Isa])
        .with("running", running(normal, first))
        .with("affine", affine(normal, first))
        .write("lines", LINES_OF, lines);
    let residual = match absorbed.residual {
        Some(operand) => Argument::read(Slot::Input(operand), form),
        None => Argument::List(Vec::new()),
    };
    (call, [Argument::read(LINES_OF, lines), residual])
}

/// Panels of sixteen channels at a site.
fn panels(site: &Site<'_>) -> usize {
    channels(site.input_shape(0)).div_ceil(LANES)
}

impl Lower for BatchNorm {
    fn adds_residual(&self) -> bool {
        true
    }

    fn absorbs_activation(&self) -> bool {
        true
    }

    fn as_normal(&self, shape: &[usize]) -> Option<Normal> {
        Some(self.normal(channels(shape).div_ceil(LANES)))
    }

    fn keeps_storage(&self) -> bool {
        true
    }

    /// Channels lie in whole blocks.
    fn accepts(&self, operand: Operand<'_>) -> bool {
        image::has_pixels(operand)
    }

    fn packing(&self, _: &[&Storage], output: &[usize]) -> Vec<Packing> {
        let channels = channels(output);
        let count = Packing {
            offset: 0,
            axes: Vec::<PackedAxis>::new(),
            blocks: 1,
        };
        let each = (0..self.running() + 2).map(|_| Packing::bias(channels));
        each.chain([count]).collect()
    }

    fn infer(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let normal = self.normal(panels(site));
        vec![
            Call::of(&INFER, [Size::Isa, site.activation.into()])
                .read("x", Slot::Input(0), Form::Blocks)
                .with("running", running(normal, 0))
                .with("affine", affine(normal, 0))
                .write("y", Slot::Output, Form::Blocks)
                .with("pixels", image::pixels(site.input(0))),
        ]
    }

    /// Each sample's moments; the batch's; and what they make of each number.
    fn forward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let panels = panels(site);
        let statistics = Form::Cells(4 * panels);
        let residual = match site.inputs.len() {
            1 => Argument::List(Vec::new()),
            _ => Argument::read(Slot::Input(1), Form::Blocks),
        };
        vec![
            Call::of(&MOMENTS, [Size::Isa])
                .read("x", Slot::Input(0), Form::Blocks)
                .write("moments", MOMENTS_OF, Form::Scratch(3 * panels))
                .with("pixels", image::pixels(site.input(0))),
            Call::of(&JOIN, [Size::Isa])
                .read("moments", MOMENTS_OF, Form::Scratch(3 * panels))
                .write("statistics", STATISTICS, statistics)
                .with("pixels", image::pixels(site.input(0)))
                .with("eps", Argument::Float(self.eps as f32)),
            Call::of(&FORWARD, [Size::Isa, site.activation.into()])
                .read("x", Slot::Input(0), Form::Blocks)
                .read("statistics", STATISTICS, statistics)
                .with("affine", affine(self.normal(panels), 0))
                .with("residual", residual)
                .write("y", Slot::Output, Form::Blocks)
                .with("pixels", image::pixels(site.input(0))),
        ]
    }

    /// Each sample's sums, which are the terms of what is learnt; the batch's, if they are needed; and dx.
    fn backward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let panels = panels(site);
        let statistics = Form::Cells(4 * panels);
        let (sums, means) = (Form::Scratch(2 * panels), Form::Cells(2 * panels));
        let Delta {
            through,
            delta,
            apart,
            made_by,
        } = Delta::of(site);
        let summed = match apart {
            true => Call::of(&SUMS_APART, [Size::Isa, site.activation.into()])
                .read("x", Slot::Input(0), Form::Blocks)
                .read("y", Slot::Output, Form::Blocks)
                .read("dy", Slot::Delta, Form::Blocks)
                .read("statistics", STATISTICS, statistics)
                .write("delta", delta, Form::Blocks)
                .write("sums", SUMS_OF, sums)
                .with("pixels", image::pixels(site.input(0))),
            false => Call::of(&SUMS, [Size::Isa, made_by.into()])
                .read("x", Slot::Input(0), Form::Blocks)
                .read("dy", delta, Form::Blocks)
                .read("statistics", STATISTICS, statistics)
                .with("affine", affine(self.normal(panels), 0))
                .write("sums", SUMS_OF, sums)
                .with("pixels", image::pixels(site.input(0))),
        };
        let down = |add: bool| {
            let dx = Slot::InputDelta(0);
            [
                Call::of(&MEANS, [Size::Isa])
                    .read("sums", SUMS_OF, sums)
                    .write("means", MEANS_OF, means)
                    .with("pixels", image::pixels(site.input(0))),
                Call::of(&BACKWARD, [Size::Isa, made_by.into(), Size::Adds])
                    .read("x", Slot::Input(0), Form::Blocks)
                    .read("dy", delta, Form::Blocks)
                    .read("statistics", STATISTICS, statistics)
                    .read("means", MEANS_OF, means)
                    .with("affine", affine(self.normal(panels), 0))
                    .add("dx", dx, add, Form::Blocks)
                    .with("pixels", image::pixels(site.input(0))),
            ]
        };
        let residual = (!apart).then(|| pair::term(site, 1, false)).flatten();
        let down = site.adds(0).map(down).into_iter().flatten();
        let calls = through.into_iter().chain([summed]);
        calls.chain(down).chain(residual).collect()
    }

    fn update(&self, site: &Site<'_>, index: usize) -> Option<Gradient<Slot>> {
        let panels = panels(site);
        // The sums of d x^ stand behind those of d.
        let first = if index == 0 { panels } else { 0 };
        (index < self.running()).then(|| Gradient {
            kernel: &GRADIENT,
            sizes: vec![Size::Isa, (2 * panels).into(), first.into()],
            terms: vec![Term::of(1, [("sums", SUMS_OF, Form::row(2 * panels))])],
            join: Join::Chain,
        })
    }

    fn follow(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let panels = panels(site);
        let running = self.running();
        vec![
            Call::of(&FOLLOW, [Size::Isa])
                .read("statistics", STATISTICS, Form::Cells(4 * panels))
                .modify("mean", Slot::Parameter(running), Form::Cells(panels))
                .modify(
                    "variance",
                    Slot::Parameter(running + 1),
                    Form::Cells(panels),
                )
                .modify("count", Slot::Parameter(running + 2), Form::Cells(1))
                .with("momentum", Argument::Float(self.momentum as f32)),
        ]
    }

    fn needs_company(&self, site: &Site<'_>) -> bool {
        let shape = site.input_shape(0);
        shape.iter().product::<usize>() == channels(shape)
    }
}
