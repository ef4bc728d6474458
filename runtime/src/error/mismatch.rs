//! Weights that do not fit a model: all that is wrong, at once.

use alloc::{string::String, vec::Vec};
use core::fmt::{self, Display, Formatter};

/// All that keeps weights from being loaded into a model, or saved. Neither was begun.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Mismatch {
    /// The file as it is shown, or nothing where bytes were given.
    pub path: Option<String>,
    /// Parameters of the model that the file lacks.
    pub missing: Vec<String>,
    /// Tensors of the file that the model lacks.
    pub unexpected: Vec<String>,
    /// How many tensors the file has.
    pub tensors: usize,
    /// How many of them renaming left out.
    pub left_out: usize,
    /// Which of the unexpected may be which of the missing, by another name.
    pub alike: Vec<Alike>,
    /// Parameters that more than one tensor was given for, by renaming: the parameter, and one tensor too many.
    pub repeated: Vec<(String, String)>,
    /// Tensors with another shape than the model's parameter of that name.
    pub misshapen: Vec<Misshapen>,
    /// Tensors whose elements are of a type that is not converted.
    pub types: Vec<Mistyped>,
    /// Tensors with a NaN or infinite number: name and index of the first, in row-major order.
    pub not_finite: Vec<(String, usize)>,
    /// Tensors of `f64` with a number beyond the largest `f32`: name and index of the first, in row-major order.
    pub too_large: Vec<(String, usize)>,
    /// Variances that are negative: name, index of the first such number in row-major order, and the number.
    pub negative: Vec<(String, usize, f32)>,
    /// Counts that are negative or beyond 2^48: name and number.
    pub counts: Vec<(String, i64)>,
}

/// A tensor that the model lacks, and a parameter that the file lacks: of equal shapes, and with names much alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alike {
    /// The tensor's name in the file.
    pub found: String,
    /// The parameter's name in the model.
    pub expected: String,
    /// The shape of both.
    pub shape: Vec<usize>,
}

/// A tensor of the wrong shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misshapen {
    /// Its name.
    pub name: String,
    /// The model's shape.
    pub expected: Vec<usize>,
    /// The file's.
    pub found: Vec<usize>,
}

/// A tensor of a type that is not converted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistyped {
    /// Its name.
    pub name: String,
    /// What it may be.
    pub expected: &'static str,
    /// What it is.
    pub found: String,
}

impl Mismatch {
    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.count() == 0
    }

    fn count(&self) -> usize {
        (self.missing.len() + self.unexpected.len()).saturating_sub(self.alike.len())
            + self.repeated.len()
            + self.misshapen.len()
            + self.types.len()
            + self.not_finite.len()
            + self.too_large.len()
            + self.negative.len()
            + self.counts.len()
    }

    /// What all missing names have before them in the file, such as `module.`.
    fn prefix(&self) -> Option<&str> {
        let first = self.missing.first()?;
        let prefixes = self
            .unexpected
            .iter()
            .filter_map(|name| name.strip_suffix(first.as_str()));
        prefixes.into_iter().find(|prefix| {
            self.missing.iter().all(|missing| {
                let stripped = |name: &String| name.strip_prefix(prefix) == Some(missing);
                self.unexpected.iter().any(stripped)
            })
        })
    }

    /// How the weights can be made to fit.
    fn repair(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.count() == self.not_finite.len() {
            return f.write_str("training diverged; take weights from before it did");
        }
        if self.count() == self.too_large.len() {
            return write!(
                f,
                "a number is at most {:e} in `f32`, in which kiln computes; take weights that are smaller",
                f32::MAX
            );
        }
        if self.count() == self.negative.len() + self.counts.len() {
            return f.write_str(
                "no training leaves such statistics; save the file again, or take another",
            );
        }
        if self.left_out > 0 && self.unexpected.is_empty() && !self.missing.is_empty() {
            let (left_out, tensors) = (self.left_out, self.tensors);
            f.write_str("the closure that renames leaves out ")?;
            match left_out == tensors {
                true => write!(f, "all {tensors} tensors of the file")?,
                false => write!(f, "{left_out} of the file's {tensors} tensors")?,
            }
            return f.write_str(
                ", for it gives `None` for their names; let it give those that are missing the model's names",
            );
        }
        let load = if self.path.is_some() {
            "load_renamed(path"
        } else {
            "load_bytes_renamed(bytes"
        };
        if let Some(prefix) = self.prefix() {
            return write!(
                f,
                "the names in the file begin with `{prefix}`; \
                 load it by `{load}, |name| name.strip_prefix(\"{prefix}\").map(Into::into))`",
                prefix = prefix.escape_debug()
            );
        }
        if let Some(Alike {
            found, expected, ..
        }) = self.alike.first()
        {
            return write!(
                f,
                "give the file's tensors the model's names by `{load}, |name| ..)`, \
                 where `..` makes \"{expected}\" of \"{}\"",
                found.escape_debug()
            );
        }
        f.write_str(
            "give the model's layers the names and sizes of the file's, or take the file that belongs to it",
        )
    }
}

impl Display for Mismatch {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.path {
            write!(f, "`{path}`: ")?;
        }
        let (count, diverged) = (self.count(), self.count() == self.not_finite.len());
        let what = if diverged {
            "are not all finite"
        } else {
            "do not fit the model"
        };
        write!(
            f,
            "the weights {what} ({count} {}):",
            if count == 1 { "tensor" } else { "tensors" }
        )?;
        // A name of the file's own may hold anything.
        for Alike {
            found,
            expected,
            shape,
        } in &self.alike
        {
            write!(
                f,
                "\n  other name: the file's `{}` may be the model's `{expected}`, both {shape:?}",
                found.escape_debug()
            )?;
        }
        for name in &self.missing {
            if self.alike.iter().all(|alike| alike.expected != *name) {
                write!(f, "\n  missing: `{name}`")?;
            }
        }
        for name in &self.unexpected {
            if self.alike.iter().all(|alike| alike.found != *name) {
                write!(f, "\n  unexpected: `{}`", name.escape_debug())?;
            }
        }
        for (name, found) in &self.repeated {
            write!(
                f,
                "\n  repeated: `{name}`: the file's `{}` is a second tensor of this name",
                found.escape_debug()
            )?;
        }
        for Misshapen {
            name,
            expected,
            found,
        } in &self.misshapen
        {
            write!(
                f,
                "\n  misshapen: `{name}`: expected {expected:?}, found {found:?}"
            )?;
            if expected.len() == 2 && expected.iter().eq(found.iter().rev()) {
                f.write_str(", which is transposed: a Dense weight is [outputs, inputs] in PyTorch and [inputs, outputs] in Keras")?;
            }
        }
        for Mistyped {
            name,
            expected,
            found,
        } in &self.types
        {
            write!(
                f,
                "\n  element type: `{name}`: expected {expected}, found {found}"
            )?;
        }
        for (name, index) in &self.not_finite {
            write!(
                f,
                "\n  not finite: `{name}`: number {index} in row-major order is NaN or infinite"
            )?;
        }
        for (name, index) in &self.too_large {
            write!(
                f,
                "\n  too large: `{name}`: number {index} in row-major order is finite, but does not fit in `f32`"
            )?;
        }
        for (name, index, found) in &self.negative {
            write!(
                f,
                "\n  negative: `{name}`: expected a variance, 0 or more, found {found:?} as number {index} in row-major order"
            )?;
        }
        for (name, found) in &self.counts {
            write!(
                f,
                "\n  count: `{name}`: expected 0 to 2^48 - 1 batches, found {found}"
            )?;
        }
        f.write_str("\n  repair: ")?;
        self.repair(f)
    }
}

#[cfg(test)]
mod tests {
    use super::{Alike, Mismatch, Misshapen, Mistyped};
    use alloc::{string::ToString, vec};

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let mismatch = Mismatch {
            path: Some("net.safetensors".into()),
            missing: vec!["fc.bias".into()],
            unexpected: vec!["fc.scale".into()],
            misshapen: vec![Misshapen {
                name: "fc.weight".into(),
                expected: vec![10, 128],
                found: vec![10, 64],
            }],
            types: vec![Mistyped {
                name: "steps".into(),
                expected: "F32, F64, F16 or BF16",
                found: "I64".into(),
            }],
            counts: vec![("bn.batches".into(), -1)],
            not_finite: vec![("conv.bias".into(), 3)],
            too_large: vec![("conv.weight".into(), 5)],
            repeated: vec![("pool.scale".into(), "pool.factor".into())],
            alike: vec![],
            negative: vec![("bn.variance".into(), 2, -0.5)],
            tensors: 9,
            left_out: 1,
        };
        assert_eq!(
            mismatch.to_string(),
            "`net.safetensors`: the weights do not fit the model (9 tensors):\
             \n  missing: `fc.bias`\
             \n  unexpected: `fc.scale`\
             \n  repeated: `pool.scale`: the file's `pool.factor` is a second tensor of this name\
             \n  misshapen: `fc.weight`: expected [10, 128], found [10, 64]\
             \n  element type: `steps`: expected F32, F64, F16 or BF16, found I64\
             \n  not finite: `conv.bias`: number 3 in row-major order is NaN or infinite\
             \n  too large: `conv.weight`: number 5 in row-major order is finite, but does not fit in `f32`\
             \n  negative: `bn.variance`: expected a variance, 0 or more, found -0.5 as number 2 in row-major order\
             \n  count: `bn.batches`: expected 0 to 2^48 - 1 batches, found -1\
             \n  repair: give the model's layers the names and sizes of the file's, \
             or take the file that belongs to it"
        );
    }

    #[test]
    fn a_transposed_weight_is_noticed() {
        let mismatch = Mismatch {
            misshapen: vec![Misshapen {
                name: "fc.weight".into(),
                expected: vec![10, 128],
                found: vec![128, 10],
            }],
            ..Mismatch::default()
        };
        assert!(
            mismatch
                .to_string()
                .contains("found [128, 10], which is transposed")
        );
    }

    #[test]
    fn names_do_not_steer_the_terminal() {
        let mismatch = Mismatch {
            unexpected: vec!["fc\u{1b}[2J\nweight: größe".into()],
            ..Mismatch::default()
        };
        let message = mismatch.to_string();
        assert!(
            message.contains("\n  unexpected: `fc\\u{1b}[2J\\nweight: größe`\n"),
            "{message}"
        );
    }

    #[test]
    fn a_prefix_common_to_all_names_is_noticed() {
        let mismatch = Mismatch {
            missing: vec!["fc.weight".into(), "fc.bias".into()],
            unexpected: vec![
                "module.fc.bias".into(),
                "module.fc.weight".into(),
                "module.steps".into(),
            ],
            ..Mismatch::default()
        };
        assert!(mismatch.to_string().ends_with(
            "repair: the names in the file begin with `module.`; \
             load it by `load_bytes_renamed(bytes, |name| name.strip_prefix(\"module.\").map(Into::into))`"
        ));
    }

    #[test]
    fn other_names_are_said_once() {
        let mismatch = Mismatch {
            path: Some("net.safetensors".into()),
            missing: vec!["0.bias".into(), "0.weight".into()],
            unexpected: vec!["fc.weight".into(), "steps".into()],
            alike: vec![Alike {
                found: "fc.weight".into(),
                expected: "0.weight".into(),
                shape: vec![2, 4],
            }],
            ..Mismatch::default()
        };
        assert_eq!(
            mismatch.to_string(),
            "`net.safetensors`: the weights do not fit the model (3 tensors):\
             \n  other name: the file's `fc.weight` may be the model's `0.weight`, both [2, 4]\
             \n  missing: `0.bias`\
             \n  unexpected: `steps`\
             \n  repair: give the file's tensors the model's names by `load_renamed(path, |name| ..)`, \
             where `..` makes \"0.weight\" of \"fc.weight\""
        );
    }

    #[test]
    fn what_is_too_large_is_no_divergence() {
        let mismatch = Mismatch {
            too_large: vec![("fc.bias".into(), 1)],
            ..Mismatch::default()
        };
        assert_eq!(
            mismatch.to_string(),
            "the weights do not fit the model (1 tensor):\
             \n  too large: `fc.bias`: number 1 in row-major order is finite, but does not fit in `f32`\
             \n  repair: a number is at most 3.4028235e38 in `f32`, in which kiln computes; \
             take weights that are smaller"
        );
    }
}
