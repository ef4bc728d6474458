//! The back end of a level of LSTM: which storages it reads, what it saves, and the kernels it calls.

use super::Lstm;
use crate::call::{Argument, Call, Form, Gradient, Join, Size, Slot, Term};
use crate::ops::dense;
use crate::ops::lower::Lower;
use crate::packing::{PackedAxis, Packing};
use crate::rt::{self, Kernel, kernels};
use crate::site::{Operand, Site};
use crate::storage::{LANES, Storage};

kernels! {
    INFER = lstm::infer(s, x, weights, out gates, out y, out state);
    STEPS = lstm::steps(s, x, weights, out gates, out y, mut state);
    FORWARD = lstm::forward(s, x, weights, out gates, out cells, out y, out state);
    BACKWARD = lstm::backward(s, recurrent, cells, dy, mut gates, out carried);
    INPUT_GRADIENT = lstm::input_gradient(s, gates, input, add dx);
    UPDATE = lstm::update(s, x, dy, mut stretch);
}

/// What the kernels are specialised to.
struct Sizes {
    /// Steps.
    t: usize,
    /// Features of a step.
    i: usize,
    /// Floats from step to step of the operand.
    ks: usize,
    /// Units.
    h: usize,
    /// Blocks of units.
    b: usize,
    /// Panels of gates.
    p: usize,
    /// Floats of gates.
    n: usize,
}

impl Lstm {
    fn panels(&self) -> usize {
        4 * self.hidden.div_ceil(LANES)
    }

    fn sizes(&self, site: &Site<'_>) -> Sizes {
        let [t, i] = *site.input_shape(0) else {
            unreachable!("shape rules let only sequences pass")
        };
        let (h, p) = (self.hidden, self.panels());
        let ks = site.row_stride(0);
        Sizes {
            t,
            i,
            ks,
            h,
            b: p / 4,
            p,
            n: p * LANES,
        }
    }

    /// The parameters as the kernels take them.
    fn weights(&self, site: &Site<'_>) -> Argument<Slot> {
        let Sizes { i, h, p, .. } = self.sizes(site);
        let matrix = |index: usize, rows: usize| {
            Argument::read(Slot::Parameter(index), Form::Panels { rows, panels: p })
        };
        let bias = |index: usize| match self.bias {
            true => Argument::read(Slot::Parameter(index), Form::Cells(p)),
            false => Argument::Zeros(p),
        };
        let fields = vec![
            ("input", matrix(0, i)),
            ("recurrent", matrix(1, h)),
            ("input_bias", bias(2)),
            ("recurrent_bias", bias(3)),
        ];
        Argument::Record(rt::LSTM_WEIGHTS, fields)
    }

    /// A forward kernel up to its weights.
    fn unroll(&self, site: &Site<'_>, kernel: &'static Kernel) -> Call<Slot> {
        let Sizes {
            t,
            i,
            ks,
            h,
            b,
            p,
            n,
        } = self.sizes(site);
        let sizes = [t, i, ks, h, b, p, n].map(Size::Number);
        let x = Form::Sequences {
            steps: t,
            floats: ks,
        };
        Call::of(kernel, std::iter::once(Size::Isa).chain(sizes))
            .read("x", Slot::Input(0), x)
            .with("weights", self.weights(site))
    }
}

/// The gates of every step, and after backward their deltas.
const GATES: Slot = Slot::Own("gates");

/// What the samples that advance together have between two steps.
const STATE: Slot = Slot::Own("state");

/// What a stream has between two steps: hidden states and cells.
const KEPT: Slot = Slot::Kept("state");

/// The deltas that they carry back between two steps.
const CARRIED: Slot = Slot::Own("carried");

/// The cells of every step.
const CELLS: Slot = Slot::Own("cells");

impl Lower for Lstm {
    /// Each step reads the weights of the recurrence.
    fn turns(&self, site: &Site<'_>) -> usize {
        self.sizes(site).t
    }

    fn accepts(&self, operand: Operand<'_>) -> bool {
        operand.lies_in_rows()
    }

    /// The gates of sixteen units are neighbours: panel `4 * (unit / 16) + gate`.
    fn packing(&self, inputs: &[&Storage], _: &[usize]) -> Vec<Packing> {
        let panels = self.panels();
        let features = inputs[0].shape.last().copied().unwrap_or(1);
        let packing = |k: usize, inner: Option<PackedAxis>| Packing {
            offset: 0,
            axes: [
                PackedAxis::apart(4, k * LANES),
                PackedAxis::lanes(self.hidden, 4 * k),
            ]
            .into_iter()
            .chain(inner)
            .collect(),
            blocks: k * panels,
        };
        let weight = |k: usize| packing(k, Some(PackedAxis::plain(k, LANES)));
        let mut packings = vec![weight(features), weight(self.hidden)];
        if self.bias {
            packings.extend([packing(1, None), packing(1, None)]);
        }
        packings
    }

    fn reads_floats(&self, _: usize, _: &[usize]) -> bool {
        true
    }

    fn infer(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let Sizes { t: steps, b, p, .. } = self.sizes(site);
        let form = |blocks| Form::Steps { steps, blocks };
        let call = self.unroll(site, &INFER);
        vec![
            call.write("gates", GATES, form(p))
                .write("y", Slot::Output, form(b))
                .write("state", STATE, Form::Scratch(p)),
        ]
    }

    fn step(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let Sizes { t: steps, b, p, .. } = self.sizes(site);
        let form = |blocks| Form::Steps { steps, blocks };
        vec![
            self.unroll(site, &STEPS)
                .write("gates", GATES, form(p))
                .write("y", Slot::Output, form(b))
                .modify("state", KEPT, Form::Scratch(2 * b)),
        ]
    }

    fn forward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let Sizes { t: steps, b, p, .. } = self.sizes(site);
        let form = |blocks| Form::Steps { steps, blocks };
        let call = self.unroll(site, &FORWARD);
        vec![
            call.write("gates", GATES, form(p))
                .write("cells", CELLS, form(b))
                .write("y", Slot::Output, form(b))
                .write("state", STATE, Form::Scratch(p)),
        ]
    }

    fn transpose(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let Sizes { i, h, n, .. } = self.sizes(site);
        let input = site.adds(0).map(|_| dense::transpose((0, i), n, 1));
        std::iter::once(dense::transpose((1, h), n, 0))
            .chain(input)
            .collect()
    }

    /// Back through time the gates become their deltas, where the update finds them; then dx = dz W_ih.
    fn backward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let Sizes {
            t, i, h, b, p, n, ..
        } = self.sizes(site);
        let form = |blocks| Form::Steps { steps: t, blocks };
        let weights = |panels| Form::Panels { rows: n, panels };
        let sizes = [t, h, b, p, n].map(Size::Number);
        let through_time = Call::of(&BACKWARD, std::iter::once(Size::Isa).chain(sizes))
            .read("recurrent", Slot::Transposed(0), weights(b))
            .read("cells", CELLS, form(b))
            .read("dy", Slot::Delta, form(b))
            .modify("gates", GATES, form(p))
            .write("carried", CARRIED, Form::Scratch(2 * b));
        let down = |add: bool| {
            let q = i.div_ceil(LANES);
            let sizes = [t, i, p, n, q].map(Size::Number);
            let sizes = std::iter::once(Size::Isa).chain(sizes).chain([Size::Adds]);
            Call::of(&INPUT_GRADIENT, sizes)
                .read("gates", GATES, form(p))
                .read("input", Slot::Transposed(1), weights(q))
                .add("dx", Slot::InputDelta(0), add, form(q))
        };
        std::iter::once(through_time)
            .chain(site.adds(0).map(down))
            .collect()
    }

    fn update(&self, site: &Site<'_>, index: usize) -> Option<Gradient<Slot>> {
        let Sizes {
            t, i, ks, h, b, p, ..
        } = self.sizes(site);
        let steps = |blocks| Form::Steps { steps: t, blocks };
        let (k, width, term) = match index {
            0 => {
                let [rows, floats] = [t, ks];
                let x = ("x", Slot::Input(0), Form::Floats { rows, floats });
                let dy = ("dy", GATES, Form::Rows { rows, blocks: p });
                (i, ks, Term::of(t, [x, dy]))
            }
            1 => {
                let hidden = b * LANES;
                let y = ("x", Slot::Output, steps(b));
                let mut term = Term::of(t, [y, ("dy", GATES, steps(p))]);
                let sizes = [t, b, p, hidden].map(Size::Number);
                term.through = Some((rt::LSTM_RECURRENT_ROWS, sizes.to_vec()));
                (h, hidden, term)
            }
            _ => return Some(dense::bias_gradient(p, t, GATES)),
        };
        Some(Gradient {
            kernel: &UPDATE,
            sizes: vec![Size::Isa, k.into(), width.into(), p.into()],
            terms: vec![term],
            join: Join::Chain,
        })
    }
}
