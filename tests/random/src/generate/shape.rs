//! Shapes at random.

use super::layers;
use crate::dice::Dice;

/// The shape of an input: features, a sequence, an image, or four axes.
pub fn input(dice: &mut Dice) -> Vec<usize> {
    match dice.below(10) {
        9 => (0..4).map(|_| dice.between(1, 4)).collect(),
        0..=2 => vec![layers::size(dice)],
        3..=5 => vec![dice.between(1, 7), layers::size(dice).min(20)],
        _ => vec![
            dice.pick(&[1, 1, 2, 3, 5, 16, 17]),
            dice.between(1, 9),
            dice.between(1, 9),
        ],
    }
}
