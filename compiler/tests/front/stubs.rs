//! After an error: the messages, and stubs with the declared types.

use kiln_compiler::{compile, facade::Facade};
use quote::{ToTokens, quote};

/// The items that a declaration with errors expands to.
fn items(source: &str) -> Vec<syn::Item> {
    let expansion = compile(
        &Facade::owning(quote!(::kiln)),
        source.parse().expect("source lexes"),
    );
    syn::parse2::<syn::File>(expansion)
        .expect("stubs parse")
        .items
}

/// What the method `forward` of the stub looks like.
fn forward(source: &str) -> String {
    let text: String = items(source)
        .iter()
        .map(|item| item.to_token_stream().to_string())
        .collect();
    let start = text.find("pub fn forward").expect("a stub has `forward`");
    text[start..]
        .split('{')
        .next()
        .unwrap_or_default()
        .trim()
        .replace(' ', "")
}

#[test]
fn messages_come_first_and_stubs_after() {
    let source = "
        /// Documented.
        pub struct A(x: [3]) -> [3] { Desne(3), Rleu }
        struct B(x: [3]) -> [3] { Dense(3) }";
    let items = items(source);
    let errors = items
        .iter()
        .filter(|item| matches!(item, syn::Item::Macro(_)));
    assert_eq!(errors.count(), 2);
    let structs: Vec<&syn::ItemStruct> = items
        .iter()
        .filter_map(|item| match item {
            syn::Item::Struct(item) => Some(item),
            _ => None,
        })
        .collect();
    assert_eq!(
        structs
            .iter()
            .map(|item| item.ident.to_string())
            .collect::<Vec<_>>(),
        ["A", "B"]
    );
    assert!(matches!(structs[0].vis, syn::Visibility::Public(_)));
    assert!(structs[0].attrs[0].path().is_ident("doc"));
}

#[test]
fn a_stub_has_the_declared_types() {
    assert_eq!(
        forward("struct A(x: [2, N]) -> [3] { const N: usize = 4; Desne(3) }"),
        "pubfnforward(&self,_input:&[[f32;4];2])->[f32;3]"
    );
    assert_eq!(
        forward("struct A(a: [1], b: [2]) -> ([3], [4]) { Desne(3) }"),
        "pubfnforward(&self,_input:&([f32;1],[f32;2]))->([f32;3],[f32;4])"
    );
}

#[test]
fn a_stub_of_unknown_types_takes_and_gives_anything() {
    let expected = "pubfnforward<Input:?::core::marker::Sized>(&self,_input:&Input)->!";
    assert_eq!(forward("struct A(x: [N]) -> [3] { Dense(3) }"), expected);
    assert_eq!(
        forward("struct A(x: [3]) -> [9223372036854775807] { Dense(3) }"),
        expected
    );
}

#[test]
fn a_stub_of_types_that_no_caller_holds_takes_and_gives_anything() {
    let expected = "pubfnforward<Input:?::core::marker::Sized>(&self,_input:&Input)->!";
    let seven = "a: [1], b: [1], c: [1], d: [1], e: [1], f: [1], g: [1]";
    for source in [
        "struct A() -> [3] { Dense(3) }",
        "struct A(x: [3]) -> [4000000000] { Dense(3) }",
        &format!("struct A({seven}) -> [7] {{ Concat }}"),
    ] {
        assert_eq!(forward(source), expected, "{source}");
    }
}

#[test]
fn a_model_whose_head_is_wrong_has_a_stub_as_well() {
    for head in [
        "",
        "(x: 4)",
        "(x: [4])",
        "<T>(x: [4]) -> [3]",
        "(x: [4]) -> 3",
    ] {
        let items = items(&format!(
            "struct A{head} {{ Relu }} struct A2(x: [3]) -> [3] {{ Relu }}"
        ));
        let structs = items
            .iter()
            .filter(|item| matches!(item, syn::Item::Struct(_)));
        assert_eq!(structs.count(), 2, "{head}");
    }
}

#[test]
fn what_a_struct_derives_and_its_condition_are_respected() {
    let attributes = |item: &syn::Item| match item {
        syn::Item::Struct(item) => item.attrs.clone(),
        syn::Item::Impl(item) => item.attrs.clone(),
        syn::Item::Const(item) => item.attrs.clone(),
        _ => Vec::new(),
    };
    for layer in ["Relu", "Rleu"] {
        let derived = |own: &str| {
            let items = items(&format!("{own} struct A(x: [3]) -> [3] {{ {layer} }}"));
            let all = items.iter().flat_map(attributes);
            let text: String = all.map(|it| it.to_token_stream().to_string()).collect();
            text.matches("Clone").count()
        };
        assert_eq!(derived(""), 1);
        assert_eq!(derived("#[derive(Debug, std::clone::Clone)]"), 1);
        // Once for each condition, and once for the opposite of all.
        assert_eq!(derived("#[cfg_attr(a, derive(Clone))]"), 2);
        assert_eq!(
            derived("#[cfg_attr(a, cfg_attr(b, derive(Clone)))] #[cfg_attr(c, doc(hidden))]"),
            2
        );
        let source = format!("#[cfg(a)] struct A(x: [3]) -> [3] {{ {layer} }}");
        for item in items(&source) {
            let conditional = attributes(&item).iter().any(|it| it.path().is_ident("cfg"));
            assert!(conditional || matches!(item, syn::Item::Macro(_)));
        }
    }
}
