//! Programs as the compiler makes them, and the judge's verdict on changed ones.

use kiln_compiler::{
    call::{Call, View},
    graphs,
    memory::{
        check::{Given, check},
        plan::{Plan, plan},
        program::{Action, Place, Program},
        rows::Wish,
        schedule,
    },
    place::{absorb, fuse, layout},
    report::Report,
    timing,
};
use proc_macro2::TokenStream;
use quote::quote;

/// A program, its memory plan, and what it is given.
pub struct Whole {
    pub program: Program,
    plan: Plan,
    pub given: Given,
}

impl Whole {
    /// The training program of the first network in some tokens.
    pub fn training(tokens: TokenStream) -> Self {
        let [_, training] = both(tokens);
        training
    }

    /// What the judge says of another program in its place.
    pub fn judge(&self, program: &Program) -> Result<(), String> {
        check(program, &plan(program, None), &self.given)
    }

    /// What the judge says of the program with one of its events changed, planned as it was.
    pub fn verdict(&self, index: usize, change: impl FnOnce(&mut Action)) -> String {
        let mut program = self.program.clone();
        change(&mut program.events[index].action);
        check(&program, &self.plan, &self.given).expect_err("a wrong program")
    }
}

/// The programs of the first network in some tokens: of inference, and of training.
pub fn both(tokens: TokenStream) -> [Whole; 2] {
    let graphs =
        graphs(tokens).unwrap_or_else(|errors| panic!("a network with mistakes: {errors}"));
    let mut layout = layout::place(&graphs[0], fuse::fuse(&graphs[0]));
    let absorbed = absorb::absorb(&layout);
    layout.normalise(&absorbed.normalised);
    let inference = schedule::inference(&absorbed.layout);
    [inference, schedule::training(&layout, Wish::default())].map(|program| Whole {
        plan: plan(&program, None),
        program,
        given: Given::of(&layout),
    })
}

/// The call of a kernel that an action is, to be changed.
pub fn call(action: &mut Action) -> Option<&mut Call<Place>> {
    match action {
        Action::Transpose(call)
        | Action::Forward(call)
        | Action::Backward(call)
        | Action::Fold(call)
        | Action::Follow(call) => Some(call),
        Action::Load(_)
        | Action::Unload(_)
        | Action::Loss(_)
        | Action::Slopes(_)
        | Action::Update(..) => None,
    }
}

/// Changes the view of an action's kernel that has this number.
pub fn reform(action: &mut Action, number: usize, change: impl Fn(&mut View<Place>)) {
    let mut seen = 0;
    let reform = |mut view: View<Place>| {
        if seen == number {
            change(&mut view);
        }
        seen += 1;
        view
    };
    if let Action::Update(_, gradient) = action {
        *gradient = gradient.clone().map(reform);
    } else if let Some(call) = call(action) {
        *call = call.clone().map(reform);
    }
}

/// The training program of a network with every kind of kernel.
pub fn everything() -> Whole {
    Whole::training(quote! {
        struct Everything(image: [1, 8, 8], steps: [4, 16]) -> [3] {
            conv: Conv2d(4, 3, padding = 1), pooled: Conv2d(16, 3), lstm: Lstm(16), fc: Dense(16), out: Dense(3),
            norm: BatchNorm,
            forward {
                let image = flatten(norm(max_pool2d(max_pool2d(relu(pooled(relu(conv(image)))), 2), 2, stride = 1)));
                let steps = dropout(last(lstm(tanh(lstm(steps)))), 0.5);
                let both = softmax(fc(image)) * steps + log_softmax(steps) - fc(image);
                out(concat(both, sigmoid(both)[2..9]))
            }
        }
    })
}

/// The step of a stream with every kind of what is kept.
pub fn stream() -> Whole {
    let graphs = graphs(quote! {
        #[kiln(stream)]
        struct Steps(x: [24, 5]) -> [12, 3] {
            a: Lstm(9), g: Conv1d(18, 3, padding = Causal, groups = 9), Sigmoid,
            c: Conv1d(20, 4, padding = Causal, dilation = 3, stride = 2), Tanh, LayerNorm, d: Dense(3),
        }
    });
    let graphs = graphs.unwrap_or_else(|errors| panic!("a network with mistakes: {errors}"));
    let schedule = timing::infer(&graphs[0], &mut Report::default()).expect("it is causal");
    let framed = timing::framed(&graphs[0], &schedule);
    let layout = absorb::stream(layout::place(&framed, fuse::fuse(&framed)));
    let program = schedule::stream(&layout);
    Whole {
        plan: plan(&program, None),
        program,
        given: Given::of(&layout),
    }
}

/// Programs in which the forms of views differ: of each network that of inference and that of training.
pub fn several() -> Vec<Whole> {
    let networks = [
        // A vector that fills no block, read where the caller has it.
        quote! { struct Chain(x: [20]) -> [3] { a: Dense(24), Relu, b: Dense(3), Softmax } },
        // Planar images in a border, windows that overlap, deltas in a border of their own.
        quote! {
            struct Images(image: [3, 9, 9]) -> [5] {
                a: Conv2d(8, 3, padding = 1), Relu, MaxPool2d(3, stride = 2),
                b: Conv2d(20, 3, stride = 2), Tanh, AvgPool2d(1), c: Conv2d(6, 1), MaxPool2d(2, padding = 1),
                Flatten, d: Dense(5),
            }
        },
        // Steps that fill no block, and rows of a sequence that are mapped one by one.
        quote! {
            struct Sequences(steps: [6, 5]) -> [2] {
                a: Lstm(9, layers = 2), b: Dense(18), Softmax, c: Lstm(4), Last, d: Dense(2),
            }
        },
        // A layer that is applied to unlike images, and one to a value and to the same under another shape.
        quote! {
            struct Shared(x: [4, 6, 6], y: [4, 3, 3], z: [2, 16]) -> [4] {
                conv: Conv2d(4, 3, padding = 1), fc: Dense(16), out: Dense(4),
                forward {
                    let x = global_avg_pool(relu(conv(conv(x))));
                    let y = global_avg_pool(conv(y));
                    let z = flatten(fc(fc(z)));
                    out(concat(x + y, flatten(reshape(z, 4, 8)[1..3]), -z))
                }
            }
        },
        // Normalisations that inference takes into the registers, with a residual and without.
        quote! {
            struct Residual(image: [16, 6, 6]) -> [3] {
                a: Conv2d(16, 3, padding = 1), n: BatchNorm, b: Conv2d(16, 3, padding = 1), m: BatchNorm,
                fc: Dense(7), l: BatchNorm(affine = false), out: Dense(3),
                forward {
                    let image = relu(m(b(relu(n(a(image))))) + image);
                    out(dropout(sigmoid(l(fc(flatten(image)))), 0.5))
                }
            }
        },
        // Values that are read several times, so that every kernel of backward adds to a delta once.
        quote! {
            struct Sums(image: [4, 6, 6], steps: [3, 5], x: [16]) -> [8] {
                conv: Conv2d(16, 3, padding = 1), other: Conv2d(16, 3, padding = 1), n: BatchNorm, m: BatchNorm,
                fc: Dense(16), more: Dense(16), less: Dense(16), low: Lstm(4), l: Lstm(4), r: Lstm(4), out: Dense(8),
                forward {
                    let a = conv(image);
                    let a = other(a) + other(a) + n(a) + m(a);
                    let b = max_pool2d(a, 2) + max_pool2d(a, 2, stride = 2) + avg_pool2d(a, 2) + avg_pool2d(a, 2);
                    let s = low(steps);
                    let s = flatten(l(s) + r(s));
                    let x = fc(x);
                    let x = x + relu(x) + tanh(x) + softmax(x) + softmax(x) + log_softmax(x) + log_softmax(x) + more(x)
                        + less(x) + dropout(x, 0.5) + dropout(x, 0.5) + x * x + x * 2.0 + x * 3.0;
                    out(concat(x, x[0..7], s, global_avg_pool(b)))
                }
            }
        },
        // Every cell, both directions, states that are given, learnt, and taken.
        quote! {
            struct States(steps: [6, 5], h: [4, 7], c: [4, 7]) -> ([6, 9], [2, 20], [1, 14]) {
                lstm: Lstm(7, layers = 2, bidirectional = true, dropout = 0.5),
                gru: Gru(20, bidirectional = true, initial_state = Learnt), low: Gru(14, reset_after = false),
                rnn: Rnn(9, nonlinearity = Relu), first: Dense(14),
                forward {
                    let (y, _, d) = lstm(steps, tanh(h), c);
                    let (z, g) = gru(y);
                    let d = first(flatten(d));
                    let (_, e) = low(y, d);
                    let (_, f) = low(y, d);
                    let x = concat(z, y, axis = 1);
                    (rnn(x) + rnn(x), g, e + f)
                }
            }
        },
    ];
    let programs = networks.into_iter().flat_map(both);
    programs.chain([everything(), stream()]).collect()
}
