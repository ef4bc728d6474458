//! What C programs can call: names that meet, and what cannot be exported.

use super::{message, messages};

/// An exported model.
fn exported(word: &str, name: &str) -> String {
    format!("#[kiln({word})] struct {name}(x: [3]) -> [2] {{ Dense(2) }} ")
}

#[test]
fn names_in_c_are_given_once() {
    let both = |first: &str, second: &str| messages(&(exported("export_c", first) + second));
    let expected = "`LstmModel` is called `lstm_model` in C, as `LSTMModel` is; \
                    give it another name by `export_c = \"name\"`";
    let second = exported("export_c", "LstmModel");
    assert_eq!(both("LSTMModel", &second), [expected]);
    let found = both("Net", &exported("export_c = \"NET\"", "Other"));
    assert!(
        found[0].starts_with("`Other` is called `NET` in C, as `Net` is"),
        "{found:?}"
    );
    assert_eq!(both("Größe", &exported("export_c", "Gröse")).len(), 0);
    assert_eq!(both("Größe", &exported("export_c", "Grüße")).len(), 1);
    let apart = [
        exported("export_c = \"lstm\"", "LstmModel"),
        exported("stream", "LstmModel")
            .replace("[3]", "[3, 1]")
            .replace("[2]", "[3, 2]"),
        format!("#[cfg(a)] {second}"),
    ];
    for second in apart {
        assert_eq!(both("LSTMModel", &second), [""; 0], "{second}");
    }
}

#[test]
fn a_name_that_is_given_is_one_of_c() {
    for name in ["net", "_net2", "Net"] {
        assert_eq!(
            messages(&exported(&format!("export_c = {name:?}"), "A")),
            [""; 0]
        );
    }
    for name in ["", "2d", "a b", "größe", "a-b"] {
        let expected = format!(
            "`{name}` is no name in C; write letters, digits and `_`, as in `export_c = \"net\"`"
        );
        assert_eq!(
            message(&exported(&format!("export_c = {name:?}"), "A")),
            expected
        );
    }
    let expected = "`float` is a keyword of C; choose another name";
    assert_eq!(message(&exported("export_c = \"float\"", "A")), expected);
    for word in [
        "export_c = 3",
        "export_c(net)",
        "export_c, export_c = \"net\"",
    ] {
        let expected = "`export_c` stands alone or says what names in C begin with, \
                        as in `#[kiln(export_c = \"net\")]`";
        assert_eq!(message(&exported(word, "A")), expected, "{word}");
    }
}

#[test]
fn inputs_have_names_of_their_own() {
    let model = |first: &str, second: &str| {
        messages(&format!(
            "#[kiln(export_c)] struct A({first}: [3], {second}: [3]) -> [3] {{
                fc: Dense(3), forward {{ fc({first} + {second}) }}
            }}"
        ))
    };
    let expected =
        "the inputs `größe` and `grüße` are both `GR__E` in C; give one of them another name";
    assert_eq!(model("größe", "grüße")[..1], [expected]);
    assert_eq!(model("a", "A").len(), 1);
    assert_eq!(model("a", "b"), [""; 0]);
}

#[test]
fn a_model_for_c_has_parameters() {
    let expected = "`A` has no parameters, which C programs hold; \
                    give it a layer with weights, or drop `export_c`";
    assert_eq!(
        message("#[kiln(export_c)] struct A(x: [3]) -> [3] { Relu }"),
        expected
    );
}

#[test]
fn what_is_copied_has_a_limit() {
    let model = |steps: usize| {
        messages(&format!(
            "#[kiln(export_c)] struct A(x: [{steps}, 4], n: u32) -> ([2], [2]) {{
                fc: Dense(2), forward {{ let y = fc(last(x, length = n)); (y, relu(y)) }}
            }}"
        ))
    };
    assert_eq!(model(4095), [""; 0]);
    let expected = "`A` copies 65540 bytes of inputs to the stack for C (65536 + 4), 4 more than it may; \
                    make one of them, which is not copied, or drop `export_c`";
    assert_eq!(model(4096), [expected]);
    let wide = "#[kiln(export_c)] struct A(x: [4]) -> ([10000], [10000]) {
        fc: Dense(10000), forward { let y = fc(x); (y, relu(y)) }
    }";
    assert!(
        message(wide)
            .starts_with("`A` copies 80000 bytes of outputs to the stack for C (40000 + 40000)")
    );
    let one = "#[kiln(export_c)] struct A(x: [100000]) -> [20000] { Dense(20000) }";
    assert_eq!(messages(one), [""; 0]);
}
