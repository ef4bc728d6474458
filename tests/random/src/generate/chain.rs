//! Models that are chains.

use super::{layers, shape};
use crate::dice::Dice;

/// The source of a chain.
pub fn chain(dice: &mut Dice, name: &str) -> String {
    let input = shape::input(dice);
    let mut now = input.clone();
    let mut lines = Vec::new();
    for index in 0..dice.between(1, 6) {
        let layer = layers::layer(dice, &now);
        let label = if dice.once_in(3) {
            format!("layer{index}: ")
        } else {
            String::new()
        };
        lines.push(format!("    {label}{},", layer.declaration()));
        now = layer.output.clone();
        // What a contraction may absorb follows it often.
        if !layer.has_function() && dice.once_in(2) {
            lines.push(format!(
                "    {},",
                layers::activation(dice, &now).declaration()
            ));
        }
    }
    format!(
        "pub struct {name}(x: {input:?}) -> {now:?} {{\n{}\n}}",
        lines.join("\n")
    )
}
