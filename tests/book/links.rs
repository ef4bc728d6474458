//! Links that work wherever a page is read.
//!
//! - On GitHub and in mdBook a link to another page is relative: `[losses](training.md#losses)`. It stays within `docs/`,
//!   since the book has nothing else; what stands elsewhere in the repository is linked by its address on GitHub.
//! - rustdoc has some of the pages under other names. Their links to other pages are references, `[losses][losses]`, which
//!   are defined at the end of the page for GitHub and mdBook. `src/lib.rs` defines them before the page by an item,
//!   `[losses]: crate::guide#losses`, and of two definitions the first counts.

use super::{files, markdown::Page, pages, read, root};
use std::collections::{BTreeMap, BTreeSet};

/// The pages that rustdoc shows, and where.
const SHOWN: &[(&str, &str)] = &[
    ("docs/builds.md", "crate"),
    ("docs/data.md", "crate::data_guide"),
    ("docs/language.md", "crate::model!"),
    ("docs/training.md", "crate::guide"),
];

/// Where the repository is seen.
const ADDRESS: &str = "https://github.com/kiln-rs/kiln/";

/// Every page of the repository, the book's and others.
fn all() -> Vec<String> {
    let mut all = Vec::new();
    for folder in ["docs", "examples", "compiler", "macros", "runtime", "tests"] {
        all.extend(files(folder, "md"));
    }
    let above = [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
    ];
    all.into_iter().chain(above.map(String::from)).collect()
}

/// `to` as it is seen from the page `from`: a path in the repository; `None` if it leads out.
fn resolve(from: &str, to: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in to.split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop()?;
            }
            _ => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// What is wrong with a link from a page.
fn mistake(
    page: &str,
    target: &str,
    anchors: &BTreeMap<String, BTreeSet<String>>,
) -> Option<String> {
    if let Some(rest) = target.strip_prefix(ADDRESS) {
        let path = rest
            .strip_prefix("blob/main/")
            .or(rest.strip_prefix("tree/main/"));
        let path = path.filter(|path| !root().join(path).exists());
        return path.map(|path| format!("the repository has no `{path}`"));
    }
    if target.starts_with("https://") {
        return None;
    }
    let (path, anchor) = match target.split_once('#') {
        Some((path, anchor)) => (path, Some(anchor)),
        None => (target, None),
    };
    let path = match path {
        "" => page.to_owned(),
        path => match resolve(page, path) {
            Some(path) if root().join(&path).exists() => path,
            _ => return Some("there is no such file".into()),
        },
    };
    if page.starts_with("docs/") && !path.starts_with("docs/") {
        return Some(format!(
            "the book has nothing outside of docs/; link to {ADDRESS}blob/main/{path}"
        ));
    }
    let anchor = anchor?;
    match anchors.get(&path) {
        Some(anchors) if anchors.contains(anchor) => None,
        _ => Some(format!("`{path}` has no heading `#{anchor}`")),
    }
}

#[test]
fn links_lead_somewhere() {
    let parsed: Vec<(String, Page)> = all()
        .into_iter()
        .map(|path| (path.clone(), Page::parse(&read(&path))))
        .collect();
    let anchors = parsed
        .iter()
        .map(|(path, page)| (path.clone(), page.anchors().into_iter().collect()));
    let anchors: BTreeMap<String, BTreeSet<String>> = anchors.collect();
    let (mut mistakes, mut count) = (Vec::new(), 0);
    for (path, page) in &parsed {
        let defined: BTreeSet<&str> = page
            .links
            .iter()
            .filter_map(|link| link.label.as_deref())
            .collect();
        for link in &page.links {
            count += 1;
            if let Some(mistake) = mistake(path, &link.target, &anchors) {
                mistakes.push(format!(
                    "{path}:{}: `{}`: {mistake}",
                    link.line, link.target
                ));
            }
        }
        for (line, label) in &page.asked {
            if !defined.contains(label.as_str()) {
                mistakes.push(format!("{path}:{line}: `[{label}]` is defined nowhere"));
            }
        }
    }
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
    assert!(count > 50, "only {count} links were found");
}

#[test]
fn links_of_pages_in_rustdoc_are_defined_by_items() {
    let facade = read("src/lib.rs");
    let shown: BTreeMap<&str, &str> = SHOWN.iter().copied().collect();
    for page in pages() {
        let Some(included) = facade.find(&format!("include_str!(\"../{page}\")")) else {
            continue;
        };
        if !shown.contains_key(page.as_str()) {
            continue;
        }
        // The comment in which the page is included.
        let comment = facade[..included].rsplit("\n\n").next().unwrap_or_default();
        for link in Page::parse(&read(&page)).links {
            let elsewhere = link.target.starts_with("https://") || link.target.starts_with('#');
            if elsewhere {
                continue;
            }
            let at = format!("{page}:{}: `{}`", link.line, link.target);
            let label = link
                .label
                .unwrap_or_else(|| panic!("{at}: write it as a reference"));
            let (path, anchor) = link.target.split_once('#').unwrap_or((&link.target, ""));
            let path = format!("docs/{path}");
            let item = match shown.get(path.as_str()) {
                Some(item) => (*item).to_owned(),
                None => format!("{ADDRESS}blob/main/{path}"),
            };
            let item = match anchor {
                "" => item,
                anchor => format!("{item}#{anchor}"),
            };
            let definition = format!("[{label}]: {item}\n");
            assert!(
                comment.contains(&definition),
                "{at}: src/lib.rs lacks `{}` before the page",
                definition.trim()
            );
        }
    }
}
