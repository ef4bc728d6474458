//! What a model may take, and what is said of one that takes more.

use kiln_compiler::{compile, facade::Facade};
use quote::quote;

/// What is said of a model with a budget.
fn said(budget: &str) -> Vec<String> {
    let source = format!(
        "#[kiln(budget({budget}))] pub struct Net(x: [20]) -> [3] {{
            const WIDTH: usize = 40; hidden: Dense(WIDTH), norm: BatchNorm, Relu, out: Dense(3)
        }}"
    );
    let facade = Facade::owning(quote!(::kiln));
    let expansion = compile(&facade, source.parse().expect("it lexes")).to_string();
    let mut said: Vec<_> = expansion.split("compile_error ! { \"").collect();
    said.remove(0);
    let message = |rest: &str| rest.split("\" }").next().unwrap_or_default().to_string();
    said.into_iter().map(message).collect()
}

#[test]
fn a_budget_that_is_kept_says_nothing() {
    // 840 in `hidden`, 161 in `norm`, of which 81 are not learnt, and 123 in `out`.
    assert_eq!(
        said("params = 1124, workspace = 100 * 1024, train = 1_000_000"),
        [""; 0]
    );
    assert_eq!(said("params = 28 * WIDTH + 4"), [""; 0]);
}

#[test]
fn what_is_beyond_says_by_how_much_and_where() {
    let expected = "`Net` takes 1124 numbers of parameters, 24 more than its budget; \
                    most are in `hidden` (840), `norm` (161), `out` (123)";
    assert_eq!(said("params = 1100"), [expected]);
    let all = said("params = 0, workspace = 64, train = 1");
    assert_eq!(all.len(), 3, "{all:?}");
    assert!(
        all[1].starts_with("`Net` takes 768 bytes of workspace, 704 more than its budget; at `"),
        "{all:?}"
    );
    assert!(all[1].contains("most is taken by `"), "{all:?}");
    assert!(all[2].contains("bytes a sample in training, "), "{all:?}");
}

#[test]
fn what_is_no_budget_is_told() {
    let expected = "`budget` limits `params`, `workspace` and `train`, as in \
                    `#[kiln(budget(params = 10_000, workspace = 4 * 1024))]`";
    for budget in ["", "flash = 3", "params", "params < 3"] {
        assert_eq!(said(budget), [expected], "{budget}");
    }
    assert_eq!(said("params = 1.5").len(), 1);
}
