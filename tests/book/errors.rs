//! Every error is explained in docs/errors.md: what the compiler may report, and what the runtime returns.

use super::follow::{ANY, clause, is_match};
use super::markdown::{Page, Row};
use super::messages::{Message, messages};
use super::{files, read};
use std::collections::BTreeSet;
use syn::visit::Visit;
use syn::{Expr, Item, Lit, MetaNameValue, Token, punctuated::Punctuated};

/// What the compiler may tell a user. What `memory` says is of the compiler's own mistakes.
fn reported() -> Vec<Message> {
    let mut sources = files("compiler/src", "rs");
    sources.retain(|path| !path.contains("/memory/"));
    let sources: Vec<_> = sources
        .into_iter()
        .map(|path| (path.clone(), read(&path)))
        .collect();
    let found = messages(&sources);
    assert!(
        found.len() > 200,
        "only {} messages were found",
        found.len()
    );
    found
        .into_iter()
        .chain(of_rustc())
        .chain(of_lints())
        .collect()
}

/// What rustc's lints say of an expansion, where the user's crate has them.
fn of_lints() -> [Message; 1] {
    [Message {
        pattern: "declaration of a `no_mangle` method".to_owned(),
        file: "rustc".to_owned(),
    }]
}

/// What rustc says where a trait of the runtime is missing: `#[diagnostic::on_unimplemented(message = "..")]`.
fn of_rustc() -> Vec<Message> {
    let mut found = Vec::new();
    for path in files("runtime/src", "rs") {
        let file = syn::parse_file(&read(&path)).expect("rustc has compiled it");
        let mut said = Said(Vec::new());
        said.visit_file(&file);
        let message = |text: String| Message {
            pattern: placeholders(&text),
            file: path.clone(),
        };
        found.extend(said.0.into_iter().map(message));
    }
    assert!(found.len() > 5, "{found:?}");
    found
}

/// The messages of traits.
struct Said(Vec<String>);

impl<'ast> Visit<'ast> for Said {
    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        let last = |it: &syn::Attribute| it.path().segments.last().map(|last| last.ident.clone());
        let of_rustc = |it: &&syn::Attribute| last(it).is_some_and(|it| it == "on_unimplemented");
        for attribute in item.attrs.iter().filter(of_rustc) {
            let words = Punctuated::<MetaNameValue, Token![,]>::parse_terminated;
            let words = attribute.parse_args_with(words);
            for word in words.expect("rustc has compiled it") {
                if let Expr::Lit(literal) = &word.value
                    && let Lit::Str(text) = &literal.lit
                    && word.path.is_ident("message")
                {
                    self.0.push(text.value());
                }
            }
        }
    }
}

/// A pattern in which anything stands for what is in braces.
fn placeholders(message: &str) -> String {
    let mut parts = message.split('{');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |pattern, part| {
        let rest = part.split_once('}').map_or("", |(_, rest)| rest);
        format!("{pattern}{ANY}{rest}")
    })
}

/// The messages of a cell: code between double backticks.
fn examples(row: &Row) -> impl Iterator<Item = &str> {
    row.cells[0].split("``").skip(1).step_by(2).map(str::trim)
}

/// The patterns that fit a message.
fn fitting<'a>(patterns: &'a [Message], message: &str) -> Vec<&'a Message> {
    let fits = |it: &&Message| is_match(&it.pattern, clause(message));
    patterns.iter().filter(fits).collect()
}

#[test]
fn every_message_of_the_compiler_is_explained() {
    let (patterns, page) = (reported(), Page::parse(&read("docs/errors.md")));
    let mut explained = BTreeSet::new();
    let mut mistakes = Vec::new();
    for row in page.sections.iter().flat_map(|section| &section.rows) {
        for message in examples(row) {
            let fitting = fitting(&patterns, message);
            if fitting.is_empty() {
                mistakes.push(format!(
                    "line {}: the compiler never says `{message}`",
                    row.line
                ));
            }
            explained.extend(fitting.into_iter().map(|it| it.pattern.clone()));
        }
    }
    let missing = patterns
        .iter()
        .filter(|it| !explained.contains(&it.pattern));
    mistakes.extend(missing.map(|it| {
        format!(
            "{}: no line explains `{}`",
            it.file,
            it.pattern.replace(ANY, "..")
        )
    }));
    assert!(
        mistakes.is_empty(),
        "docs/errors.md:\n{}",
        mistakes.join("\n")
    );
}

/// The messages are read off the source rightly: what users are shown in `tests/ui` is among them.
#[test]
fn what_users_are_shown_is_known() {
    let patterns = reported();
    let mut shown = 0;
    for path in files("tests/ui", "stderr") {
        for message in read(&path).lines().filter_map(|line| {
            line.strip_prefix("error: ")
                .or(line.strip_prefix("error[E0277]: "))
        }) {
            shown += 1;
            assert!(!fitting(&patterns, message).is_empty(), "{path}: {message}");
        }
    }
    assert!(shown > 90, "only {shown} messages are shown");
}

/// The variants of an enum of the runtime.
fn variants(path: &str, name: &str) -> BTreeSet<String> {
    let file = syn::parse_file(&read(path)).expect("rustc has compiled it");
    let found = file.items.iter().find_map(|item| match item {
        Item::Enum(found) if found.ident == name => Some(found),
        _ => None,
    });
    let found = found.unwrap_or_else(|| panic!("{path} has no `{name}`"));
    found
        .variants
        .iter()
        .map(|variant| variant.ident.to_string())
        .collect()
}

#[test]
fn every_error_of_the_runtime_is_explained() {
    let page = Page::parse(&read("docs/errors.md"));
    let faults = ["Faults of data files", "Faults of tables"];
    for (name, path, title) in [
        ("Error", "runtime/src/error.rs", None),
        ("Fault", "runtime/src/error/fault.rs", Some(faults[0])),
        ("TableFault", "runtime/src/error/table.rs", Some(faults[1])),
    ] {
        let sections = page
            .sections
            .iter()
            .skip_while(|it| it.title != "While the program runs");
        let sections = sections.filter(|it| match title {
            Some(title) => it.title == title,
            None => !faults.contains(&it.title.as_str()),
        });
        let rows = sections
            .flat_map(|it| it.rows.iter())
            .filter(|row| row.cells[0].starts_with('`'));
        let told: Vec<_> = rows
            .flat_map(|row| row.cells[0].split('`').skip(1).step_by(2))
            .map(String::from)
            .collect();
        let once: BTreeSet<_> = told.iter().cloned().collect();
        assert_eq!(once, variants(path, name), "docs/errors.md and `{name}`");
        assert_eq!(
            once.len(),
            told.len(),
            "docs/errors.md explains a variant of `{name}` twice"
        );
    }
}
