//! No parser overflows the stack of a macro on what is not refused.

use proc_macro2::TokenStream;
use quote::quote;

use super::check_depth;
use crate::{compile, facade::Facade};

/// A quarter of what rustc gives the thread that runs macros.
const STACK: usize = 2 << 20;

/// What nests by repetition: what opens, what stands innermost, what closes.
const NESTS: &[(&str, &str, &str)] = &[
    ("(", "x", ")"),
    ("[", "x", "]"),
    ("(", "x", ",)"),
    ("{", "x", "}"),
    ("relu(", "x", ")"),
    ("x[", "0..1", "]"),
    ("x + (", "x", ")"),
    ("concat(x, ", "x", ")"),
    ("- ", "x", ""),
    ("& ", "x", ""),
    ("&mut ", "x", ""),
    ("! ", "x", ""),
    ("* ", "x", ""),
    ("- (", "x", ")"),
    ("|a| ", "x", ""),
    ("|a,| ", "x", ""),
    ("[|a,| ", "x", "]"),
    ("|a: T| ", "x", ""),
    ("|| ", "x", ""),
    ("move |a| ", "x", ""),
    ("async move |a| ", "x", ""),
    ("static || ", "x", ""),
    ("for<'a> |a| ", "x", ""),
    ("return ", "x", ""),
    ("break ", "x", ""),
    ("yield ", "x", ""),
    ("become ", "x", ""),
    ("a = ", "x", ""),
    ("a += ", "x", ""),
    (".. ", "x", ""),
    ("..= ", "x", ""),
    ("x .. ", "x", ""),
    ("#[a] ", "x", ""),
    ("#[a] - ", "x", ""),
    ("#[a = - ", "x", "] x"),
    ("x + ", "x", ""),
    ("x * x + ", "x", ""),
    ("x < ", "x", ""),
    ("x && ", "x", ""),
    ("x", "", " as u8"),
    ("x as & ", "u8", ""),
    ("x as T<", "u8", ">"),
    ("x as fn() -> ", "u8", ""),
    ("x as *const ", "u8", ""),
    ("x as [", "u8", "; 1]"),
    ("x as impl Fn() -> ", "u8", ""),
    ("x as dyn A<", "u8", ">"),
    ("x", "", ".a()"),
    ("x", "", ".a::<A>()"),
    ("x", "", "?"),
    ("x", "", "()"),
    ("x", "", "[0]"),
    ("x", "", ".a"),
    ("x", "", ".await"),
    ("T<A, ", "u", ">"),
    ("T::<A, ", "u", ">::a"),
    ("T::<A = ", "u", ">::a"),
    ("T::<A: B<", "u", ">>::a"),
    ("T::<{", "x", "}>::a"),
    ("<", "u", ">::a"),
    ("if x {} else ", "{}", ""),
    ("if ", "x", " {}"),
    ("if let a = ", "x", " {}"),
    ("match ", "x", " {}"),
    ("match x { _ => ", "x", "}"),
    ("while ", "x", " {}"),
    ("for a in ", "x", " {}"),
    ("loop {", "x", "}"),
    ("unsafe {", "x", "}"),
    ("async {", "x", "}"),
    ("const {", "x", "}"),
    ("try {", "x", "}"),
    ("'a: loop {", "x", "}"),
    ("let a = ", "x", ""),
    ("let & ", "a", " = x; x"),
    ("let (", "a", ") = x;"),
    ("let [", "a", "] = x;"),
    ("let A { a: ", "b", "} = x;"),
    ("let ref mut a @ ", "b", " = x;"),
    ("let a: & ", "b", " = x;"),
    ("let a: T<A, ", "b", "> = x;"),
    ("|& ", "a", "| x"),
    ("|(", "a", ")| x"),
    ("|a @ ", "b", "| x"),
    ("A { a: ", "x", "}"),
    ("fn f() { ", "x", "}"),
    ("mod a { ", "x", "}"),
    ("trait A { fn a() {", "x", "}}"),
    ("impl A { fn a() {", "x", "}}"),
    ("impl A for ", "B", " {}"),
    ("enum A { B = ", "x", "}"),
    ("struct A { a: ", "x", "}"),
    ("use a::{", "a", "};"),
    ("type A = ", "u", ";"),
    ("type A = & ", "u", ";"),
    ("const A: usize = {", "x", "};"),
    ("fn f<T: A<", "u", ">>() {}"),
    ("fn f() where T: A<", "u", ">{}"),
    ("macro_rules! a {", "x", "}"),
    ("a!(", "x", ")"),
    ("extern \"C\" {", "x", "}"),
    ("forward {", "x", "}"),
    ("pub(in ", "x", ")"),
    ("a b ", "x", ""),
    ("1 ", "x", ""),
    ("x, ", "x", ""),
    ("x; ", "x", ""),
];

/// Where it may stand.
const PLACES: &[(&str, &str)] = &[
    ("struct M(x: [3]) -> [3] { forward { ", " } }"),
    ("struct M(x: [3]) -> [3] { forward { let h = ", "; h } }"),
    ("struct M(x: [3]) -> [3] { forward { relu(", ") } }"),
    ("struct M(x: [3]) -> [3] { Dense(", ") }"),
    ("struct M(x: [3]) -> [3] { Dense(3, init = ", ") }"),
    ("struct M(x: [3]) -> [3] { const N: ", " = 3; Relu }"),
    ("struct M(x: [3]) -> [3] { const N: usize = ", "; Relu }"),
    ("struct M(x: [3]) -> [3] { ", " }"),
    ("struct M(x: [", "]) -> [3] { Relu }"),
    ("struct M(", ") -> [3] { Relu }"),
    ("struct M(x: [3]) -> ", " { Relu }"),
    ("#[derive(", ")] struct M(x: [3]) -> [3] { Relu }"),
    ("#[doc = ", "] struct M(x: [3]) -> [3] { Relu }"),
    ("", " struct M(x: [3]) -> [3] { Relu }"),
];

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

/// In a build without optimization, which is how macros are built, an overflow would end the test, and name the thread.
#[test]
fn nothing_overflows_the_stack_of_a_macro() {
    for &place in PLACES {
        for &nest in NESTS {
            let thread = std::thread::Builder::new()
                .name(nested(nest, 1, place))
                .stack_size(STACK)
                .spawn(move || {
                    let expansion = compile(
                        &Facade::owning(quote!(::kiln)),
                        tokens(nest, deepest(nest, place), place),
                    );
                    assert!(!expansion.is_empty());
                })
                .expect("a thread starts");
            thread.join().expect("nothing panics");
        }
    }
}

fn tokens(nest: (&str, &str, &str), depth: usize, place: (&str, &str)) -> TokenStream {
    nested(nest, depth, place).parse().expect("every one lexes")
}

/// How often it nests at most without being refused.
fn deepest(nest: (&str, &str, &str), place: (&str, &str)) -> usize {
    let (mut accepted, mut bound) = (1_usize, 512);
    while accepted + 1 < bound {
        let depth = accepted.midpoint(bound);
        match check_depth(&tokens(nest, depth, place)) {
            Ok(()) => accepted = depth,
            Err(_) => bound = depth,
        }
    }
    accepted
}
