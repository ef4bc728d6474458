//! Models that are chains.

use super::{
    layers::{self, Layer},
    shape,
};
use crate::dice::Dice;

/// A layer as it is, in a chain of its own, or several times where it keeps the shape.
fn wrapped(dice: &mut Dice, layer: &Layer, input: &[usize]) -> String {
    let declaration = layer.declaration();
    match dice.below(6) {
        0 if layer.output == input => format!("[{declaration}; {}]", dice.between(1, 3)),
        1 => {
            let inner = layers::activation(dice, &layer.output).declaration();
            format!("{{ {declaration}, {inner} }}")
        }
        2 => format!("{{ named: {declaration} }}"),
        _ => declaration,
    }
}

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
        let declaration = wrapped(dice, &layer, &now);
        lines.push(format!("    {label}{declaration},"));
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
