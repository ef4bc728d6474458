//! What nests is refused before a parser that recurses overflows the stack, and what is only long is read.

use kiln_compiler::{compile, facade::Facade};
use quote::quote;

use super::{message, messages};

const REFUSED: &str =
    "this is too long or too deep for one expression; name parts of it with `let` or `const`";

/// Where an expression stands.
const FORWARD: (&str, &str) = ("struct M(x: [3]) -> [3] { forward { ", " } }");
const ARGUMENT: (&str, &str) = ("struct M(x: [3]) -> [3] { Dense(", ") }");

fn nested(
    (open, inner, close): (&str, &str, &str),
    depth: usize,
    (before, after): (&str, &str),
) -> String {
    format!(
        "{before}{}{inner}{}{after}",
        open.repeat(depth),
        close.repeat(depth)
    )
}

#[test]
fn what_would_overflow_the_stack_is_refused() {
    let relus = |depth: usize| nested(("relu(", "x", ")"), depth, FORWARD);
    assert_eq!(messages(&relus(70)), [""; 0]);
    assert_eq!(message(&relus(5000)), REFUSED);
    let minus = |count: usize| nested(("-", "3", ""), count, ARGUMENT);
    assert_ne!(message(&minus(70)), REFUSED);
    assert_eq!(message(&minus(5000)), REFUSED);
    let sum = |terms: usize| nested(("x + ", "x", ""), terms, FORWARD);
    assert_eq!(messages(&sum(200)), [""; 0]);
    assert_eq!(message(&sum(5000)), REFUSED);
}

#[test]
fn what_is_only_long_is_read() {
    let body = |items: String| format!("struct A(x: [3]) -> [3] {{ {items} }}");
    let chain = body("Relu, ".repeat(2000));
    assert_eq!(messages(&chain), [""; 0]);
    let lets = body(format!(
        "forward {{ {} relu(x) }}",
        "let x = relu(x);".repeat(2000)
    ));
    assert_eq!(messages(&lets), [""; 0]);
    let documented = body(format!("{} Relu", "/// A line.\n".repeat(2000)));
    assert_eq!(messages(&documented), [""; 0]);
    let constants: String = (0..2000)
        .map(|n| format!("const N{n}: usize = (2 + 3) * 4;"))
        .collect();
    assert_eq!(messages(&body(constants + "Relu")), [""; 0]);
    // A generic layer is a mistake that costs the layers behind it nothing.
    let generic = body(format!("Relu<3>, {}", "Relu, ".repeat(2000)));
    assert_ne!(message(&generic), REFUSED);
}

/// Only what is too deep is lost: the struct keeps its types, so that its uses are not wrong as well.
#[test]
fn a_model_with_too_deep_a_body_has_a_stub() {
    let source = nested(("relu(", "x", ")"), 5000, FORWARD);
    let expansion = compile(
        &Facade::owning(quote!(::kiln)),
        source.parse().expect("it lexes"),
    )
    .to_string();
    // What is not known takes anything.
    assert!(
        expansion.contains("struct M") && !expansion.contains("Sized"),
        "{expansion}"
    );
}

#[test]
fn numbers_have_a_length() {
    let dense = |number: &str| format!("struct A(x: [3]) -> [3] {{ Dense({number}) }}");
    let digits = "1".repeat(100_000);
    let expected = "this number is 100000 characters long, and none needs more than 256; write it shorter, as in `1e-4`";
    assert_eq!(message(&dense(&digits)), expected);
    assert_eq!(message(&dense(&format!("-{}", &digits))), expected);
    assert_eq!(
        message(&dense(&format!("3, l2 = 0.{}", &digits[2..]))),
        expected
    );
    assert_eq!(
        message(&dense(&format!("3, l2 = 1e-{}", &digits[3..]))),
        expected
    );
    assert_eq!(
        messages(&dense(&format!("0b{}11", "0".repeat(100)))),
        [""; 0]
    );
    assert_eq!(
        messages(&format!("#[doc = \"{digits}\"] {}", dense("3"))),
        [""; 0]
    );
}

/// Runs `work` on a quarter of the stack that rustc gives to macros.
fn on_a_small_stack(work: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(work);
    thread
        .expect("a thread starts")
        .join()
        .expect("it does not panic");
}

#[test]
fn layers_in_layers_are_read_or_refused() {
    on_a_small_stack(|| {
        let body = ("struct M(x: [3]) -> [3] { ", " }");
        for depth in [1, 10, 50, 100, 200, 500, 2000, 20_000] {
            for parts in [
                ("{ ", "Relu", " }"),
                ("[", "Relu", "; 1]"),
                ("[{ Relu, ", "Relu", " }; 1]"),
            ] {
                let messages = messages(&nested(parts, depth, body));
                assert!(messages.is_empty() || messages.len() == 1, "{messages:?}");
                assert!(depth > 10 || messages.is_empty(), "{messages:?}");
            }
        }
    });
}

#[test]
fn blocks_in_blocks_are_counted() {
    on_a_small_stack(|| {
        let chain = |depth: usize, body: fn(usize) -> String| {
            let inner = (1..depth).map(body).collect::<String>();
            format!(
                "block B0(x) {{ a: Dense(3), forward {{ relu(a(x)) }} }} {inner} struct M(x: [3]) -> [3] {{ B{} }}",
                depth - 1
            )
        };
        let once = |n: usize| {
            format!(
                "block B{n}(x) {{ b: B{}, forward {{ let y = b(x); relu(y) }} }} ",
                n - 1
            )
        };
        assert_eq!(messages(&chain(24, once)), [""; 0]);
        assert!(
            message(&chain(40, once)).starts_with("blocks stand in one another 24 deep at most")
        );
        let made =
            "blocks and repetitions make more than 16384 layers and calls of this; repeat less";
        let calls = |n: usize| format!("block B{n}(x) {{ b: B{}, forward {{ b(b(x)) }} }} ", n - 1);
        assert_eq!(message(&chain(24, calls)), made);
        let layers = |n: usize| format!("block B{n}(x) {{ [B{0}; 9], B{0} }} ", n - 1);
        assert_eq!(message(&chain(24, layers)), made);
        // A mistake in what is repeated is one mistake.
        let wrong = "block B(x) { Dense(4), Conv2d(3, 3) } struct M(x: [3]) -> [3] { [B; 2000] }";
        assert!(message(wrong).ends_with("(in 0.0)"), "{}", message(wrong));
    });
}
