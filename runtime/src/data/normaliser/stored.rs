//! Normalisers beside the weights, in the metadata of a safetensors file.

use super::fitted::{Normaliser, channels};
use crate::{
    data::array::Array,
    error::{Error, Result},
    files,
    model::Model,
    network::Network,
};
use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::marker::PhantomData;
use std::path::Path;

/// What the metadata of a file call a normaliser's numbers begins so.
const PREFIX: &str = "kiln.normaliser";

/// A normaliser's numbers, whatever it normalises.
#[derive(Clone, Copy, Debug)]
pub struct Scaling<'a> {
    shift: &'a [f64],
    scale: &'a [f64],
}

impl<I: Array> Normaliser<I> {
    /// The numbers, to be stored by [`save_with`].
    pub fn scaling(&self) -> Scaling<'_> {
        Scaling {
            shift: &self.shift,
            scale: &self.scale,
        }
    }

    /// The normaliser that [`save_with`] stored by this name.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the file cannot be read, [`Error::NotSafetensors`] if it is none, or has no normaliser of this name
    /// with as many channels as the input.
    pub fn open(path: impl AsRef<Path>, name: &str) -> Result<Self> {
        let path = path.as_ref();
        let metadata = files::metadata(path)?;
        let wrong = |reason| Error::NotSafetensors {
            path: Some(path.display().to_string()),
            reason,
        };
        let expected = channels::<I>();
        let numbers = |part: &str| {
            let key = format!("{PREFIX}.{name}.{part}");
            let text = metadata.get(&key).ok_or_else(|| {
                let stored = metadata.keys().filter_map(|key| {
                    let name = key.strip_prefix(PREFIX)?.strip_prefix('.')?;
                    Some(format!("`{}`", name.strip_suffix(".shift")?.escape_debug()))
                });
                let stored = stored.collect::<Vec<_>>().join(", ");
                wrong(match stored.is_empty() {
                    true => format!(
                        "the file has no normaliser `{}`, nor any other; store it with the weights by `data::save_with`",
                        name.escape_debug()
                    ),
                    false => format!(
                        "the file has no normaliser `{}`, but {stored}; ask for one of them",
                        name.escape_debug()
                    ),
                })
            })?;
            let numbers = text
                .split_whitespace()
                .map(|number| number.parse::<f64>().ok());
            let numbers = numbers.collect::<Option<Vec<_>>>().unwrap_or_default();
            let useful = |&number: &f64| number.is_finite() && (part == "shift" || number > 0.0);
            if numbers.len() != expected || !numbers.iter().all(useful) {
                return Err(wrong(format!(
                    "`{key}` should be {expected} finite numbers, but is `{}`; store the normaliser of this input anew",
                    text.chars().take(40).collect::<String>().escape_debug()
                )));
            }
            Ok(numbers)
        };
        Ok(Self {
            shift: numbers("shift")?,
            scale: numbers("scale")?,
            input: PhantomData,
        })
    }
}

/// Saves a network's weights, as [`Model::save`] does, and normalisers with them, each by a name.
///
/// They stand in the file's metadata, as `kiln.normaliser.NAME.shift` and `.scale`, in decimals that give the same bits.
/// Tensors are the network's alone: `net.load`, PyTorch's `load_file` and `load_state_dict` read such a file as any other.
/// In Python, `safetensors.safe_open(path, "pt").metadata()` has the numbers. A later `net.save` over the file leaves
/// them out.
///
/// ```
/// use kiln::{data::{Normaliser, Samples, save_with}, prelude::*};
///
/// model! {
///     struct Price(x: [2]) -> [1] { Dense(1) }
/// }
///
/// let train = Samples::new([[1.0_f32, 300.0], [3.0, 500.0]], [[0.5_f32], [1.5]])?;
/// let normaliser = Normaliser::fit(&train)?;
/// let net = Price::new(Seed(1));
/// # let folder = std::env::temp_dir().join(format!("kiln-normaliser-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// # let path = folder.join("price.safetensors");
/// save_with(&net, &path, &[("x", normaliser.scaling())])?;
///
/// let (net, normaliser) = (Price::open(&path)?, Normaliser::<[f32; 2]>::open(&path, "x")?);
/// let mut x = [2.0, 400.0];
/// normaliser.apply(&mut x);
/// assert_eq!(x, [0.0, 0.0]);
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), kiln::Error>(())
/// ```
///
/// # Errors
///
/// As [`Model::save`], and [`Error::Setting`] if a name is not made of letters, digits, `_`, `-` and `.`.
pub fn save_with<N: Model>(
    net: &N,
    path: impl AsRef<Path>,
    normalisers: &[(&str, Scaling<'_>)],
) -> Result<()> {
    let mut metadata = Vec::new();
    for (index, (name, scaling)) in normalisers.iter().enumerate() {
        let fits = |mark: char| mark.is_ascii_alphanumeric() || matches!(mark, '_' | '-' | '.');
        let again = normalisers[..index].iter().any(|(other, _)| other == name);
        if again || name.is_empty() || !name.chars().all(fits) {
            return Err(Error::Setting {
                setting: "name of a normaliser",
                found: crate::error::Found::Text(format!("`{}`", name.escape_debug())),
                expected: "no other's, and made of letters, digits, `_`, `-` and `.`, such as \"input\"",
            });
        }
        for (part, numbers) in [("shift", scaling.shift), ("scale", scaling.scale)] {
            let numbers = numbers.iter().map(|number| format!("{number:?}"));
            let numbers = numbers.collect::<Vec<_>>().join(" ");
            metadata.push((format!("{PREFIX}.{name}.{part}"), numbers));
        }
    }
    files::save_with(path, N::Network::TENSORS, N::Network::arena(net), &metadata)
}
