//! Images as types of the runtime: where the interior lies in its border.

use super::window::Window;
use crate::call::{Argument, Size, Slot};
use crate::rt;
use crate::site::Operand;
use crate::storage::{Border, Form, LANES, Storage, padded};

/// Images of fewer channels stay planar where nothing flows back to them: channels last would be mostly padding.
const FEW_CHANNELS: usize = 8;

/// A channel-last image: channels, height, width, and the border around it.
#[derive(Clone, Copy)]
pub struct Image {
    /// Channels, height and width of the interior.
    pub shape: [usize; 3],
    /// Zeros around it.
    pub border: Border,
}

impl Image {
    /// Blocks of the buffer.
    pub fn blocks(&self) -> usize {
        let [rows, columns] = self.bordered();
        rows * columns * padded(self.shape[0]) / LANES
    }

    /// Rows and columns with the border.
    fn bordered(&self) -> [usize; 2] {
        let ([_, height, width], border) = (self.shape, self.border);
        [
            border.top + height + border.bottom,
            border.left + width + border.right,
        ]
    }

    /// The layout as a type.
    pub fn channel_last(&self) -> Size {
        let ([channels, height, width], border) = (self.shape, self.border);
        let [rows, columns] = self.bordered();
        let (top, left) = (border.top, border.left);
        let sizes = vec![height, width, channels, top, left, rows, columns];
        Size::Type(rt::CHANNEL_LAST, sizes)
    }

    /// The layout as a type of which so many parts of the channels are read each by itself.
    pub fn parts(&self, parts: usize) -> Size {
        let ([channels, height, width], border) = (self.shape, self.border);
        let [rows, columns] = self.bordered();
        let (top, left) = (border.top, border.left);
        let sizes = vec![height, width, channels, top, left, rows, columns, parts];
        Size::Type(rt::PARTS, sizes)
    }

    /// The planar layout of the same image as a type.
    fn planar(&self) -> Size {
        let ([channels, height, width], border) = (self.shape, self.border);
        let [rows, columns] = self.bordered();
        let (top, left) = (border.top, border.left);
        let sizes = vec![channels, height, width, top, left, rows, columns];
        Size::Type(rt::PLANAR, sizes)
    }

    /// The layout of a sequence as a user passes it as a type.
    fn dense(&self) -> Size {
        let ([features, _, steps], border) = (self.shape, self.border);
        let [_, columns] = self.bordered();
        Size::Type(rt::DENSE_STEPS, vec![features, steps, border.left, columns])
    }
}

/// Whether what a convolution reads is stored in the caller's order, in a border, where nothing flows back to it.
pub fn few(shape: &[usize]) -> bool {
    match *shape {
        [_, features] => !features.is_multiple_of(LANES),
        _ => shape[0] < FEW_CHANNELS,
    }
}

/// A storage that holds an image, or a sequence as an image of one row.
pub fn of(storage: &Storage) -> Image {
    let Some(shape) = storage.image() else {
        unreachable!("shape rules let only images and sequences pass");
    };
    Image {
        shape,
        border: storage.border(),
    }
}

/// A storage's layout as a type.
pub fn layout(storage: &Storage) -> Size {
    match storage.form {
        Form::Image(_) | Form::Steps => of(storage).channel_last(),
        Form::Flat | Form::Planar(_) if storage.shape.len() == 2 => of(storage).dense(),
        Form::Flat | Form::Planar(_) => of(storage).planar(),
    }
}

/// The channels of a shape: its first axis where there are pixels, its last one in vectors and sequences.
pub fn channels(shape: &[usize]) -> usize {
    let axis = match shape.len() {
        1 | 2 => shape.last(),
        _ => shape.first(),
    };
    axis.copied().unwrap_or(1)
}

/// The shape by which pixels are stored: that of an image where there are more axes.
pub fn as_image(shape: &[usize]) -> Vec<usize> {
    match *shape {
        [channels, ref rows @ .., columns] if rows.len() > 1 => {
            vec![channels, rows.iter().product(), columns]
        }
        _ => shape.to_vec(),
    }
}

/// Where the pixels of a sample lie whose channels stand in whole blocks, for kernels that take sizes as values. The
/// steps of a sequence are rows of one pixel.
pub fn pixels(storage: &Storage) -> Argument<Slot> {
    let (width, panels) = (of(storage).shape[2], of(storage).shape[0].div_ceil(LANES));
    match storage.shape.len() {
        2 => arranged(storage, |_| [width, 1, panels]),
        _ => neighbours(storage),
    }
}

/// The same for kernels that look at neighbours: the steps of a sequence are one row.
pub fn neighbours(storage: &Storage) -> Argument<Slot> {
    let [_, height, width] = of(storage).shape;
    arranged(storage, |line| [height, width, line])
}

/// Pixels in rows: how many rows and columns, and the blocks from a row to the next, of which lines of the image have
/// so many.
fn arranged(storage: &Storage, rows: impl FnOnce(usize) -> [usize; 3]) -> Argument<Slot> {
    let Image {
        shape: [channels, _, width],
        border,
    } = of(storage);
    let panels = channels.div_ceil(LANES);
    let line = (border.left + width + border.right) * panels;
    let [rows, columns, row] = rows(line);
    let numbers = [
        ("blocks", storage.blocks()),
        ("first", border.top * line + border.left * panels),
        ("rows", rows),
        ("columns", columns),
        ("row", row),
        ("panels", panels),
        ("channels", channels),
    ];
    let number = |(name, number)| (name, Argument::Number(number));
    Argument::Record(rt::PIXELS, numbers.into_iter().map(number).collect())
}

/// Whether an operand is stored as pixels whose channels stand in whole blocks: a vector is one.
pub fn has_pixels(operand: Operand<'_>) -> bool {
    operand.storage.shape == operand.shape
        && match operand.storage.form {
            Form::Flat => operand.shape.len() == 1,
            Form::Steps | Form::Image(_) => true,
            Form::Planar(_) => false,
        }
}

/// A window as a type.
pub fn taps(window: &Window) -> Size {
    let ((kh, kw), (sh, sw), (dh, dw)) = (window.kernel, window.stride, window.dilation);
    let (top, left) = (window.padding.top, window.padding.left);
    Size::Type(rt::TAPS, vec![kh, kw, sh, sw, dh, dw, top, left])
}

/// Blocks that the winners of pooled outputs take: a byte for each lane, two where a window has more than 256
/// positions, four where it has more than 65,536.
pub fn winner_blocks(output: &Storage, (height, width): (usize, usize)) -> usize {
    let [channels, rows, columns] = of(output).shape;
    let bytes = match height.saturating_mul(width) {
        0..=256 => 1,
        257..=65_536 => 2,
        _ => 4,
    };
    (rows * columns * channels.div_ceil(LANES) * bytes).div_ceil(4)
}
