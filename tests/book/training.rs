//! The tables of docs/training.md have a line for every loss, optimizer, schedule and metric, and the optimizers'
//! defaults.

use super::layers::codes;
use super::markdown::Page;
use super::read;
use kiln::{Adadelta, Adagrad, Adam, AdamW, Lion, NAdam, RAdam, RmsProp, Sgd};
use std::collections::BTreeSet;
use std::fmt::Debug;
use syn::{Item, UseTree, Visibility};

/// A table: its section, where its items are exported, and exports that belong to them but are none.
const TABLES: [(&str, &str, &str, &[&str]); 4] = [
    (
        "Losses",
        "src/lib.rs",
        "loss",
        &[
            "BinaryCrossEntropyWith",
            "ClassWeights",
            "CrossEntropyWith",
            "Elementwise",
            "KlDivOfLogs",
            "Label",
            "Loss",
            "NllWith",
            "PosWeight",
            "Score",
            "Uniform",
        ],
    ),
    (
        "Optimizers",
        "src/lib.rs",
        "optimizer",
        &["AnyOptimizer", "Momentum", "Optimizer", "Plain", "State"],
    ),
    (
        "Schedules",
        "runtime/src/schedule.rs",
        "",
        &["PerEpoch", "Schedule", "Then", "Unit", "WarmUp"],
    ),
    (
        "Metrics",
        "runtime/src/metrics.rs",
        "",
        &["Average", "Labelled", "Measure", "Measures", "Metric"],
    ),
];

/// The types that a file exports out of a module, or out of any.
fn exported(file: &str, module: &str) -> BTreeSet<String> {
    fn collect(tree: &UseTree, module: &str, names: &mut BTreeSet<String>) {
        match tree {
            UseTree::Path(path) if path.ident == module => collect(&path.tree, "", names),
            UseTree::Path(path) => collect(&path.tree, module, names),
            UseTree::Group(group) => group
                .items
                .iter()
                .for_each(|tree| collect(tree, module, names)),
            UseTree::Name(name) if module.is_empty() => {
                names.insert(name.ident.to_string());
            }
            _ => {}
        }
    }
    let parsed = syn::parse_file(&read(file)).expect("rustc has compiled it");
    let mut names = BTreeSet::new();
    for item in &parsed.items {
        if let Item::Use(item) = item
            && matches!(item.vis, Visibility::Public(_))
        {
            collect(&item.tree, module, &mut names);
        }
    }
    names.retain(|name| name.starts_with(char::is_uppercase));
    names
}

#[test]
fn every_loss_optimizer_schedule_and_metric_has_a_line() {
    let page = Page::parse(&read("docs/training.md"));
    for (title, file, module, others) in TABLES {
        let codes = page
            .section(title)
            .rows
            .iter()
            .flat_map(|row| codes(&row.cells[0]));
        let names = codes.map(|code| {
            code.split(|c: char| !c.is_alphanumeric())
                .next()
                .unwrap_or_default()
        });
        let told = names
            .filter(|name| name.starts_with(char::is_uppercase))
            .map(String::from);
        let mut known = exported(file, module);
        for other in others {
            assert!(known.remove(*other), "{file} exports no `{other}`");
        }
        assert!(known.len() > 8, "{title}: {known:?}");
        assert_eq!(
            told.collect::<BTreeSet<_>>(),
            known,
            "docs/training.md, {title}, and what {file} exports"
        );
    }
}

/// Numbers as they are written, such as `0.001` and `1e-8`.
fn numbers(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_alphanumeric() || ".-".contains(c)));
    let numbers = words.filter_map(|word| word.trim_end_matches('.').parse::<f64>().ok());
    numbers.map(|number| format!("{number:?}")).collect()
}

#[test]
fn the_optimizers_defaults_are_theirs() {
    let page = Page::parse(&read("docs/training.md"));
    let check = |name: &str, optimizer: &dyn Debug| {
        let row = page
            .section("Optimizers")
            .rows
            .iter()
            .find(|row| row.cells[0] == format!("`{name}`"));
        let row = row.unwrap_or_else(|| panic!("`{name}` has no line"));
        let (told, theirs) = (numbers(&row.cells[1]), numbers(&format!("{optimizer:?}")));
        assert!(
            !told.is_empty() && told.is_subset(&theirs),
            "`{name}`: {told:?} of {optimizer:?}"
        );
    };
    check("Sgd", &Sgd::default());
    check("Adam", &Adam::default());
    check("AdamW", &AdamW::default());
    check("NAdam", &NAdam::default());
    check("RAdam", &RAdam::default());
    check("RmsProp", &RmsProp::default());
    check("Adagrad", &Adagrad::default());
    check("Adadelta", &Adadelta::default());
    check("Lion", &Lion::default());
}
