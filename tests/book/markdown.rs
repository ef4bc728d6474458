//! As much of Markdown as the pages use: headings, links, reference definitions and tables, outside of code.

/// A link as it is written.
#[derive(Debug)]
pub struct Link {
    /// The line, counted from 1.
    pub line: usize,
    /// Where it leads.
    pub target: String,
    /// Whether the target stands in a definition, `[label]: target`, and the label.
    pub label: Option<String>,
}

/// A line of a table, whose first line is its head.
#[derive(Debug)]
pub struct Row {
    /// The line, counted from 1.
    pub line: usize,
    /// What the cells hold, trimmed.
    pub cells: Vec<String>,
}

/// A heading with what follows it, up to the next one.
#[derive(Debug, Default)]
pub struct Section {
    /// The heading's words; empty before the first.
    pub title: String,
    /// Its level; 0 before the first.
    pub level: usize,
    /// The tables' rows, without the lines of dashes.
    pub rows: Vec<Row>,
}

/// What a page says, as far as tests ask.
#[derive(Debug, Default)]
pub struct Page {
    pub sections: Vec<Section>,
    pub links: Vec<Link>,
    /// Labels that `[text][label]` asks for, with the line.
    pub asked: Vec<(usize, String)>,
}

impl Page {
    pub fn parse(source: &str) -> Self {
        let mut page = Self::default();
        page.sections.push(Section::default());
        let mut fence = None;
        for (index, line) in source.lines().enumerate() {
            let line_number = index + 1;
            let text = line.trim_start();
            let ticks = text.chars().take_while(|&c| c == '`').count();
            match fence {
                Some(open) if ticks >= open && text.trim_end().len() == ticks => fence = None,
                Some(_) => {}
                None if ticks >= 3 => fence = Some(ticks),
                None => page.line(line_number, text),
            }
        }
        assert!(fence.is_none(), "a block of code is not closed");
        page
    }

    fn line(&mut self, line: usize, text: &str) {
        let level = text.chars().take_while(|&c| c == '#').count();
        if level > 0 && text[level..].starts_with(' ') {
            self.sections.push(Section {
                title: text[level..].trim().to_owned(),
                level,
                rows: Vec::new(),
            });
        } else if text.starts_with('|') {
            let cells = cells(text);
            let dashes =
                |cell: &String| !cell.is_empty() && cell.chars().all(|c| "-: ".contains(c));
            if !cells.iter().all(dashes) {
                let section = self
                    .sections
                    .last_mut()
                    .expect("there is one from the first");
                section.rows.push(Row { line, cells });
            }
        }
        let text = without_code(text);
        if let Some((label, target)) = definition(&text) {
            let (target, label) = (target.to_owned(), Some(label.to_owned()));
            self.links.push(Link {
                line,
                target,
                label,
            });
        }
        for (at, _) in text.match_indices("](") {
            let target = text[at + 2..].split(')').next().unwrap_or_default();
            let target = target.to_owned();
            self.links.push(Link {
                line,
                target,
                label: None,
            });
        }
        for (at, _) in text.match_indices("][") {
            let label = text[at + 2..].split(']').next().unwrap_or_default();
            self.asked.push((line, label.to_owned()));
        }
    }

    /// Where `#..` may lead, as GitHub, mdBook and rustdoc make it of a heading.
    pub fn anchors(&self) -> Vec<String> {
        let titled = self.sections.iter().filter(|section| section.level > 0);
        titled.map(|section| slug(&section.title)).collect()
    }

    /// The section of a title.
    pub fn section(&self, title: &str) -> &Section {
        let found = self.sections.iter().find(|section| section.title == title);
        found.unwrap_or_else(|| panic!("there is no section `{title}`"))
    }
}

/// `[label]: target`.
fn definition(text: &str) -> Option<(&str, &str)> {
    let (label, target) = text.strip_prefix('[')?.split_once("]: ")?;
    Some((label, target.trim()))
}

/// The cells of a line of a table. A bar in code is written `\|`.
fn cells(text: &str) -> Vec<String> {
    let inner = text.trim().trim_start_matches('|');
    let inner = inner.strip_suffix('|').unwrap_or(inner);
    let bar = '\u{1}';
    inner
        .replace("\\|", &bar.to_string())
        .split('|')
        .map(|cell| cell.trim().replace(bar, "|"))
        .collect()
}

/// Blanks in place of what stands in backticks.
fn without_code(text: &str) -> String {
    let mut rest = text;
    let mut plain = String::new();
    while let Some(start) = rest.find('`') {
        let ticks = rest[start..].chars().take_while(|&c| c == '`').count();
        let (open, behind) = (&rest[..start], &rest[start + ticks..]);
        plain.push_str(open);
        match behind.split_once(&"`".repeat(ticks)) {
            Some((_, after)) => rest = after,
            None => rest = behind,
        }
        plain.push(' ');
    }
    plain.push_str(rest);
    plain
}

fn slug(title: &str) -> String {
    let title = title.replace(' ', "-").to_lowercase();
    title
        .chars()
        .filter(|c| c.is_alphanumeric() || "-_".contains(*c))
        .collect()
}

#[test]
fn markdown_is_read_as_it_is_shown() {
    let page = Page::parse(
        "# A `b`, c\n[x](y.md#z) `[no](n)` [t][u v]\n```rust\n[no](n)\n# no\n```\n[u v]: w\n| a | `b \\| c` |\n| - | - |\n| | 1 |\n",
    );
    assert_eq!(page.anchors(), ["a-b-c"]);
    let targets: Vec<&str> = page.links.iter().map(|link| link.target.as_str()).collect();
    assert_eq!(targets, ["y.md#z", "w"]);
    assert_eq!(page.asked, [(2, "u v".to_owned())]);
    let rows: Vec<_> = page
        .section("A `b`, c")
        .rows
        .iter()
        .map(|row| row.cells.clone())
        .collect();
    assert_eq!(rows, [["a", "`b | c`"], ["", "1"]]);
}
