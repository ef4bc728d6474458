//! Every mistake gets its own error at its own token, with a repair: one file in `tests/ui` for each rule.
#![forbid(unsafe_code)]

#[test]
fn mistakes_are_explained() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
