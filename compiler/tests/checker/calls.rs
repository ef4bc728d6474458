//! Calls that are not what their kernels take.

use crate::programs::{call, everything, reform, several};
use kiln_compiler::{
    call::{Access, Argument, Size},
    memory::program::{Action, Event},
    rt::Path,
};
use std::collections::BTreeSet;

/// The kernel that runs in an event.
fn path(event: &Event) -> Path {
    event.action.kernel().expect("a kernel runs").path
}

#[test]
fn what_an_operator_leaves_out_of_a_call_is_missed_by_name() {
    let whole = everything();
    let program = &whole.program;
    assert_eq!(whole.judge(program), Ok(()));
    let mut tried = 0;
    for (index, event) in program.events.iter().enumerate() {
        let names: Vec<_> = match &event.action {
            Action::Update(_, gradient) => gradient.terms[0]
                .rows
                .iter()
                .map(|(name, _)| *name)
                .collect(),
            action => action
                .call()
                .into_iter()
                .flat_map(|call| &call.arguments)
                .map(|(name, _)| *name)
                .collect(),
        };
        for (argument, name) in names.into_iter().enumerate() {
            let verdict = whole.verdict(index, |action| {
                if let Action::Update(_, gradient) = action {
                    gradient.terms[0].rows.remove(argument);
                } else if let Some(call) = call(action) {
                    call.arguments.remove(argument);
                }
            });
            let (path, of) = (path(event), &event.name);
            let expected = format!("`{path}` takes `{name}`, which its call for `{of}` leaves out");
            assert_eq!(verdict, expected);
            tried += 1;
        }
    }
    assert!(tried > 100, "{tried} arguments");
}

/// Every view is given to be read, to be overwritten, or to be changed, as its kernel does.
#[test]
fn a_view_is_given_for_what_the_kernel_does_with_it() {
    let mut tried = [0; 3];
    for whole in several() {
        for (index, event) in whole.program.events.iter().enumerate() {
            for (number, (name, view)) in event.action.views().into_iter().enumerate() {
                let accesses = [Access::Read, Access::Write, Access::Modify];
                let own = accesses.iter().position(|&access| access == view.access);
                tried[own.expect("it is one of three")] += 1;
                for access in accesses.into_iter().filter(|&access| access != view.access) {
                    let verdict = whole.verdict(index, |action| {
                        reform(action, number, |view| view.access = access)
                    });
                    let verb = match view.access {
                        Access::Read => "only reads",
                        Access::Write => "overwrites",
                        Access::Modify => "reads and changes",
                    };
                    let (path, of) = (path(event), &event.name);
                    let expected =
                        format!("`{path}` {verb} `{name}`, and its call for `{of}` says otherwise");
                    assert_eq!(verdict, expected);
                }
            }
        }
    }
    assert!(tried.into_iter().all(|tried| tried > 40), "{tried:?} views");
}

#[test]
fn a_call_adds_as_its_kernel_is_told() {
    let (mut may, mut do_add) = (BTreeSet::new(), BTreeSet::new());
    for whole in several() {
        for (index, event) in whole.program.events.iter().enumerate() {
            let Some(made) = event.action.call() else {
                continue;
            };
            let (path, of) = (path(event), &event.name);
            let with = |adds: Option<bool>| {
                whole.verdict(index, |action| {
                    call(action).into_iter().for_each(|call| call.adds = adds);
                })
            };
            let Some(adds) = made.adds else {
                let expected =
                    format!("`{path}` adds nothing, and its call for `{of}` says otherwise");
                assert_eq!(with(Some(false)), expected);
                continue;
            };
            let other = with(Some(!adds));
            assert!(
                other.ends_with(&format!("and its call for `{of}` says otherwise")),
                "{other}"
            );
            // The kernel might be told something else if the call's own answer reached it by no size and no argument.
            let silent = whole.verdict(index, |action| {
                if let Some(call) = call(action) {
                    call.sizes.retain(|size| *size != Size::Adds);
                    for (_, argument) in &mut call.arguments {
                        if matches!(argument, Argument::Adds | Argument::Start(_)) {
                            *argument = Argument::Flag(adds);
                        }
                    }
                }
            });
            let expected = format!("`{path}` is not told by its call for `{of}` whether it adds");
            assert_eq!(silent, expected);
            may.insert(path);
            do_add.extend(adds.then_some(path));
        }
    }
    assert_eq!(may, do_add, "some kernel that may add only writes here");
    assert!(may.len() > 12, "{may:?}");
}
