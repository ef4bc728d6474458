//! The tables of layers in docs/language.md say what the compiler's operators ask for: every layer, every argument with
//! its default and its place, every word.

use super::markdown::{Page, Row};
use super::read;
use kiln_compiler::ops::{KINDS, reference};
use std::collections::{BTreeMap, BTreeSet};

/// What stands in backticks.
pub fn codes(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// A layer as a table or the compiler has it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Layer {
    /// What may stand without names: one list for each form.
    places: BTreeSet<Vec<String>>,
    /// What is named, with its default.
    named: BTreeSet<String>,
}

/// `Dense(inputs, outputs)` as a kind and what it takes by place.
fn form(code: &str) -> (String, Vec<String>) {
    let Some((kind, places)) = code.split_once('(') else {
        return (code.to_owned(), Vec::new());
    };
    let places = places
        .strip_suffix(')')
        .unwrap_or_else(|| panic!("`{code}` is not closed"));
    (
        kind.to_owned(),
        places.split(", ").map(String::from).collect(),
    )
}

/// The lines of a section's table that has this head.
fn table<'a>(page: &'a Page, section: &str, head: &str) -> &'a [Row] {
    let rows = &page.section(section).rows;
    let first = rows.iter().position(|row| row.cells[0] == head);
    let first = first.unwrap_or_else(|| panic!("`{section}` has no table of `{head}`"));
    let rows = &rows[first..];
    let ends = |pair: &[Row]| {
        pair[1].line > pair[0].line + 2 || pair[1].cells.len() != pair[0].cells.len()
    };
    let length = rows
        .windows(2)
        .position(ends)
        .map_or(rows.len(), |last| last + 1);
    &rows[1..length]
}

/// The layers as the page has them: first those of the table, then what several of them take.
fn documented(page: &Page) -> BTreeMap<String, Layer> {
    let mut layers: BTreeMap<String, Layer> = BTreeMap::new();
    for row in table(page, "Layers", "layer") {
        let forms = row.cells[0].split(", as in").next().unwrap_or_default();
        let named: Vec<_> = codes(&row.cells[2]).into_iter().map(String::from).collect();
        for (kind, places) in codes(forms).into_iter().map(form) {
            let layer = layers.entry(kind).or_default();
            layer.places.insert(places);
            layer.named.extend(named.iter().cloned());
        }
    }
    for row in table(page, "Layers", "argument")
        .iter()
        .filter(|row| row.cells[0] != "`name`")
    {
        for kind in codes(&row.cells[1]) {
            let layer = layers
                .get_mut(kind)
                .unwrap_or_else(|| panic!("line {}: there is no `{kind}`", row.line));
            layer
                .named
                .extend(codes(&row.cells[0]).into_iter().map(String::from));
        }
    }
    layers
}

/// The layers as the compiler has them.
fn declared() -> BTreeMap<String, Layer> {
    let layer = |kind: &str| {
        let mut layer = Layer::default();
        for form in reference::forms(kind) {
            // What a longer form takes by place, a shorter one takes by name, without a default.
            let named = form
                .named
                .into_iter()
                .map(|shown| shown.replace(" = ..", ""));
            layer.named.extend(named);
            layer.places.insert(form.places);
        }
        layer
    };
    KINDS
        .iter()
        .map(|(kind, _)| (kind.to_string(), layer(kind)))
        .collect()
}

#[test]
fn the_tables_of_layers_are_the_compilers() {
    let (documented, declared) = (
        documented(&Page::parse(&read("docs/language.md"))),
        declared(),
    );
    let mut mistakes = Vec::new();
    for (kind, layer) in &declared {
        match documented.get(kind) {
            None => mistakes.push(format!("`{kind}` has no line in the table of layers")),
            Some(line) => {
                for (what, here, there) in [
                    ("is declared", &layer.named, &line.named),
                    ("is in the tables", &line.named, &layer.named),
                ] {
                    let alone = here.difference(there);
                    mistakes.extend(alone.map(|name| format!("`{kind}`: `{name}` {what} alone")));
                }
                if layer.places != line.places {
                    let (forms, told) = (&layer.places, &line.places);
                    mistakes.push(format!(
                        "`{kind}` takes {forms:?} by place, but the table has {told:?}"
                    ));
                }
            }
        }
    }
    let unknown = documented
        .keys()
        .filter(|kind| !declared.contains_key(*kind));
    mistakes.extend(unknown.map(|kind| format!("there is no layer `{kind}`")));
    assert!(
        mistakes.is_empty(),
        "docs/language.md:\n{}",
        mistakes.join("\n")
    );
    assert!(declared.len() > 20 && declared["Dense"].named.contains("bias = true"));
}

#[test]
fn the_words_of_init_are_the_compilers() {
    let page = Page::parse(&read("docs/language.md"));
    let rows = table(&page, "Initialisation", "`init`");
    let documented: Vec<String> = rows
        .iter()
        .flat_map(|row| codes(&row.cells[0]))
        .map(|code| form(code).0)
        .collect();
    let mut checked = 0;
    for (kind, _) in KINDS {
        let worded = reference::forms(kind).remove(0).words;
        for (_, words) in worded.into_iter().filter(|(name, _)| *name == "init") {
            assert_eq!(words, documented, "`{kind}`");
            checked += 1;
        }
    }
    assert!(
        checked >= 3,
        "only {checked} layers say the words of `init`"
    );
    assert!(documented.len() > 5, "{documented:?}");
}
