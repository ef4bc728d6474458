//! `Embedding(vocabulary, features, padding = index)`: a learnt vector for each token, as `torch.nn.Embedding`.

use super::init::Scheme;
use super::operator::{Application, Operator};
use super::{lower::Lower, parameter::Weights};
use crate::arguments::Arguments;
use crate::call::{Argument, Call, Form, Gradient, Join, Size, Slot, Term};
use crate::element::Element;
use crate::pace::{Pace, Timing};
use crate::packing::{PackedAxis, Packing};
use crate::parameter::{Init, Parameter};
use crate::rt::{self, kernels};
use crate::site::Site;
use crate::storage::{LANES, Storage, padded};

kernels! {
    FORWARD = embedding::forward(x, w, out y, steps);
    GATHER = embedding::gather(x, w, out y, steps);
    UPDATE = embedding::update(s, x, dy, mut stretch);
    UPDATE_BOTH = embedding::update_both(s, x, dy, mut stretch);
}

/// A table of vectors.
#[derive(Clone, Debug, PartialEq)]
pub struct Embedding {
    /// Tokens there are, counted from 0.
    pub vocabulary: usize,
    /// Numbers of a vector.
    pub features: usize,
    /// The token whose vector begins as zeros and is not learnt.
    pub padding: Option<usize>,
    /// How vectors begin and are penalised.
    pub weights: Weights,
    /// Whether something attends to its vectors, so that they lie as the weights of a `Dense`.
    pub attends: bool,
}

impl Operator for Embedding {
    fn declare(arguments: &mut Arguments<'_>) -> Self {
        let vocabulary = arguments.size("vocabulary");
        let features = arguments.size("features");
        let padding = arguments.optional_integer("padding");
        if arguments.is_sound()
            && let Some(padding) = padding.filter(|&padding| padding >= vocabulary)
        {
            let message = format!(
                "`padding` is a token below the vocabulary's {vocabulary}, but is {padding}; tokens count from 0"
            );
            arguments.reject("padding", message);
        }
        let weights = Weights::of_table(arguments, Scheme::Fixed(Init::Normal(1.0)));
        if padding.is_some() && matches!(weights.scheme, Scheme::Orthogonal(_)) {
            let message =
                "a vector of zeros is orthogonal to none; drop `padding`, or begin otherwise";
            arguments.reject("init", message);
        }
        Self {
            vocabulary,
            features,
            padding,
            weights,
            attends: false,
        }
    }

    /// Every token by itself.
    fn pace(&self, timing: &Timing<'_>) -> Result<Pace, String> {
        Ok(timing.inputs[0].pace)
    }

    fn tokens(&self, _: usize, _: &[&[usize]]) -> Option<[u32; 2]> {
        let last = self.vocabulary - 1;
        Some([0, u32::try_from(last).unwrap_or(u32::MAX)])
    }

    fn take_panels(&mut self) {
        self.attends = true;
    }

    /// `u32[T]` gives `[T, F]`, and a single token `[F]`.
    fn infer(&self, call: &Application<'_>) -> Result<Vec<usize>, String> {
        let feed = call.inputs[0];
        match (feed.element, feed.shape) {
            (Element::Scalar, _) => Ok(vec![self.features]),
            (_, &[steps]) => Ok(vec![steps, self.features]),
            _ => Err(format!(
                "`{}` takes a sequence of tokens, u32[T], or a single one, u32, but `{}` gives u32{:?}; \
                 declare it as one sequence",
                call.layer, feed.from, feed.shape
            )),
        }
    }

    fn parameters(&self, _: &[&[usize]]) -> Vec<Parameter> {
        let of = self.weights.scheme.init(self.features, self.vocabulary);
        let init = match self.padding {
            Some(row) => Init::Padded {
                of: Box::new(of),
                row,
                rows: self.vocabulary,
            },
            None => of,
        };
        let shape = vec![self.vocabulary, self.features];
        let weight = self.weights.weight("weight", shape, init);
        self.weights.course.of(vec![weight])
    }

    fn flops(&self, _: &[&[usize]], _: &[usize]) -> u64 {
        0
    }
}

impl Embedding {
    /// Blocks of a vector.
    fn blocks(&self) -> usize {
        self.features.div_ceil(LANES)
    }

    /// How the vectors lie where something attends to them: in panels of sixteen tokens.
    pub fn panels(&self) -> Packing {
        Packing {
            offset: 0,
            axes: vec![
                PackedAxis::lanes(self.vocabulary, self.features),
                PackedAxis::plain(self.features, LANES),
            ],
            blocks: self.features * self.vocabulary.div_ceil(LANES),
        }
    }

    /// The token that is not learnt by being looked up: without one, a token that there is not.
    fn unlearnt(&self) -> usize {
        self.padding.unwrap_or(self.vocabulary)
    }

    /// The gradient to which both uses of the vectors add terms, of which what attends has rows of `stride` floats.
    pub fn of_both(&self, stride: usize, terms: Vec<Term<Slot>>) -> Gradient<Slot> {
        let panels = self.vocabulary.div_ceil(LANES);
        let sizes = [
            self.features,
            stride,
            panels,
            self.blocks(),
            self.vocabulary,
            self.unlearnt(),
        ];
        Gradient {
            kernel: &UPDATE_BOTH,
            sizes: [Size::Isa]
                .into_iter()
                .chain(sizes.map(Size::Number))
                .collect(),
            terms,
            join: Join::Pairs,
        }
    }

    /// The tokens of a sample, and their vectors.
    fn forms(&self, site: &Site<'_>) -> [Form; 2] {
        let steps = steps(site);
        let tokens = Form::Tokens {
            tokens: padded(steps),
        };
        let vectors = Form::Rows {
            rows: steps,
            blocks: self.blocks(),
        };
        [tokens, vectors]
    }
}

/// Tokens of a sample.
fn steps(site: &Site<'_>) -> usize {
    site.input_shape(0).iter().product()
}

impl Lower for Embedding {
    /// A vector for each token, padded to whole blocks.
    fn packing(&self, _: &[&Storage], _: &[usize]) -> Vec<Packing> {
        if self.attends {
            return vec![self.panels()];
        }
        let blocks = self.blocks();
        vec![Packing {
            offset: 0,
            axes: vec![
                PackedAxis::plain(self.vocabulary, blocks * LANES),
                PackedAxis::plain(self.features, 1),
            ],
            blocks: self.vocabulary * blocks,
        }]
    }

    fn infer(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let [tokens, vectors] = self.forms(site);
        let (kernel, rows, panels) = match self.attends {
            true => (&GATHER, self.features, self.vocabulary.div_ceil(LANES)),
            false => (&FORWARD, self.blocks(), self.vocabulary),
        };
        let table = Form::Panels { rows, panels };
        let call = Call::of(kernel, [])
            .read("x", Slot::Input(0), tokens)
            .read("w", Slot::Parameter(0), table)
            .write("y", Slot::Output, vectors)
            .with("steps", Argument::Number(steps(site)));
        vec![call]
    }

    /// Tokens have no delta.
    fn backward(&self, _: &Site<'_>) -> Vec<Call<Slot>> {
        Vec::new()
    }

    fn update(&self, site: &Site<'_>, _: usize) -> Option<Gradient<Slot>> {
        let [tokens, vectors] = self.forms(site);
        let mut term = Term::of(
            steps(site) / self.vocabulary,
            [("x", Slot::Input(0), tokens), ("dy", Slot::Delta, vectors)],
        );
        if self.attends {
            term.through = Some((rt::EMBEDDING_LOOKED, Vec::new()));
            return Some(self.of_both(padded(self.features), vec![term]));
        }
        Some(Gradient {
            kernel: &UPDATE,
            sizes: vec![Size::Isa, self.blocks().into(), self.unlearnt().into()],
            terms: vec![term],
            join: Join::Chain,
        })
    }
}
