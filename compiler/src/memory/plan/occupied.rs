//! Which blocks are occupied when: what the planner asks for every buffer, in a time that hardly grows with the number of
//! buffers that are placed.
//!
//! Events are the leaves of a binary tree. A node knows as runs which blocks are occupied at any of its events. What a
//! buffer occupies at all of them is handed down to the nodes below when somebody asks them, but only in the upper part
//! of the tree, where a few nodes see most buffers; further down it is kept where it is, and asked for on the way.

use std::ops::Range;

/// First and last event that touch a buffer.
pub(super) type Lifetime = (usize, usize);

/// Memory over time.
pub(super) struct Occupied {
    /// Events, rounded up to a power of two. Node 1 is the root; below node n are the nodes 2n and 2n + 1.
    events: usize,
    /// Blocks occupied at some event of a node.
    runs: Vec<Runs>,
    /// Of those, the blocks that the nodes below have not heard of.
    pending: Vec<Runs>,
}

/// Nodes below this one hand down what they know.
const UPPER: usize = 64;

impl Occupied {
    /// Free memory.
    pub(super) fn new(events: usize) -> Self {
        let events = events.next_power_of_two();
        Self {
            events,
            runs: vec![Runs::default(); 2 * events],
            pending: vec![Runs::default(); 2 * events],
        }
    }

    /// The lowest offset where so many blocks are free throughout a lifetime.
    pub(super) fn lowest(&mut self, lifetime: Lifetime, blocks: usize) -> usize {
        let (within, above) = self.cover(lifetime, None);
        let within = within.iter().map(|&node| &self.runs[node]);
        let above = above.iter().map(|&node| &self.pending[node]);
        let known: Vec<&Runs> = within
            .chain(above)
            .filter(|runs| !runs.0.is_empty())
            .collect();
        let mut offset = 0;
        loop {
            let past = known
                .iter()
                .fold(offset, |offset, runs| runs.past(offset, blocks));
            if past == offset {
                return offset;
            }
            offset = past;
        }
    }

    /// Occupies blocks for a lifetime.
    pub(super) fn occupy(&mut self, lifetime: Lifetime, blocks: &Range<usize>) {
        let (within, _) = self.cover(lifetime, Some(blocks));
        for node in within {
            self.pending[node].insert(blocks.clone());
        }
    }

    /// The nodes that cover a lifetime between them, and those above whose pending blocks they have not heard of;
    /// `blocks` become occupied in all.
    fn cover(
        &mut self,
        (first, last): Lifetime,
        blocks: Option<&Range<usize>>,
    ) -> (Vec<usize>, Vec<usize>) {
        let (mut within, mut above) = (Vec::new(), Vec::new());
        let mut open = vec![(1, 0, self.events - 1)];
        while let Some((node, start, end)) = open.pop() {
            if last < start || end < first {
                continue;
            }
            if let Some(blocks) = blocks {
                self.runs[node].insert(blocks.clone());
            }
            if first <= start && end <= last {
                within.push(node);
                continue;
            }
            match node < UPPER {
                true => self.hand_down(node),
                false => above.push(node),
            }
            let middle = start.midpoint(end);
            open.extend([(2 * node, start, middle), (2 * node + 1, middle + 1, end)]);
        }
        (within, above)
    }

    fn hand_down(&mut self, node: usize) {
        for blocks in std::mem::take(&mut self.pending[node]).0 {
            for child in [2 * node, 2 * node + 1] {
                self.runs[child].insert(blocks.clone());
                self.pending[child].insert(blocks.clone());
            }
        }
    }
}

/// Occupied blocks as runs, ascending, with free blocks between any two.
#[derive(Clone, Default)]
struct Runs(Vec<Range<usize>>);

impl Runs {
    /// The first offset from `offset` on that is free, if not all `blocks` from `offset` on are; else `offset` itself.
    fn past(&self, offset: usize, blocks: usize) -> usize {
        let next = self.0.partition_point(|run| run.end <= offset);
        let mut past = offset;
        for run in &self.0[next..] {
            if past + blocks <= run.start {
                break;
            }
            past = run.end;
        }
        past
    }

    /// Adds blocks, and joins the runs that they overlap or touch.
    fn insert(&mut self, blocks: Range<usize>) {
        let first = self.0.partition_point(|run| run.end < blocks.start);
        let end = self.0.partition_point(|run| run.start <= blocks.end);
        let joined = match self.0.get(first..end) {
            Some([only]) => only.start.min(blocks.start)..only.end.max(blocks.end),
            Some([one, .., other]) => one.start.min(blocks.start)..other.end.max(blocks.end),
            _ => blocks,
        };
        self.0.splice(first..end, [joined]);
    }
}

#[cfg(test)]
mod tests {
    use super::{Occupied, Runs};
    use proptest::prelude::*;

    #[test]
    fn runs_that_touch_become_one() {
        let mut runs = Runs::default();
        for blocks in [0..2, 4..6, 9..10, 2..4, 8..12] {
            runs.insert(blocks);
        }
        assert_eq!(runs.0, [0..6, 8..12]);
        assert_eq!(runs.past(0, 1), 6);
        assert_eq!(runs.past(6, 2), 6);
        assert_eq!(runs.past(5, 3), 12);
    }

    proptest! {
        /// The tree finds what looking at every buffer finds.
        #[test]
        fn the_lowest_free_offset_is_found(
            buffers in prop::collection::vec(((0_usize..500, 0_usize..500), 1_usize..9), 1..40),
        ) {
            let mut memory = Occupied::new(500);
            let mut placed: Vec<((usize, usize), std::ops::Range<usize>)> = Vec::new();
            for ((one, other), blocks) in buffers {
                let lifetime = (one.min(other), one.max(other));
                let free = |&offset: &usize| {
                    placed.iter().all(|(alive, place)| {
                        let apart = alive.1 < lifetime.0 || lifetime.1 < alive.0;
                        apart || place.end <= offset || offset + blocks <= place.start
                    })
                };
                let offset = (0..).find(free).expect("memory has no end");
                prop_assert_eq!(memory.lowest(lifetime, blocks), offset);
                memory.occupy(lifetime, &(offset..offset + blocks));
                placed.push((lifetime, offset..offset + blocks));
            }
        }
    }
}
