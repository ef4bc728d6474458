//! How the channels, rows and columns of one sample lie in memory.
//!
//! The interior of HEIGHT x WIDTH pixels stands in a buffer of ROWS x COLUMNS; what surrounds it is the *border*, which
//! holds zeros: the padding of the convolution that reads the image. Every kernel that writes an image writes its
//! border too, for planned memory is reused and dirty, unless its documentation says otherwise.

use crate::block::{Block, LANES};
use core::marker::PhantomData;

/// A layout, known to the compiler down to every stride. All strides are in floats.
pub trait Image {
    /// Rows of the interior.
    const HEIGHT: usize;
    /// Columns of the interior.
    const WIDTH: usize;
    /// Channels, without padding lanes.
    const CHANNELS: usize;
    /// Rows of the buffer.
    const ROWS: usize;
    /// Columns of the buffer.
    const COLUMNS: usize;
    /// Border rows above the interior.
    const TOP: usize;
    /// Border columns left of the interior.
    const LEFT: usize;
    /// From a row to the next.
    const ROW: usize;
    /// From a column to the next.
    const COLUMN: usize;
    /// From a channel to the next.
    const CHANNEL: usize;
    /// Floats of the buffer.
    const FLOATS: usize;
    /// Of how many such parts a pixel consists: each is read by itself, by a convolution in groups.
    const PARTS: usize = 1;
    /// Whether these are all channels of a pixel.
    const WHOLE: bool = true;
}

/// Neighbouring channels of each pixel of G, from one of them on: a slice of the buffer begins there.
pub struct Channels<G, const CHANNELS: usize>(PhantomData<G>);

impl<G: Image, const CHANNELS: usize> Image for Channels<G, CHANNELS> {
    const HEIGHT: usize = G::HEIGHT;
    const WIDTH: usize = G::WIDTH;
    const CHANNELS: usize = CHANNELS;
    const ROWS: usize = G::ROWS;
    const COLUMNS: usize = G::COLUMNS;
    const TOP: usize = G::TOP;
    const LEFT: usize = G::LEFT;
    const ROW: usize = G::ROW;
    const COLUMN: usize = G::COLUMN;
    const CHANNEL: usize = G::CHANNEL;
    const FLOATS: usize = G::FLOATS - (G::CHANNELS - CHANNELS) * G::CHANNEL;
    const WHOLE: bool = false;
}

/// `[ROWS][COLUMNS][C rounded up to whole blocks]`: every value, delta and gradient that is an image.
pub struct ChannelLast<
    const H: usize,
    const W: usize,
    const C: usize,
    const TOP: usize,
    const LEFT: usize,
    const ROWS: usize,
    const COLUMNS: usize,
>;

impl<
    const H: usize,
    const W: usize,
    const C: usize,
    const TOP: usize,
    const LEFT: usize,
    const ROWS: usize,
    const COLUMNS: usize,
> Image for ChannelLast<H, W, C, TOP, LEFT, ROWS, COLUMNS>
{
    const HEIGHT: usize = H;
    const WIDTH: usize = W;
    const CHANNELS: usize = C;
    const ROWS: usize = ROWS;
    const COLUMNS: usize = COLUMNS;
    const TOP: usize = TOP;
    const LEFT: usize = LEFT;
    const ROW: usize = COLUMNS * Self::COLUMN;
    const COLUMN: usize = C.div_ceil(LANES) * LANES;
    const CHANNEL: usize = 1;
    const FLOATS: usize = {
        assert!(TOP + H <= ROWS && LEFT + W <= COLUMNS);
        ROWS * Self::ROW
    };
}

/// A channel-last image of which a convolution in groups reads one of G parts of the channels at a time: the first of them.
pub struct Parts<
    const H: usize,
    const W: usize,
    const C: usize,
    const TOP: usize,
    const LEFT: usize,
    const ROWS: usize,
    const COLUMNS: usize,
    const G: usize,
>;

impl<
    const H: usize,
    const W: usize,
    const C: usize,
    const TOP: usize,
    const LEFT: usize,
    const ROWS: usize,
    const COLUMNS: usize,
    const G: usize,
> Image for Parts<H, W, C, TOP, LEFT, ROWS, COLUMNS, G>
{
    const HEIGHT: usize = H;
    const WIDTH: usize = W;
    const CHANNELS: usize = {
        assert!(C.is_multiple_of(G));
        C / G
    };
    const ROWS: usize = ROWS;
    const COLUMNS: usize = COLUMNS;
    const TOP: usize = TOP;
    const LEFT: usize = LEFT;
    const ROW: usize = COLUMNS * Self::COLUMN;
    const COLUMN: usize = C.div_ceil(LANES) * LANES;
    const CHANNEL: usize = 1;
    const FLOATS: usize = {
        assert!(TOP + H <= ROWS && LEFT + W <= COLUMNS);
        ROWS * Self::ROW
    };
    const PARTS: usize = G;
}

/// `[C][ROWS][COLUMNS]`: an image as a user passes it.
pub struct Planar<
    const C: usize,
    const H: usize,
    const W: usize,
    const TOP: usize,
    const LEFT: usize,
    const ROWS: usize,
    const COLUMNS: usize,
>;

impl<
    const C: usize,
    const H: usize,
    const W: usize,
    const TOP: usize,
    const LEFT: usize,
    const ROWS: usize,
    const COLUMNS: usize,
> Image for Planar<C, H, W, TOP, LEFT, ROWS, COLUMNS>
{
    const HEIGHT: usize = H;
    const WIDTH: usize = W;
    const CHANNELS: usize = C;
    const ROWS: usize = ROWS;
    const COLUMNS: usize = COLUMNS;
    const TOP: usize = TOP;
    const LEFT: usize = LEFT;
    const ROW: usize = COLUMNS;
    const COLUMN: usize = 1;
    const CHANNEL: usize = ROWS * COLUMNS;
    const FLOATS: usize = {
        assert!(TOP + H <= ROWS && LEFT + W <= COLUMNS);
        C * ROWS * COLUMNS
    };
}

/// `[COLUMNS][F]`: a sequence of T steps as a user passes it, an image of one row in a border.
pub struct DenseSteps<const F: usize, const T: usize, const LEFT: usize, const COLUMNS: usize>;

impl<const F: usize, const T: usize, const LEFT: usize, const COLUMNS: usize> Image
    for DenseSteps<F, T, LEFT, COLUMNS>
{
    const HEIGHT: usize = 1;
    const WIDTH: usize = T;
    const CHANNELS: usize = F;
    const ROWS: usize = 1;
    const COLUMNS: usize = COLUMNS;
    const TOP: usize = 0;
    const LEFT: usize = LEFT;
    const ROW: usize = COLUMNS * F;
    const COLUMN: usize = F;
    const CHANNEL: usize = 1;
    const FLOATS: usize = {
        assert!(LEFT + T <= COLUMNS);
        COLUMNS * F
    };
}

/// The first block of an interior pixel of a channel-last image.
#[inline(always)]
pub(super) fn pixel<I: Image>(row: usize, column: usize) -> usize {
    const { assert!(I::CHANNEL == 1 && I::COLUMN.is_multiple_of(LANES)) };
    ((I::TOP + row) * I::ROW + (I::LEFT + column) * I::COLUMN) / LANES
}

/// Writes zeros to the border of a channel-last image.
#[inline(always)]
pub(super) fn clear_border<I: Image>(image: &mut [Block]) {
    if const { I::HEIGHT == I::ROWS && I::WIDTH == I::COLUMNS } {
        return;
    }
    let row = I::ROW / LANES;
    let column = I::COLUMN / LANES;
    image[..I::TOP * row].fill(Block::ZERO);
    for row in image[I::TOP * row..][..I::HEIGHT * row].chunks_exact_mut(row) {
        row[..I::LEFT * column].fill(Block::ZERO);
        row[(I::LEFT + I::WIDTH) * column..].fill(Block::ZERO);
    }
    image[(I::TOP + I::HEIGHT) * row..][..(I::ROWS - I::TOP - I::HEIGHT) * row].fill(Block::ZERO);
}
