//! How a value lies in memory: sixteen-lane blocks in one of four forms.

/// Floats in a block.
pub const LANES: usize = 16;

/// Bytes of some blocks.
pub fn bytes(blocks: usize) -> usize {
    blocks * LANES * size_of::<f32>()
}

/// Zeros planned around an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Border {
    /// Rows above.
    pub top: usize,
    /// Rows below.
    pub bottom: usize,
    /// Columns before.
    pub left: usize,
    /// Columns after.
    pub right: usize,
}

impl Border {
    /// The smallest border that contains both.
    pub fn union(self, other: Self) -> Self {
        Self {
            top: self.top.max(other.top),
            bottom: self.bottom.max(other.bottom),
            left: self.left.max(other.left),
            right: self.right.max(other.right),
        }
    }

    /// Whether `other` fits inside.
    pub fn contains(self, other: Self) -> bool {
        self.union(other) == self
    }
}

/// The arrangement of a value's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Row-major without gaps, the end padded to a whole block.
    Flat,
    /// `[T][F]` with every step padded to whole blocks.
    Steps,
    /// `[H][W][C]`, channels last and padded to whole blocks, in a border of zeros. A sequence `[T, F]` is an image of one
    /// row, of T pixels with F channels.
    Image(Border),
    /// Row-major in a border of zeros, the end padded to a whole block: `[C][H][W]`, and of a sequence `[T][F]`.
    Planar(Border),
}

/// A form and the shape it arranges. A value that was reshaped without moving keeps the storage it came with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Storage {
    /// The shape arranged, in PyTorch's order.
    pub shape: Vec<usize>,
    /// The arrangement.
    pub form: Form,
}

/// One axis of a storage: so many indices, so many floats apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axis {
    /// Indices.
    pub size: usize,
    /// Floats between neighbours.
    pub stride: usize,
}

/// Axes that run on without a gap as one.
pub fn merged(axes: &[Axis]) -> Vec<Axis> {
    let mut merged: Vec<Axis> = Vec::new();
    for &axis in axes {
        match merged.last_mut() {
            Some(outer) if outer.stride == axis.size * axis.stride => {
                *outer = Axis {
                    size: outer.size * axis.size,
                    stride: axis.stride,
                };
            }
            _ => merged.push(axis),
        }
    }
    merged
}

/// Rounds up to whole blocks.
pub fn padded(floats: usize) -> usize {
    floats.next_multiple_of(LANES)
}

impl Storage {
    /// Row-major without gaps.
    pub fn flat(shape: &[usize]) -> Self {
        Self {
            shape: shape.to_vec(),
            form: Form::Flat,
        }
    }

    /// What kernels like best for a shape: vectors flat, sequences by steps, images channels last. A sequence in a border is
    /// an image of one row.
    pub fn natural(shape: &[usize], border: Border) -> Self {
        let form = match shape.len() {
            2 if border == Border::default() => Form::Steps,
            2 | 3 => Form::Image(border),
            _ => Form::Flat,
        };
        Self {
            shape: shape.to_vec(),
            form,
        }
    }

    /// Channels, height and width of the shape as an image: a sequence `[T, F]` is one row of T pixels, a vector one pixel.
    pub fn image(&self) -> Option<[usize; 3]> {
        match self.shape[..] {
            [features] => Some([features, 1, 1]),
            [steps, features] => Some([features, 1, steps]),
            [channels, height, width] => Some([channels, height, width]),
            _ => None,
        }
    }

    /// The zeros around it.
    pub fn border(&self) -> Border {
        match self.form {
            Form::Image(border) | Form::Planar(border) => border,
            Form::Flat | Form::Steps => Border::default(),
        }
    }

    /// Floats before the first element, and the axes in logical row-major order.
    pub fn axes(&self) -> (usize, Vec<Axis>) {
        let (first, strides) = match (self.form, self.image()) {
            (Form::Steps, Some([features, ..])) => (0, vec![padded(features), 1]),
            (Form::Image(border), Some([channels, _, width])) => {
                let pixel = padded(channels);
                let row = (border.left + width + border.right) * pixel;
                let strides = [1, row, pixel];
                (
                    border.top * row + border.left * pixel,
                    self.of_image(strides),
                )
            }
            (Form::Planar(border), Some([features, ..])) if self.shape.len() == 2 => {
                (border.left * features, vec![features, 1])
            }
            (Form::Planar(border), Some([_, height, width])) => {
                let row = border.left + width + border.right;
                let plane = (border.top + height + border.bottom) * row;
                let strides = [plane, row, 1];
                (border.top * row + border.left, self.of_image(strides))
            }
            _ => {
                let mut strides = vec![1; self.shape.len()];
                for axis in (1..self.shape.len()).rev() {
                    strides[axis - 1] = strides[axis] * self.shape[axis];
                }
                (0, strides)
            }
        };
        let axis = |(&size, stride): (&usize, usize)| Axis { size, stride };
        (first, self.shape.iter().zip(strides).map(axis).collect())
    }

    /// Numbers for channels, rows and columns of an image in the order of the shape's axes.
    fn of_image(&self, [channel, row, column]: [usize; 3]) -> Vec<usize> {
        match self.shape.len() {
            1 => vec![channel],
            2 => vec![column, channel],
            _ => vec![channel, row, column],
        }
    }

    /// Where the first number of a value of this shape lies, and the floats between neighbours along each of its axes; 0 for
    /// axes of size 1, and `None` where the numbers of an axis are not at one distance. A value that was reshaped lies as it
    /// came.
    pub fn strides(&self, shape: &[usize]) -> Option<(usize, Vec<usize>)> {
        let (first, axes) = self.axes();
        if self.shape == shape {
            let strides = axes.iter().map(|axis| axis.stride);
            return Some((first, strides.collect()));
        }
        let mut axes = merged(&axes);
        let mut strides = vec![0; shape.len()];
        for (stride, &size) in strides.iter_mut().zip(shape).rev() {
            if size == 1 {
                continue;
            }
            let mut axis = axes.pop()?;
            while axis.size == 1 {
                axis = axes.pop()?;
            }
            if !axis.size.is_multiple_of(size) {
                return None;
            }
            *stride = axis.stride;
            axes.push(Axis {
                size: axis.size / size,
                stride: axis.stride * size,
            });
        }
        Some((first, strides))
    }

    /// Floats per sample, padding and borders included.
    pub fn floats(&self) -> usize {
        let bordered = |border: Border, height: usize, width: usize| {
            (border.top + height + border.bottom) * (border.left + width + border.right)
        };
        match (self.form, self.image()) {
            (Form::Steps, Some([features, _, steps])) => steps * padded(features),
            (Form::Image(border), Some([channels, height, width])) => {
                bordered(border, height, width) * padded(channels)
            }
            (Form::Planar(border), Some([channels, height, width])) => {
                padded(channels * bordered(border, height, width))
            }
            _ => padded(self.shape.iter().product()),
        }
    }

    /// Blocks per sample.
    pub fn blocks(&self) -> usize {
        self.floats() / LANES
    }

    /// Whether the elements are the first floats of the storage, in logical order, without a gap.
    pub fn is_contiguous(&self) -> bool {
        let (offset, axes) = self.axes();
        let mut expected = 1;
        for axis in axes.iter().rev() {
            if axis.size > 1 && axis.stride != expected {
                return false;
            }
            expected *= axis.size;
        }
        offset == 0
    }

    /// Whether the elements come without a gap, and with no more behind them than fills a block.
    pub fn is_compact(&self) -> bool {
        self.is_contiguous() && self.floats() == padded(self.shape.iter().product())
    }

    /// Whether some floats of the storage hold no element.
    pub fn has_gaps(&self) -> bool {
        self.floats() != self.shape.iter().product::<usize>()
    }

    /// Whether rows of the last axis follow each other at one distance, across samples too: (rows per sample, floats apart).
    pub fn rows(&self) -> Option<(usize, usize)> {
        let features = *self.shape.last()?;
        let rows = self.shape.iter().product::<usize>() / features;
        match self.form {
            Form::Steps => Some((rows, padded(features))),
            Form::Flat if rows == 1 => Some((1, padded(features))),
            Form::Flat if (rows * features).is_multiple_of(LANES) => Some((rows, features)),
            _ => None,
        }
    }
}
