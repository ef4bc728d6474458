//! Storages with the indices of their numbers, written down by hand, and the hash in plain numbers.

use super::{Numbers, Stride};
use crate::{
    block::Block,
    random::{self, Key},
};
use alloc::{vec, vec::Vec};

pub const KEY: Key = Key {
    seed: 1,
    step: 2,
    layer: 3,
    first_sample: 0,
};

const ONE: (usize, usize, usize) = (1, 0, 0);

/// A storage.
pub struct Lie {
    pub name: &'static str,
    pub numbers: Numbers,
}

pub const FLAT: Lie = Lie {
    name: "37 numbers",
    numbers: Numbers::flat(37),
};

/// [18, 2, 3] as [H][W][C] in a border of one.
const fn image(rows: usize, columns: usize, channels: usize) -> Numbers {
    Numbers::within(
        4 * 5 * 2,
        (5 + 1) * 32,
        (2, 5 * 32, rows),
        (3, 32, columns),
        (18, 1, channels),
    )
}

pub const CHANNELS: Lie = Lie {
    name: "channels of an image",
    numbers: image(0, 0, 1),
};

/// Every kind of storage, with indices by number, by channel and by sample.
pub const LIES: [Lie; 9] = [
    FLAT,
    Lie {
        name: "an image",
        numbers: image(3, 1, 6),
    },
    CHANNELS,
    Lie {
        name: "steps",
        numbers: Numbers::within(10, 0, ONE, (5, 32, 17), (17, 1, 1)),
    },
    Lie {
        name: "features of steps that lie flat",
        numbers: Numbers::within(3, 0, ONE, (7, 5, 0), (5, 1, 1)),
    },
    Lie {
        name: "a planar image in its border",
        numbers: Numbers::within(19, 22 + 1, (3, 4 * 22, 40), (2, 22, 20), (20, 1, 1)),
    },
    Lie {
        name: "channels of a planar image in its border",
        numbers: Numbers::within(19, 22 + 1, (3, 4 * 22, 1), (2, 22, 0), (20, 1, 0)),
    },
    Lie {
        name: "channels of a planar image",
        numbers: Numbers::within(6, 0, ONE, (3, 32, 1), (32, 1, 0)),
    },
    Lie {
        name: "a sample",
        numbers: Numbers::at_once(3),
    },
];

impl Lie {
    /// The place of each number among a sample's floats, its number, and the index of its bits.
    pub fn places(&self) -> Vec<(usize, (usize, usize))> {
        let Numbers {
            first,
            groups,
            runs,
            numbers,
            ..
        } = self.numbers;
        let mut places = vec![];
        for group in 0..groups.count {
            for run in 0..runs.count {
                for number in 0..numbers.count {
                    let of = |part: fn(&Stride) -> usize| {
                        group * part(&groups) + run * part(&runs) + number * part(&numbers)
                    };
                    let place = first + of(|stride| stride.floats);
                    places.push((place, (places.len(), of(|stride| stride.index))));
                }
            }
        }
        places
    }

    /// Samples of numbers with zeros around them.
    pub fn samples(&self, count: usize) -> Vec<Block> {
        let mut blocks = vec![Block::ZERO; count * self.numbers.blocks];
        for (row, blocks) in blocks.chunks_mut(self.numbers.blocks).enumerate() {
            for (place, (number, _)) in self.places() {
                blocks[place / 16].0[place % 16] = sample(row, number);
            }
        }
        blocks
    }
}

/// Number `number` of sample `row`: none is zero.
pub fn sample(row: usize, number: usize) -> f32 {
    ((row * 37 + number * 11) % 29) as f32 - 14.25
}

/// The bits of an index under [`KEY`], from the text of [`crate::random`].
pub fn bits(row: usize, index: usize) -> u32 {
    let run = random::mix(random::mix(KEY.seed) ^ KEY.step);
    let key = random::mix(run ^ random::mix((u64::from(KEY.layer) << 40) ^ row as u64));
    let (before, between) = (key as u32, (key >> 32) as u32);
    let mut x = index as u32 ^ before;
    x = (x ^ (x >> 17))
        .wrapping_mul(0xed5a_d4bb)
        .wrapping_add(between);
    x = (x ^ (x >> 11)).wrapping_mul(0xac4c_1b51);
    x = (x ^ (x >> 15)).wrapping_mul(0x3184_8bab);
    x ^ (x >> 14)
}
