//! The cells: what a step of a recurrence computes, and what the back end knows of each.

use crate::rt::{self, Path};

/// What a step computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// h = tanh(z).
    RnnTanh,
    /// h = max(z, 0).
    RnnRelu,
    /// Long short-term memory, gates i, f, g, o.
    Lstm,
    /// Gated recurrent units, gates r, z, n; the reset gate multiplies the product with the hidden state.
    Gru,
    /// The same, where the reset gate multiplies the hidden state before the product.
    GruResetBefore,
}

impl Cell {
    /// Gates of each unit.
    pub fn gates(self) -> usize {
        match self {
            Self::RnnTanh | Self::RnnRelu => 1,
            Self::Lstm => 4,
            Self::Gru | Self::GruResetBefore => 3,
        }
    }

    /// Operations of a unit beside its sums: the functions of the gates, their products and sums.
    pub(super) fn elementwise(self) -> u64 {
        match self {
            Self::RnnTanh | Self::RnnRelu => 1,
            // Three sigmoids, two tanh, three products and a sum.
            Self::Lstm => 9,
            // Two sigmoids, a tanh, two products, a difference and a sum.
            Self::Gru | Self::GruResetBefore => 7,
        }
    }

    /// Whether it has a second state, c.
    pub fn remembers(self) -> bool {
        self == Self::Lstm
    }

    /// The runtime's type that computes it, with exact functions or fast ones.
    pub(super) fn path(self, fast: bool) -> Path {
        match (self, fast) {
            (Self::RnnTanh, false) => rt::RNN_TANH,
            (Self::RnnTanh, true) => rt::FAST_RNN_TANH,
            (Self::RnnRelu, _) => rt::RNN_RELU,
            (Self::Lstm, false) => rt::LSTM,
            (Self::Lstm, true) => rt::FAST_LSTM,
            (Self::Gru, false) => rt::GRU,
            (Self::Gru, true) => rt::FAST_GRU,
            (Self::GruResetBefore, false) => rt::GRU_RESET_BEFORE,
            (Self::GruResetBefore, true) => rt::FAST_GRU_RESET_BEFORE,
        }
    }

    /// Blocks that forward keeps of each step for backward, beside the gates, for so many blocks of units.
    pub(super) fn kept(self, blocks: usize) -> usize {
        match self {
            Self::RnnTanh | Self::RnnRelu => 0,
            Self::Lstm => blocks,
            Self::Gru => 3 * blocks,
            Self::GruResetBefore => 2 * blocks,
        }
    }

    /// Panels whose gradients are summed together, which divide all `panels`: a block's gates, or a gate of several blocks.
    pub(super) fn panels_together(self, panels: usize) -> usize {
        match self.gates() {
            1 => [4, 3, 2, 1]
                .into_iter()
                .find(|&some| panels.is_multiple_of(some))
                .unwrap_or(1),
            gates => gates,
        }
    }
}
