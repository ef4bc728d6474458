//! Rules that hold for all tensors, whatever gives them.

use super::{graph, message, messages, shapes};

#[test]
fn the_declared_output_is_what_comes_out() {
    let expected = "`A` declares the output [3], but `fc` gives [4]; declare that, or change `fc`";
    assert_eq!(
        message("struct A(x: [9]) -> [3] { fc: Dense(4) }"),
        expected
    );
}

/// Whoever declares a size sees how the other one comes about, also behind layers that keep it.
#[test]
fn sizes_that_windows_make_are_shown_with_their_arithmetic() {
    let gives = |input: &str, output: &str, body: &str| {
        message(&format!("struct A(x: {input}) -> {output} {{ {body} }}"))
    };
    for (input, output, body, expected) in [
        (
            "[8, 28, 28]",
            "[8, 14, 14]",
            "conv: Conv2d(8, 3, stride = 2)",
            "`conv` gives [8, 13, 13], whose height is (28 + 2 * 0 - 3) / 2 + 1 = 13; declare that, or change `conv`",
        ),
        (
            "[8, 28, 28]",
            "[8, 13, 14]",
            "conv: Conv2d(8, (3, 5), stride = 2, padding = ((0, 1), (2, 0)), dilation = (2, 1)), BatchNorm, Relu",
            "`Relu` gives [8, 13, 13], whose width is (28 + 2 + 0 - 5) / 2 + 1 = 13 behind `conv`; declare that, or change `Relu`",
        ),
        (
            "[9, 8]",
            "[4, 8]",
            "Conv1d(8, 3, dilation = 2)",
            "`Conv1d` gives [5, 8], whose length is (9 + 2 * 0 - 2 * (3 - 1) - 1) / 1 + 1 = 5; declare that, or change `Conv1d`",
        ),
        (
            "[8, 28, 28]",
            "[8, 14, 14]",
            "MaxPool2d(3, stride = 2)",
            "`MaxPool2d` gives [8, 13, 13], whose height is (28 + 2 * 0 - 3) / 2 + 1 = 13; declare that, or change `MaxPool2d`",
        ),
        (
            "[9, 8]",
            "[4, 8]",
            "AvgPool1d(2, ceil_mode = true)",
            "`AvgPool1d` gives [5, 8], whose length is ceil((9 + 2 * 0 - 2) / 2) + 1 = 5; declare that, or change `AvgPool1d`",
        ),
        (
            "[8, 9, 9]",
            "[8, 4, 4]",
            "AvgPool2d(2, stride = 3, ceil_mode = true)",
            "`AvgPool2d` gives [8, 3, 3], whose height is ceil((9 + 2 * 0 - 2) / 3) + 1 - 1 = 3, without the window that \
             begins behind the image; declare that, or change `AvgPool2d`",
        ),
        (
            "[8, 7, 7]",
            "[8, 14, 14]",
            "up: ConvTranspose2d(8, 3, stride = 2, padding = 1)",
            "`up` gives [8, 13, 13], whose height is (7 - 1) * 2 - 2 * 1 + 1 * (3 - 1) + 0 + 1 = 13; declare that, or change `up`",
        ),
        (
            "[7, 8]",
            "[14, 8]",
            "Upsample(2.5)",
            "`Upsample` gives [17, 8], whose length is floor(7 * 2.5) = 17; declare that, or change `Upsample`",
        ),
        // Channels are what is stated.
        (
            "[8, 28, 28]",
            "[16, 13, 13]",
            "Conv2d(8, 3, stride = 2)",
            "`Conv2d` gives [8, 13, 13]; declare that, or change `Conv2d`",
        ),
    ] {
        let expected = format!("`A` declares the output {output}, but {expected}");
        assert_eq!(gives(input, output, body), expected);
    }
    assert_eq!(
        message(
            "block B(y: [8, 14, 14]) { Relu }
             struct A(x: [8, 28, 28]) -> [8, 13, 13] { conv: Conv2d(8, 3, stride = 2), b: B }"
        ),
        "the input `y` of the block `B` is declared [8, 14, 14], but `conv` gives [8, 13, 13], whose height is \
         (28 + 2 * 0 - 3) / 2 + 1 = 13; leave the shape out and it is inferred (in b)"
    );
}

/// A residual sum whose branch has another size than what it is added to.
#[test]
fn sizes_that_do_not_agree_are_shown_with_their_arithmetic() {
    assert_eq!(
        message(
            "struct A(x: [8, 28, 28]) -> [8, 14, 14] {
                 conv: Conv2d(8, 3, stride = 2), norm: BatchNorm, pool: MaxPool2d(2),
                 forward { norm(conv(x)) + pool(x) }
             }"
        ),
        "`+` takes two tensors of one shape, or of size 1 where they differ, but `norm` gives [8, 13, 13] and `pool` gives \
         [8, 14, 14], along axis 1 13 and 14; bring one to the other's shape; \
         the height is (28 + 2 * 0 - 3) / 2 + 1 = 13 behind `conv`; \
         the height is (28 + 2 * 0 - 2) / 2 + 1 = 14 behind `pool`"
    );
}

/// Nothing that is multiplied later overflows, and nothing that rustc evaluates is beyond it.
#[test]
fn tensors_have_a_size() {
    for (source, expected) in [
        (
            "struct A(x: [65536, 65536]) -> [3] { Flatten, Dense(3) }",
            "`x` is [65536, 65536], 4294967296 numbers; a tensor has at most 2147483648, so make a size smaller",
        ),
        (
            "struct A(x: [16777216]) -> [16777216] { fc: Dense(16777216) }",
            "up to `fc` the parameters are 281474976710656 numbers; a model has at most 70368744177664, so make a layer smaller",
        ),
        (
            "struct A(x: [4]) -> [2147483648, 2147483648, 2147483648] { Relu }",
            "`A` declares the output [2147483648, 2147483648, 2147483648], but `Relu` gives [4]; declare that, or change `Relu`",
        ),
        (
            "struct A(x: [784]) -> [10] { Dense(99999999999999), Dense(10) }",
            "99999999999999 is too large; sizes, paddings and indices are at most 2147483648",
        ),
        (
            "struct A(x: [2147483647]) -> [1] { Relu, Dense(1) }",
            "up to `Relu` the values of a sample are 4294967294 numbers; a model has at most 2147483648, so make a size smaller",
        ),
        (
            "struct A(x: [6000000]) -> [6000000] { a: Dense(6000000, bias = false), b: Dense(6000000, bias = false) }",
            "up to `b` the parameters are 72000000000000 numbers; a model has at most 70368744177664, so make a layer smaller",
        ),
        (
            "struct A(x: [1, 10]) -> [1, 4000000] { Lstm(4000000, layers = 2) }",
            "up to `Lstm` the parameters are 128000192000000 numbers; a model has at most 70368744177664, so make a layer smaller",
        ),
        (
            "struct A(x: [1, 1, 1]) -> ([1, 3, 3], [1]) { a: Conv2d(1, 1, padding = 20000, stride = 20000),
                b: Dense(900000000), c: Dense(1), forward { (a(x), c(b(flatten(x)))) } }",
            "`A` pads its images to more numbers than memory can address; make a padding smaller",
        ),
        (
            "struct A(x: [1, 4, 4]) -> [8, 3, 1] { a: Conv2d(8, 3, padding = (1000000000, 0), stride = 1000000000) }",
            "`a` pads [1, 4, 4] to 8000000016 numbers; a tensor has at most 2147483648, so make the padding smaller",
        ),
        (
            "struct A(x: [1, 8]) -> [1, 8] { a: Lstm(8, layers = 600), b: Lstm(8, layers = 401), Lstm(8, layers = 2) }",
            "up to `b` 1001 levels are stacked, and a `model!` has at most 1000; stack fewer",
        ),
    ] {
        assert_eq!(message(source), expected);
    }
}

#[test]
fn tensors_have_four_axes_at_most() {
    graph("struct A(x: [2, 3, 4, 5]) -> [120] { Flatten }");
    assert_eq!(
        message("struct A(x: [2, 3, 4, 5, 6]) -> [720] { Flatten }"),
        "`x` has the 5 axes [2, 3, 4, 5, 6], and a sample has at most 4; if 2 is the batch, leave it out: `x: [3, 4, 5, 6]`"
    );
    assert_eq!(
        message("struct A(x: [1, 2, 3, 4, 5, 6]) -> [720] { Flatten }"),
        "`x` has the 6 axes [1, 2, 3, 4, 5, 6], and a tensor has at most 4; `Reshape` makes one of several"
    );
}

#[test]
fn a_layer_called_twice_shares_its_weights() {
    let shared =
        graph("struct A(a: [5], b: [5]) -> [4] { fc: Dense(4), forward { fc(a) + fc(b) } }");
    assert_eq!(
        (shared.layers.len(), shared.layers[0].parameters.len()),
        (1, 2)
    );
    assert_eq!(shared.nodes[0].layer, shared.nodes[1].layer);
    assert_eq!(
        (&shared.nodes[0].parameters, &shared.nodes[1].parameters),
        (&vec![0, 1], &vec![0, 1])
    );
    assert_eq!(
        message("struct A(a: [5], b: [6]) -> [4] { fc: Dense(4), forward { fc(a) + fc(b) } }"),
        "`fc` shares its weights between calls, but its `weight` would be [4, 6] here and [4, 5] before; \
         declare a second layer"
    );
    graph("struct A(a: [5], b: [6]) -> [11] { act: Relu, forward { concat(act(a), act(b)) } }");
}

#[test]
fn what_follows_an_error_is_silent() {
    let source = "struct A(x: [4, 4, 4]) -> [3] { a: Dense(4), Conv2d(3, 3), Last, Dense(7) }";
    assert_eq!(
        message(source),
        "`a` takes a vector [F] or a sequence [T, F], but `x` gives [4, 4, 4]; put `Flatten` before it, which gives 64"
    );
}

#[test]
fn independent_errors_show_together() {
    let source = "
        struct A(x: [4], y: [4]) -> ([3], [3]) {
            a: Dense(3, 3), b: Last, c: Desne(3),
            forward { (a(x), c(b(y))) }
        }
        struct B(x: [4]) -> [4] { Dense(3) }";
    assert_eq!(
        messages(source),
        [
            "there is no layer `Desne`; did you mean `Dense`?",
            "`a` is declared for 3 inputs, but `x` gives [4]; leave the number out and it is inferred",
            "`b` takes the last step of a sequence [time, features], but `y` gives [4], which has no time; leave it out, for there is one step only",
            "`B` declares the output [4], but `Dense` gives [3]; declare that, or change `Dense`",
        ]
    );
}

#[test]
fn a_caller_holds_the_output() {
    assert_eq!(
        message("struct A(x: [300000000]) -> [300000000] { Relu }"),
        "`A` gives 300000000 numbers, and a caller holds 268435456 at most; make its output smaller"
    );
}

/// Layers compute with numbers, and tables are indexed by tokens.
#[test]
fn elements_are_those_that_a_layer_takes() {
    let given =
        |inputs: &str, body: &str| message(&format!("struct A({inputs}) -> [4, 3] {{ {body} }}"));
    assert_eq!(
        given("words: u32[4]", "fc: Dense(3)"),
        "`fc` takes f32 numbers, but `words` gives u32[4]; put `Embedding` before it, which gives a vector for each token, \
         or declare `words: [4]`"
    );
    assert_eq!(
        given("n: u32", "fc: Dense(3)"),
        "`fc` takes f32 numbers, but `n` is a u32; give it as a length, as in `mean(x, axis = 0, length = n)`, or declare \
         `n: [1]`"
    );
    assert_eq!(
        given("x: [4]", "embed: Embedding(9, 3)"),
        "`embed` takes u32 indices, but `x` gives [4], which are f32; declare `x: u32[4]`"
    );
    assert_eq!(
        given("x: [4, 3]", "fc: Dense(1), Flatten, embed: Embedding(9, 3)"),
        "`embed` takes u32 indices, but `Flatten` gives [4], which are f32; declare them in an input of their own, as in \
         `words: u32[40]`"
    );
    assert_eq!(
        given("words: u32[2, 2]", "embed: Embedding(9, 3)"),
        "`embed` takes a sequence of tokens, u32[T], or a single one, u32, but `words` gives u32[2, 2]; declare it as one \
         sequence"
    );
    assert_eq!(
        messages(
            "block B(x: u32[5]) { Embedding(9, 3) } struct A(words: u32[4]) -> [4, 3] { b: B, forward { b(words) } }"
        ),
        [
            "the input `x` of the block `B` is declared u32[5], but `words` gives u32[4]; leave the shape out and it is inferred (in b)"
        ]
    );
}

#[test]
fn tokens_become_vectors() {
    let graph = graph(
        "struct A(words: u32[4], kind: u32) -> [4, 3] { a: Embedding(9, 3), forward { a(words) + a(kind) } }",
    );
    assert_eq!(shapes(&graph), [&[4, 3][..], &[3], &[4, 3]]);
    assert_eq!(graph.layers[0].parameters[0].shape, [9, 3]);
}

/// A length is one u32, and counts the steps of a sequence.
#[test]
fn lengths_are_those_of_sequences() {
    let said =
        |inputs: &str, body: &str| message(&format!("struct A({inputs}) -> [3] {{ {body} }}"));
    assert_eq!(
        said("x: [4, 3], n: u32[1]", "forward { last(x, length = n) }"),
        "`last` takes a length that is one u32, but `n` gives u32[1]; declare `n: u32`"
    );
    assert_eq!(
        said("x: [4, 3], n: [1]", "forward { last(x, length = n) }"),
        "`last` takes u32 indices, but `n` gives [1], which are f32; declare `n: u32`"
    );
    assert_eq!(
        said("x: [4, 3], n: u32", "forward { mean(x, length = n) }"),
        "`mean` takes a length of the steps of `x`, which are its axis 0, and reduces others; write `axis = 0`"
    );
    assert_eq!(
        said(
            "x: [3, 4, 4], n: u32",
            "forward { mean(x, axis = 0, length = n) }"
        ),
        "`mean` takes a length of a sequence [time, features], but `x` gives [3, 4, 4], which has no steps that `n` counts; \
         leave `length` out"
    );
    assert_eq!(
        said("x: [3], n: u32", "forward { relu(x, length = n) }"),
        "`relu` takes no `length`; it is given to what reads steps one after another or together, such as a recurrence, `last` and `mean`"
    );
    assert_eq!(
        said(
            "x: [4, 3], n: u32",
            "pool: { Last }, forward { pool(x, length = n) }"
        ),
        "`pool` takes no `length`; it is given to what reads steps one after another or together, such as a recurrence, `last` and `mean`"
    );
    assert_eq!(
        said(
            "x: [4, 3], n: u32[2]",
            "l: Lstm(3), forward { l(x, length = n) }"
        ),
        "`l` takes a length that is one u32, but `n` gives u32[2]; declare `n: u32`"
    );
    assert_eq!(
        said(
            "x: [4, 3], h: [1, 3], n: [1]",
            "l: Gru(3), forward { l(x, h, length = n) }"
        ),
        "`l` takes u32 indices, but `n` gives [1], which are f32; declare `n: u32`"
    );
    assert_eq!(
        said("x: [4, 3], n: u32", "l: Gru(3), forward { l(x, n) }"),
        "`l` takes f32 numbers, but `n` is a u32; give it as a length, as in `mean(x, axis = 0, length = n)`, or declare \
         `n: [1]`"
    );
    assert_eq!(
        said("x: [4, 3], n: u32", "forward { last(x, n) }"),
        "`last` takes 1 tensor, but gets 2; `concat` joins several into one"
    );
    assert_eq!(
        said(
            "x: [4, 3], n: u32",
            "forward { last(x, length = n, length = n) }"
        ),
        "`length` is given twice; drop one"
    );
    assert_eq!(
        said("x: [4, 3]", "forward { last(x, length = 3) }"),
        "`last` has no argument `length`: a length is a `u32` input of the model, given in `forward`, as in `gru(x, length = n)`"
    );
    assert_eq!(
        said("x: [4, 3]", "l: Gru(3), forward { l(x, length = 3) }"),
        "a length is a `u32` input of the model, as `n: u32`; give it by its name, `length = n`"
    );
    let both = "l: Gru(3, bidirectional = true, initial_state = Learnt), forward { let (_, h) = l(x, length = n); h }";
    assert_eq!(
        said("x: [4, 3], n: u32[2]", both),
        "`l` takes a length that is one u32, but `n` gives u32[2]; declare `n: u32`"
    );
    assert_eq!(
        said("x: [4, 3]", "forward { last(x, length = m) }"),
        "there is no tensor `m`; so far there are `x`"
    );
}
