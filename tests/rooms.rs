//! The order of the rooms: a file imports only files above it, so that every room is understood without those below.
//!
//! The imports are read off the tokens of each file, macros included: `use` trees, and paths that begin with `crate`,
//! `super`, `self` or a module of the file's own.
#![forbid(unsafe_code)]

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The compiler's rooms, each importing only those before it.
const COMPILER: &[&str] = &[
    "ids",
    "element",
    "storage",
    "packing",
    "parameter",
    "pace",
    "rt",
    "site",
    "call",
    "nearest",
    "report",
    "ast",
    "attributes",
    "elsewhere",
    "sizes",
    "parse",
    "arguments",
    "ops",
    "graph",
    "resolve",
    "shapes",
    "timing",
    "exports",
    "place",
    "memory",
    "budget",
    "facade",
    "weights",
    "emit",
    "stub",
];

/// The runtime's rooms, likewise: numbers, then networks, then what is done with them.
const RUNTIME: &[&str] = &[
    "random",
    "block",
    "error",
    "value",
    "arena",
    "custom",
    "flat",
    "layout",
    "tile",
    "simd",
    "math",
    "tensor",
    "batch",
    "update",
    "optimizer",
    "schedule",
    "loss",
    "metrics",
    "kernels",
    "network",
    "declared",
    "views",
    "files",
    "parameters",
    "distribution",
    "check",
    "inference",
    "stream",
    "summary",
    "model",
    "handover",
    "foreign",
    "step",
    "memory",
    "data",
    "train",
];

/// A crate's modules and what they import.
#[derive(Default)]
struct Crate {
    /// Paths such as `ops::conv2d::lower`.
    modules: BTreeSet<Vec<String>>,
    /// Importers and what they import.
    imports: BTreeMap<Vec<String>, BTreeSet<Vec<String>>>,
}

impl Crate {
    fn read(source: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(source);
        let mut files = Vec::new();
        collect(&root, &mut Vec::new(), &mut files);
        Self::of(files)
    }

    /// A crate of these modules, each with its text.
    fn of(files: Vec<(Vec<String>, String)>) -> Self {
        let mut this = Self::default();
        this.modules
            .extend(files.iter().map(|(module, _)| module.clone()));
        for (module, text) in files {
            let tokens = text.parse().expect("a file of Rust");
            let mut found = BTreeSet::new();
            this.scan(&module, tokens, &mut found);
            found.remove(&module);
            this.imports.insert(module, found);
        }
        this
    }

    /// Adds the modules that tokens name.
    fn scan(&self, module: &[String], tokens: TokenStream, found: &mut BTreeSet<Vec<String>>) {
        let tokens = tokens.into_iter().collect::<Vec<_>>();
        let mut at = 0;
        while at < tokens.len() {
            if is_test(&tokens[at..]) {
                // The attribute, and the module or function behind it.
                at += 2;
                while at < tokens.len() && !ends_item(&tokens[at]) {
                    at += 1;
                }
                at += 1;
                continue;
            }
            match &tokens[at] {
                TokenTree::Group(group) => {
                    self.scan(module, group.stream(), found);
                    at += 1;
                }
                // A module that is declared is not imported by that.
                TokenTree::Ident(word) if word == "mod" => at += 2,
                TokenTree::Ident(_) if at == 0 || !is_colon(&tokens[at - 1]) => {
                    at += self.path(module, &[], &tokens[at..], found).max(1);
                }
                _ => at += 1,
            }
        }
    }

    /// Follows a path behind `before`, into the branches of a `use` tree too; gives its number of tokens.
    fn path(
        &self,
        module: &[String],
        before: &[String],
        tokens: &[TokenTree],
        found: &mut BTreeSet<Vec<String>>,
    ) -> usize {
        let (mut segments, mut at) = (before.to_vec(), 0);
        loop {
            match tokens.get(at) {
                Some(TokenTree::Ident(ident)) => segments.push(ident.to_string()),
                Some(TokenTree::Group(group))
                    if group.delimiter() == Delimiter::Brace && !segments.is_empty() && at > 0 =>
                {
                    let inner = group.stream().into_iter().collect::<Vec<_>>();
                    for branch in inner.split(
                        |token| matches!(token, TokenTree::Punct(mark) if mark.as_char() == ','),
                    ) {
                        // Behind the last comma of a tree there is nothing.
                        if !branch.is_empty() {
                            self.path(module, &segments, branch, found);
                        }
                    }
                    return at + 1;
                }
                _ => break,
            }
            at += 1;
            match tokens.get(at..at + 2) {
                Some([first, second]) if is_colon(first) && is_colon(second) => at += 2,
                _ => break,
            }
        }
        found.extend(self.resolve(module, &segments));
        at
    }

    /// The module that a path leads into.
    fn resolve(&self, module: &[String], segments: &[String]) -> Option<Vec<String>> {
        let mut place = module.to_vec();
        // `pub(super)` leads nowhere, and a variable may be called as a module.
        let [first, rest @ ..] = segments else {
            return None;
        };
        if rest.is_empty() {
            return None;
        }
        match first.as_str() {
            "crate" => place.clear(),
            "super" => {
                place.pop();
            }
            "self" => {}
            name => {
                place.push(name.to_owned());
                self.modules.get(&place)?;
            }
        }
        let mut rest = rest;
        while let [next, tail @ ..] = rest {
            if next == "super" {
                place.pop();
            } else {
                place.push(next.clone());
                if !self.modules.contains(&place) {
                    place.pop();
                    break;
                }
            }
            rest = tail;
        }
        (!place.is_empty()).then_some(place)
    }

    /// A circle of imports, if there is one.
    fn circle(&self) -> Option<Vec<String>> {
        let mut done = BTreeSet::new();
        self.imports
            .keys()
            .find_map(|module| self.descend(module, &mut Vec::new(), &mut done))
    }

    fn descend<'a>(
        &'a self,
        module: &'a Vec<String>,
        open: &mut Vec<&'a Vec<String>>,
        done: &mut BTreeSet<&'a Vec<String>>,
    ) -> Option<Vec<String>> {
        if let Some(first) = open.iter().position(|other| *other == module) {
            let names = open[first..].iter().map(|module| module.join("::"));
            return Some(names.chain([module.join("::")]).collect());
        }
        if done.contains(module) {
            return None;
        }
        open.push(module);
        let imports = self.imports.get(module).into_iter().flatten();
        let circle = imports
            .filter_map(|import| self.imports.get_key_value(import))
            .find_map(|(import, _)| self.descend(import, open, done));
        open.pop();
        done.insert(module);
        circle
    }

    /// Imports of rooms that come later.
    fn upward(&self, rooms: &[&str]) -> Vec<String> {
        let number = |module: &[String]| {
            rooms
                .iter()
                .position(|room| module.first().is_some_and(|first| first == room))
        };
        let mut wrong = Vec::new();
        for (module, imports) in self.imports.iter().filter(|(module, _)| !module.is_empty()) {
            let name = module.join("::");
            let Some(own) = number(module) else {
                wrong.push(format!("`{name}` is in no room"));
                continue;
            };
            let above = |import: &&Vec<String>| number(import).is_none_or(|other| other > own);
            wrong.extend(
                imports
                    .iter()
                    .filter(above)
                    .map(|import| format!("`{name}` imports `{}`", import.join("::"))),
            );
        }
        wrong
    }
}

fn is_colon(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(mark) if mark.as_char() == ':')
}

/// Whether an attribute begins here that keeps what follows for tests: `#[cfg(test)]`, or `#[cfg(all(test, ..))]`.
fn is_test(tokens: &[TokenTree]) -> bool {
    match tokens {
        [TokenTree::Punct(hash), TokenTree::Group(attribute), ..] if hash.as_char() == '#' => {
            let attribute = attribute.stream().into_iter().collect::<Vec<_>>();
            matches!(&attribute[..], [TokenTree::Ident(cfg), TokenTree::Group(condition)]
                if cfg == "cfg" && asks_test(condition.stream()))
        }
        _ => false,
    }
}

/// Whether a condition, or one of several of which all must hold, is `test`.
fn asks_test(condition: TokenStream) -> bool {
    let condition = condition.into_iter().collect::<Vec<_>>();
    condition
        .split(|token| matches!(token, TokenTree::Punct(mark) if mark.as_char() == ','))
        .any(|part| match part {
            [TokenTree::Ident(word)] => word == "test",
            [TokenTree::Ident(word), TokenTree::Group(group)] if word == "all" => {
                asks_test(group.stream())
            }
            _ => false,
        })
}

fn ends_item(token: &TokenTree) -> bool {
    match token {
        TokenTree::Punct(mark) => mark.as_char() == ';',
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        _ => false,
    }
}

/// Every file below a folder, as a module and its text; tests are no part of the house.
fn collect(folder: &Path, module: &mut Vec<String>, files: &mut Vec<(Vec<String>, String)>) {
    let entries = fs::read_dir(folder).expect("a folder of sources");
    for entry in entries {
        let path = entry.expect("an entry").path();
        let stem = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .expect("a name");
        if stem == "tests" || stem == "testing" {
            continue;
        }
        if path.is_dir() {
            module.push(stem.to_owned());
            collect(&path, module, files);
            module.pop();
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a file of text");
            let mut name = module.clone();
            if !matches!(stem, "lib" | "mod") {
                name.push(stem.to_owned());
            }
            files.push((name, text));
        }
    }
}

#[test]
fn no_file_of_the_compiler_imports_a_room_below() {
    let house = Crate::read("compiler/src");
    assert_eq!(house.upward(COMPILER), [""; 0]);
    assert_eq!(house.circle(), None);
}

#[test]
fn no_file_of_the_runtime_imports_a_room_below() {
    let house = Crate::read("runtime/src");
    assert_eq!(house.upward(RUNTIME), [""; 0]);
    assert_eq!(house.circle(), None);
}

/// A house of three rooms, `low`, `middle` and `high`, of which `middle` holds this text.
fn upward_from_the_middle(text: &str) -> Vec<String> {
    let file = |name: &str, text: &str| (vec![name.to_owned()], text.to_owned());
    let house = Crate::of(vec![
        file("low", "pub struct Low;"),
        file("middle", text),
        file("high", "use crate::low::Low; pub struct High;"),
    ]);
    house.upward(&["low", "middle", "high"])
}

#[test]
fn a_step_upward_is_found() {
    const WRONG: [&str; 1] = ["`middle` imports `high`"];
    for text in [
        "use crate::high::High;",
        "use crate::{low::Low, high::{self, High}};",
        "fn f() -> u32 { super::high::f() }",
        "vec![crate::high::High]",
        "#[derive(Debug)] struct Of(crate::high::High);",
    ] {
        assert_eq!(upward_from_the_middle(text), WRONG, "{text}");
    }
    for text in ["use crate::low::Low;", "mod high;", "let high = low.high;"] {
        assert_eq!(upward_from_the_middle(text), [""; 0], "{text}");
    }
}

#[test]
fn only_tests_may_import_from_anywhere() {
    for condition in [
        "test",
        "all(test, feature = \"std\")",
        "all(unix, all(test))",
    ] {
        let text = format!("#[cfg({condition})] use crate::high::High; use crate::low::Low;");
        assert_eq!(upward_from_the_middle(&text), [""; 0], "{text}");
        let text = format!("#[cfg({condition})] mod tests {{}} use crate::high::High;");
        assert_eq!(upward_from_the_middle(&text).len(), 1, "{text}");
    }
    for condition in [
        "not(test)",
        "any(feature = \"std\", test)",
        "all(unix, not(test))",
        "feature = \"test\"",
    ] {
        let text = format!("#[cfg({condition})] use crate::high::High;");
        assert_eq!(upward_from_the_middle(&text).len(), 1, "{text}");
    }
}
