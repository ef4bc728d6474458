//! Views that say more or less than there is.

use crate::programs::{Whole, both, everything, reform, several};
use kiln_compiler::call::Form;
use kiln_compiler::memory::program::{Action, Crossing};
use kiln_compiler::ops::copying::Region;
use quote::quote;

/// A form with each of its numbers one more, and one less.
fn others(form: Form) -> Vec<Form> {
    let mut others = Vec::new();
    let mut both = |number: usize, with: &dyn Fn(usize) -> Form| {
        others.extend([number + 1, number - 1].map(with));
    };
    match form {
        Form::Blocks => {}
        Form::Scratch(blocks) => both(blocks, &Form::Scratch),
        Form::Cells(blocks) => both(blocks, &Form::Cells),
        Form::Rows { rows, blocks } => {
            both(rows, &|rows| Form::Rows { rows, blocks });
            both(blocks, &|blocks| Form::Rows { rows, blocks });
        }
        Form::Floats { rows, floats } => {
            both(rows, &|rows| Form::Floats { rows, floats });
            both(floats, &|floats| Form::Floats { rows, floats });
        }
        Form::Tokens { tokens } => both(tokens, &|tokens| Form::Tokens { tokens }),
        Form::Sequences { steps, floats } => {
            both(steps, &|steps| Form::Sequences { steps, floats });
            both(floats, &|floats| Form::Sequences { steps, floats });
        }
        Form::Steps { steps, blocks } => {
            both(steps, &|steps| Form::Steps { steps, blocks });
            both(blocks, &|blocks| Form::Steps { steps, blocks });
        }
        Form::Panels { rows, panels } => {
            both(rows, &|rows| Form::Panels { rows, panels });
            both(panels, &|panels| Form::Panels { rows, panels });
        }
    }
    others
}

#[test]
fn a_form_of_another_size_is_refused() {
    let mut tried = 0;
    for whole in several() {
        assert_eq!(whole.judge(&whole.program), Ok(()));
        for (index, event) in whole.program.events.iter().enumerate() {
            for (number, (parameter, view)) in event.action.views().into_iter().enumerate() {
                for form in others(view.form) {
                    let verdict = whole.verdict(index, |action| {
                        reform(action, number, |view| view.form = form)
                    });
                    let path = event.action.kernel().expect("it has views").path;
                    let expected = format!("`{path}` sees `{parameter}` as {form}, but `");
                    assert!(verdict.starts_with(&expected), "{verdict}");
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 1000, "{tried} forms");
}

#[test]
fn an_error_says_what_is_seen_and_what_is_there() {
    let whole = everything();
    let verdict_on = |path: &str, form: Form| {
        let events = whole.program.events.iter().enumerate();
        let mut called = events.filter(|(_, event)| {
            let kernel = event.action.kernel();
            kernel.is_some_and(|kernel| kernel.path.to_string() == path)
        });
        let (index, _) = called.next().expect("it is called");
        whole.verdict(index, |action| reform(action, 0, |view| view.form = form))
    };
    let found = [
        verdict_on("dense::forward", Form::Floats { rows: 3, floats: 7 }),
        verdict_on("dense::transpose", Form::Cells(9)),
        // A buffer is no parameter, and a parameter is not seen without its size.
        verdict_on("recurrent::forward", Form::Cells(4)),
        verdict_on("dense::transpose", Form::Blocks),
    ];
    let expected = [
        "`dense::forward` sees `x` as 3 rows of 7 floats, but `flatten` has 64 floats",
        "`dense::transpose` sees `w` as 9 blocks, but `out.weight` has 23 blocks",
        "`recurrent::forward` sees `x` as 4 blocks, which is no form of `steps`",
        "`dense::transpose` sees `w` as blocks, which is no form of `out.weight`",
    ];
    assert_eq!(found, expected);
}

fn region(crossing: &mut Crossing) -> &mut Region {
    &mut crossing.stored.as_mut().expect("it is stored").region
}

/// What a crossing of an action says of its buffer, to be changed.
fn crossings(action: &mut Action) -> Vec<&mut Crossing> {
    match action {
        Action::Load(crossings) | Action::Unload(crossings) => crossings.iter_mut().collect(),
        Action::Loss(answers) => {
            let each = answers.iter_mut();
            each.flat_map(|answer| std::iter::once(&mut answer.value).chain(&mut answer.delta))
                .collect()
        }
        _ => Vec::new(),
    }
}

/// A network whose inputs and output are stored otherwise than the caller has them.
fn crossed() -> [Whole; 2] {
    both(quote! {
        struct Crossed(image: [5, 6, 6], steps: [4, 7]) -> ([3, 6, 6], [4, 20]) {
            a: Conv2d(3, 3, padding = 1), b: Lstm(20),
            forward { (a(image), b(steps)) }
        }
    })
}

#[test]
fn what_crosses_otherwise_than_it_is_stored_is_refused() {
    let changes: [fn(&mut Crossing); 8] = [
        |crossing| region(crossing).to += 1 << 20,
        |crossing| region(crossing).from += 1,
        |crossing| region(crossing).axes[0].0 += 1,
        |crossing| region(crossing).axes[0].0 -= 1,
        |crossing| region(crossing).axes[0].1 += 1,
        |crossing| region(crossing).axes[0].2 += 1 << 20,
        |crossing| region(crossing).axes[0].2 = 0,
        |crossing| crossing.stored = None,
    ];
    let mut tried = [0; 3];
    for whole in crossed() {
        assert_eq!(whole.judge(&whole.program), Ok(()));
        for (index, event) in whole.program.events.iter().enumerate() {
            let mut action = event.action.clone();
            let kind = match action {
                Action::Load(_) => 0,
                Action::Unload(_) => 1,
                _ => 2,
            };
            for (number, crossing) in crossings(&mut action).into_iter().enumerate() {
                assert!(crossing.stored.is_some(), "{}: {number}", event.name);
                for change in changes {
                    let verdict =
                        whole.verdict(index, |action| change(crossings(action).remove(number)));
                    assert!(verdict.contains("copies not all of"), "{verdict}");
                    tried[kind] += 1;
                }
            }
        }
    }
    assert_eq!(tried, [4, 2, 4].map(|crossings| crossings * changes.len()));
}

/// A network of an input of tokens and one of numbers.
fn tokens() -> [Whole; 2] {
    both(quote! {
        struct Tokens(words: u32[16], x: [16, 16]) -> [16, 16] {
            embed: Embedding(9, 16),
            forward { embed(words) + x }
        }
    })
}

#[test]
fn tokens_are_loaded_and_read_as_tokens_and_nothing_else_is() {
    for mut whole in tokens() {
        assert_eq!(whole.judge(&whole.program), Ok(()));
        let mut tried = 0;
        for (index, event) in whole.program.events.iter().enumerate() {
            let views = event.action.views();
            let forms = views.iter().map(|(_, view)| view.form).collect::<Vec<_>>();
            for (number, form) in forms.into_iter().enumerate() {
                let other = match form {
                    Form::Tokens { tokens } => Form::row_of_floats(tokens),
                    Form::Rows { rows: 16, blocks } => Form::Tokens {
                        tokens: 256 * blocks,
                    },
                    _ => continue,
                };
                let verdict = whole.verdict(index, |action| {
                    reform(action, number, |view| view.form = other)
                });
                assert!(verdict.contains("which it is not"), "{verdict}");
                tried += 1;
            }
            for number in 0..crossings(&mut event.action.clone()).len() {
                if !matches!(event.action, Action::Load(_)) {
                    continue;
                }
                let verdict = whole.verdict(index, |action| {
                    let tokens = &mut crossings(action).remove(number).tokens;
                    *tokens = match tokens {
                        Some(_) => None,
                        None => Some([0, 8]),
                    };
                });
                assert!(verdict.contains("takes indices for numbers"), "{verdict}");
                tried += 1;
            }
        }
        assert!(tried >= 4, "{tried}");
        whole.given.tokens.reverse();
        assert!(whole.judge(&whole.program).is_err());
    }
}
