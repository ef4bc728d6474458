//! `PRelu(parameters = 1, init = 0.25)`: x above 0, a learnt part of it below, as `torch.nn.PReLU` (He et al. 2015).

use super::operator::{Application, Operator};
use super::{image, lower::Lower, parameter::Course};
use crate::arguments::Arguments;
use crate::call::{Argument, Call, Form, Gradient, Join, Size, Slot, Term};
use crate::pace::{Pace, Timing};
use crate::packing::Packing;
use crate::parameter::{Init, Parameter, Role};
use crate::rt::kernels;
use crate::site::{Operand, Site};
use crate::storage::{Border, LANES, Storage};

kernels! {
    FORWARD = prelu::forward(s, x, weight, out y, pixels, shared);
    SUMS = prelu::sums(s, x, dy, out sums, pixels, shared);
    BACKWARD = prelu::backward(s, x, dy, weight, add dx, pixels, shared);
    GRADIENT = batch_norm::gradient(s, sums, mut stretch);
}

/// A rectifier that learns how much it lets through.
#[derive(Clone, Debug, PartialEq)]
pub struct PRelu {
    /// How many slopes it learns: one, or one for each channel.
    pub parameters: usize,
    /// Where they begin.
    pub init: f64,
    /// How they are trained.
    pub course: Course,
}

/// What each sample adds to the gradient.
const SUMS_OF: Slot = Slot::Own("sums");

impl Operator for PRelu {
    fn declare(arguments: &mut Arguments<'_>) -> Self {
        Self {
            parameters: arguments.size_or("parameters", 1),
            init: arguments.number_or("init", 0.25),
            course: Course::declare(arguments),
        }
    }

    /// Any shape stays.
    fn infer(&self, call: &Application<'_>) -> Result<Vec<usize>, String> {
        let feed = call.inputs[0];
        let channels = image::channels(feed.shape);
        match self.parameters {
            1 => Ok(feed.shape.to_vec()),
            stated if stated == channels => Ok(feed.shape.to_vec()),
            stated => Err(format!(
                "`{}` is declared for {stated} parameters, but `{}` gives {:?}, which has {channels} channels; \
                 write {channels} for a slope of each, or 1 for one of all",
                call.layer, feed.from, feed.shape,
            )),
        }
    }

    fn pace(&self, timing: &Timing<'_>) -> Result<Pace, String> {
        timing.features()
    }

    fn parameters(&self, _: &[&[usize]]) -> Vec<Parameter> {
        self.course.of(vec![Parameter {
            name: "weight".into(),
            shape: vec![self.parameters],
            init: Init::Constant(self.init),
            role: Role::Learnt,
            l1: 0.0,
            l2: 0.0,
            max_norm: None,
            rate: 1.0,
        }])
    }
}

impl PRelu {
    /// Panels of sixteen slopes.
    fn panels(&self) -> usize {
        self.parameters.div_ceil(LANES)
    }

    /// Blocks of what a sample adds to the gradient, behind which are as many that are added up first.
    fn sums(&self, site: &Site<'_>) -> usize {
        match self.parameters {
            1 => image::of(site.input(0)).shape[0].div_ceil(LANES),
            _ => self.panels(),
        }
    }

    /// A call with the slopes, where the pixels lie, and whether there is one slope for all.
    fn told(&self, site: &Site<'_>, call: Call<Slot>) -> Call<Slot> {
        call.with("pixels", image::pixels(site.input(0)))
            .with("shared", Argument::Flag(self.parameters == 1))
    }
}

impl Lower for PRelu {
    fn keeps_storage(&self) -> bool {
        true
    }

    fn accepts(&self, operand: Operand<'_>) -> bool {
        let shape = image::as_image(operand.shape);
        image::has_pixels(Operand {
            shape: &shape,
            ..operand
        })
    }

    fn wants(&self, operand: Operand<'_>, border: Border) -> Storage {
        let border = match operand.shape.len() {
            2 => Border::default(),
            _ => border,
        };
        Storage::natural(&image::as_image(operand.shape), border)
    }

    fn packing(&self, _: &[&Storage], _: &[usize]) -> Vec<Packing> {
        vec![Packing::bias(self.parameters)]
    }

    fn infer(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let call = Call::of(&FORWARD, [Size::Isa])
            .read("x", Slot::Input(0), Form::Blocks)
            .read("weight", Slot::Parameter(0), Form::Cells(self.panels()))
            .write("y", Slot::Output, Form::Blocks);
        vec![self.told(site, call)]
    }

    /// Each sample's sums, which are the terms of the gradient, and dx.
    fn backward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let summed = Call::of(&SUMS, [Size::Isa])
            .read("x", Slot::Input(0), Form::Blocks)
            .read("dy", Slot::Delta, Form::Blocks)
            .write("sums", SUMS_OF, Form::Scratch(2 * self.sums(site)));
        let down = |add: bool| {
            let call = Call::of(&BACKWARD, [Size::Isa, Size::Adds])
                .read("x", Slot::Input(0), Form::Blocks)
                .read("dy", Slot::Delta, Form::Blocks)
                .read("weight", Slot::Parameter(0), Form::Cells(self.panels()))
                .add("dx", Slot::InputDelta(0), add, Form::Blocks);
            self.told(site, call)
        };
        let down = site.adds(0).map(down);
        [self.told(site, summed)].into_iter().chain(down).collect()
    }

    fn update(&self, site: &Site<'_>, _: usize) -> Option<Gradient<Slot>> {
        let blocks = 2 * self.sums(site);
        Some(Gradient {
            kernel: &GRADIENT,
            sizes: vec![Size::Isa, blocks.into(), 0.into()],
            terms: vec![Term::of(1, [("sums", SUMS_OF, Form::row(blocks))])],
            join: Join::Chain,
        })
    }
}
