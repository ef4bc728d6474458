//! `GroupNorm(groups)`: the numbers of each group of channels of each sample brought to mean 0 and variance 1, then
//! scaled and shifted channel by channel (Wu and He 2018), as `torch.nn.GroupNorm`.

mod calls;

use super::image::channels;
use super::layer_norm::flops;
use super::operator::{Application, Operator};
use super::{
    lower::Lower,
    parameter::{Course, learnt},
};
use crate::arguments::Arguments;
use crate::call::{Call, Gradient, Slot};
use crate::pace::{Pace, Timing};
use crate::packing::Packing;
use crate::parameter::Parameter;
use crate::site::{Operand, Site};
use crate::storage::{Border, Storage};

pub use calls::{Groups, STATISTICS, accepts, statistics, wants};

/// Normalisation over groups of channels.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupNorm {
    /// How many groups there are.
    pub groups: usize,
    /// Channels, where the user states them.
    pub channels: Option<usize>,
    /// What is added to the variance.
    pub eps: f64,
    /// Whether a scale and a shift are learnt.
    pub affine: bool,
    /// How scale and shift are trained.
    pub course: Course,
}

impl Operator for GroupNorm {
    fn declare(arguments: &mut Arguments<'_>) -> Self {
        let groups = arguments.size("groups");
        let channels = (arguments.positional() > 0).then(|| arguments.size("channels"));
        Self {
            groups,
            channels: channels.or_else(|| arguments.optional_size("channels")),
            eps: arguments.positive_or("eps", 1e-5),
            affine: arguments.flag("affine", true),
            course: Course::declare(arguments),
        }
    }

    /// Any shape whose channels are divided, and not into single numbers, stays.
    fn infer(&self, call: &Application<'_>) -> Result<Vec<usize>, String> {
        let (layer, feed) = (call.layer, call.inputs[0]);
        let (groups, found) = (self.groups, channels(feed.shape));
        let gives = format!("`{}` gives {:?}, which has {found}", feed.from, feed.shape);
        if let Some(stated) = self.channels.filter(|&stated| stated != found) {
            return Err(format!(
                "`{layer}` is declared for {stated} channels, but {gives}; leave the number out and it is inferred"
            ));
        }
        if !found.is_multiple_of(groups) {
            return Err(format!(
                "`{layer}` divides channels into {groups} groups, but {gives}, and {found} = {} * {groups} + {}; \
                 {} groups would do",
                found / groups,
                found % groups,
                nearest_divisor(found, groups)
            ));
        }
        if feed.shape.iter().product::<usize>() == groups {
            return Err(format!(
                "`{layer}` normalises the numbers of a group, but `{}` gives {:?}, and each of its {groups} groups has \
                 one; take fewer groups",
                feed.from, feed.shape
            ));
        }
        Ok(feed.shape.to_vec())
    }

    fn pace(&self, timing: &Timing<'_>) -> Result<Pace, String> {
        timing.refused(
            "normalises over all steps",
            "`LayerNorm` normalises the features of each step",
        )
    }

    /// Scale and shift begin with 1 and 0.
    fn parameters(&self, inputs: &[&[usize]]) -> Vec<Parameter> {
        let shape = || vec![channels(inputs[0])];
        let learnt = [learnt("weight", shape(), 1.0), learnt("bias", shape(), 0.0)];
        let learnt = learnt.into_iter().filter(|_| self.affine);
        self.course.of(learnt.collect())
    }

    /// Two sums, two differences, a square, and two multiply-adds.
    fn flops(&self, _: &[&[usize]], output: &[usize]) -> u64 {
        flops(8, output)
    }
}

/// The largest divisor of `found` that is at most `groups`.
fn nearest_divisor(found: usize, groups: usize) -> usize {
    let pairs = (1..=found.isqrt()).filter(|divisor| found.is_multiple_of(*divisor));
    let divisors = pairs.flat_map(|divisor| [divisor, found / divisor]);
    divisors
        .filter(|&divisor| divisor <= groups)
        .max()
        .unwrap_or(1)
}

impl GroupNorm {
    fn groups(&self) -> Groups {
        Groups {
            groups: Some(self.groups),
            eps: self.eps,
            affine: self.affine,
            learns: self.affine && !self.course.frozen,
            tracks: false,
        }
    }
}

impl Lower for GroupNorm {
    fn absorbs_activation(&self) -> bool {
        true
    }

    fn keeps_storage(&self) -> bool {
        true
    }

    fn accepts(&self, operand: Operand<'_>) -> bool {
        accepts(operand)
    }

    fn wants(&self, operand: Operand<'_>, border: Border) -> Storage {
        wants(operand, border)
    }

    fn packing(&self, _: &[&Storage], output: &[usize]) -> Vec<Packing> {
        let tensors = if self.affine { 2 } else { 0 };
        vec![Packing::bias(channels(output)); tensors]
    }

    fn infer(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        self.groups().forward(site)
    }

    fn backward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        self.groups().backward(site)
    }

    fn update(&self, site: &Site<'_>, index: usize) -> Option<Gradient<Slot>> {
        Some(self.groups().update(site, index))
    }
}
