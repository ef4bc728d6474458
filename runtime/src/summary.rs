//! A model as a table of its layers.

use crate::{
    block::Block,
    declared::Declared,
    network::{Layer, Network, Tokens, count_flops, count_parameters},
};
use alloc::{format, string::String, vec::Vec};
use core::fmt;

/// A table of layers; print it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    network: &'static str,
    inputs: &'static [&'static [usize]],
    tokens: &'static [Tokens],
    rows: Vec<[String; 3]>,
    parameters: usize,
    flops: u64,
    workspace: usize,
    training: usize,
}

impl Summary {
    /// The summary of a kind of network: its layers in the blocks they are part of, which show what they learn in all.
    pub fn of<M: Declared>() -> Self {
        let layers = M::Network::LAYERS;
        let (mut rows, mut open) = (Vec::new(), "");
        for layer in layers {
            let mut depth = 0;
            for path in prefixes(layer.within) {
                if !is_within(open, path) {
                    let all = layers.iter().filter(|other| is_within(other.within, path));
                    let learnt = all.map(|layer| layer.parameters as u64).sum();
                    let name = path.rsplit('.').next().unwrap_or(path);
                    rows.push([indented(depth, name), String::new(), grouped(learnt)]);
                }
                depth += 1;
            }
            open = layer.within;
            rows.push(row(depth, layer));
        }
        Self {
            network: M::Network::NAME,
            inputs: M::Network::INPUTS,
            tokens: M::Network::TOKENS,
            rows,
            parameters: count_parameters(layers),
            flops: count_flops(layers),
            workspace: M::Network::WORKSPACE_BLOCKS * size_of::<Block>(),
            training: M::Network::TRAIN_BLOCKS * size_of::<Block>(),
        }
    }
}

/// The line of a layer that stands in `depth` blocks.
fn row(depth: usize, layer: &Layer) -> [String; 3] {
    let own = layer.name.strip_prefix(layer.within);
    let own = own.map_or(layer.name, |name| name.trim_start_matches('.'));
    let name = match own {
        "" => String::from(layer.kind),
        name => format!("{name} ({})", layer.kind),
    };
    [
        indented(depth, &name),
        format!("{:?}", layer.output),
        grouped(layer.parameters as u64),
    ]
}

fn indented(depth: usize, name: &str) -> String {
    format!("{:width$}{name}", "", width = 2 * depth)
}

/// `a`, `a.b` and `a.b.c` of `a.b.c`; nothing of what is empty.
fn prefixes(path: &str) -> impl Iterator<Item = &str> {
    let dots = path.match_indices('.').map(|(dot, _)| dot);
    let ends = dots.chain((!path.is_empty()).then_some(path.len()));
    ends.map(|end| &path[..end])
}

/// Whether a path is `outer` or lies in it.
fn is_within(path: &str, outer: &str) -> bool {
    path.strip_prefix(outer)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const HEADER: [&str; 3] = ["layer (kind)", "output shape", "parameters"];
        let width = |column: usize| {
            let cells = self.rows.iter().map(|row| row[column].chars().count());
            cells.chain([HEADER[column].len()]).max().unwrap_or(0)
        };
        let [first, second, third] = [width(0), width(1), width(2)];
        let rule = |left: char, cross: char, right: char| {
            let line = |width: usize| "─".repeat(width + 2);
            format!(
                "{left}{}{cross}{}{cross}{}{right}",
                line(first),
                line(second),
                line(third)
            )
        };
        write!(f, "{}", self.network)?;
        for (index, shape) in self.inputs.iter().enumerate() {
            write!(f, "{} ", if index == 0 { ":" } else { "," })?;
            match (self.tokens.iter().any(|it| it.part == index), shape) {
                (true, []) => f.write_str("u32")?,
                (true, shape) => write!(f, "u32{shape:?}")?,
                (false, shape) => write!(f, "{shape:?}")?,
            }
        }
        writeln!(f, "\n{}", rule('┌', '┬', '┐'))?;
        let [a, b, c] = HEADER;
        writeln!(f, "│ {a:first$} │ {b:second$} │ {c:>third$} │")?;
        writeln!(f, "{}", rule('├', '┼', '┤'))?;
        for [a, b, c] in &self.rows {
            writeln!(f, "│ {a:first$} │ {b:second$} │ {c:>third$} │")?;
        }
        writeln!(f, "{}", rule('└', '┴', '┘'))?;
        writeln!(
            f,
            "{} parameters ({}), {} operations a sample",
            grouped(self.parameters as u64),
            bytes(self.parameters * size_of::<f32>()),
            grouped(self.flops)
        )?;
        write!(
            f,
            "workspace {} a sample in inference, {} in training",
            bytes(self.workspace),
            bytes(self.training)
        )
    }
}

/// 101770 as `101,770`.
fn grouped(number: u64) -> String {
    let digits = format!("{number}");
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// 407080 as `397.5 KiB`.
fn bytes(count: usize) -> String {
    match count {
        0..1024 => format!("{count} B"),
        1024..0x10_0000 => format!("{:.1} KiB", count as f64 / 1024.0),
        _ => format!("{:.1} MiB", count as f64 / f64::from(0x10_0000)),
    }
}

#[cfg(test)]
mod tests {
    use super::{bytes, grouped, is_within, prefixes};
    use alloc::vec::Vec;

    #[test]
    fn paths_have_their_parts() {
        let parts = |path| prefixes(path).collect::<Vec<_>>();
        assert_eq!(parts(""), [""; 0]);
        assert_eq!(parts("a"), ["a"]);
        assert_eq!(parts("stage1.0.x"), ["stage1", "stage1.0", "stage1.0.x"]);
        assert!(is_within("a.b", "a") && is_within("a", "a"));
        assert!(!is_within("ab", "a") && !is_within("", "a"));
    }

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!(
            [0, 999, 101_770, 12_345_678].map(grouped),
            ["0", "999", "101,770", "12,345,678"]
        );
        assert_eq!(
            [12, 407_080, 5_000_000].map(bytes),
            ["12 B", "397.5 KiB", "4.8 MiB"]
        );
    }
}
