//! The back end of one direction of a level: which storages it reads, what it saves, and the kernels it calls.

use super::Recurrence;
use crate::call::{Argument, Call, Form, Size, Slot};
use crate::ops::{dense, length};
use crate::packing::{PackedAxis, Packing};
use crate::rt::{self, Kernel, kernels};
use crate::site::{Operand, Site};
use crate::storage::{LANES, padded};

kernels! {
    INFER = recurrent::infer(s, x, h0, c0, order, weights, out gates, out y, out state);
    STEPS = recurrent::steps(s, x, h0, c0, clock, weights, out gates, out y, mut state);
    FORWARD = recurrent::forward(s, x, h0, c0, order, weights, out gates, out saved, out y, out state);
    BACKWARD = recurrent::backward(
        s, recurrent, c0, order, dy, mut gates, mut saved, out dh0, out dc0, out carried
    );
    INPUT_GRADIENT = recurrent::input_gradient(s, gates, input, add dx);
    INITIAL_GRADIENT = recurrent::initial_gradient(s, delta, add d);
}

/// What the kernels are specialised to.
pub(super) struct Sizes {
    /// Steps.
    pub t: usize,
    /// Rows of the result: the steps, and c after the last where it is asked for.
    pub y: usize,
    /// Features of a step.
    pub i: usize,
    /// Floats from step to step of the operand.
    pub ks: usize,
    /// Units.
    pub h: usize,
    /// Blocks of units.
    pub b: usize,
    /// Panels of gates.
    pub p: usize,
    /// Floats of gates.
    pub n: usize,
    /// Gates.
    pub g: usize,
    /// Blocks that are kept of each step.
    pub w: usize,
}

/// The gates of every step, and after backward the deltas of their sums.
pub(super) const GATES: Slot = Slot::Own("gates");

/// What the samples that advance together have between two steps.
const STATE: Slot = Slot::Own("state");

/// What a stream has between two steps: hidden states, and cells.
const KEPT: Slot = Slot::Kept("state");

/// The deltas that they carry back between two steps.
const CARRIED: Slot = Slot::Own("carried");

/// What forward keeps of every step beside the gates; of `Gru`, after backward the deltas of the sums of hidden states.
pub(super) const SAVED: Slot = Slot::Own("saved");

impl Recurrence {
    pub(super) fn panels(&self) -> usize {
        self.cell.gates() * self.hidden.div_ceil(LANES)
    }

    pub(super) fn sizes(&self, site: &Site<'_>) -> Sizes {
        let [t, i] = *site.input_shape(0) else {
            unreachable!("shape rules let only sequences pass")
        };
        let (h, p, b) = (self.hidden, self.panels(), self.hidden.div_ceil(LANES));
        Sizes {
            t,
            y: t + usize::from(self.keeps_cells),
            i,
            ks: site.row_stride(0),
            h,
            b,
            p,
            n: p * LANES,
            g: self.cell.gates(),
            w: self.cell.kept(b),
        }
    }

    /// The cell as kernels take it.
    fn cell(&self) -> Size {
        Size::Type(self.cell.path(self.fast), Vec::new())
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
        Argument::Record(rt::RECURRENT_WEIGHTS, fields)
    }

    /// A forward kernel up to its weights.
    fn unroll(&self, site: &Site<'_>, kernel: &'static Kernel) -> Call<Slot> {
        let Sizes {
            t,
            y,
            i,
            ks,
            h,
            b,
            p,
            n,
            g,
            w,
        } = self.sizes(site);
        let sizes = [t, y, i, ks, h, b, p, n, g, w].map(Size::Number);
        let x = Form::Sequences {
            steps: t,
            floats: ks,
        };
        Call::of(kernel, [Size::Isa, self.cell()].into_iter().chain(sizes))
            .read("x", Slot::Input(0), x)
            .with("h0", self.initial(site, 1, false))
            .with("c0", self.initial(site, 2, false))
            .with("order", self.order())
            .with("weights", self.weights(site))
    }

    /// A state before the first step, where it is given, or with `delta` what backward leaves of its delta, where that is
    /// asked for.
    fn initial(&self, site: &Site<'_>, operand: usize, delta: bool) -> Argument<Slot> {
        if !self.states_of(site.inputs.len()).contains(&operand) {
            return nothing();
        }
        let form = Form::row(site.input(operand).blocks());
        match (delta, site.adds(operand)) {
            (false, _) => some(Argument::read(Slot::Input(operand), form)),
            (true, Some(_)) => some(Argument::write(initial_slot(operand), form)),
            (true, None) => nothing(),
        }
    }

    /// The order of the steps, and how many of each sample count.
    fn order(&self) -> Argument<Slot> {
        let lengths = match self.length {
            Some(operand) => some(length::argument(operand)),
            None => nothing(),
        };
        let fields = vec![
            ("reverse", Argument::Flag(self.reverse)),
            ("lengths", lengths),
        ];
        Argument::Record(rt::RECURRENT_ORDER, fields)
    }

    /// Blocks of scratch for each sample: a row of gates, and two of units.
    fn state(&self, site: &Site<'_>) -> Form {
        let Sizes { b, p, .. } = self.sizes(site);
        Form::Scratch(p.max(2 * b))
    }

    /// What is kept, if anything is.
    fn saved(&self, call: Call<Slot>, site: &Site<'_>, changed: bool) -> Call<Slot> {
        let Sizes { t: steps, w, .. } = self.sizes(site);
        let form = Form::Steps { steps, blocks: w };
        match (w, changed) {
            (0, _) => call.with("saved", nothing()),
            (_, false) => call.with("saved", some(Argument::write(SAVED, form))),
            (_, true) => call.with("saved", some(Argument::modify(SAVED, form))),
        }
    }

    /// Each step reads the weights of the recurrence.
    pub fn turns(&self, site: &Site<'_>) -> usize {
        self.sizes(site).t
    }

    /// Whether an operand is read as it is stored.
    pub fn accepts(&self, operand: Operand<'_>) -> bool {
        let row = Some((1, padded(self.hidden)));
        match operand.index {
            0 => operand.lies_in_rows(),
            index if self.length == Some(index) => true,
            _ => operand.storage.shape == operand.shape && operand.storage.rows() == row,
        }
    }

    /// The gates of sixteen units are neighbours: panel `gates * (unit / 16) + gate`.
    pub fn packing(&self, input: &[usize]) -> Vec<Packing> {
        let (panels, gates) = (self.panels(), self.cell.gates());
        let features = input.last().copied().unwrap_or(1);
        let packing = |k: usize, inner: Option<PackedAxis>| Packing {
            offset: 0,
            axes: [
                PackedAxis::apart(gates, k * LANES),
                PackedAxis::lanes(self.hidden, gates * k),
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

    /// Inference.
    pub fn infer(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let Sizes {
            t: steps, y, b, p, ..
        } = self.sizes(site);
        let form = |steps, blocks| Form::Steps { steps, blocks };
        let call = self.unroll(site, &INFER);
        vec![
            call.write("gates", GATES, form(steps, p))
                .write("y", Slot::Output, form(y, b))
                .write("state", STATE, self.state(site)),
        ]
    }

    /// The frames of a step, after those that came before.
    pub fn step(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let Sizes {
            t,
            i,
            ks,
            h,
            b,
            p,
            n,
            g,
            ..
        } = self.sizes(site);
        let form = |blocks| Form::Steps { steps: t, blocks };
        let x = Form::Sequences {
            steps: t,
            floats: ks,
        };
        let sizes = [t, i, ks, h, b, p, n, g].map(Size::Number);
        let rows = 1 + usize::from(self.cell.remembers());
        vec![
            Call::of(&STEPS, [Size::Isa, self.cell()].into_iter().chain(sizes))
                .read("x", Slot::Input(0), x)
                .with("h0", self.initial(site, 1, false))
                .with("c0", self.initial(site, 2, false))
                .with("clock", Argument::Clock)
                .with("weights", self.weights(site))
                .write("gates", GATES, form(p))
                .write("y", Slot::Output, form(b))
                .modify("state", KEPT, Form::Scratch(rows * b)),
        ]
    }

    /// The forward pass in training.
    pub fn forward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let Sizes {
            t: steps, y, b, p, ..
        } = self.sizes(site);
        let form = |steps, blocks| Form::Steps { steps, blocks };
        let call = self
            .unroll(site, &FORWARD)
            .write("gates", GATES, form(steps, p));
        vec![
            self.saved(call, site, false)
                .write("y", Slot::Output, form(y, b))
                .write("state", STATE, self.state(site)),
        ]
    }

    /// The copies of weights that backward reads.
    pub fn transpose(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let Sizes { i, h, n, .. } = self.sizes(site);
        let input = site.adds(0).map(|_| dense::transpose((0, i), n, 1));
        std::iter::once(dense::transpose((1, h), n, 0))
            .chain(input)
            .collect()
    }

    /// Back through time the gates become the deltas of their sums, where the update finds them; then dx = dz W_ih.
    pub fn backward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let Sizes {
            t,
            y,
            i,
            h,
            b,
            p,
            n,
            g,
            w,
            ..
        } = self.sizes(site);
        let form = |steps, blocks| Form::Steps { steps, blocks };
        let weights = |panels| Form::Panels { rows: n, panels };
        let sizes = [t, y, h, b, p, n, g, w].map(Size::Number);
        let sizes = [Size::Isa, self.cell()].into_iter().chain(sizes);
        let call = Call::of(&BACKWARD, sizes)
            .read("recurrent", Slot::Transposed(0), weights(b))
            .with("c0", self.initial(site, 2, false))
            .with("order", self.order())
            .read("dy", Slot::Delta, form(y, b))
            .modify("gates", GATES, form(t, p));
        let through_time = self
            .saved(call, site, true)
            .with("dh0", self.initial(site, 1, true))
            .with("dc0", self.initial(site, 2, true))
            .write("carried", CARRIED, Form::Scratch(2 * b));
        let down = |add: bool| {
            let q = i.div_ceil(LANES);
            let sizes = [t, i, p, n, q].map(Size::Number);
            let sizes = std::iter::once(Size::Isa).chain(sizes).chain([Size::Adds]);
            Call::of(&INPUT_GRADIENT, sizes)
                .read("gates", GATES, form(t, p))
                .read("input", Slot::Transposed(1), weights(q))
                .add("dx", Slot::InputDelta(0), add, form(t, q))
        };
        let initial = |operand: usize| {
            let add = site.adds(operand)?;
            let form = Form::row(b);
            let call = Call::of(&INITIAL_GRADIENT, [Size::Isa, b.into(), Size::Adds]);
            let call = call.read("delta", initial_slot(operand), form);
            Some(call.add("d", Slot::InputDelta(operand), add, form))
        };
        std::iter::once(through_time)
            .chain(site.adds(0).map(down))
            .chain(self.states_of(site.inputs.len()).filter_map(initial))
            .collect()
    }
}

/// What backward leaves of the delta of a given state.
fn initial_slot(operand: usize) -> Slot {
    Slot::Own(if operand == 1 { "dh0" } else { "dc0" })
}

/// `Some(argument)`
fn some(argument: Argument<Slot>) -> Argument<Slot> {
    Argument::Variant(rt::SOME, vec![argument])
}

/// `None`
fn nothing() -> Argument<Slot> {
    Argument::Variant(rt::NONE, Vec::new())
}
