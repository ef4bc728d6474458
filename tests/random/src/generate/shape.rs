//! Shapes at random.

use super::layers;
use crate::dice::Dice;

/// The shape of an input: features, a sequence or an image.
pub fn input(dice: &mut Dice) -> Vec<usize> {
    match dice.below(3) {
        0 => vec![layers::size(dice)],
        1 => vec![dice.between(1, 7), layers::size(dice).min(20)],
        _ => vec![
            dice.pick(&[1, 1, 2, 3, 5, 16, 17]),
            dice.between(1, 9),
            dice.between(1, 9),
        ],
    }
}
