//! The calls of a convolution over the frames of a stream: windows reach back into a ring of those before.

use super::Conv;
use crate::call::{Argument, Call, Form, Size, Slot, View};
use crate::ops::image;
use crate::ops::lower::Lower;
use crate::ops::window::{Around, Padding, Window};
use crate::rt::kernels;
use crate::site::{Placed, Site};
use crate::storage::{Border, LANES, Storage};

kernels! {
    STEPS = causal::steps(s, x, w, b, clock, mut ring, out y);
    WINDOWS = causal::windows(s, x, clock, mut ring, out seen);
}

/// The frames before a step that some window reads.
const RING: Slot = Slot::Kept("ring");

/// The frames that windows see, side by side.
const SEEN: Slot = Slot::Own("windows");

impl<const AXES: usize> Conv<AXES> {
    /// Taps of the window along time, the frames from one window to the next, and those from tap to tap.
    pub(in crate::ops) fn along(&self) -> (usize, usize, usize) {
        let Window {
            kernel,
            stride,
            dilation,
            ..
        } = self.window;
        (kernel.1, stride.1, dilation.1)
    }

    /// Frames before a step that its windows read: as many as are padded. Of those that pad as `Same` only such are causal
    /// that pad nothing.
    fn before(&self) -> usize {
        let (taps, _, dilation) = self.along();
        match self.around {
            Around::By(padding) => padding.left,
            Around::Causal => (taps - 1) * dilation,
            Around::Same => 0,
        }
    }

    /// The frames of a step.
    pub(super) fn causal(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let (taps, stride, dilation) = self.along();
        let [frames, channels] = *site.input_shape(0) else {
            unreachable!("streams are of sequences")
        };
        let (left, floats) = (self.before(), site.row_stride(0));
        let ring = Form::Scratch((left * channels).div_ceil(LANES));
        let x = Form::Floats {
            rows: frames,
            floats,
        };
        let numbers = [channels, floats, frames, taps, dilation, stride, left];
        let sizes = |kernel, types: Vec<Size>, others: &[usize]| {
            let numbers = numbers
                .iter()
                .chain(others)
                .map(|&number| Size::Number(number));
            Call::of(kernel, types.into_iter().chain(numbers)).read("x", Slot::Input(0), x)
        };
        if self.groups > 1 {
            let (rows, blocks) = (frames / stride * taps, channels.div_ceil(LANES));
            let windows = sizes(&WINDOWS, vec![Size::Isa], &[blocks])
                .with("clock", Argument::Clock)
                .modify("ring", RING, ring)
                .write("seen", SEEN, Form::Rows { rows, blocks });
            return std::iter::once(windows)
                .chain(self.over_windows(site, rows))
                .collect();
        }
        let (k, n) = (self.depth(channels), self.channels);
        let p = n.div_ceil(LANES);
        let types = vec![Size::Isa, site.activation.into()];
        let y = Form::Rows {
            rows: frames / stride,
            blocks: p,
        };
        let steps = sizes(&STEPS, types, &[k, n, p])
            .read("w", Slot::Parameter(0), Form::Panels { rows: k, panels: p })
            .with("b", self.start(p))
            .with("clock", Argument::Clock)
            .modify("ring", RING, ring)
            .write("y", Slot::Output, y);
        vec![steps]
    }

    /// The calls over windows that lie side by side: those of a convolution whose stride is its kernel.
    fn over_windows(&self, site: &Site<'_>, rows: usize) -> Vec<Call<Slot>> {
        let input = site.inputs[0];
        let shape = vec![rows, input.shape[1]];
        let seen = Placed {
            storage: Storage::natural(&shape, Border::default()),
            shape,
            ..input.clone()
        };
        let apart = Self {
            window: Window {
                kernel: self.window.kernel,
                stride: self.window.kernel,
                dilation: (1, 1),
                padding: Padding::NONE,
            },
            around: Around::NONE,
            framed: false,
            ..self.clone()
        };
        let site = Site {
            inputs: vec![&seen],
            direct: vec![false],
            ..site.clone()
        };
        let own = |view: View<Slot>| match view.memory {
            Slot::Input(0) => View {
                memory: SEEN,
                ..view
            },
            _ => view,
        };
        debug_assert_eq!(
            image::of(site.output()).border,
            Border::default(),
            "frames have no border"
        );
        apart
            .infer(&site)
            .into_iter()
            .map(|call| call.map(own))
            .collect()
    }
}
