//! The judge of programs and memory plans, judged: it refuses a plan exactly if two buffers share a block while both are
//! alive, and a call exactly if it is not what its kernel takes.
#![forbid(unsafe_code)]

use kiln_compiler::{
    call::{Access, Argument, Call, Form, View},
    graphs,
    ids::BufferId,
    memory::{
        check::check,
        plan::{Plan, plan},
        program::{Action, Buffer, Event, Mode, Place, Program},
        schedule,
    },
    place::{fuse, layout},
    rt::{Kernel, Path},
};
use proc_macro2::TokenStream;
use proptest::prelude::*;
use quote::quote;

/// Reads any three buffers and writes any three.
static ANY: Kernel = Kernel {
    path: Path(&["any"]),
    parameters: &[&["reads"], &["mut", "writes"]],
};

/// An event that reads and writes buffers.
fn event(reads: &[usize], writes: &[usize]) -> Event {
    let list = |ids: &[usize], access| {
        let view = |&id: &usize| {
            let memory = Place::Buffer(BufferId(id));
            let form = Form::Blocks;
            Argument::View(View {
                memory,
                access,
                form,
            })
        };
        Argument::List(ids.iter().map(view).collect())
    };
    let call = Call::of(&ANY, [])
        .with("reads", list(reads, Access::Read))
        .with("writes", list(writes, Access::Write));
    Event {
        action: Action::Forward(call),
        name: "a layer".into(),
        label: String::new(),
        turns: 1,
    }
}

fn program(sizes: &[usize], events: Vec<Event>) -> Program {
    let buffer = |(index, &blocks): (usize, &usize)| Buffer {
        name: format!("b{index}"),
        label: format!("b{index}"),
        blocks,
    };
    Program {
        buffers: sizes.iter().enumerate().map(buffer).collect(),
        events,
        ..Program::new(Mode::Inference)
    }
}

/// What is wrong with two buffers of two blocks at these offsets in four blocks.
fn message(offsets: [usize; 2], events: Vec<Event>) -> String {
    let plan = Plan {
        offsets: offsets.to_vec(),
        blocks: 4,
        rows: 1,
    };
    check(&program(&[2, 2], events), &plan).expect_err("a wrong plan")
}

#[test]
fn each_way_to_lose_a_buffer_has_its_message() {
    assert_eq!(
        message(
            [0, 1],
            vec![event(&[], &[0]), event(&[], &[1]), event(&[0], &[])]
        ),
        "event 2 reads `b0`, but `b1` has overwritten its block 1"
    );
    assert_eq!(
        message([0, 2], vec![event(&[], &[0]), event(&[1], &[])]),
        "event 1 reads `b1` before anything was written"
    );
    assert_eq!(
        message([0, 1], vec![event(&[], &[0]), event(&[0], &[1])]),
        "event 1 writes `b1` over `b0`, which it reads"
    );
    assert_eq!(
        message([0, 1], vec![event(&[], &[0, 1])]),
        "event 0 writes block 1 of `b1` twice"
    );
    assert_eq!(
        message([0, 2], vec![event(&[], &[0, 0])]),
        "event 0 takes `b0` twice and writes it"
    );
    assert_eq!(
        message([0, 3], vec![event(&[], &[0]), event(&[], &[1])]),
        "`b1` lies outside the planned memory"
    );
}

#[test]
fn memory_of_dead_buffers_is_used_again() {
    let chain = vec![
        event(&[], &[0]),
        event(&[0], &[1]),
        event(&[1], &[2]),
        event(&[2], &[]),
    ];
    let program = program(&[4, 4, 4], chain);
    let plan = plan(&program);
    assert_eq!(plan.blocks, 8);
    assert_eq!(check(&program, &plan), Ok(()));
}

/// The training program of the first network in some tokens.
fn program_of(tokens: TokenStream) -> Program {
    let graphs = graphs(tokens).expect("a network without mistakes");
    schedule::training(&layout::place(&graphs[0], fuse::fuse(&graphs[0])))
}

/// The training program of a network with every kind of kernel.
fn training() -> Program {
    let tokens = quote! {
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
    };
    program_of(tokens)
}

/// What the judge says of the network's program with one of its events changed.
fn verdict(program: &Program, index: usize, change: impl FnOnce(&mut Action)) -> String {
    let mut program = program.clone();
    change(&mut program.events[index].action);
    let plan = plan(&program);
    check(&program, &plan).expect_err("a wrong program")
}

#[test]
fn what_an_operator_leaves_out_of_a_call_is_missed_by_name() {
    let program = training();
    assert_eq!(check(&program, &plan(&program)), Ok(()));
    let mut tried = 0;
    for (index, event) in program.events.iter().enumerate() {
        let (path, names) = match &event.action {
            Action::Transpose(call)
            | Action::Forward(call)
            | Action::Backward(call)
            | Action::Fold(call)
            | Action::Follow(call) => {
                let names = call.arguments.iter().map(|(name, _)| *name);
                (call.kernel.path, names.collect::<Vec<_>>())
            }
            Action::Update(_, gradient) => {
                let names = gradient.terms[0].rows.iter().map(|(name, _)| *name);
                (gradient.kernel.path, names.collect())
            }
            Action::Load(_) | Action::Unload(_) | Action::Loss(_) => continue,
        };
        for (argument, name) in names.into_iter().enumerate() {
            let verdict = verdict(&program, index, |action| match action {
                Action::Transpose(call)
                | Action::Forward(call)
                | Action::Backward(call)
                | Action::Fold(call)
                | Action::Follow(call) => {
                    call.arguments.remove(argument);
                }
                Action::Update(_, gradient) => {
                    gradient.terms[0].rows.remove(argument);
                }
                Action::Load(_) | Action::Unload(_) | Action::Loss(_) => {}
            });
            let of = &event.name;
            assert!(
                [
                    format!("`{path}` reads `{name}`, which its call for `{of}` leaves out"),
                    format!("`{path}` changes `{name}`, which its call for `{of}` leaves out"),
                ]
                .contains(&verdict),
                "{verdict}"
            );
            tried += 1;
        }
    }
    assert!(tried > 100, "{tried} arguments");
}

#[test]
fn what_a_kernel_changes_is_not_given_to_be_read() {
    let program = training();
    for (index, event) in program.events.iter().enumerate() {
        let Some(call) = event.action.call() else {
            continue;
        };
        for (argument, (name, changes)) in call
            .kernel
            .parameters()
            .filter(|(name, _)| *name != "s")
            .enumerate()
        {
            if !matches!(call.arguments[argument].1, Argument::View(_)) {
                continue;
            }
            let verdict = verdict(&program, index, |action| {
                if let Action::Transpose(call)
                | Action::Forward(call)
                | Action::Backward(call)
                | Action::Fold(call)
                | Action::Follow(call) = action
                    && let Argument::View(view) = &mut call.arguments[argument].1
                {
                    view.access = if changes { Access::Read } else { Access::Write };
                }
            });
            let verb = if changes { "changes" } else { "only reads" };
            let (path, of) = (call.kernel.path, &event.name);
            assert_eq!(
                verdict,
                format!("`{path}` {verb} `{name}`, and its call for `{of}` says otherwise")
            );
        }
    }
}

/// A program without its first event of a kind.
fn without(program: &Program, kind: fn(&Action) -> bool) -> String {
    let mut program = program.clone();
    let index = program.events.iter().position(|event| kind(&event.action));
    program.events.remove(index.expect("there is one"));
    check(&program, &plan(&program)).expect_err("a wrong program")
}

#[test]
fn what_samples_share_is_made_first_and_by_folds_and_transpositions_alone() {
    let program = training();
    assert_eq!(
        without(&program, |action| matches!(action, Action::Fold(_))),
        "`norm` reads what nobody joined"
    );
    assert_eq!(
        without(&program, |action| matches!(action, Action::Transpose(_))),
        "`out` reads weights that nobody transposed"
    );
    for (index, event) in program.events.iter().enumerate() {
        let found = match &event.action {
            Action::Fold(call) => {
                let call = call.clone();
                verdict(&program, index, |action| *action = Action::Forward(call))
            }
            Action::Forward(call) if event.name == "norm" => {
                let call = call.clone();
                verdict(&program, index, |action| *action = Action::Fold(call))
            }
            _ => continue,
        };
        let expected = [
            "`norm` writes what all samples share",
            "`norm` writes what is a sample's own",
        ];
        assert!(expected.contains(&&*found), "{found}");
    }
}

/// Blocks that a sample takes in training a chain of so many convolutions, each of 18 x 18 x 2 blocks with their border.
fn chain(layers: usize) -> usize {
    let program = program_of(quote! {
        struct Chain(image: [32, 16, 16]) -> [10] {
            convolutions: [{ Conv2d(32, 3, padding = 1), Relu }; #layers],
            pool: GlobalAvgPool,
            out: Dense(10),
        }
    });
    plan(&program).blocks
}

/// Backward needs what forward gave; a delta is there until its update.
#[test]
fn a_layer_more_takes_one_value_more_in_training() {
    let (value, [ten, twenty]) = (18 * 18 * 2, [10, 20].map(chain));
    assert_eq!(twenty - ten, 10 * value);
}

#[test]
fn nothing_reads_weights_that_were_updated() {
    let mut program = training();
    let is_update = |event: &Event| matches!(event.action, Action::Update(..));
    let update = program.events.iter().position(is_update);
    let update = program.events.remove(update.expect("something is learnt"));
    let Action::Update(tensor, _) = update.action else {
        unreachable!("an update was looked for")
    };
    let reads = |event: &Event| {
        event
            .touches()
            .contains(&(Place::Tensor(tensor), Access::Read))
    };
    let reader = program
        .events
        .iter()
        .position(reads)
        .expect("forward reads it");
    let name = program.events[reader].name.clone();
    // An update that reads nothing may stand anywhere, but for those who read its weights.
    let Action::Update(_, mut gradient) = update.action.clone() else {
        unreachable!("an update was looked for")
    };
    gradient.terms.clear();
    let early = Event {
        action: Action::Update(tensor, gradient),
        ..update
    };
    program.events.insert(reader, early.clone());
    let found = check(&program, &plan(&program));
    assert_eq!(
        found,
        Err(format!("`{name}` reads weights of the next step"))
    );
    program.events.remove(reader);
    program.events.extend([early.clone(), early.clone()]);
    let found = check(&program, &plan(&program));
    assert_eq!(found, Err(format!("`{}` is updated twice", early.name)));
}

/// A buffer's size, its offset, the event that writes it, and how many events later it is read last.
fn buffer() -> impl Strategy<Value = (usize, usize, usize, usize)> {
    (1..5_usize, 0..12_usize, 0..6_usize, 0..4_usize)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn plans_are_refused_exactly_if_living_buffers_meet(buffers in prop::collection::vec(buffer(), 1..7)) {
        let (mut writes, mut reads) = (vec![vec![]; 10], vec![vec![]; 10]);
        for (index, &(_, _, from, age)) in buffers.iter().enumerate() {
            writes[from].push(index);
            if age > 0 {
                reads[from + age].push(index);
            }
        }
        let meet = |a: (usize, usize), b: (usize, usize)| a.0 < b.1 && b.0 < a.1;
        let clash = |a: usize, b: usize| {
            let ((a, at_a, from_a, age_a), (b, at_b, from_b, age_b)) = (buffers[a], buffers[b]);
            meet((at_a, at_a + a), (at_b, at_b + b))
                && meet((from_a, from_a + age_a + 1), (from_b, from_b + age_b + 1))
        };
        let wrong = (0..buffers.len()).any(|b| (0..b).any(|a| clash(a, b)));
        let sizes: Vec<usize> = buffers.iter().map(|buffer| buffer.0).collect();
        let plan = Plan {
            offsets: buffers.iter().map(|buffer| buffer.1).collect(),
            blocks: 16,
            rows: 1,
        };
        let events = writes.iter().zip(&reads).map(|(writes, reads)| event(reads, writes));
        let verdict = check(&program(&sizes, events.collect()), &plan);
        prop_assert_eq!(verdict.is_err(), wrong, "{:?}", verdict);
    }

    /// Random chains with random later readers: what the planner makes, the judge accepts.
    #[test]
    fn every_plan_passes(sizes in prop::collection::vec(1_usize..9, 1..24), seed in any::<u64>()) {
        let mut random = seed;
        let mut draw = move |below: usize| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) as usize % below
        };
        let events = (0..sizes.len()).map(|index| {
            let reads = (0..draw(3)).filter(|_| index > 0).map(|_| draw(index.max(1))).collect::<Vec<_>>();
            event(&reads, &[index])
        });
        let program = program(&sizes, events.collect());
        let plan = plan(&program);
        prop_assert_eq!(check(&program, &plan), Ok(()));
        prop_assert!(plan.blocks <= sizes.iter().sum());
    }
}
