//! What a model may take, and what is said of one that takes more.

use kiln_compiler::{compile, facade::Facade};
use quote::quote;

/// What is said of a model with a budget.
fn said(budget: &str) -> Vec<String> {
    said_of(&format!(
        "#[kiln(budget({budget}))] pub struct Net(x: [20]) -> [3] {{
            const WIDTH: usize = 40; hidden: Dense(WIDTH), norm: BatchNorm, Relu, out: Dense(3)
        }}"
    ))
}

fn said_of(source: &str) -> Vec<String> {
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
    // More than any tensor holds.
    assert_eq!(said("train = 8 * 1024 * 1024 * 1024"), [""; 0]);
}

#[test]
fn what_is_beyond_says_by_how_much_and_where() {
    let expected = "`Net` has 1124 parameters, 24 more than its budget of 1100; \
                    the largest layers are `hidden` (840), `norm` (161), `out` (123)";
    assert_eq!(said("params = 1100"), [expected]);
    let all = said("params = 0, workspace = 64, train = 1");
    let memory = [
        "`Net` takes 768 bytes of workspace, 704 more than its budget of 64; the forward pass of `hidden` holds most at \
         once: `lines of hidden` (576), `hidden` (192)",
        "`Net` takes 1152 bytes a sample in training, 1151 more than its budget of 1; the backward pass of `norm` holds \
         most at once: `sums of norm` (384), `norm` (192), `hidden` (192), `delta of norm` (192)",
    ];
    assert_eq!(all.len(), 3, "{all:?}");
    assert_eq!(all[1..], memory);
}

/// Layers without a name are told apart.
#[test]
fn the_fullest_pass_is_told() {
    let source = "#[kiln(budget(workspace = 64, train = 64))] struct Net(x: [20]) -> [40] {
        Dense(30), Tanh, Dense(40), Tanh, Dense(40)
    }";
    let expected = [
        "`Net` takes 384 bytes of workspace, 320 more than its budget of 64; the forward pass of `dense_4` holds most at \
         once: `dense_4` (192), `dense_2` (192)",
        "`Net` takes 960 bytes a sample in training, 896 more than its budget of 64; the backward pass of `dense_2` holds \
         most at once: `dense_2` (192), `delta of dense_4` (192), `delta of dense_2` (192), `x` (128)",
    ];
    assert_eq!(said_of(source), expected);
}

#[test]
fn the_state_of_a_stream_is_limited() {
    let stream = |budget: usize| {
        said_of(&format!(
            "#[kiln(stream, budget(state = {budget}))] struct Amp(x: [64, 1]) -> [64, 1] {{ gru: Gru(20), fc: Dense(1) }}"
        ))
    };
    assert_eq!(stream(10_000), [""; 0]);
    let expected = "the state of a stream of `Amp` takes 768 bytes, 668 more than its budget of 100; the largest parts \
                    are `workspace of a step` (576), `state of gru` (128), `count of steps` (64)";
    assert_eq!(stream(100), [expected]);
    assert_eq!(stream(768), [""; 0]);
    let none = "`state` limits what a stream keeps, and `Net` is none; write `stream`, too, or leave `state` out";
    assert_eq!(said("state = 100"), [none]);
}

#[test]
fn a_limit_is_given_once() {
    assert_eq!(
        said("params = 3_000, params = 10_000"),
        ["`params` is given twice; drop one"]
    );
    let twice = said_of(
        "#[kiln(budget(params = 3_000), budget(train = 1))] struct Net(x: [2]) -> [2] { Relu }",
    );
    assert_eq!(twice, ["`budget` is given twice; drop one"]);
    let twice = said_of(
        "#[kiln(weights = \"a\")] #[kiln(weights = \"b\")] struct Net(x: [2]) -> [2] { Relu }",
    );
    assert_eq!(twice, ["`weights` is given twice; drop one"]);
}

#[test]
fn what_is_no_budget_is_told() {
    let expected = "`budget` limits `params`, `workspace`, `train` and `state`, as in \
                    `#[kiln(budget(params = 10_000, workspace = 4 * 1024))]`";
    for budget in ["", "flash = 3", "params", "params < 3"] {
        assert_eq!(said(budget), [expected], "{budget}");
    }
    assert_eq!(said("params = 1.5").len(), 1);
}
