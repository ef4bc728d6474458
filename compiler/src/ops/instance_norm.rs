//! `InstanceNorm`: the pixels of each channel of each sample brought to mean 0 and variance 1 (Ulyanov, Vedaldi and
//! Lempitsky 2016), as `torch.nn.InstanceNorm1d` and `InstanceNorm2d`.
//!
//! With `track_running_stats`, inference normalises by running statistics as a `BatchNorm` does, and training by each
//! sample's own. It counts batches then, which PyTorch's does not.

use super::batch_norm::{self, BatchNorm};
use super::group_norm::{self, Groups};
use super::image::channels;
use super::layer_norm::flops;
use super::operator::{Application, Operator};
use super::{
    lower::Lower,
    parameter::{Course, learnt},
};
use crate::arguments::Arguments;
use crate::call::{Argument, Call, Form, Gradient, Size, Slot};
use crate::pace::{Pace, Timing};
use crate::packing::Packing;
use crate::parameter::Parameter;
use crate::rt::kernels;
use crate::site::{Normal, Operand, Site};
use crate::storage::{Border, LANES, Storage};

kernels! {
    JOIN = group_norm::join(s, statistics, out joined, numbers);
}

/// Normalisation of each channel of each sample.
#[derive(Clone, Debug, PartialEq)]
pub struct InstanceNorm {
    /// Channels, where the user states them.
    pub features: Option<usize>,
    /// What is added to the variance.
    pub eps: f64,
    /// How far running statistics go towards a batch's.
    pub momentum: f64,
    /// Whether a scale and a shift are learnt.
    pub affine: bool,
    /// Whether inference normalises by running statistics.
    pub track_running_stats: bool,
    /// How scale and shift are trained.
    pub course: Course,
}

impl Operator for InstanceNorm {
    fn declare(arguments: &mut Arguments<'_>) -> Self {
        let features = (arguments.positional() > 0).then(|| arguments.size("features"));
        Self {
            features: features.or_else(|| arguments.optional_size("features")),
            eps: arguments.positive_or("eps", 1e-5),
            momentum: arguments.probability_or("momentum", 0.1),
            affine: arguments.flag("affine", false),
            track_running_stats: arguments.flag("track_running_stats", false),
            course: Course::declare(arguments),
        }
    }

    /// Any shape with more than one pixel stays.
    fn infer(&self, call: &Application<'_>) -> Result<Vec<usize>, String> {
        let (layer, feed) = (call.layer, call.inputs[0]);
        let found = channels(feed.shape);
        if let Some(stated) = self.features.filter(|&stated| stated != found) {
            return Err(format!(
                "`{layer}` is declared for {stated} features, but `{}` gives {:?}, which has {found}; \
                 leave the number out and it is inferred",
                feed.from, feed.shape
            ));
        }
        if feed.shape.iter().product::<usize>() == found {
            return Err(format!(
                "`{layer}` normalises each channel over the pixels of an image [C, H, W] or the steps of a sequence \
                 [T, F], but `{}` gives {:?}, of one number a channel; `LayerNorm` normalises over features",
                feed.from, feed.shape
            ));
        }
        Ok(feed.shape.to_vec())
    }

    fn pace(&self, timing: &Timing<'_>) -> Result<Pace, String> {
        timing.refused(
            "normalises each channel over all steps",
            "`LayerNorm` normalises the features of each step",
        )
    }

    /// As those of a `BatchNorm`, as far as there are any.
    fn parameters(&self, inputs: &[&[usize]]) -> Vec<Parameter> {
        let shape = || vec![channels(inputs[0])];
        let affine = [learnt("weight", shape(), 1.0), learnt("bias", shape(), 0.0)];
        let affine = affine.into_iter().filter(|_| self.affine);
        let followed = batch_norm::followed(&shape(), self.momentum).into_iter();
        let followed = followed.filter(|_| self.track_running_stats);
        self.course.of(affine.chain(followed).collect())
    }

    /// Two sums, two differences, a square, and two multiply-adds.
    fn flops(&self, _: &[&[usize]], output: &[usize]) -> u64 {
        flops(8, output)
    }
}

/// The means of all samples' statistics, which stand where a `BatchNorm` has those of the batch.
const JOINED: Slot = batch_norm::STATISTICS;

impl InstanceNorm {
    fn groups(&self) -> Groups {
        Groups {
            groups: None,
            eps: self.eps,
            affine: self.affine,
            learns: self.affine && !self.course.frozen,
            tracks: self.track_running_stats,
        }
    }

    /// The layer that inference is if there are running statistics.
    fn running(&self) -> Option<BatchNorm> {
        self.track_running_stats.then_some(BatchNorm {
            features: None,
            momentum: self.momentum,
            eps: self.eps,
            affine: self.affine,
            course: self.course,
        })
    }
}

impl Lower for InstanceNorm {
    fn absorbs_activation(&self) -> bool {
        true
    }

    fn as_normal(&self, shape: &[usize]) -> Option<Normal> {
        self.running()?.as_normal(shape)
    }

    fn keeps_storage(&self) -> bool {
        true
    }

    fn accepts(&self, operand: Operand<'_>) -> bool {
        group_norm::accepts(operand)
    }

    fn wants(&self, operand: Operand<'_>, border: Border) -> Storage {
        group_norm::wants(operand, border)
    }

    fn packing(&self, inputs: &[&Storage], output: &[usize]) -> Vec<Packing> {
        match self.running() {
            Some(running) => running.packing(inputs, output),
            None if self.affine => vec![Packing::bias(channels(output)); 2],
            None => Vec::new(),
        }
    }

    fn infer(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        match self.running() {
            Some(running) => Lower::infer(&running, site),
            None => self.groups().forward(site),
        }
    }

    fn forward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let shape = site.input_shape(0);
        let panels = channels(shape).div_ceil(LANES);
        let pixels = shape.iter().product::<usize>() / channels(shape);
        let join = self.track_running_stats.then(|| {
            let statistics = group_norm::statistics(panels, true);
            Call::of(&JOIN, [Size::Isa])
                .read("statistics", group_norm::STATISTICS, statistics)
                .write("joined", JOINED, Form::Cells(4 * panels))
                .with("numbers", Argument::Number(pixels))
        });
        let forward = self.groups().forward(site).into_iter();
        forward.chain(join).collect()
    }

    fn backward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        self.groups().backward(site)
    }

    fn update(&self, site: &Site<'_>, index: usize) -> Option<Gradient<Slot>> {
        (self.affine && index < 2).then(|| self.groups().update(site, index))
    }

    fn follow(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let running = self.running();
        running.map_or(Vec::new(), |running| running.follow(site))
    }
}
