//! Chance that a fuzzer steers: the bytes of its input decide, so that what it changes there changes a declaration.

/// Numbers from bytes; when they are used up, numbers that follow from the last ones.
#[derive(Clone, Debug)]
pub struct Dice {
    bytes: Vec<u8>,
    at: usize,
    state: u64,
}

impl Dice {
    /// Dice that fall as `bytes` say.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self {
            bytes: bytes.to_vec(),
            at: 0,
            state: bytes.len() as u64,
        }
    }

    /// Dice that fall as `seed` says.
    pub fn new(seed: u64) -> Self {
        Self {
            state: seed,
            ..Self::from_bytes(&[])
        }
    }

    /// Two bytes, or 64 bits of SplitMix64 (Steele, Lea and Flood 2014).
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        if let Some(&[low, high]) = self.bytes.get(self.at..self.at + 2) {
            self.at += 2;
            let bits = u64::from(u16::from_le_bytes([low, high]));
            self.state ^= bits;
            return bits;
        }
        let x = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    /// A number from 0 to `count - 1`, or 0 if there is none.
    pub fn below(&mut self, count: usize) -> usize {
        (self.bits() % (count.max(1) as u64)) as usize
    }

    /// A number from `least` to `most`.
    pub fn between(&mut self, least: usize, most: usize) -> usize {
        least + self.below(most - least + 1)
    }

    /// Whether something happens that happens once in `times`.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of several.
    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}
