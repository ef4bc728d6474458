//! Views: what a call does to memory, and the type by which its kernel sees it.

use crate::storage::LANES;
use std::fmt;

/// What a call does to memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reads what is there.
    Read,
    /// Writes everything that is read later, whatever was there.
    Write,
    /// Reads what is there and changes it.
    Modify,
}

impl Access {
    /// What a kernel does to a delta: it writes the first term and adds the others.
    pub fn adding(add: bool) -> Self {
        match add {
            true => Self::Modify,
            false => Self::Write,
        }
    }

    /// `true` if contents from before are read.
    pub fn reads(self) -> bool {
        self != Self::Write
    }

    /// `true` if contents are changed.
    pub fn writes(self) -> bool {
        self != Self::Read
    }
}

/// The type by which a kernel sees memory, and how much of it there is for each sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `[Block]`: all that there is.
    Blocks,
    /// `[Block]`, so many for each sample: scratch that the kernel divides.
    Scratch(usize),
    /// `[[Block; blocks]]`
    Rows {
        /// Rows of a sample.
        rows: usize,
        /// Blocks of a row.
        blocks: usize,
    },
    /// `[[f32; floats]]`
    Floats {
        /// Rows of a sample.
        rows: usize,
        /// Floats from row to row.
        floats: usize,
    },
    /// `[[u32; tokens]]`: indices, with those that fill the last block.
    Tokens {
        /// Indices of a sample.
        tokens: usize,
    },
    /// `[[[f32; floats]; steps]]`
    Sequences {
        /// Steps of a sequence.
        steps: usize,
        /// Floats from step to step.
        floats: usize,
    },
    /// `[[[Block; blocks]; steps]]`
    Steps {
        /// Steps of a sequence.
        steps: usize,
        /// Blocks of a step.
        blocks: usize,
    },
    /// `[[Block; rows]; panels]`: a matrix in panels of sixteen columns.
    Panels {
        /// Rows of the matrix.
        rows: usize,
        /// Panels.
        panels: usize,
    },
    /// `[Block; n]`: a bias.
    Cells(usize),
}

impl Form {
    /// One row of blocks for each sample.
    pub fn row(blocks: usize) -> Self {
        Self::Rows { rows: 1, blocks }
    }

    /// One row of floats for each sample.
    pub fn row_of_floats(floats: usize) -> Self {
        Self::Floats { rows: 1, floats }
    }

    /// Blocks for one sample, or of a parameter. Forms that do not say it view memory whose size is known otherwise.
    pub fn blocks(self) -> Option<usize> {
        match self {
            Self::Blocks | Self::Floats { .. } | Self::Sequences { .. } | Self::Tokens { .. } => {
                None
            }
            Self::Cells(blocks) | Self::Scratch(blocks) => Some(blocks),
            Self::Rows { rows, blocks } => Some(rows * blocks),
            Self::Steps { steps, blocks } => Some(steps * blocks),
            Self::Panels { rows, panels } => Some(rows * panels),
        }
    }

    /// Floats for one sample, or of a parameter; `None` for all that there are.
    pub fn floats(self) -> Option<usize> {
        match self {
            Self::Floats { rows, floats } => Some(rows * floats),
            Self::Sequences { steps, floats } => Some(steps * floats),
            Self::Tokens { tokens } => Some(tokens),
            _ => self.blocks().map(|blocks| blocks * LANES),
        }
    }
}

/// As errors of the checker put it: `8 panels of 784 blocks`.
impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blocks => write!(f, "blocks"),
            Self::Scratch(blocks) | Self::Cells(blocks) => write!(f, "{blocks} blocks"),
            Self::Rows { rows, blocks } => write!(f, "{rows} rows of {blocks} blocks"),
            Self::Floats { rows, floats } => write!(f, "{rows} rows of {floats} floats"),
            Self::Tokens { tokens } => write!(f, "{tokens} tokens"),
            Self::Sequences { steps, floats } => write!(f, "{steps} steps of {floats} floats"),
            Self::Steps { steps, blocks } => write!(f, "{steps} steps of {blocks} blocks"),
            Self::Panels { rows, panels } => write!(f, "{panels} panels of {rows} blocks"),
        }
    }
}

/// Memory as a kernel is given it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View<M> {
    /// Which memory.
    pub memory: M,
    /// What the kernel does to it.
    pub access: Access,
    /// The type it sees.
    pub form: Form,
}
