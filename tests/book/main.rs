//! The book: every page is listed, compiled, and leads where it says; its tables are the compiler's own;
//! every error has its line.
//!
//! A page of `docs/` is read in three places: on GitHub, in mdBook, and, some of them, in rustdoc. `links.rs` says how
//! one link works in all three.
#![forbid(unsafe_code)]

mod errors;
mod follow;
mod layers;
mod links;
mod markdown;
mod messages;
mod training;

use std::path::{Path, PathBuf};
use std::{fs, io};

/// The repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file of the repository.
fn read(path: &str) -> String {
    let read = fs::read_to_string(root().join(path));
    read.unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// All files below a folder that end in `.extension`, by their paths in the repository, in order.
fn files(folder: &str, extension: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for path in entries(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}")) {
            if path.is_dir() {
                // What tools left is not the project's.
                if !path.ends_with("target") && !path.ends_with("node_modules") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|it| it == extension) {
                let path = path.strip_prefix(root()).expect("it is below the root");
                found.push(path.to_str().expect("names are UTF-8").replace('\\', "/"));
            }
        }
    }
    found.sort();
    found
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect()
}

/// The pages of the book.
fn pages() -> Vec<String> {
    let mut pages = files("docs", "md");
    pages.retain(|page| page != "docs/SUMMARY.md");
    assert!(pages.len() > 5, "{pages:?}");
    pages
}

#[test]
fn the_summary_lists_every_page_once() {
    let summary = markdown::Page::parse(&read("docs/SUMMARY.md"));
    let mut listed: Vec<String> = summary
        .links
        .iter()
        .map(|it| format!("docs/{}", it.target))
        .collect();
    listed.sort();
    assert_eq!(listed, pages());
}

#[test]
fn the_blocks_of_every_page_are_compiled() {
    let facade = read("src/lib.rs");
    let others = ["README.md", "examples/README.md"].map(String::from);
    for page in pages().into_iter().chain(others) {
        let included = format!("include_str!(\"../{page}\")");
        assert!(facade.contains(&included), "{page} is not in src/lib.rs");
    }
}
