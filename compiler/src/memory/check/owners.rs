//! Who wrote each block of memory last.

use crate::ids::BufferId;
use std::collections::BTreeMap;
use std::ops::Range;

/// Who wrote each block last: the first block of each stretch, with its end and its owner; stretches never overlap.
#[derive(Default)]
pub struct Owners(BTreeMap<usize, (usize, BufferId)>);

impl Owners {
    /// The first stretch that is not wholly before a block.
    fn since(&self, block: usize) -> impl Iterator<Item = (Range<usize>, BufferId)> {
        let before = self.0.range(..block).next_back();
        let before = before.filter(|&(_, &(end, _))| end > block);
        before
            .into_iter()
            .chain(self.0.range(block..))
            .map(|(&start, &(end, owner))| (start..end, owner))
    }

    /// The first block in a place that is not a buffer's, and whose it is instead.
    pub fn lost(&self, buffer: BufferId, place: Range<usize>) -> Option<(usize, Option<BufferId>)> {
        let mut block = place.start;
        for (stretch, owner) in self.since(place.start) {
            if block >= place.end || stretch.start > block {
                break;
            }
            if owner != buffer {
                return Some((block, Some(owner)));
            }
            block = stretch.end;
        }
        (block < place.end).then_some((block, None))
    }

    /// The first block in a place that is another buffer's, and whose.
    pub fn other(&self, buffer: BufferId, place: Range<usize>) -> Option<(usize, BufferId)> {
        let within = self.since(place.start);
        let mut within = within.take_while(|(stretch, _)| stretch.start < place.end);
        let (stretch, owner) = within.find(|&(_, owner)| owner != buffer)?;
        Some((stretch.start.max(place.start), owner))
    }

    /// Makes blocks a buffer's; what is left of the stretches that lay there stays whose it was.
    pub fn write(&mut self, buffer: BufferId, place: Range<usize>) {
        if place.is_empty() {
            return;
        }
        let lay: Vec<_> = self
            .since(place.start)
            .take_while(|(stretch, _)| stretch.start < place.end)
            .collect();
        for (stretch, owner) in lay {
            self.0.remove(&stretch.start);
            if stretch.start < place.start {
                self.0.insert(stretch.start, (place.start, owner));
            }
            if place.end < stretch.end {
                self.0.insert(place.end, (stretch.end, owner));
            }
        }
        self.0.insert(place.start, (place.end, buffer));
    }
}
