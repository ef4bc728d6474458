//! Weights that do not fit a model: all that is wrong, at once.

use alloc::{string::String, vec::Vec};
use core::fmt::{self, Display, Formatter};
use std::path::PathBuf;

/// All that keeps weights from being loaded into a model, or saved. Neither was begun.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mismatch {
    /// The file, or nothing where bytes were given.
    pub path: Option<PathBuf>,
    /// Parameters of the model that the file lacks.
    pub missing: Vec<String>,
    /// Tensors of the file that the model lacks.
    pub unexpected: Vec<String>,
    /// Tensors with another shape than the model's parameter of that name.
    pub misshapen: Vec<Misshapen>,
    /// Tensors that hold no floating-point numbers: name and element type.
    pub types: Vec<(String, String)>,
    /// Tensors with a NaN or infinite number: name and index of the first, in row-major order.
    pub not_finite: Vec<(String, usize)>,
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

impl Mismatch {
    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.count() == 0
    }

    fn count(&self) -> usize {
        self.missing.len()
            + self.unexpected.len()
            + self.misshapen.len()
            + self.types.len()
            + self.not_finite.len()
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
}

impl Display for Mismatch {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.path {
            write!(f, "`{}`: ", path.display())?;
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
        for name in &self.missing {
            write!(f, "\n  missing: `{name}`")?;
        }
        for name in &self.unexpected {
            // A name of the file's own may hold anything.
            write!(f, "\n  unexpected: `{}`", name.escape_debug())?;
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
        }
        for (name, found) in &self.types {
            write!(
                f,
                "\n  element type: `{name}`: expected F32 (or F64, F16, BF16), found {found}"
            )?;
        }
        for (name, index) in &self.not_finite {
            write!(
                f,
                "\n  not finite: `{name}`: number {index} in row-major order is NaN or infinite"
            )?;
        }
        f.write_str("\n  repair: ")?;
        if let Some(prefix) = self.prefix() {
            return write!(
                f,
                "the names in the file begin with `{}`; save them without it",
                prefix.escape_debug()
            );
        }
        if diverged {
            return f.write_str("training diverged; take weights from before it did");
        }
        f.write_str("give the model's layers the names and sizes of the file's, or take the file that belongs to it")
    }
}

#[cfg(test)]
mod tests {
    use super::{Mismatch, Misshapen};
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
            types: vec![("steps".into(), "I64".into())],
            not_finite: vec![("conv.bias".into(), 3)],
        };
        assert_eq!(
            mismatch.to_string(),
            "`net.safetensors`: the weights do not fit the model (5 tensors):\
             \n  missing: `fc.bias`\
             \n  unexpected: `fc.scale`\
             \n  misshapen: `fc.weight`: expected [10, 128], found [10, 64]\
             \n  element type: `steps`: expected F32 (or F64, F16, BF16), found I64\
             \n  not finite: `conv.bias`: number 3 in row-major order is NaN or infinite\
             \n  repair: give the model's layers the names and sizes of the file's, \
             or take the file that belongs to it"
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
        assert!(
            mismatch.to_string().ends_with(
                "repair: the names in the file begin with `module.`; save them without it"
            )
        );
    }
}
