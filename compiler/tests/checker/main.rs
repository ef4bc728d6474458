//! The judge of programs and memory plans, judged: it refuses a plan exactly if two buffers share a block while both are
//! alive, and a call exactly if it is not what its kernel takes.
#![forbid(unsafe_code)]

mod calls;
mod forms;
mod programs;

use kiln_compiler::{
    call::{Access, Argument, Call, Form, View},
    ids::BufferId,
    memory::{
        check::{Given, check},
        plan::{self, Plan, led, plan},
        program::{Action, Buffer, Event, Mode, Place, Program},
        rows::Lead,
    },
    rt::{Effect, Kernel, Path},
};
use programs::{Whole, both, everything};
use proptest::prelude::*;
use quote::quote;

/// Reads any three buffers and writes any three.
static ANY: Kernel = Kernel {
    path: Path(&["any"]),
    parameters: &[(Effect::Reads, "reads"), (Effect::Writes, "writes")],
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
        asked: false,
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
        lead: None,
    };
    check(&program(&[2, 2], events), &plan, &Given::default()).expect_err("a wrong plan")
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
    let plan = plan(&program, None);
    assert_eq!(plan.blocks, 8);
    assert_eq!(check(&program, &plan, &Given::default()), Ok(()));
}

/// What is wrong with three buffers of two blocks, which follow one another, in a lead with `blocks` of its own.
fn message_of_lead(offsets: [usize; 3], blocks: usize) -> String {
    let chain = vec![
        event(&[], &[0]),
        event(&[0], &[1]),
        event(&[1], &[2]),
        event(&[2], &[]),
    ];
    let plan = Plan {
        offsets: offsets.to_vec(),
        blocks: 6,
        rows: 4,
        lead: Some(plan::Lead {
            events: 3,
            rows: 1,
            blocks,
        }),
    };
    check(&program(&[2, 2, 2], chain), &plan, &Given::default()).expect_err("a wrong plan")
}

#[test]
fn a_lead_goes_on_while_its_results_wait() {
    assert_eq!(
        message_of_lead([0, 1, 4], 2),
        "event 1 touches `b1` in memory of a lead"
    );
    assert_eq!(
        message_of_lead([2, 4, 0], 2),
        "event 3 touches `b2` in memory of a lead"
    );
    // Each group by itself would do no harm.
    assert_eq!(
        message_of_lead([0, 2, 0], 0),
        "event 0 overwrites `b2` of the group before"
    );
}

/// Early layers leave much of a row, late ones have many weights.
#[test]
fn large_images_lead_to_large_weights() {
    let [inference, _] = both(quote! {
        struct Funnel(image: [3, 64, 64]) -> [10] {
            wide: Conv2d(64, 3, padding = 1), Relu, Conv2d(64, 3, padding = 1), Relu, MaxPool2d(8),
            Flatten, hidden: Dense(2048), Relu, Dense(2048), Relu, out: Dense(10),
        }
    });
    let plan = plan(&inference.program, None);
    let lead = plan.lead.expect("a lead");
    assert!(lead.rows < plan.rows / 8, "{} of {}", lead.rows, plan.rows);
    // Two images in their borders and what lies between them; the rest is vectors.
    assert!(plan.blocks - lead.blocks < plan.blocks / 4);
}

/// A program without its first event of a kind.
fn without(whole: &Whole, kind: fn(&Action) -> bool) -> String {
    let mut program = whole.program.clone();
    let index = program.events.iter().position(|event| kind(&event.action));
    program.events.remove(index.expect("there is one"));
    whole.judge(&program).expect_err("a wrong program")
}

#[test]
fn what_samples_share_is_made_first_and_by_folds_and_transpositions_alone() {
    let whole = everything();
    assert_eq!(
        without(&whole, |action| matches!(action, Action::Fold(_))),
        "`norm` reads what nobody joined"
    );
    assert_eq!(
        without(&whole, |action| matches!(action, Action::Transpose(_))),
        "`out` reads weights that nobody transposed"
    );
    for (index, event) in whole.program.events.iter().enumerate() {
        let found = match &event.action {
            Action::Fold(call) => {
                let call = call.clone();
                whole.verdict(index, |action| *action = Action::Forward(call))
            }
            Action::Forward(call) if event.name == "norm" => {
                let call = call.clone();
                whole.verdict(index, |action| *action = Action::Fold(call))
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
    let whole = Whole::training(quote! {
        struct Chain(image: [32, 16, 16]) -> [10] {
            convolutions: [{ Conv2d(32, 3, padding = 1), Relu }; #layers],
            pool: GlobalAvgPool,
            out: Dense(10),
        }
    });
    plan(&whole.program, None).blocks
}

/// Backward needs what forward gave; a delta is there until its update.
#[test]
fn a_layer_more_takes_one_value_more_in_training() {
    let (value, [ten, twenty]) = (18 * 18 * 2, [10, 20].map(chain));
    assert_eq!(twenty - ten, 10 * value);
}

#[test]
fn nothing_reads_weights_that_were_updated() {
    let whole = everything();
    let mut program = whole.program.clone();
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
    let found = whole.judge(&program);
    assert_eq!(
        found,
        Err(format!("`{name}` reads weights of the next step"))
    );
    program.events.remove(reader);
    program.events.extend([early.clone(), early.clone()]);
    let found = whole.judge(&program);
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
            lead: None,
        };
        let events = writes.iter().zip(&reads).map(|(writes, reads)| event(reads, writes));
        let verdict = check(&program(&sizes, events.collect()), &plan, &Given::default());
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
        let plan = plan(&program, None);
        prop_assert_eq!(check(&program, &plan, &Given::default()), Ok(()));
        prop_assert!(plan.blocks <= sizes.iter().sum());
        for events in 1..sizes.len() {
            let plan = led(&program, 12, Lead { events, rows: 2 });
            prop_assert_eq!(check(&program, &plan, &Given::default()), Ok(()));
            prop_assert!(plan.blocks <= sizes.iter().sum());
        }
    }
}
