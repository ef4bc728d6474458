//! Where elements lie, in row-major order.

use alloc::{vec, vec::Vec};

/// Where elements lie in a file, for each in row-major order.
pub struct Places {
    /// Sizes of the dimensions and the distance of neighbours in them, the outermost first.
    axes: Vec<(usize, usize)>,
    index: Vec<usize>,
    place: usize,
    left: usize,
}

impl Places {
    pub fn new(shape: &[usize], fortran: bool) -> Self {
        let mut axes = shape.iter().map(|&size| (size, 0)).collect::<Vec<_>>();
        let mut stride = 1_usize;
        let mut next = |axis: &mut (usize, usize)| {
            axis.1 = stride;
            stride = stride.saturating_mul(axis.0);
        };
        match fortran {
            true => axes.iter_mut().for_each(&mut next),
            false => axes.iter_mut().rev().for_each(&mut next),
        }
        Self {
            index: vec![0; axes.len()],
            axes,
            place: 0,
            left: shape.iter().product(),
        }
    }
}

impl Iterator for Places {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        self.left = self.left.checked_sub(1)?;
        let place = self.place;
        for (&(size, stride), index) in self.axes.iter().zip(&mut self.index).rev() {
            *index += 1;
            self.place += stride;
            if *index < size {
                break;
            }
            self.place -= stride * size;
            *index = 0;
        }
        Some(place)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Places {}
