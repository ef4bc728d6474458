//! Calls that are not what their kernels take.

use crate::programs::everything;
use kiln_compiler::{
    call::{Access, Argument},
    memory::program::Action,
};

#[test]
fn what_an_operator_leaves_out_of_a_call_is_missed_by_name() {
    let whole = everything();
    let program = &whole.program;
    assert_eq!(whole.judge(program), Ok(()));
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
            let verdict = whole.verdict(index, |action| match action {
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
    let whole = everything();
    let program = &whole.program;
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
            let verdict = whole.verdict(index, |action| {
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
