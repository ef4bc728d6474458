//! Integer expressions: their values, and what is wrong with them.

use super::{graph, message, messages};

/// The size that `expression` gives among `constants`.
#[track_caller]
fn size(constants: &str, expression: &str) -> usize {
    let graph = graph(&format!(
        "struct A(x: [{expression}]) -> [{expression}] {{ {constants} Relu }}"
    ));
    graph.values[0].shape[0]
}

#[track_caller]
fn wrong(constants: &str, expression: &str) -> String {
    message(&format!(
        "struct A(x: [3]) -> [3] {{ {constants} Dense({expression}), Dense(3) }}"
    ))
}

#[test]
fn arithmetic() {
    assert_eq!(size("", "2 + 3 * 4 - 10 / 3 % 2"), 13);
    assert_eq!(size("", "(2 + 3) * 4"), 20);
    assert_eq!(size("", "0x10 + 1_000usize"), 1016);
    assert_eq!(
        size("const N: usize = 3; const M: usize = N * N;", "M + N"),
        12
    );
}

#[test]
fn sizes_that_are_none() {
    for (expression, expected) in [
        ("0", "this size is 0; sizes are at least 1"),
        ("3 - 3", "this size is 0; sizes are at least 1"),
        (
            "2 - 3",
            "2 - 3 is negative; sizes, paddings and indices are not",
        ),
        (
            "-3",
            "this number is negative; sizes, paddings and indices are not",
        ),
        ("7 / 0", "7 is divided by zero here"),
        ("7 % (2 - 2)", "7 is divided by zero here"),
        (
            "18446744073709551615 + 1",
            "18446744073709551615 + 1 overflows",
        ),
        (
            "18446744073709551616",
            "this number does not fit in 64 bits",
        ),
        (
            "18446744073709551615",
            "18446744073709551615 is too large; sizes, paddings and indices are at most 2147483648",
        ),
        ("1 << 4", "sizes are computed with `+ - * / %` only"),
        (
            "1.5",
            "expected a whole number: literals and constants of the model, joined by `+ - * / %`",
        ),
        (
            "a::B",
            "expected a whole number: literals and constants of the model, joined by `+ - * / %`",
        ),
    ] {
        assert_eq!(wrong("", expression), expected, "{expression}");
    }
}

#[test]
fn names_that_are_no_constants() {
    assert_eq!(
        wrong("", "HIDDEN"),
        "`HIDDEN` is no constant of this model, and a macro sees none from outside; \
         declare it inside: `const HIDDEN: usize = ...;`"
    );
    assert_eq!(
        wrong("const WIDTH: usize = 3;", "WIDHT"),
        "`WIDHT` is no constant of this model, and a macro sees none from outside; \
         declare it inside: `const WIDHT: usize = ...;`; did you mean `WIDTH`?"
    );
}

#[test]
fn constants_use_only_those_before_them() {
    let source = "struct A(x: [3]) -> [3] { const A: usize = B; const B: usize = 3; Dense(A) }";
    assert_eq!(
        message(source),
        "`B` is used before it is declared; move its `const` up"
    );
}

#[test]
fn a_wrong_constant_is_reported_once() {
    let source = "struct A(x: [3]) -> [N] { const N: usize = 3 / 0; Dense(N), Dense(N) }";
    assert_eq!(messages(source), ["3 is divided by zero here"]);
}

#[test]
fn shapes_have_sizes() {
    let expected = "a shape has at least one size; a single number is `[1]`";
    assert_eq!(message("struct A(x: []) -> [3] { Dense(3) }"), expected);
    let source = "struct A(x: [0, 2 - 3]) -> [3] { Dense(3) }";
    assert_eq!(
        messages(source),
        [
            "this size is 0; sizes are at least 1",
            "2 - 3 is negative; sizes, paddings and indices are not"
        ]
    );
}
