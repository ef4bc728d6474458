//! The messages that a crate can report, read off its source.
//!
//! A message begins where something reports: `report.error(span, message)`, `syn::Error::new(span, message)`,
//! `Err(message)`, or a function that hands its argument on to one of these. From there it is followed back through
//! names, branches, closures and functions to the literals it may be. What stands in braces is anything, unless it is a
//! name for other literals, which then take its place.

use quote::ToTokens;
use std::collections::BTreeMap;
use syn::visit::{self, Visit};
use syn::{Expr, Item};

use super::follow::{ANY, Crate, Follow, clause, is_match, is_test};

/// A message as a pattern, and where it is reported.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Message {
    /// Up to its first semicolon: what is wrong, without the repair.
    pub pattern: String,
    /// The file.
    pub file: String,
}

/// Methods that report their last argument.
const METHODS: &[&str] = &["error", "error_over", "wrong", "reject"];

/// Methods that make an error of their last argument, for `?` to give.
const MAKING: &[&str] = &["ok_or", "ok_or_else", "map_err"];

/// Functions that do.
const FUNCTIONS: &[&str] = &["syn::Error::new", "syn::Error::new_spanned", "Err"];

/// All messages of some files, given by name and source.
pub fn messages(files: &[(String, String)]) -> Vec<Message> {
    // The tokens of a macro are no expressions: a list is read as an array.
    let parse = |source: &str| {
        let file = syn::parse_file(&source.replace("vec![", "["));
        file.expect("rustc has compiled it")
    };
    let parsed: Vec<_> = files
        .iter()
        .map(|(name, source)| (name, parse(source)))
        .collect();
    let mut whole = Crate::default();
    for (_, file) in &parsed {
        whole.visit_file(file);
    }
    // What hands on to a function that reports, reports itself: until there are no more.
    loop {
        let (mut found, mut reporting) = (Vec::new(), whole.reporting.clone());
        for (name, file) in &parsed {
            let mut sinks = Sinks {
                whole: &whole,
                file: name,
                scope: Vec::new(),
                found: &mut found,
                reporting: &mut reporting,
            };
            sinks.visit_file(file);
        }
        if reporting.len() == whole.reporting.len() {
            found.sort();
            found.dedup();
            return found;
        }
        whole.reporting = reporting;
    }
}

/// Looks for what reports.
struct Sinks<'a> {
    whole: &'a Crate,
    file: &'a str,
    /// The functions around, innermost last, by name and body.
    scope: Vec<(String, syn::Block)>,
    found: &'a mut Vec<Message>,
    /// Functions that are found to report a parameter.
    reporting: &'a mut BTreeMap<String, usize>,
}

impl<'ast> Visit<'ast> for Sinks<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        match item {
            Item::Mod(module) if is_test(&module.attrs) => {}
            _ => visit::visit_item(self, item),
        }
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        let name = function.sig.ident.to_string();
        self.scope.push((name, (*function.block).clone()));
        visit::visit_item_fn(self, function);
        self.scope.pop();
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        let name = function.sig.ident.to_string();
        self.scope.push((name, function.block.clone()));
        visit::visit_impl_item_fn(self, function);
        self.scope.pop();
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        let name = call.method.to_string();
        let known = METHODS.iter().chain(MAKING).any(|method| *method == name);
        self.report_of(known, &name, &call.args);
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        let callee = call.func.to_token_stream().to_string().replace(' ', "");
        let name = callee.rsplit("::").next().unwrap_or_default();
        self.report_of(FUNCTIONS.contains(&callee.as_str()), name, &call.args);
        visit::visit_expr_call(self, call);
    }
}

impl Sinks<'_> {
    /// What a call reports: its last argument, or the one that its function hands on.
    fn report_of<S>(
        &mut self,
        known: bool,
        name: &str,
        arguments: &syn::punctuated::Punctuated<Expr, S>,
    ) {
        let handed = self.whole.reporting.get(name);
        let message = match known {
            true => arguments.last(),
            false => handed.and_then(|&place| arguments.iter().nth(place)),
        };
        let Some(message) = message else {
            return;
        };
        self.note_hand_on(message);
        let count = self.found.len();
        self.collect(message);
        // A name is somebody else's message, and a literal without words none.
        let is_told = matches!(message, Expr::Path(_) | Expr::Lit(_) | Expr::Reference(_));
        let is_report = METHODS.contains(&name) || name.starts_with("new");
        assert!(
            !known || !is_report || is_told || count < self.found.len(),
            "{}: what is reported by `{}` cannot be followed",
            self.file,
            message.to_token_stream()
        );
    }

    /// Notes a function that reports one of its own parameters.
    fn note_hand_on(&mut self, message: &Expr) {
        let Some((function, _)) = self.scope.last() else {
            return;
        };
        let words = message.to_token_stream().to_string();
        let words = words.trim_start_matches("& ");
        let parameters = self.whole.parameters.get(function);
        let place = parameters.and_then(|names| names.iter().position(|name| name == words));
        if let Some(place) = place
            && !METHODS.contains(&function.as_str())
        {
            self.reporting.insert(function.clone(), place);
        }
    }

    /// Adds what a message may say.
    fn collect(&mut self, message: &Expr) {
        let Some((_, scope)) = self.scope.last() else {
            return;
        };
        let follow = Follow {
            whole: self.whole,
            scope,
            depth: 0,
        };
        let literals = follow.expression(message);
        let patterns = literals.iter().map(|literal| clause(literal).to_owned());
        let patterns = patterns.filter(|it| it.chars().any(char::is_alphabetic));
        self.found.extend(patterns.map(|pattern| Message {
            pattern,
            file: self.file.to_owned(),
        }));
    }
}

#[test]
fn messages_are_followed_to_their_literals() {
    let source = r#"
        const ALSO: &str = "a constant";
        fn check(report: &mut Report, n: usize) -> Result<(), String> {
            let what = match n { 0 => "nothing", _ => "{n}" };
            let found = format!("found {what} in `{n}`");
            if n > 1 { return Err(format!("{found}, and {{more}}; {what}")); }
            let message = if n > 0 { ALSO } else { other(n) };
            report.error(span, message);
            report.error(span, n.map_or("some".to_string(), |n| format!("{n} apples")));
            expect(n, "a `;` in code; and a repair")?;
            Ok(())
        }
        fn other(n: usize) -> String { format!("of a function {}", n) }
        fn expect(n: usize, said: &str) -> Result<(), String> { Err(said) }
        #[cfg(test)] mod tests { fn a() { report.error(span, "a test"); } }
    "#;
    let found = messages(&[("a.rs".into(), source.into())]);
    let found: Vec<String> = found
        .into_iter()
        .map(|it| it.pattern.replace(ANY, "*"))
        .collect();
    let expected = [
        "* apples",
        "a `;` in code",
        "a constant",
        "found nothing in `*`, and {more}",
        "found {n} in `*`, and {more}",
        "of a function *",
        "some",
    ];
    assert_eq!(found, expected);
    assert!(is_match(&format!("a {ANY} c{ANY}"), "a b c"));
    assert!(!is_match(&format!("a {ANY} c"), "a b cd"));
}
