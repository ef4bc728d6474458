//! Recurrent layers called with states and lengths.

use super::{
    dataflow::{Dataflow, Declaration, INPUTS},
    layers,
};
use crate::dice::Dice;

impl Dataflow {
    /// A recurrent layer over some sequence, which may be given the states before the first step or learn them, may be told
    /// how many steps count, and gives the states behind the last.
    pub(super) fn recur(&mut self, dice: &mut Dice) {
        let sequences = (0..self.values.len()).filter(|&value| self.values[value].shape.len() == 2);
        let sequences: Vec<usize> = sequences.collect();
        if sequences.is_empty() {
            return;
        }
        let operand = dice.pick(&sequences);
        let shape = self.values[operand].shape.clone();
        let mut layer = layers::recurrence(dice, &shape, false);
        let says = |word: &str| layer.arguments.iter().any(|argument| argument == word);
        let ways = if says("bidirectional = true") { 2 } else { 1 };
        let stacked = layer
            .arguments
            .iter()
            .find_map(|argument| argument.strip_prefix("layers = "));
        let rows = ways * stacked.map_or(1, |layers| layers.parse().unwrap_or(1));
        let hidden = layer.output[1] / ways;
        let states = if layer.kind == "Lstm" { 2 } else { 1 };
        let mut arguments = vec![self.take(operand)];
        // A unit of a rectified layer that is zero in every sample stands at the kink.
        let is_tame = !says("nonlinearity = Relu");
        let room = INPUTS.saturating_sub(self.inputs + self.indices.len());
        if is_tame && room >= states && dice.once_in(3) {
            for _ in 0..states {
                let name = format!("x{}", self.inputs);
                self.give(&name, vec![rows, hidden]);
                arguments.push(name);
            }
        } else if is_tame && dice.once_in(3) {
            layer.arguments.push("initial_state = Learnt".into());
        }
        if self.inputs + self.indices.len() < INPUTS && dice.once_in(2) {
            let n = format!("n{}", self.indices.len());
            arguments.push(format!("length = {n}"));
            self.indices.push(format!("{n}: u32"));
        }
        let name = format!("layer{}", self.declarations.len());
        let call = format!("{name}({})", arguments.join(", "));
        // At least one of the results is taken.
        let mut taken: Vec<bool> = (0..=states).map(|_| dice.once_in(2)).collect();
        if !taken.contains(&true) {
            taken[dice.below(states + 1)] = true;
        }
        let first = self.values.len();
        let names = taken.iter().scan(first, |next, &is_taken| {
            *next += usize::from(is_taken);
            Some(if is_taken {
                format!("h{}", *next - 1)
            } else {
                "_".into()
            })
        });
        let names: Vec<String> = names.collect();
        self.statements
            .push(format!("let ({}) = {call};", names.join(", ")));
        for (result, name) in names
            .into_iter()
            .enumerate()
            .filter(|(_, name)| name != "_")
        {
            let shape = match result {
                0 => layer.output.clone(),
                _ => vec![rows, hidden],
            };
            self.know(name, shape);
        }
        self.declarations.push(Declaration {
            name,
            layer,
            operand: shape,
        });
    }
}
