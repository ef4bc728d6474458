//! Models that stream: a sequence goes through layers that are causal, with sums, products and joins beside them.

use super::layers::{self, Layer, size};
use crate::dice::Dice;

/// A sequence in the making.
struct Sequence<'a> {
    dice: &'a mut Dice,
    /// What stands before `forward`.
    layers: Vec<String>,
    /// What stands in it.
    lines: Vec<String>,
    /// The newest value.
    now: String,
    steps: usize,
    features: usize,
    /// Strides that may still come.
    strides: usize,
}

impl Sequence<'_> {
    /// Declares a layer, and gives its name.
    fn declare(&mut self, declaration: &str) -> String {
        let name = format!("l{}", self.layers.len());
        self.layers.push(format!("{name}: {declaration},"));
        name
    }

    /// Makes an expression the newest value.
    fn bind(&mut self, expression: &str) {
        let name = format!("h{}", self.lines.len());
        self.lines.push(format!("let {name} = {expression};"));
        self.now = name;
    }

    fn shape(&self) -> [usize; 2] {
        [self.steps, self.features]
    }

    /// Goes through a layer that keeps the steps.
    fn through(&mut self, layer: &Layer) {
        let name = self.declare(&layer.declaration());
        self.features = layer.output[1];
        self.bind(&format!("{name}({})", self.now));
    }

    /// Goes through an activation now and then, which a contraction may absorb.
    fn activate(&mut self) {
        if self.dice.once_in(2) {
            let activation = layers::activation(self.dice, &self.shape());
            self.bind(&activation.called(&self.now.clone()));
        }
    }

    /// The declaration of a causal convolution to so many channels, without a stride.
    fn convolution(&mut self, channels: usize, groups: usize) -> String {
        let (kernel, dilation) = (self.dice.between(1, 5), self.dice.pick(&[1, 1, 2, 3, 9]));
        let reach = (kernel - 1) * dilation;
        let padding = match self.dice.once_in(3) {
            true => format!("({reach}, 0)"),
            false => "Causal".into(),
        };
        let bias = if self.dice.once_in(4) {
            ", bias = false"
        } else {
            ""
        };
        format!(
            "Conv1d({channels}, {kernel}, padding = {padding}, dilation = {dilation}, groups = {groups}{bias})"
        )
    }

    fn convolve(&mut self) {
        let (groups, channels) = layers::grouped(self.dice, self.features);
        let declaration = match self.strides > 0 && self.dice.once_in(4) {
            true => {
                self.strides -= 1;
                let stride = self.dice.between(2, 3);
                self.steps /= stride;
                let kernel = self.dice.between(1, 4);
                let padding = if kernel <= stride { "Valid" } else { "Causal" };
                format!(
                    "Conv1d({channels}, {kernel}, padding = {padding}, stride = {stride}, groups = {groups})"
                )
            }
            false => self.convolution(channels, groups),
        };
        let name = self.declare(&declaration);
        self.features = channels;
        self.bind(&format!("{name}({})", self.now));
        self.activate();
    }

    /// Some part of a network that streams.
    fn grow(&mut self) {
        let (shape, now) = (self.shape(), self.now.clone());
        match self.dice.below(14) {
            0 | 1 => {
                let layer = layers::dense(self.dice, &shape);
                self.through(&layer);
                self.activate();
            }
            2 | 3 => {
                let layer = layers::recurrence(self.dice, &shape, true);
                self.through(&layer);
            }
            4..=6 => self.convolve(),
            7 => self.activate(),
            8 => {
                let layer = layers::norm(self.dice, &shape);
                self.through(&layer);
            }
            9 => {
                let layer = match self.dice.below(3) {
                    0 => layers::prelu(self.dice, &shape),
                    1 => layers::rows(self.dice, &shape),
                    _ => layers::numbers(self.dice, &shape),
                };
                self.through(&layer);
            }
            10 => {
                let declaration = self.convolution(self.features, 1);
                let name = self.declare(&declaration);
                self.bind(&format!("tanh({name}({now})) + {now}"));
            }
            11 => {
                let [filter, gate] = [(); 2].map(|()| {
                    let declaration = self.convolution(7, 1);
                    self.declare(&declaration)
                });
                self.features = 7;
                self.bind(&format!("tanh({filter}({now})) * sigmoid({gate}({now}))"));
            }
            12 => {
                let more = size(self.dice).min(20);
                let name = self.declare(&format!("Dense({more})"));
                self.features += more;
                self.bind(&format!("concat({now}, {name}({now}), axis = 1)"));
            }
            _ if self.features > 1 => {
                let first = self.dice.below(self.features - 1);
                let end = self.dice.between(first + 1, self.features);
                self.features = end - first;
                self.bind(&format!(
                    "{now}[(.., {first}..{end})] - mean({now}, axis = 1, keepdim = true)"
                ));
            }
            _ => self.activate(),
        }
    }
}

/// The source of a model that streams, without its attribute. Some layers are drawn that do not stream.
pub fn causal(dice: &mut Dice, name: &str) -> String {
    let (steps, features) = (dice.pick(&[36, 72]), size(dice).min(20));
    let mut sequence = Sequence {
        layers: Vec::new(),
        lines: Vec::new(),
        now: "x".into(),
        steps,
        features,
        strides: 2,
        dice,
    };
    for _ in 0..sequence.dice.between(1, 6) {
        sequence.grow();
    }
    let last = sequence.declare("Dense(3)");
    format!(
        "pub struct {name}(x: [{steps}, {features}]) -> [{}, 3] {{\n    {}\n    forward {{\n        {}\n        {last}({})\n    }}\n}}",
        sequence.steps,
        sequence.layers.join("\n    "),
        sequence.lines.join("\n        "),
        sequence.now,
    )
}
