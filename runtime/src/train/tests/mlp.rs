//! 7 -> 20, ReLU, dropout, 20 -> 3: what an expansion would be.

use crate::{
    arena::Arena,
    batch::{Batch, Place},
    block::Block,
    declared::{Declared, SmallOutput},
    kernels::{
        activation::{self, Identity, Relu},
        dense::{self, Start},
        dropout,
        numbers::Numbers,
    },
    layout::{Axis, Layout},
    loss::{Loss, Score},
    model::Model,
    network::{Layer, Network, Panels, Rows},
    random::Key,
    simd::Isa,
    tensor::{Init, Penalty, Role, Tensor},
    update::{Sink, Stretch},
    views,
};
use core::ops::Range;

pub const INPUTS: usize = 7;
pub const HIDDEN: usize = 20;
pub const OUTPUTS: usize = 3;

/// The network, with dropout of a quarter or none, and with penalties or none.
#[derive(Clone)]
pub struct Mlp<const DROPOUT: bool, const PENALTIES: bool = false>(Arena);

// Blocks in the arena.
const W1: usize = 0;
const B1: usize = W1 + 2 * INPUTS;
const W2: usize = B1 + 2;
const B2: usize = W2 + HIDDEN;
const END: usize = B2 + 1;

const WEIGHT1: Place = Place::new(W1, B1 - W1);
const BIAS1: Place = Place::new(B1, W2 - B1);
const WEIGHT2: Place = Place::new(W2, B2 - W2);
const BIAS2: Place = Place::new(B2, END - B2);
const TRANSPOSED: Place = Place::new(0, 2 * OUTPUTS);

// Blocks of a sample in training.
const X: Place = Place::new(0, 1);
const H: Place = Place::new(1, 2);
const D: Place = Place::new(3, 2);
const Y: Place = Place::new(5, 1);
const DY: Place = Place::new(6, 1);
const DD: Place = Place::new(7, 2);
const DH: Place = Place::new(9, 2);

const PENALTY: Penalty = Penalty { l1: 0.01, l2: 0.02 };

const fn weight(
    name: &'static str,
    place: Range<usize>,
    shape: &'static [usize],
    axes: &'static [Axis],
    (init, penalty): (Init, Penalty),
) -> Tensor {
    let layout = Layout {
        offset: place.start * 16,
        axes,
    };
    Tensor {
        name,
        shape,
        layout,
        blocks: place.end - place.start,
        init,
        role: Role::Learnt {
            rate: 1.0,
            penalty,
            cost: 1,
            pass: 0,
        },
    }
}

const fn lanes(size: usize, block_stride: usize) -> Axis {
    Axis {
        size,
        stride: 1,
        block_stride,
    }
}

const fn column(size: usize) -> Axis {
    Axis {
        size,
        stride: 16,
        block_stride: 256,
    }
}

impl<const DROPOUT: bool, const PENALTIES: bool> Mlp<DROPOUT, PENALTIES> {
    /// The penalty of the first weights.
    pub const PENALTY: Penalty = if PENALTIES { PENALTY } else { Penalty::NONE };

    /// All parameters.
    pub fn arena(&self) -> &[Block] {
        &self.0
    }

    /// All parameters.
    pub fn arena_mut(&mut self) -> &mut [Block] {
        self.0.own().expect("memory")
    }
}

impl<const DROPOUT: bool, const PENALTIES: bool> Declared for Mlp<DROPOUT, PENALTIES> {
    type Input = [f32; INPUTS];
    type Output = [f32; OUTPUTS];
    type Network = Self;
}

impl<const DROPOUT: bool, const PENALTIES: bool> Model for Mlp<DROPOUT, PENALTIES> {}

impl<const DROPOUT: bool, const PENALTIES: bool> SmallOutput for Mlp<DROPOUT, PENALTIES> {}

impl<const DROPOUT: bool, const PENALTIES: bool> Network for Mlp<DROPOUT, PENALTIES> {
    type Model = Self;
    type Input = [f32; INPUTS];
    type Output = [f32; OUTPUTS];

    const NAME: &'static str = "Mlp";
    const INPUTS: &'static [&'static [usize]] = &[&[INPUTS]];
    /// With more operations than it has, so that it is worth a fork.
    const LAYERS: &'static [Layer] = &[Layer {
        name: "all",
        kind: "Mlp",
        within: "",
        output: &[OUTPUTS],
        parameters: HIDDEN * (INPUTS + 1) + OUTPUTS * (HIDDEN + 1),
        flops: 1 << 24,
    }];
    const TENSORS: &'static [Tensor] = &[
        weight(
            "hidden.weight",
            W1..B1,
            &[HIDDEN, INPUTS],
            &[lanes(HIDDEN, 16 * INPUTS), column(INPUTS)],
            (Init::Uniform(0.378), Self::PENALTY),
        ),
        weight(
            "hidden.bias",
            B1..W2,
            &[HIDDEN],
            &[lanes(HIDDEN, 16)],
            (Init::Uniform(0.378), Penalty::NONE),
        ),
        weight(
            "logits.weight",
            W2..B2,
            &[OUTPUTS, HIDDEN],
            &[lanes(OUTPUTS, 16 * HIDDEN), column(HIDDEN)],
            (Init::Normal(0.2), Penalty::NONE),
        ),
        weight(
            "logits.bias",
            B2..END,
            &[OUTPUTS],
            &[lanes(OUTPUTS, 16)],
            (Init::Constant(0.1), Penalty::NONE),
        ),
    ];
    const PARAMETER_BLOCKS: usize = END;
    const LEARNT_BLOCKS: usize = END;
    const WORKSPACE_BLOCKS: usize = 3;
    const INFER_ROWS: usize = 264;
    const TRAIN_ROWS: usize = 192;
    const TRAIN_BLOCKS: usize = 11;
    const TRANSPOSED: &'static [Panels] = &[Panels {
        rows: OUTPUTS,
        panels: 2,
    }];
    const NEEDS_PAIR: bool = false;

    fn from_arena(arena: Arena) -> Self {
        Self(arena)
    }

    fn arena(model: &Self) -> &[Block] {
        &model.0
    }

    fn arena_mut(model: &mut Self) -> &mut Arena {
        &mut model.0
    }

    #[inline(always)]
    fn infer<S: Isa>(
        s: S,
        parameters: &[Block],
        inputs: &[Self::Input],
        outputs: &mut [Self::Output],
        memory: &mut [Block],
    ) {
        let count = inputs.len();
        let [h, y] = views::carve(
            memory,
            [
                Place::new(0, 2).of_rows(count, count),
                Place::new(2, 1).of_rows(count, count),
            ],
        );
        dense::forward::<S, Relu, INPUTS, INPUTS, HIDDEN, 2>(
            s,
            inputs,
            views::panels(parameters, WEIGHT1),
            Start::Bias(views::cells(parameters, BIAS1)),
            views::blocks_mut(h),
        );
        dense::forward::<S, Identity, HIDDEN, 32, OUTPUTS, 1>(
            s,
            views::rows(h),
            views::panels(parameters, WEIGHT2),
            Start::Bias(views::cells(parameters, BIAS2)),
            views::blocks_mut(y),
        );
        for (row, output) in outputs.iter_mut().enumerate() {
            views::unload(memory, Place::new(2, 1), count, row, output);
        }
    }

    #[inline(always)]
    fn transpose<S: Isa>(s: S, parameters: &[Block], first: usize, transposed: &mut [Block]) {
        let weights = views::panels(parameters, WEIGHT2);
        if let Some((panel, to)) = views::stretch_of_panels(transposed, first, TRANSPOSED) {
            dense::transpose::<S, HIDDEN, OUTPUTS, 1>(s, weights, panel, to);
        }
    }

    #[inline(always)]
    fn load<S: Isa>(
        s: S,
        input: &Self::Input,
        memory: &mut [Block],
        capacity: usize,
        row: usize,
    ) -> bool {
        views::load(s, input, memory, X, capacity, row)
    }

    #[inline(always)]
    fn forward_rows<S: Isa>(s: S, _: usize, rows: Rows<'_>, memory: &mut [Block]) {
        let span = |place| rows.span(place);
        let [x, h, d, y] = views::carve(memory, [span(X), span(H), span(D), span(Y)]);
        dense::forward::<S, Relu, INPUTS, 16, HIDDEN, 2>(
            s,
            views::rows(x),
            views::panels(rows.parameters, WEIGHT1),
            Start::Bias(views::cells(rows.parameters, BIAS1)),
            views::blocks_mut(h),
        );
        if DROPOUT {
            dropout::apply(
                s,
                h,
                d,
                Numbers::flat(HIDDEN),
                0.25,
                4.0 / 3.0,
                key(rows),
                false,
            );
        } else {
            d.copy_from_slice(h);
        }
        dense::forward::<S, Identity, HIDDEN, 32, OUTPUTS, 1>(
            s,
            views::rows(d),
            views::panels(rows.parameters, WEIGHT2),
            Start::Bias(views::cells(rows.parameters, BIAS2)),
            views::blocks_mut(y),
        );
    }

    #[inline(always)]
    fn loss_rows<S: Isa, T, L: Loss<Self::Output, T>>(
        s: S,
        rows: Rows<'_>,
        memory: &mut [Block],
        loss: &L,
        targets: &[T],
        scale: f32,
        scores: &mut [Score],
        _: &mut [Self::Output],
    ) {
        let span = |place| rows.span(place);
        let [y, dy] = views::carve(memory, [span(Y), span(DY)]);
        views::judge::<S, _, _, _, 1>(s, loss, y, dy, targets, scale, scores);
    }

    #[inline(always)]
    fn unload<S: Isa>(
        _: S,
        output: &mut Self::Output,
        memory: &mut [Block],
        capacity: usize,
        row: usize,
    ) {
        views::unload(memory, Y, capacity, row, output);
    }

    #[inline(always)]
    fn load_delta<S: Isa>(
        s: S,
        delta: &Self::Output,
        memory: &mut [Block],
        capacity: usize,
        row: usize,
    ) -> bool {
        views::load(s, delta, memory, DY, capacity, row)
    }

    #[inline(always)]
    fn backward_rows<S: Isa>(s: S, _: usize, rows: Rows<'_>, memory: &mut [Block]) {
        let span = |place| rows.span(place);
        let [h, dy, dd, dh] = views::carve(memory, [span(H), span(DY), span(DD), span(DH)]);
        dense::forward::<S, Identity, OUTPUTS, 16, HIDDEN, 2>(
            s,
            views::rows(dy),
            views::panels(rows.transposed, TRANSPOSED),
            Start::Zero,
            views::blocks_mut(dd),
        );
        if DROPOUT {
            dropout::apply(
                s,
                dd,
                dh,
                Numbers::flat(HIDDEN),
                0.25,
                4.0 / 3.0,
                key(rows),
                false,
            );
        } else {
            dh.copy_from_slice(dd);
        }
        activation::backward::<S, Relu>(s, h, dh);
    }

    #[inline(always)]
    fn update<S: Isa>(s: S, _: usize, batch: Batch<'_>, first: usize, sink: &mut dyn Sink) {
        if let Some(mut stretch) = Stretch::of(sink, first, WEIGHT1, Self::PENALTY) {
            let rows = views::row_pairs::<16, 2>(batch, X, DH);
            dense::update::<S, INPUTS, 16, 2>(s, rows, &mut stretch);
        }
        if let Some(mut stretch) = Stretch::of(sink, first, BIAS1, Penalty::NONE) {
            let rows = views::row_blocks::<2>(batch, DH);
            dense::update_bias::<S, 2>(s, rows, &mut stretch);
        }
        if let Some(mut stretch) = Stretch::of(sink, first, WEIGHT2, Penalty::NONE) {
            let rows = views::row_pairs::<32, 1>(batch, D, DY);
            dense::update::<S, HIDDEN, 32, 1>(s, rows, &mut stretch);
        }
        if let Some(mut stretch) = Stretch::of(sink, first, BIAS2, Penalty::NONE) {
            let rows = views::row_blocks::<1>(batch, DY);
            dense::update_bias::<S, 1>(s, rows, &mut stretch);
        }
    }
}

/// The key of the dropout layer.
fn key(rows: Rows<'_>) -> Key {
    Key {
        seed: rows.seed,
        step: rows.step,
        layer: 1,
        first_sample: rows.first,
    }
}
