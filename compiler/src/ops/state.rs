//! Rows of a sequence, or of the states of several levels, that a recurrence takes or gives: a part of a layer, which
//! nobody declares.

use super::copying::Region;
use super::lower::Lower;
use super::operator::{Application, Operator};
use crate::arguments::Arguments;
use crate::pace::{Pace, Timing};
use crate::site::Site;
use crate::storage::{Border, Storage};

/// Some rows of a matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    rows: Rows,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Rows {
    /// One of the states that are given for so many directions of so many units.
    Given {
        row: usize,
        count: usize,
        units: usize,
    },
    /// The first.
    First,
    /// The one before so many at the end.
    FromEnd(usize),
    /// All but the last.
    ButTheLast,
}

impl State {
    /// Row `row` of the states that are given for `count` directions.
    pub fn given(row: usize, count: usize, units: usize) -> Self {
        let rows = Rows::Given { row, count, units };
        Self { rows }
    }

    /// The first row.
    pub fn first() -> Self {
        Self { rows: Rows::First }
    }

    /// The row that so many follow.
    pub fn from_end(behind: usize) -> Self {
        let rows = Rows::FromEnd(behind);
        Self { rows }
    }

    /// All rows but the last.
    pub fn but_the_last() -> Self {
        let rows = Rows::ButTheLast;
        Self { rows }
    }

    /// The first row of so many that is taken, and how many are.
    pub fn range(&self, count: usize) -> (usize, usize) {
        match self.rows {
            Rows::Given { row, .. } => (row, 1),
            Rows::First => (0, 1),
            Rows::FromEnd(behind) => (count.saturating_sub(behind + 1), 1),
            Rows::ButTheLast => (0, count.saturating_sub(1)),
        }
    }
}

impl Operator for State {
    fn declare(_: &mut Arguments<'_>) -> Self {
        Self::first()
    }

    /// What is after the last step is nothing that each step has.
    fn pace(&self, timing: &Timing<'_>) -> Result<Pace, String> {
        if let Rows::Given { .. } = self.rows {
            return timing.refused(
                "takes the steps of a sequence for its initial states",
                "declare a sequence of another length than there are states",
            );
        }
        timing.refused(
            "gives its state after the last step",
            "take its steps alone: a stream has its state in `state()`",
        )
    }

    /// `[rows, F]` gives `[some, F]`.
    fn infer(&self, call: &Application<'_>) -> Result<Vec<usize>, String> {
        let feed = call.inputs[0];
        match (self.rows, feed.shape) {
            (Rows::Given { count, units, .. }, shape) if *shape != [count, units] => Err(format!(
                "`{}` takes initial states [{count}, {units}], one for each level and direction, but `{}` gives {shape:?}; bring it to that shape",
                call.layer, feed.from
            )),
            (_, &[count, features]) => Ok(vec![self.range(count).1, features]),
            (_, shape) => Err(format!(
                "`{}` has states that are rows, but `{}` gives {shape:?}; bring it to two axes",
                call.layer, feed.from
            )),
        }
    }

    fn flops(&self, _: &[&[usize]], _: &[usize]) -> u64 {
        0
    }
}

impl Lower for State {
    fn gives(&self, _: &[&Storage], shape: &[usize], border: Border) -> Storage {
        Storage::natural(shape, border)
    }

    fn regions(&self, site: &Site<'_>) -> Vec<Region> {
        let (x, y) = (site.input(0), site.output());
        let (from, count) = self.range(x.shape[0]);
        vec![Region::along(0, count, (x, from), (y, 0))]
    }
}
