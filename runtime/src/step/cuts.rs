//! Where a step's work is cut for threads. Cuts are computed when they are needed: for one thread there is none, and for
//! several a look at every tensor is nothing beside the work.

use crate::{
    block::LANES,
    network::{Panels, count_blocks},
    tensor::{Role, Tensor},
};

/// Operations below which a fork costs more than it brings: some 20 microseconds of work.
pub const WORTH_A_FORK: u64 = 1 << 20;

/// Blocks of transposed or limited weights below which a fork costs more than it brings.
const WORTH_A_FORK_BLOCKS: usize = 1 << 10;

/// Stretches begin at a multiple of this many blocks within a tensor, to keep register tiles whole.
const TILE_BLOCKS: usize = 12;

/// What the optimizer costs for one block, in rows of its gradient.
const UPDATE_ROWS: usize = 16;

/// Operations of one row of a block's gradient.
const ROW_FLOPS: u128 = 2 * LANES as u128;

/// Where something is cut into stretches of about equal work.
pub trait Cuts: Sync {
    /// How many stretches there are; at least one.
    fn count(&self) -> usize;

    /// The first item of a stretch behind the first one. Ascending; a stretch may be empty.
    fn start(&self, stretch: usize) -> usize;
}

/// One stretch.
pub struct Uncut;

impl Cuts for Uncut {
    fn count(&self) -> usize {
        1
    }

    fn start(&self, _: usize) -> usize {
        0
    }
}

/// About equal stretches of panels that are as many blocks long each.
pub struct Even {
    panels: usize,
    blocks: usize,
    parts: usize,
}

impl Even {
    /// At most `parts` stretches of `all` blocks.
    pub fn new(all: usize, blocks: usize, parts: usize) -> Self {
        Self {
            panels: all / blocks.max(1),
            blocks,
            parts: parts.min(all / WORTH_A_FORK_BLOCKS),
        }
    }
}

impl Cuts for Even {
    fn count(&self) -> usize {
        self.parts.clamp(1, self.panels.max(1))
    }

    fn start(&self, stretch: usize) -> usize {
        self.panels * stretch / self.count() * self.blocks
    }
}

/// Stretches of what is learnt. What is not updated costs nothing.
pub struct Learnt {
    tensors: &'static [Tensor],
    /// The pass whose updates are meant; without one, a rule is applied to gradients that are there.
    pass: Option<usize>,
    batch: usize,
    parts: usize,
    /// Rows of all blocks.
    total: u128,
}

impl Learnt {
    /// At most `parts` stretches for the updates after a pass over `batch` rows.
    pub fn new(
        tensors: &'static [Tensor],
        pass: Option<usize>,
        batch: usize,
        parts: usize,
    ) -> Self {
        let mut cuts = Self {
            tensors,
            pass,
            batch,
            parts: 1,
            total: 0,
        };
        if parts > 1 {
            cuts.total = cuts
                .work()
                .map(|(_, work)| work)
                .fold(0, u128::saturating_add);
            let worth = cuts.total.saturating_mul(ROW_FLOPS) / u128::from(WORTH_A_FORK);
            cuts.parts = usize::try_from(worth).map_or(parts, |worth| parts.min(worth));
        }
        cuts
    }

    /// The rows that a block of this tensor costs, saturated where the numbers are absurd, so that the cuts are in order at
    /// least; nothing for what is not learnt.
    fn rows(&self, tensor: &Tensor) -> Option<u128> {
        let Role::Learnt { cost, pass: at, .. } = tensor.role else {
            return None;
        };
        let positions = match self.pass {
            Some(pass) if pass != at => return Some(0),
            Some(_) => (cost as u128).saturating_mul(self.batch as u128),
            None => 0,
        };
        Some(positions.saturating_add(UPDATE_ROWS as u128))
    }

    /// Blocks and work of everything that is learnt.
    fn work(&self) -> impl Iterator<Item = (usize, u128)> {
        self.tensors.iter().map_while(|tensor| {
            let rows = self.rows(tensor)?;
            Some((tensor.blocks, rows.saturating_mul(tensor.blocks as u128)))
        })
    }
}

impl Cuts for Learnt {
    fn count(&self) -> usize {
        self.parts.max(1)
    }

    fn start(&self, stretch: usize) -> usize {
        let wanted = self.total.saturating_mul(stretch as u128) / self.count() as u128;
        let (mut first, mut before) = (0, 0_u128);
        for (blocks, work) in self.work() {
            let after = before.saturating_add(work);
            if wanted < after {
                let block = ((wanted - before) / (work / blocks as u128)) as usize;
                let block = (block + TILE_BLOCKS / 2) / TILE_BLOCKS * TILE_BLOCKS;
                return first + block.min(blocks);
            }
            (first, before) = (first + blocks, after);
        }
        first
    }
}

/// Stretches of transposed weights, cut between two panels each.
pub struct Transposed {
    matrices: &'static [Panels],
    blocks: usize,
    parts: usize,
}

impl Transposed {
    /// At most `parts` stretches.
    pub fn new(matrices: &'static [Panels], parts: usize) -> Self {
        let blocks = count_blocks(matrices);
        Self {
            matrices,
            blocks,
            parts: parts.min(blocks / WORTH_A_FORK_BLOCKS),
        }
    }
}

impl Cuts for Transposed {
    fn count(&self) -> usize {
        self.parts.max(1)
    }

    fn start(&self, stretch: usize) -> usize {
        let wanted = self.blocks / self.count() * stretch;
        let mut first = 0;
        for matrix in self.matrices {
            let blocks = matrix.rows * matrix.panels;
            if wanted <= first + blocks {
                let panels = (wanted - first).div_ceil(matrix.rows.max(1));
                return first + panels * matrix.rows;
            }
            first += blocks;
        }
        first
    }
}

#[cfg(test)]
mod tests;
