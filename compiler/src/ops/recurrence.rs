//! What recurrent layers have in common: `Rnn`, `Lstm` and `Gru` over the steps of a sequence, as `torch.nn.RNN`, `LSTM` and
//! `GRU` with `batch_first = True`. Each gives every step's hidden state.
//!
//! A layer is a small graph of levels. `layers = 2` stacks two, `bidirectional = true` gives each level a second direction,
//! which reads from the last step to the first and whose features stand behind those of the first; `dropout` acts between
//! levels. Every direction of a level is an operator of its own, whose parameters end as PyTorch has it:
//!
//! ```text
//! Gru(8, layers = 2, bidirectional = true, dropout = 0.5)
//!
//!      weight_ih_l0                              weight_ih_l1
//! x -> Gru ---------> Concat -> Dropout -> ----> Gru ---------> Concat
//!   -> Gru, reverse ->                       ->  Gru, reverse ->
//!      weight_ih_l0_reverse                      weight_ih_l1_reverse
//! ```

mod cell;
pub mod layer;
mod lower;
mod update;

pub use cell::Cell;

use super::levels::{Asked, Direction, Learnt, Levels};
use super::operator::Application;
use super::{init::Scheme, length, parameter::Weights};
use crate::{
    arguments::Arguments,
    pace::{Pace, Timing},
    parameter::{Init, Parameter},
};
use std::ops::Range;

/// A recurrent layer, or one direction of one of its levels.
#[derive(Clone, Debug, PartialEq)]
pub struct Recurrence {
    /// What a step computes.
    pub cell: Cell,
    /// Features of a step, where the user states them.
    pub inputs: Option<usize>,
    /// Units of each level.
    pub hidden: usize,
    /// Levels still in one: 1 in a graph's nodes.
    pub layers: usize,
    /// Number of the lowest level, from 0.
    pub level: usize,
    /// Whether each level still has two directions: never in a graph's nodes.
    pub bidirectional: bool,
    /// Whether it reads from the last step to the first.
    pub reverse: bool,
    /// The probability of a zero between levels.
    pub dropout: f64,
    /// Whether biases are added.
    pub bias: bool,
    /// Whether tanh and sigmoid are approximate.
    pub fast: bool,
    /// How the weights of hidden states begin, if otherwise than those of inputs.
    pub recurrent: Option<Scheme>,
    /// With what the biases of the forget gate begin together, if otherwise than those of the others.
    pub forget: Option<f64>,
    /// How weights begin and are penalised.
    pub weights: Weights,
    /// Whether the states before the first step are learnt.
    pub learns_states: bool,
    /// Whether c after the last step is a row behind those of the steps.
    pub keeps_cells: bool,
    /// The operand that says how many steps count, if one does.
    pub length: Option<usize>,
}

/// More levels than anybody stacks, so that a misplaced number is caught before it fills the memory.
const MOST_LAYERS: usize = 1000;

/// The words of `initial_state`: whether it is learnt.
const INITIAL_STATES: &[(&str, bool)] = &[("Zeros", false), ("Learnt", true)];

impl Recurrence {
    /// Reads the arguments that all recurrent layers have; `own` reads those of one kind.
    pub fn declare(
        arguments: &mut Arguments<'_>,
        own: impl FnOnce(&mut Arguments<'_>) -> Cell,
    ) -> Self {
        let inputs = (arguments.positional() > 1).then(|| arguments.size("inputs"));
        let inputs = inputs.or_else(|| arguments.optional_size("inputs"));
        let hidden = arguments.size("hidden");
        let cell = own(arguments);
        let mut layers = arguments.named_size_or("layers", 1);
        if layers > MOST_LAYERS {
            arguments.reject(
                "layers",
                format!("at most {MOST_LAYERS} levels can be stacked"),
            );
            layers = 1;
        }
        let bidirectional = arguments.flag("bidirectional", false);
        let dropout = arguments.probability_or("dropout", 0.0);
        if dropout > 0.0 && layers == 1 && arguments.is_sound() {
            arguments.reject(
                "dropout",
                format!(
                    "`dropout` acts between levels, and there is one; stack `layers = 2`, or put `Dropout({dropout})` behind this layer"
                ),
            );
        }
        let bias = arguments.flag("bias", true);
        let weights = Weights::declare(arguments, bias);
        let recurrent = Scheme::declare(arguments, "recurrent_init", "init");
        let learns_states = arguments.word("initial_state", INITIAL_STATES);
        let fast = arguments.flag("fast", false);
        if fast && cell == Cell::RnnRelu {
            arguments.reject(
                "fast",
                "`fast` is for tanh and sigmoid, and this layer has neither; drop it".to_string(),
            );
        }
        Self {
            cell,
            inputs,
            hidden,
            layers,
            level: 0,
            bidirectional,
            reverse: false,
            dropout,
            bias,
            fast,
            recurrent,
            forget: None,
            weights,
            learns_states: learns_states.unwrap_or(false),
            keeps_cells: false,
            length: None,
        }
    }

    /// How many states it has: h, and c of a cell that remembers it.
    pub fn states(&self) -> usize {
        1 + usize::from(self.cell.remembers())
    }

    /// Which of so many operands are states before the first step.
    pub fn states_of(&self, operands: usize) -> Range<usize> {
        1..self.length.unwrap_or(operands)
    }

    /// Its levels, and of each its directions. The lowest level reads what the user states; those above read what the
    /// one below gives.
    pub fn levels(&self, asked: Asked<'_>) -> Levels<Self> {
        let direction = |level: usize, reverse: bool| {
            let op = Self {
                level,
                layers: 1,
                bidirectional: false,
                reverse,
                inputs: self.inputs.filter(|_| level == self.level),
                keeps_cells: asked.wants(2),
                length: asked
                    .length
                    .then(|| match asked.given || self.learns_states {
                        true => 1 + self.states(),
                        false => 1,
                    }),
                ..self.clone()
            };
            let learnt = match self.learns_states {
                true => op.initial_states(),
                false => Vec::new(),
            };
            Direction {
                op,
                reverse,
                learnt,
            }
        };
        let level = |level| match self.bidirectional {
            true => vec![direction(level, false), direction(level, true)],
            false => vec![direction(level, self.reverse)],
        };
        Levels {
            levels: (self.level..self.level + self.layers).map(level).collect(),
            dropout: self.dropout,
            units: self.hidden,
        }
    }

    /// The parameters that its states begin with.
    fn initial_states(&self) -> Vec<Learnt> {
        let learnt = |state: &str| Learnt {
            name: format!("{state}{}", self.ending()),
            units: self.hidden,
            course: self.weights.course,
        };
        ["h0", "c0"][..self.states()]
            .iter()
            .map(|state| learnt(state))
            .collect()
    }

    /// `[T, F]` and the states before the first step, `[1, hidden]` or `[hidden]` each, give `[T, hidden]`.
    pub fn shape(&self, call: &Application<'_>) -> Result<Vec<usize>, String> {
        for state in &call.inputs[self.states_of(call.inputs.len())] {
            if !matches!(*state.shape, [1, units] | [units] if units == self.hidden) {
                return Err(format!(
                    "`{}` takes an initial state [1, {}], but `{}` gives {:?}; bring it to that shape",
                    call.layer, self.hidden, state.from, state.shape
                ));
            }
        }
        let [steps, units] = self.steps(call)?;
        if let Some(length) = self.length {
            length::check(call, length)?;
        }
        Ok(vec![steps + usize::from(self.keeps_cells), units])
    }

    /// `[T, F]` gives `[T, hidden]`.
    fn steps(&self, call: &Application<'_>) -> Result<[usize; 2], String> {
        let feed = call.inputs[0];
        let found = format!("`{}` gives {:?}", feed.from, feed.shape);
        match *feed.shape {
            [steps, features] if self.inputs.is_none_or(|stated| stated == features) => {
                Ok([steps, self.hidden])
            }
            [_, features] => Err(format!(
                "`{}` is declared for {} features, but {found}, which has {features}; leave the number out and it is inferred",
                call.layer,
                self.inputs.unwrap_or(features),
            )),
            [features] => Err(format!(
                "`{}` takes a sequence [time, features], but {found}, which has no time; \
                 `Reshape(1, {features})` makes it one step",
                call.layer
            )),
            [channels, height, width] => Err(format!(
                "`{}` takes a sequence [time, features], but {found}; put `Reshape({}, {width})` before it to read row by row",
                call.layer,
                channels.saturating_mul(height),
            )),
            _ => Err(format!(
                "`{}` takes a sequence [time, features], but {found}",
                call.layer
            )),
        }
    }

    /// One direction waits for nothing but the steps before; the other begins at the last.
    pub fn pace(&self, timing: &Timing<'_>) -> Result<Pace, String> {
        if self.length.is_some() {
            return timing.refused(
                "ends where a length says",
                "drop `length`: a stream has a step for each frame that comes",
            );
        }
        if let Some(state) = timing.inputs[1..]
            .iter()
            .find(|state| state.pace != Pace::Still)
        {
            let what = format!(
                "begins with `{}`, which changes from frame to frame",
                state.from
            );
            return timing.refused(
                &what,
                "give it a state of another shape than the sequence's, or none",
            );
        }
        match self.reverse {
            true => timing.refused(
                "reads from the last step to the first",
                "drop `bidirectional`",
            ),
            false => timing.features(),
        }
    }

    /// What the names of its parameters end in: `_l0`, `_l1_reverse`.
    fn ending(&self) -> String {
        let reverse = if self.reverse { "_reverse" } else { "" };
        format!("_l{}{reverse}", self.level)
    }

    /// All gates from the input and from the hidden state, as PyTorch draws them: uniform within 1 / sqrt(hidden).
    pub fn parameters(&self, input: &[usize]) -> Vec<Parameter> {
        let features = input.last().copied().unwrap_or(1);
        let ending = self.ending();
        let gates = self.hidden.saturating_mul(self.cell.gates());
        let weight = |from: &str, fan_in: usize, scheme: &Scheme| {
            let init = match scheme {
                Scheme::Default => scheme.init(self.hidden, gates),
                _ => scheme.init(fan_in, gates),
            };
            let name = format!("weight_{from}{ending}");
            self.weights.weight(name, vec![gates, fan_in], init)
        };
        let recurrent = self.recurrent.as_ref();
        let recurrent = recurrent.unwrap_or(&self.weights.scheme);
        let mut parameters = vec![
            weight("ih", features, &self.weights.scheme),
            weight("hh", self.hidden, recurrent),
        ];
        if self.bias {
            let bias = |from: &str, forget: f64| {
                let name = format!("bias_{from}{ending}");
                let mut bias = self.weights.bias(name, gates, self.hidden);
                if self.forget.is_some() {
                    let others = || bias.init.clone();
                    let forget = Init::Constant(forget);
                    bias.init = Init::Parts(vec![others(), forget, others(), others()]);
                }
                bias
            };
            // A gate sees the sum of both.
            parameters.extend([bias("ih", self.forget.unwrap_or(0.0)), bias("hh", 0.0)]);
        }
        self.weights.course.of(parameters)
    }

    /// Two products for each gate, and what the cell does elementwise, where each function and operation is counted as one.
    pub fn flops(&self, input: &[usize], output: &[usize]) -> u64 {
        let features = input.last().copied().unwrap_or(1);
        let sums = 2 * (features as u64 + self.hidden as u64) + 2 * u64::from(self.bias);
        let each = sums.saturating_mul(self.cell.gates() as u64);
        let each = each.saturating_add(self.cell.elementwise());
        output
            .iter()
            .fold(each, |flops, &size| flops.saturating_mul(size as u64))
    }
}
