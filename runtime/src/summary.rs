//! A model as a table of its layers.

use crate::{
    model::Model,
    network::{Layer, Network},
};
use alloc::{format, string::String, vec::Vec};
use core::fmt;

/// A table of layers; print it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    network: &'static str,
    inputs: &'static [&'static [usize]],
    rows: Vec<[String; 3]>,
    parameters: usize,
    flops: u64,
    workspace: usize,
    training: usize,
}

impl Summary {
    /// The summary of a kind of network.
    pub fn of<M: Model>() -> Self {
        let row = |layer: &Layer| {
            let name = match layer.name {
                "" => String::from(layer.kind),
                name => format!("{name} ({})", layer.kind),
            };
            [
                name,
                format!("{:?}", layer.output),
                grouped(layer.parameters as u64),
            ]
        };
        Self {
            network: M::Network::NAME,
            inputs: M::Network::INPUTS,
            rows: M::LAYERS.iter().map(row).collect(),
            parameters: M::PARAMS,
            flops: M::FLOPS,
            workspace: M::WORKSPACE_BYTES,
            training: M::TRAIN_BYTES_PER_SAMPLE,
        }
    }
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
            write!(f, "{} {shape:?}", if index == 0 { ":" } else { "," })?;
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
    use super::{bytes, grouped};

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
