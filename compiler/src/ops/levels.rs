//! Layers that are stacks of levels: what each level is, and what of the layer is asked for.

use super::parameter::Course;

/// A layer as a stack of levels.
#[derive(Clone, Debug)]
pub struct Levels<O> {
    /// From the lowest to the highest, the directions of each: all read what the level before gives, and their features
    /// stand side by side.
    pub levels: Vec<Vec<Direction<O>>>,
    /// The probability of a zero between levels.
    pub dropout: f64,
    /// Units of a level's state.
    pub units: usize,
}

/// One direction of a level.
#[derive(Clone, Debug)]
pub struct Direction<O> {
    /// What it computes.
    pub op: O,
    /// Whether its last step is the first of the sequence.
    pub reverse: bool,
    /// The states before its first step, where they are learnt.
    pub learnt: Vec<Learnt>,
}

/// A state before the first step that is learnt.
#[derive(Clone, Debug, PartialEq)]
pub struct Learnt {
    /// The parameter's name: `h0_l0`.
    pub name: String,
    /// How many numbers it has.
    pub units: usize,
    /// How it is trained.
    pub course: Course,
}

/// What of a layer is asked for by one of its calls.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Whether the states before the first step are given.
    pub given: bool,
    /// Whether a length says how many steps count.
    pub length: bool,
    /// Which results are: those of every step, the states after the last.
    pub results: &'a [bool],
}

impl Asked<'_> {
    /// Whether a result is asked for.
    pub fn wants(&self, result: usize) -> bool {
        self.results.get(result).copied().unwrap_or(false)
    }
}

impl<O> Levels<O> {
    /// What is not stacked.
    pub fn one(op: O) -> Self {
        let only = Direction {
            op,
            reverse: false,
            learnt: Vec::new(),
        };
        Self {
            levels: vec![vec![only]],
            dropout: 0.0,
            units: 0,
        }
    }

    /// The same of other operators.
    pub fn map<P>(self, f: impl Fn(O) -> P) -> Levels<P> {
        let direction = |direction: Direction<O>| Direction {
            op: f(direction.op),
            reverse: direction.reverse,
            learnt: direction.learnt,
        };
        let level = |level: Vec<_>| level.into_iter().map(&direction).collect();
        Levels {
            levels: self.levels.into_iter().map(level).collect(),
            dropout: self.dropout,
            units: self.units,
        }
    }
}
