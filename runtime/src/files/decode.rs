//! Parameters from the bytes of a file: everything is proven before anything is changed.

use super::{alike, places::check_places, rename::Rename};
use crate::{
    block::Block,
    error::{Error, Mismatch, Misshapen, Mistyped, Result},
    math::flush_number,
    tensor::{Role, Tensor, split_count},
};
use alloc::{
    boxed::Box,
    collections::BTreeMap,
    string::{String, ToString},
    vec::Vec,
};
use bytemuck::must_cast_slice_mut;
#[cfg(feature = "std")]
use kiln_weights::header;
use kiln_weights::{Number, SafeTensors, Unfit, parse, tensor::TensorView};

/// Reads the bytes of a file into `arena`; `path` is told in errors.
pub fn decode(
    path: Option<&str>,
    bytes: &[u8],
    rename: Rename<'_>,
    tensors: &[Tensor],
    arena: &mut [Block],
) -> Result<()> {
    check_places(tensors, arena.len())?;
    let broken = |reason| Error::NotSafetensors {
        path: path.map(ToString::to_string),
        reason,
    };
    let file = parse(bytes).map_err(broken)?;
    let found = match_tensors(path, &file, rename, tensors)?;
    let floats = must_cast_slice_mut::<Block, f32>(arena);
    for (tensor, (number, view)) in tensors.iter().zip(found) {
        unpack(number, view.data(), tensor, floats);
    }
    Ok(())
}

/// Puts numbers to a tensor's places; those too small to matter as zero, see [`flush_number`].
fn unpack(number: Number, bytes: &[u8], tensor: &Tensor, floats: &mut [f32]) {
    if number == Number::Count {
        let places = floats[tensor.layout.offset..].iter_mut();
        for (place, number) in places.zip(split_count(kiln_weights::count(bytes))) {
            *place = number;
        }
        return;
    }
    let mut numbers = number.read(bytes);
    tensor.layout.visit(|place| {
        if let Some(number) = numbers.next() {
            floats[place] = flush_number(number);
        }
    });
}

/// The metadata of a file; `path` is told in errors.
#[cfg(feature = "std")]
pub fn metadata(path: &str, bytes: &[u8]) -> Result<BTreeMap<String, String>> {
    let broken = |reason| Error::NotSafetensors {
        path: Some(path.to_string()),
        reason,
    };
    header::check(bytes).map_err(broken)?;
    let (_, metadata) = SafeTensors::read_metadata(bytes)
        .map_err(|error| broken(header::explain(&error, bytes)))?;
    let entries = metadata.metadata().iter().flatten();
    Ok(entries
        .map(|(key, text)| (key.clone(), text.clone()))
        .collect())
}

/// A tensor of the file.
struct Found<'a> {
    /// Its name in the file.
    name: &'a str,
    view: TensorView<'a>,
}

/// The file's tensor for each of the model's, if they match one by one.
fn match_tensors<'a>(
    path: Option<&str>,
    file: &'a SafeTensors<'a>,
    rename: Rename<'_>,
    tensors: &[Tensor],
) -> Result<Vec<(Number, TensorView<'a>)>> {
    let mut mismatch = Mismatch {
        path: path.map(ToString::to_string),
        tensors: file.len(),
        ..Mismatch::default()
    };
    let mut renamed = renamed(file, rename, &mut mismatch);
    let mut found = Vec::with_capacity(tensors.len());
    let mut missing = Vec::new();
    for tensor in tensors {
        let name = tensor.name.to_string();
        let Some(Found { view, .. }) = renamed.remove(tensor.name) else {
            missing.push(tensor);
            mismatch.missing.push(name);
            continue;
        };
        if view.shape() != tensor.shape {
            let (expected, found) = (tensor.shape.to_vec(), view.shape().to_vec());
            mismatch.misshapen.push(Misshapen {
                name,
                expected,
                found,
            });
            continue;
        }
        let is_count = tensor.role == Role::Count;
        let Some(number) = Number::of(is_count, view.dtype()) else {
            mismatch.types.push(Mistyped {
                name,
                expected: Number::expected(is_count, true),
                found: view.dtype().to_string(),
            });
            continue;
        };
        let negative = || match tensor.is_variance() {
            true => number.first_negative(view.data()),
            false => None,
        };
        match number.first_unfit(view.data()).or_else(negative) {
            None => found.push((number, view)),
            Some(Unfit::NotFinite(index)) => mismatch.not_finite.push((name, index)),
            Some(Unfit::TooLarge(index)) => mismatch.too_large.push((name, index)),
            Some(Unfit::Negative(index, number)) => mismatch.negative.push((name, index, number)),
            Some(Unfit::Count(number)) => mismatch.counts.push((name, number)),
        }
    }
    // What is left, by the names of the file.
    let mut unexpected = renamed.into_values().collect::<Vec<_>>();
    unexpected.sort_unstable_by_key(|tensor| tensor.name);
    let shapes = unexpected
        .iter()
        .map(|tensor| (tensor.name, tensor.view.shape()))
        .collect::<Vec<_>>();
    mismatch.alike = alike::pairs(&missing, &shapes);
    mismatch
        .unexpected
        .extend(unexpected.iter().map(|tensor| tensor.name.to_string()));
    if mismatch.is_empty() {
        Ok(found)
    } else {
        Err(Error::Weights(Box::new(mismatch)))
    }
}

/// The file's tensors by the names that `rename` gives them.
fn renamed<'a>(
    file: &'a SafeTensors<'a>,
    rename: Rename<'_>,
    mismatch: &mut Mismatch,
) -> BTreeMap<String, Found<'a>> {
    let mut tensors = file.iter().collect::<Vec<_>>();
    // The file's table of names has no order.
    tensors.sort_unstable_by_key(|(name, _)| *name);
    let mut renamed = BTreeMap::new();
    for (name, view) in tensors {
        let Some(new) = rename(name) else {
            mismatch.left_out += 1;
            continue;
        };
        if renamed.contains_key(&*new) {
            mismatch.repeated.push((new.into_owned(), name.to_string()));
        } else {
            renamed.insert(new.into_owned(), Found { name, view });
        }
    }
    renamed
}
