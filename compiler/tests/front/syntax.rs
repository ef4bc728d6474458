//! What is written: heads, bodies, and the messages where something is missing.

use super::{graph, message, messages};
use kiln_compiler::{ast::Module, parse::parse, report::Report};

#[test]
fn everything_that_can_be_written_is_read() {
    let source = "
        /// Documented.
        #[derive(Clone)]
        pub(crate) struct Both(a: [3], b: f32[4, N],) -> ([10], [2],) {
            const N: usize = 2 * (3 + 1);
            /// The stem.
            stem: Dense(N, bias = false,),
            flat: Flatten,
            forward { (stem(a), flat(b)) }
        }
        struct Next(x: [1]) -> [1] { Relu }";
    let mut report = Report::default();
    let unit = parse(source.parse().expect("source lexes"), &mut report);
    assert_eq!(report.take_messages(), [""; 0]);
    let [both, next] = unit.models.as_slice() else {
        panic!("two models");
    };
    assert_eq!(both.attributes.len(), 2);
    assert!(matches!(both.visibility, syn::Visibility::Restricted(_)));
    assert_eq!((both.inputs.len(), both.outputs.len()), (2, 2));
    assert_eq!((both.body.constants.len(), both.body.layers.len()), (1, 2));
    assert!(
        matches!(&both.body.layers[0].module, Module::Kind { arguments, .. } if arguments.len() == 2)
    );
    assert!(both.body.forward.is_some());
    assert!(next.body.forward.is_none() && next.body.layers[0].name.is_none());
}

#[test]
fn a_layer_may_be_called_forward() {
    let graph = graph("struct A(x: [3]) -> [3] { forward: Dense(3) }");
    assert_eq!(graph.layers[0].name, "forward");
}

#[test]
fn raw_names_lose_their_mark() {
    let graph = graph("struct A(x: [3]) -> [3] { r#type: Dense(3) }");
    assert_eq!(graph.layers[0].name, "type");
}

#[test]
fn an_empty_invocation() {
    let expected = "an empty `model!`; it holds `struct Name(x: [784]) -> [10] { layers }`";
    assert_eq!(message(""), expected);
}

#[test]
fn heads() {
    for (source, expected) in [
        (
            "enum A { }",
            "expected `struct Name(x: [784]) -> [10] { layers }`",
        ),
        (
            "struct A[9] -> [3] { Relu }",
            "expected the inputs, as in `Name(x: [784])`",
        ),
        (
            "struct A(x [9]) -> [3] { Relu }",
            "expected the shape of `x`, as in `x: [784]`",
        ),
        (
            "struct A(x: 9) -> [3] { Relu }",
            "expected a shape, as in `[1, 28, 28]`; a single number is `[1]`",
        ),
        ("struct A(x: [9 9]) -> [3] { Relu }", "expected `,`"),
        (
            "struct A(x: [9]) [3] { Relu }",
            "expected an arrow and the output's shape, as in `-> [10]`",
        ),
        (
            "struct A(x: [9]) -> () { Relu }",
            "expected the output's shape, as in `-> [10]`",
        ),
        (
            "struct A(x: [9]) -> [3];",
            "expected the layers in braces, as in `{ Flatten, Dense(10) }`",
        ),
        (
            "struct A<const N: usize>(x: [N]) -> [3] { Relu }",
            "`A` is a template, and no model is made of it; write `type Small = A<32>;`, or drop it",
        ),
    ] {
        assert_eq!(message(source), expected, "{source}");
    }
}

#[test]
fn layers() {
    for (layers, expected) in [
        (
            "fc = Dense(4)",
            "a layer is named with a colon, as in `fc: Dense(10)`",
        ),
        (
            "Dense[4]",
            "arguments stand in parentheses, as in `Dense(10)`",
        ),
        (
            "nn::Dense(4)",
            "a layer of kiln is a single name, such as `Dense`; one of your own states what it gives, as in `nn::Dense(..) -> [64]`",
        ),
        ("Dense(3) Relu", "expected `,` after the layer"),
        ("Dense(3); Relu;", "layers end in `,`, not in `;`"),
        ("Dense(3 3)", "expected `,`"),
        ("5", "expected a layer, as in `hidden: Dense(128)`"),
        ("fc: 3", "expected a layer's kind, such as `Dense`"),
        (
            "#[cfg(test)] Relu",
            "inside a model only doc comments are supported; put attributes on the struct",
        ),
        (
            "const N: u8 = 3;",
            "a constant is written `const N: usize = 16;`",
        ),
        (
            "const N: usize;",
            "a constant is written `const N: usize = 16;`",
        ),
        (
            "const N: usize = 3, Relu",
            "expected `;` after the constant",
        ),
        (
            "a: Relu, forward { a(x) } forward { a(x) }",
            "a model has one `forward`; this is the second",
        ),
    ] {
        assert_eq!(
            message(&format!("struct A(x: [3]) -> [3] {{ {layers} }}")),
            expected,
            "{layers}"
        );
    }
}

#[test]
fn every_item_shows_its_own_error() {
    let source = "
        struct A(x: [9]) [3] { Relu }
        struct B(x: [3]) -> [3] { Dense(3 4), Relu{}, fc = Dense(3), Relu Tanh }";
    assert_eq!(
        messages(source),
        [
            "expected an arrow and the output's shape, as in `-> [10]`",
            "expected `,`",
            "arguments stand in parentheses, as in `Relu(10)`",
            "a layer is named with a colon, as in `fc: Dense(10)`",
            "expected `,` after the layer",
        ]
    );
}

#[test]
fn what_is_nearly_right_is_told_how_it_is_written() {
    for (source, expected) in [
        (
            "struct A([3]) -> [3] { Relu }",
            "expected an input's name and shape, as in `x: [784]`",
        ),
        (
            "struct A(x: [f32; 3]) -> [3] { Relu }",
            "a shape is its sizes, separated by commas, as in `[784]`; its numbers are f32, and indices are `u32[784]`",
        ),
        (
            "struct A(x: [3]) -> [3] { type: Dense(3) }",
            "`type` is a keyword of Rust; write `r#type`, which is saved as `type`",
        ),
        (
            "struct A(x: [3]) -> [3] { Dense(outputs: 3) }",
            "an argument is named with `=`, as in `outputs = ..`",
        ),
        (
            "struct A(x: [3]) -> [3] { forward(x) { relu(x) } }",
            "`forward` takes no parameters; it is written `forward { ... }`",
        ),
        (
            "struct A(x: [3]) -> [3] { fn forward(x) { relu(x) } }",
            "the dataflow is written `forward { ... }`, without `fn` and parameters",
        ),
    ] {
        assert_eq!(message(source), expected);
    }
}

#[test]
fn a_model_with_errors_of_syntax_hides_none_of_another() {
    assert_eq!(
        messages("struct A(x: [3]) [3] { Relu } struct B(x: [3]) -> [3] { Rleu }"),
        [
            "expected an arrow and the output's shape, as in `-> [10]`",
            "there is no layer `Rleu`; did you mean `Relu`?"
        ]
    );
    assert_eq!(
        messages("struct A(x: [3]) -> [3] { Relu }, struct B(x: [3]) -> [3] { Rleu }"),
        [
            "a model ends in its braces; drop this",
            "there is no layer `Rleu`; did you mean `Relu`?"
        ]
    );
}
