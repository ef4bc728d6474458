//! What every network can do: show itself, give its parameters by name, save and load.

use crate::{
    block::Block,
    network::{Network, Penalty, Segment, count_flops, count_parameters},
    parameters::Parameters,
};
use alloc::{format, string::String, vec::Vec};
use core::fmt;

/// The methods of every network that `model!` declares, beside its own `new` and `forward`.
///
/// Files are [safetensors](https://huggingface.co/docs/safetensors) with the names and layouts of PyTorch's `state_dict`.
///
/// ```
/// # use kiln_runtime::{error::Result, model::Model, network::Network};
/// /// Gives `student` the weights of `teacher`, by way of a file.
/// fn hand_on<N: Network>(teacher: &N, student: &mut N) -> Result<()> {
///     teacher.save("teacher.safetensors")?;
///     student.load("teacher.safetensors")?;
///     assert_eq!(teacher.parameters().norm(), student.parameters().norm());
///     println!("{}", student.summary());
///     Ok(())
/// }
/// ```
pub trait Model: Network {
    /// The parameters by name, in PyTorch's shapes and order.
    fn parameters(&self) -> Parameters<Self, &[Block]> {
        Parameters::new(self.arena())
    }

    /// The parameters by name, to be changed.
    fn parameters_mut(&mut self) -> Parameters<Self, &mut [Block]> {
        Parameters::new(self.arena_mut())
    }

    /// A network with the parameters of a file, as `save` or PyTorch wrote it. No random numbers are drawn for it.
    ///
    /// # Errors
    ///
    /// As [`load`](Model::load), or [`Error::Memory`](crate::error::Error::Memory) if the system has not that much.
    #[cfg(all(feature = "files", feature = "std"))]
    fn open(path: impl AsRef<std::path::Path>) -> crate::error::Result<Self> {
        let mut arena = crate::parameters::zeroed::<Self>()?;
        crate::files::load(path, &mut crate::files::own, Self::TENSORS, &mut arena)?;
        Ok(Self::from_arena(arena))
    }

    /// A network with the parameters of the bytes of a safetensors file, such as `include_bytes!` gives. Needs no `std`.
    ///
    /// # Errors
    ///
    /// As [`open`](Model::open), but for those of reading.
    #[cfg(feature = "files")]
    fn from_bytes(bytes: &[u8]) -> crate::error::Result<Self> {
        let mut arena = crate::parameters::zeroed::<Self>()?;
        crate::files::load_bytes(bytes, &mut crate::files::own, Self::TENSORS, &mut arena)?;
        Ok(Self::from_arena(arena))
    }

    /// Writes the parameters as safetensors, with the names and layouts of PyTorch's `state_dict`. A crash at any moment
    /// leaves an old file whole; its links, its permissions and, where permitted, its owner are kept.
    ///
    /// A file that has several names (hard links) or is mounted cannot be replaced as a whole. It is written over, with a
    /// whole copy beside it until that is done.
    ///
    /// # Errors
    ///
    /// [`Error::Weights`](crate::error::Error::Weights) if a parameter is not finite, or
    /// [`Error::Io`](crate::error::Error::Io) if the file cannot be written; an old file is left as it is then.
    /// [`Error::InPlace`](crate::error::Error::InPlace) if a file could not be written over; it names the whole copy.
    #[cfg(all(feature = "files", feature = "std"))]
    fn save(&self, path: impl AsRef<std::path::Path>) -> crate::error::Result<()> {
        crate::files::save(path, Self::TENSORS, self.arena())
    }

    /// Reads parameters from safetensors, as `save` or PyTorch wrote them. Numbers are `f32`; those of other types are
    /// converted, `F16` and `BF16` exactly and `F64` to the nearest `f32`, with a relative error of at most 2^-24.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or its tensors are not those of this network: one error lists all that are missing,
    /// unexpected or misshapen, and which of them may be the same by another name. The network is unchanged then.
    #[cfg(all(feature = "files", feature = "std"))]
    fn load(&mut self, path: impl AsRef<std::path::Path>) -> crate::error::Result<()> {
        crate::files::load(
            path,
            &mut crate::files::own,
            Self::TENSORS,
            self.arena_mut(),
        )
    }

    /// Reads parameters from a file whose tensors have other names. `rename` is asked about each tensor of the file: it
    /// gives the parameter that the tensor is for, or `None` to leave the tensor out.
    ///
    /// ```
    /// # use kiln_runtime::{error::Result, model::Model, network::Network};
    /// # fn renamed<N: Network>(net: &mut N) -> Result<()> {
    /// // Of a file whose names begin with `encoder.`, the encoder alone.
    /// net.load_renamed("net.safetensors", |name| name.strip_prefix("encoder.").map(Into::into))?;
    /// // Of a file with one other name.
    /// net.load_renamed("net.safetensors", |name| {
    ///     Some(match name {
    ///         "head.weight" => "fc.weight".into(),
    ///         name => name.into(),
    ///     })
    /// })?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`load`](Model::load), and if two tensors are given the same name.
    #[cfg(all(feature = "files", feature = "std"))]
    fn load_renamed(
        &mut self,
        path: impl AsRef<std::path::Path>,
        mut rename: impl FnMut(&str) -> Option<alloc::borrow::Cow<'_, str>>,
    ) -> crate::error::Result<()> {
        crate::files::load(path, &mut rename, Self::TENSORS, self.arena_mut())
    }

    /// The parameters as the bytes of a safetensors file.
    ///
    /// # Errors
    ///
    /// [`Error::Weights`](crate::error::Error::Weights) if a parameter is not finite.
    #[cfg(feature = "files")]
    fn to_bytes(&self) -> crate::error::Result<Vec<u8>> {
        crate::files::to_bytes(Self::TENSORS, self.arena())
    }

    /// Reads parameters from the bytes of a safetensors file, such as `include_bytes!` gives. Needs no `std`.
    ///
    /// # Errors
    ///
    /// As [`load`](Model::load), but for those of reading.
    #[cfg(feature = "files")]
    fn load_bytes(&mut self, bytes: &[u8]) -> crate::error::Result<()> {
        crate::files::load_bytes(
            bytes,
            &mut crate::files::own,
            Self::TENSORS,
            self.arena_mut(),
        )
    }

    /// Reads parameters from the bytes of a safetensors file whose tensors have other names; see
    /// [`load_renamed`](Model::load_renamed).
    ///
    /// # Errors
    ///
    /// As [`load_renamed`](Model::load_renamed), but for those of reading.
    #[cfg(feature = "files")]
    fn load_bytes_renamed(
        &mut self,
        bytes: &[u8],
        mut rename: impl FnMut(&str) -> Option<alloc::borrow::Cow<'_, str>>,
    ) -> crate::error::Result<()> {
        crate::files::load_bytes(bytes, &mut rename, Self::TENSORS, self.arena_mut())
    }

    /// What the layers' `l1` and `l2` add to the loss, which is reported without it.
    fn penalty(&self) -> f64 {
        let mut rest = self.arena();
        let tensors = Self::SEGMENTS.iter().zip(Self::PENALTIES);
        let of = |(segment, penalty): (&Segment, &Penalty)| {
            let weights;
            (weights, rest) = rest.split_at(segment.blocks.min(rest.len()));
            penalty.loss(weights)
        };
        tensors.map(of).sum()
    }

    /// The layers as a table, as Keras prints it.
    fn summary(&self) -> Summary {
        Summary::of::<Self>()
    }
}

impl<N: Network> Model for N {}

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
    pub fn of<N: Network>() -> Self {
        let row = |layer: &crate::network::Layer| {
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
            network: N::NAME,
            inputs: N::INPUTS,
            rows: N::LAYERS.iter().map(row).collect(),
            parameters: count_parameters(N::LAYERS),
            flops: count_flops(N::LAYERS),
            workspace: N::WORKSPACE_BLOCKS * size_of::<Block>(),
            training: N::TRAIN_BLOCKS * size_of::<Block>(),
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
    use crate::loss::argmax;

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

    #[test]
    fn argmax_takes_the_first_of_equals_and_no_nan() {
        assert_eq!(argmax(&[0.0, 2.0, 2.0]), 1);
        assert_eq!(argmax(&[f32::NAN, -1.0, f32::NAN]), 1);
        assert_eq!(argmax(&[]), 0);
    }
}
