//! The order in which an epoch visits the samples, without a list of all of them.
//!
//! It is a function of the seed, the epoch, the number of samples and the position alone, so threads may ask for any part
//! of it. Up to 65,536 samples are shuffled as a list, by Fisher and Yates: every order is equally likely. The places of
//! more are computed one by one with a Feistel network (Luby and Rackoff 1988) on a grid of a x b cells, a b >= n (Black
//! and Rogaway 2002): position x is the cell (l, r) = (x / b, x mod b), which six rounds move in turn,
//!
//! ```text
//! l <- l + hash(key, r) mod a,    r <- r + hash(key, l) mod b
//! ```
//!
//! Each round can be undone, so all together are a permutation of the cells. A cell that is none of the n samples is moved
//! again until it is one, which is a permutation of the samples. With a = ceil(sqrt n), fewer than a cells are none.

use crate::random::{self, mix};
use alloc::vec::Vec;
use core::array;
use rand_core::Rng;

/// The most samples of an epoch: at a million samples a second, it would take nine years.
pub const MOST: u64 = 1 << 48;

/// Up to this many samples are listed.
const LISTED: usize = 1 << 16;

/// Rounds of the network.
const ROUNDS: usize = 6;

/// Keeps the shuffle's streams apart from those of the parameters.
const SHUFFLE: u64 = 0x7368_7566_666c_6521;

/// An order of 0, 1, 2, ...
pub enum Order {
    /// As they are.
    Ascending,
    /// Few samples.
    Listed(Vec<usize>),
    /// Many samples.
    Computed(Feistel),
}

impl Order {
    /// Room for an order of `count` samples, at most [`MOST`].
    pub fn new(count: usize, shuffled: bool) -> Self {
        match (shuffled, count) {
            (false, _) => Self::Ascending,
            (true, ..=LISTED) => Self::Listed((0..count).collect()),
            (true, _) => Self::Computed(Feistel::new(count as u64)),
        }
    }

    /// The order of an epoch.
    pub fn shuffle(&mut self, seed: u64, epoch: u64) {
        match self {
            Self::Ascending => {}
            Self::Listed(list) => {
                for (index, sample) in list.iter_mut().enumerate() {
                    *sample = index;
                }
                let mut generator = random::stream(mix(seed ^ SHUFFLE), epoch);
                random::shuffle(list.len(), &mut generator, |a, b| list.swap(a, b));
            }
            Self::Computed(feistel) => {
                let mut generator = random::stream(mix(seed ^ SHUFFLE), epoch);
                feistel.keys = array::from_fn(|_| generator.next_u64());
            }
        }
    }

    /// The sample at a position.
    #[inline]
    pub fn at(&self, position: usize) -> usize {
        match self {
            Self::Ascending => position,
            Self::Listed(list) => list[position],
            Self::Computed(feistel) => feistel.at(position as u64) as usize,
        }
    }
}

/// A permutation of `0..count` that is computed place by place.
pub struct Feistel {
    count: u64,
    /// The grid's sides.
    a: u64,
    b: u64,
    keys: [u64; ROUNDS],
}

impl Feistel {
    /// The grid for `count` samples, which is at least 1 and at most [`MOST`].
    fn new(count: u64) -> Self {
        let mut a = (count as f64).sqrt() as u64;
        while a * a < count {
            a += 1;
        }
        Self {
            count,
            a,
            b: count.div_ceil(a),
            keys: [0; ROUNDS],
        }
    }

    /// Where a position goes.
    fn at(&self, position: u64) -> u64 {
        let mut cell = position;
        loop {
            cell = self.step(cell);
            if cell < self.count {
                return cell;
            }
        }
    }

    /// Where a cell goes.
    fn step(&self, cell: u64) -> u64 {
        let (mut l, mut r) = (cell / self.b, cell % self.b);
        for [even, odd] in self.keys.as_chunks().0 {
            l = turn(l, mix(even ^ r), self.a);
            r = turn(r, mix(odd ^ l), self.b);
        }
        l * self.b + r
    }
}

/// `x` plus a share of `side`, modulo `side`; `x` is less than `side`.
fn turn(x: u64, hash: u64, side: u64) -> u64 {
    let shift = ((u128::from(hash) * u128::from(side)) >> 64) as u64;
    let sum = x + shift;
    if sum < side { sum } else { sum - side }
}

#[cfg(test)]
mod tests {
    use super::{Feistel, LISTED, MOST, Order};
    use alloc::{vec, vec::Vec};

    fn shuffled(count: usize, seed: u64, epoch: u64) -> Order {
        let mut order = Order::new(count, true);
        order.shuffle(seed, epoch);
        order
    }

    fn feistel(count: u64, seed: u64) -> Feistel {
        let keys = core::array::from_fn(|round| crate::random::mix(seed ^ (round as u64) << 32));
        Feistel {
            keys,
            ..Feistel::new(count)
        }
    }

    #[test]
    fn every_sample_is_visited_once() {
        for count in (1..200).chain([LISTED - 1, LISTED, LISTED + 1, 100_003]) {
            let order = shuffled(count, 7, 3);
            let mut visited = vec![false; count];
            for position in 0..count {
                assert!(!core::mem::replace(&mut visited[order.at(position)], true));
            }
        }
        for count in (1..200).chain([65_537, 99_999]) {
            let feistel = feistel(count, 1);
            let mut visited = vec![false; count as usize];
            for position in 0..count {
                let sample = feistel.at(position) as usize;
                assert!(!core::mem::replace(&mut visited[sample], true), "{count}");
            }
        }
    }

    #[test]
    fn as_many_samples_as_an_epoch_may_have() {
        for count in [1_000_000_000, u64::from(u32::MAX), MOST - 1, MOST] {
            let feistel = feistel(count, 5);
            let mut found: Vec<u64> = (0..1000)
                .chain(count - 1000..count)
                .map(|x| feistel.at(x))
                .collect();
            assert!(found.iter().all(|&sample| sample < count));
            found.sort_unstable();
            found.dedup();
            assert_eq!(found.len(), 2000, "{count}");
            // They are spread over the whole: 2000 of them miss a sixteenth with probability 1e-56.
            let sixteenth = count / 16;
            assert!(
                (0..16).all(|part| found.iter().any(|x| x / sixteenth == part)),
                "{count}"
            );
        }
    }

    #[test]
    fn seeds_and_epochs_have_orders_of_their_own() {
        for count in [1000, 100_000] {
            let list = |order: Order| (0..1000).map(|at| order.at(at)).collect::<Vec<_>>();
            let base = list(shuffled(count, 1, 0));
            assert_eq!(base, list(shuffled(count, 1, 0)));
            for other in [
                shuffled(count, 1, 1),
                shuffled(count, 2, 0),
                Order::new(count, false),
            ] {
                let equal = base
                    .iter()
                    .zip(list(other))
                    .filter(|(a, b)| **a == *b)
                    .count();
                assert!(equal < 10, "{equal} of 1000");
            }
        }
    }

    /// Where two neighbours land is independent: chi-square of 100 x 99 pairs over 40,000 keys.
    #[test]
    fn neighbours_are_parted() {
        let mut counts = vec![0_u32; 100 * 100];
        for seed in 0..40_000 {
            let feistel = feistel(100, crate::random::mix(seed));
            counts[(feistel.at(0) * 100 + feistel.at(1)) as usize] += 1;
        }
        let (expected, freedom) = (40_000.0 / 9900.0, 9899.0_f64);
        let chi: f64 = (0..10_000)
            .filter(|pair| pair / 100 != pair % 100)
            .map(|pair| (f64::from(counts[pair]) - expected).powi(2) / expected)
            .sum();
        assert!(
            (chi - freedom).abs() < 5.0 * (2.0 * freedom).sqrt(),
            "{chi}"
        );
    }
}
