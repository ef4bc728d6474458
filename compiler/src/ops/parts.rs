//! The operators that a layer becomes: one, or a small graph.

use super::levels::{Asked, Direction, Levels};
use super::{concat::Concat, dropout::Dropout, initial::Initial, last::Last, state::State};

/// An operator that may be a part of a layer.
pub trait AnyPart: From<Concat> + From<Dropout> + From<Initial> + From<Last> + From<State> {}

impl<P: From<Concat> + From<Dropout> + From<Initial> + From<Last> + From<State>> AnyPart for P {}

/// One of the operators that a layer becomes.
#[derive(Clone, Debug)]
pub struct Part<P> {
    /// What it computes.
    pub op: P,
    /// What it reads.
    pub reads: Vec<Source>,
}

/// What a part of a layer reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// All operands of the layer.
    Operands,
    /// One of them.
    Operand(usize),
    /// The result of a part before it.
    Part(usize),
}

/// The operators that one application of a layer becomes, each after what it reads.
#[derive(Clone, Debug)]
pub struct Parts<P> {
    /// The operators.
    pub parts: Vec<Part<P>>,
    /// The results that were asked for; `None` for others.
    pub results: Vec<Option<Source>>,
}

impl<P: AnyPart> Parts<P> {
    /// No operators.
    fn none() -> Self {
        Self {
            parts: Vec::new(),
            results: Vec::new(),
        }
    }

    /// One operator behind another.
    pub fn pair(first: P, second: P) -> Self {
        let mut parts = Self::none();
        let first = parts.push(first, vec![Source::Operands]);
        let second = parts.push(second, vec![first]);
        parts.results.push(Some(second));
        parts
    }

    /// A layer's levels, one on another: of each the features of its directions side by side, and noise between levels.
    pub fn of<O: Into<P>>(levels: Levels<O>, asked: Asked<'_>, states: usize) -> Self {
        let mut parts = Self::none();
        if states == 0 {
            let ops = levels.levels.into_iter().flatten();
            for direction in ops {
                let result = parts.push(direction.op.into(), vec![Source::Operands]);
                parts.results = vec![Some(result)];
            }
            return parts;
        }
        let count: usize = levels.levels.iter().map(Vec::len).sum();
        let mut given = match asked.given {
            true => parts.given(states, count, levels.units),
            false => Vec::new(),
        }
        .into_iter();
        let highest = levels.levels.len() - 1;
        let (mut x, mut last) = (Source::Operand(0), vec![Vec::new(); states]);
        for (number, level) in levels.levels.into_iter().enumerate() {
            if levels.dropout > 0.0 && number > 0 {
                let p = levels.dropout;
                x = parts.push(Dropout { p }.into(), vec![x]);
            }
            let mut steps = Vec::with_capacity(level.len());
            let wanted = number < highest || asked.wants(0);
            for direction in level {
                let first = given.next();
                let y = parts.direction(direction, (x, first), asked, wanted, &mut last);
                steps.push(y);
            }
            if wanted {
                x = parts.join(steps, 1);
            }
        }
        parts.results.push(asked.wants(0).then_some(x));
        for (state, rows) in last.into_iter().enumerate() {
            let wanted = asked.wants(state + 1);
            let joined = wanted.then(|| parts.join(rows, 0));
            parts.results.push(joined);
        }
        parts
    }

    fn push(&mut self, op: P, reads: Vec<Source>) -> Source {
        self.parts.push(Part { op, reads });
        Source::Part(self.parts.len() - 1)
    }

    /// Tensors side by side.
    fn join(&mut self, sources: Vec<Source>, axis: usize) -> Source {
        match sources[..] {
            [one] => one,
            _ => self.push(Concat { axis }.into(), sources),
        }
    }

    /// The given states of each of so many directions: rows of the operands.
    fn given(&mut self, states: usize, count: usize, units: usize) -> Vec<Vec<Source>> {
        let mut given = vec![Vec::with_capacity(states); count];
        for operand in (0..states).map(|state| Source::Operand(state + 1)) {
            for (row, given) in given.iter_mut().enumerate() {
                given.push(match count {
                    1 => operand,
                    _ => self.push(State::given(row, count, units).into(), vec![operand]),
                });
            }
        }
        given
    }

    /// One direction of a level that reads x, and what is asked of it: its steps if they are `wanted`, and its last states.
    fn direction<O: Into<P>>(
        &mut self,
        direction: Direction<O>,
        (x, given): (Source, Option<Vec<Source>>),
        asked: Asked<'_>,
        wanted: bool,
        last: &mut [Vec<Source>],
    ) -> Source {
        let mut reads = vec![x];
        match given {
            Some(given) => reads.extend(given),
            None => {
                for learnt in direction.learnt {
                    // It reads x to stand in its place among the others, and nothing of it.
                    reads.push(self.push(Initial { learnt }.into(), vec![x]));
                }
            }
        }
        let all = self.push(direction.op.into(), reads);
        // Where c is asked for, it is the last row, behind the steps.
        let behind = usize::from(asked.wants(2));
        if asked.wants(1) {
            let state = match (direction.reverse, asked.length) {
                (true, _) => State::first().into(),
                (false, true) => Last::row(behind).into(),
                (false, false) => State::from_end(behind).into(),
            };
            last[0].push(self.push(state, vec![all]));
        }
        if asked.wants(2) {
            last[1].push(self.push(State::from_end(0).into(), vec![all]));
        }
        match behind > 0 && wanted {
            true => self.push(State::but_the_last().into(), vec![all]),
            false => all,
        }
    }
}
