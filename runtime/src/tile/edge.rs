//! The taps of a convolution that meet only the border of an image: they multiply zeros, and are left out.

/// Outputs at an end of a row that a tile leaves out at most.
pub const EDGE: usize = 2;

/// Taps along an axis of an image, of which some meet its border.
#[derive(Clone, Copy, Debug)]
pub struct Edge {
    /// What the first output's first tap reads: a pixel of the image, or if negative one before it.
    pub origin: isize,
    /// From an output to the next.
    pub stride: usize,
    /// Taps.
    pub taps: usize,
    /// From a tap to the next.
    pub dilation: usize,
    /// Pixels of the image.
    pub size: usize,
}

impl Edge {
    /// No tap is left out.
    pub const NONE: Self = Self {
        origin: 0,
        stride: 0,
        taps: 1,
        dilation: 0,
        size: 1,
    };

    /// Outputs of `from..to`, at most `most`, from the first on of which a tap lies before the image; and if there are none,
    /// those from the last back of which it lies behind it.
    pub const fn outside(self, [from, to]: [usize; 2], tap: usize, most: usize) -> [usize; 2] {
        let [mut before, mut behind] = [0, 0];
        while before < most && from + before < to && self.reads(from + before, tap) < 0 {
            before += 1;
        }
        while before == 0
            && behind < most
            && from + behind < to
            && self.reads(to - 1 - behind, tap) >= self.size as isize
        {
            behind += 1;
        }
        [before, behind]
    }

    /// The pixel that a tap of an output reads.
    const fn reads(self, output: usize, tap: usize) -> isize {
        self.origin + (output * self.stride + tap * self.dilation) as isize
    }
}
