//! Chains and `forward`: names, calls and what is never used.

use super::{graph, message, messages, shapes};
use kiln_compiler::ops::Op;

/// What is wrong with a `forward` over `x: [8]`, `u: Dense(3)` and `v: Dense(3)`.
fn wrong(forward: &str) -> Vec<String> {
    messages(&format!(
        "struct A(x: [8]) -> [3] {{ u: Dense(3), v: Dense(3), forward {{ {forward} }} }}"
    ))
}

#[test]
fn a_chain_counts_its_layers() {
    let graph = graph("struct A(x: [1, 4, 4]) -> [3] { Flatten, Dense(8), act: Relu, Dense(3) }");
    let names: Vec<&str> = graph
        .layers
        .iter()
        .map(|layer| layer.name.as_str())
        .collect();
    assert_eq!(names, ["0", "1", "act", "3"]);
    let labels: Vec<&str> = graph
        .values
        .iter()
        .map(|value| value.name.as_str())
        .collect();
    assert_eq!(labels, ["x", "Flatten", "Dense", "act", "Dense"]);
}

#[test]
fn the_first_layer_of_a_chain_takes_all_inputs() {
    let graph = graph("struct A(a: [3], b: [4]) -> [2] { Concat, Dense(2) }");
    assert_eq!(graph.nodes[0].inputs, graph.inputs);
}

#[test]
fn a_residual_block() {
    let graph = graph(
        "struct Block(x: [16, 8, 8]) -> [16, 8, 8] {
            const WIDTH: usize = 16;
            conv1: Conv2d(WIDTH, kernel = 3, padding = 1, bias = false),
            conv2: Conv2d(WIDTH, kernel = 3, padding = 1, bias = false),
            forward {
                let h = relu(conv1(x));
                let h = conv2(h);
                relu((h) + x)
            }
        }",
    );
    let labels: Vec<&str> = graph
        .values
        .iter()
        .map(|value| value.name.as_str())
        .collect();
    assert_eq!(labels, ["x", "conv1", "relu", "conv2", "+", "relu"]);
    for (index, node) in graph.nodes.iter().enumerate() {
        assert!(
            node.inputs.iter().all(|input| input.0 <= index),
            "computed before it is used"
        );
    }
}

#[test]
fn functions_take_tensors_then_arguments() {
    let graph = graph(
        "struct A(x: [28]) -> ([4, 7], [28], [8], [2, 5]) {
            forward {
                let h = dropout(reshape(x, [4, 7]), 0.2);
                (h, flatten(relu(h)), concat(x[..3], x[3..8]), h[(1..3, 2..)])
            }
        }",
    );
    let expected: [&[usize]; 9] = [
        &[4, 7],
        &[4, 7],
        &[4, 7],
        &[28],
        &[3],
        &[5],
        &[8],
        &[2, 7],
        &[2, 5],
    ];
    assert_eq!(shapes(&graph), expected);
}

#[test]
fn layers_shadow_functions_and_lets_shadow_inputs() {
    let graph =
        graph("struct A(x: [8]) -> [3] { relu: Dense(3), forward { let x = relu(x); tanh(x) } }");
    assert_eq!(graph.layers[0].parameters.len(), 2);
    let several = "struct A(x: [8]) -> [3] { u: Dense(3), forward { let u = u(x); tanh(u) } }";
    assert_eq!(messages(several), [""; 0]);
}

#[test]
fn several_outputs_stand_in_a_tuple() {
    assert_eq!(
        wrong("(u(x), v(x))"),
        ["`A` declares 1 output, but `forward` ends in 2; each has one shape after the arrow"]
    );
    let source = "struct A(x: [3]) -> ([3], [4]) { Dense(3) }";
    assert_eq!(
        message(source),
        "a chain gives one output, not 2; say the dataflow in `forward`"
    );
    let source = "struct A(x: [3]) -> ([3], [3], [3]) { forward { let h = relu(x); (h, x, h) } }";
    assert_eq!(
        messages(source),
        [
            "the input `x` is no output: it would be given back as it came; apply a layer to it, or leave it out",
            "this output is given twice; one of them is enough"
        ]
    );
}

#[test]
fn unknown_kinds() {
    let unknown = |kind: &str| message(&format!("struct A(x: [8]) -> [3] {{ {kind}(3) }}"));
    assert_eq!(
        unknown("Dens"),
        "there is no layer `Dens`; did you mean `Dense`?"
    );
    assert_eq!(
        unknown("Linear"),
        "there is no layer `Linear`; it is called `Dense` here"
    );
    assert_eq!(
        unknown("max_pool_2d"),
        "there is no layer `max_pool_2d`; did you mean `MaxPool2d`?"
    );
    assert!(
        unknown("Attention")
            .starts_with("there is no layer `Attention`; there are `Dense`, `Conv1d`, `Conv2d`, ")
    );
}

#[test]
fn layers_in_forward_are_named_and_called() {
    let source = "struct A(x: [8]) -> [3] { u: Dense(3), Relu, forward { u(x) } }";
    assert_eq!(
        message(source),
        "`forward` calls layers by name; name this one, as in `name: Relu`"
    );
    assert_eq!(
        wrong("u(x)"),
        ["`v` is never called in `forward`; call it, or drop it"]
    );
    assert_eq!(wrong("u + v(x)"), ["`u` is a layer; call it: `u(x)`"]);
    assert_eq!(
        wrong("u(x, 3) + v(x)"),
        ["`u` takes tensors here; its arguments stand at its declaration"]
    );
    assert_eq!(
        wrong("u(x, x) + v(x)"),
        ["`u` takes 1 tensor, but gets 2; `concat` joins several into one"]
    );
}

#[test]
fn values_are_used() {
    assert_eq!(
        wrong("let h = u(x); v(x)"),
        ["`h` is never used; use it in `forward`, or drop it"]
    );
    assert_eq!(
        wrong("let h = u(x); let h = v(x); h"),
        ["`h` is never used; use it in `forward`, or drop it"]
    );
    assert_eq!(
        wrong("u(x); v(x)"),
        ["the result is dropped; bind it with `let`"]
    );
    let source = "struct A(x: [8], y: [8]) -> [3] { u: Dense(3), forward { u(x) } }";
    assert_eq!(
        message(source),
        "`y` is never used; use it in `forward`, or drop it"
    );
}

#[test]
fn a_network_has_no_cycles() {
    let expected = "`h` is used before it is computed; a network has no cycles, so move its `let` up or rename it";
    assert_eq!(wrong("let h = u(h); v(h)"), [expected]);
    assert_eq!(wrong("let g = u(h); let h = v(g); h"), [expected]);
}

#[test]
fn undefined_names() {
    let source = |body: &str| {
        messages(&format!(
            "struct A(image: [8]) -> [3] {{ const N: usize = 3; head: Dense(N), forward {{ {body} }} }}"
        ))
    };
    assert_eq!(
        source("head(imgae)"),
        ["there is no tensor `imgae`; did you mean `image`?"]
    );
    assert_eq!(
        source("head(y)"),
        ["there is no tensor `y`; so far there are `image`"]
    );
    assert_eq!(
        source("let h = head(image); N"),
        ["`N` is a constant; a number is no tensor"]
    );
    assert_eq!(
        source("haed(image)"),
        ["there is no layer or function `haed`; did you mean `head`?"]
    );
    assert_eq!(
        source("Relu(image)"),
        ["there is no layer or function `Relu`; did you mean `relu`?"]
    );
    assert_eq!(
        source("image(image)"),
        ["`image` is a tensor, no layer, and cannot be called"]
    );
    assert_eq!(
        source("conv2d(image, 2)"),
        [
            "`Conv2d` has weights of its own; declare it as a layer above `forward`, as in `fc: Conv2d(..)`, and call that"
        ]
    );
    assert_eq!(
        source("attend(image)"),
        [format!(
            "there is no layer or function `attend`; there are the layers `head`, and the functions {}",
            kiln_compiler::elsewhere::functions(kiln_compiler::ops::KINDS)
        )]
    );
}

#[test]
fn what_forward_holds() {
    let tensor = "expected a tensor: a name, a call such as `relu(x)`, `+`, `-`, `*`, `/`, or a range `x[2..5]`";
    for (forward, expected) in [
        ("", "`forward` is empty; it ends in the output"),
        (
            "u(x) + v(x);",
            "`forward` ends in the output; drop the semicolon after it",
        ),
        (
            "let h = u(x) + v(x);",
            "`forward` ends in the output, an expression without semicolon",
        ),
        (
            "fn f() {} u(x) + v(x)",
            "`forward` holds `let` statements and, last, the output; constants and layers stand above it",
        ),
        (
            "let mut h = u(x); h + v(x)",
            "a tensor is never changed; leave `mut` out, and give the name anew: `let h = relu(h);`",
        ),
        (
            "let (a, b) = u(x); a + b + v(x)",
            "this gives one tensor; bind it to one plain name, as in `let h = relu(x);`",
        ),
        (
            "let h; h + u(x) + v(x)",
            "a `let` is written `let h = relu(x);`",
        ),
        (
            "2 * 3",
            "a number is no tensor; it stands beside one, as in `x * 0.5`",
        ),
        ("u(x) % v(x)", "tensors are joined by `+`, `-`, `*` and `/`"),
        (
            "u(x) / 0 + v(x)",
            "a tensor is divided by a number whose inverse f32 can hold; 0 has none",
        ),
        (
            "u(x) + 2 * 3 + v(x)",
            "a number beside a tensor is a single literal, as in `x * 0.5`; write the number that this comes to",
        ),
        (
            "!u(x) + v(x)",
            "of signs before a tensor there is `-` alone, as in `-x`",
        ),
        ("async { u(x) + v(x) }", tensor),
        (
            "u(x).relu() + v(x)",
            "tensors have no methods; write `relu(x)`",
        ),
        (
            "u((x, x)) + v(x)",
            "tensors stand side by side, without brackets, as in `concat(a, b)`",
        ),
        (
            "(u(x), v(x)) + x",
            "a tuple is only what `forward` ends in, for several outputs",
        ),
        (
            "a::b + u(x) + v(x)",
            "tensors and layers have plain names, without `::`",
        ),
        (
            "a::b(x) + u(x) + v(x)",
            "layers and functions have plain names; leave out what stands before `::`",
        ),
        ("u(x) v(x)", "expected `;` after the statement"),
    ] {
        assert_eq!(wrong(forward), [expected], "{forward}");
    }
}

#[test]
fn a_statement_that_is_wrong_is_wrong_once() {
    let source = |body: &str| {
        messages(&format!(
            "struct A(x: [3]) -> [3] {{ fc: Dense(3), forward {{ {body} }} }}"
        ))
    };
    let expected = "`forward` ends in the output, without `return`";
    assert_eq!(source("return fc(x)"), [expected]);
    assert_eq!(source("return fc(x);"), [expected]);
    assert_eq!(source("fc(&x)"), ["tensors are not borrowed; drop the `&`"]);
    assert_eq!(
        source("fc(relu)"),
        ["`relu` is a function; call it: `relu(x)`"]
    );
    assert_eq!(
        source("#[allow(unused)] let h = fc(x); h"),
        ["inside a model only doc comments are supported; put attributes on the struct"]
    );
    assert_eq!(
        source("fc(x)[0..1, 0..1]"),
        ["ranges of several axes stand in parentheses, as in `x[(.., 2..5)]`"]
    );
    assert_eq!(
        source("y; fc(x)"),
        ["there is no tensor `y`; so far there are `x`"]
    );
}

#[test]
fn signatures_of_functions_show_their_tensors() {
    let source = |call: &str| {
        message(&format!(
            "struct A(x: [3]) -> [3] {{ forward {{ {call} }} }}"
        ))
    };
    assert_eq!(
        source("dropout(x)"),
        "`dropout` needs `p`; it is written `dropout(x, p)`"
    );
    assert_eq!(
        source("concat(x, x, dim = 0)"),
        "`dim` is called `axis` here; write `axis = ..`"
    );
    assert_eq!(
        source("relu(x, 3)"),
        "`relu` takes no arguments without a name; it is written `relu(x)`"
    );
}

#[test]
fn numbers_scale_tensors() {
    let model = |body: &str| {
        graph(&format!(
            "struct M(x: [3]) -> [3] {{ forward {{ {body} }} }}"
        ))
    };
    let factors = |body: &str| {
        let nodes = model(body).nodes.into_iter();
        let factor = |node: kiln_compiler::graph::Node| match node.op {
            Op::Factor(factor) => Some(factor.factor),
            _ => None,
        };
        nodes.filter_map(factor).collect::<Vec<_>>()
    };
    for body in [
        "x * 0.5",
        "0.5 * x",
        "(x) * (0.5)",
        "factor(x, 0.5)",
        "factor(x, factor = 0.5)",
    ] {
        assert_eq!(factors(body), [0.5], "{body}");
    }
    assert_eq!(factors("-x"), [-1.0]);
    assert_eq!(factors("relu(-x) * -2 + x * 1e-3"), [-1.0, -2.0, 1e-3]);
}
