//! Parameters as the bytes of a file.

use super::places::check_places;
use crate::{
    block::Block,
    error::{Error, Mismatch, Result},
    tensor::{Role, Tensor, joined_count},
};
#[cfg(feature = "std")]
use alloc::string::String;
use alloc::{borrow::Cow, boxed::Box, string::ToString, vec::Vec};
use bytemuck::must_cast_slice;
use safetensors::{Dtype, View};

/// The bytes of a file; `path` is told in errors.
pub fn encode(path: Option<&str>, tensors: &[Tensor], arena: &[Block]) -> Result<Vec<u8>> {
    check_places(tensors, arena.len())?;
    let floats = must_cast_slice::<Block, f32>(arena);
    let parameters = tensors.iter().map(|tensor| {
        let mut numbers = Vec::with_capacity(tensor.count());
        match tensor.role {
            Role::Count => numbers.extend(floats[tensor.layout.offset..].iter().take(2)),
            _ => tensor.layout.visit(|place| numbers.push(floats[place])),
        }
        Parameter { tensor, numbers }
    });
    let parameters = parameters.collect::<Vec<_>>();
    let not_finite = parameters.iter().filter_map(|parameter| {
        let index = parameter
            .numbers
            .iter()
            .position(|number| !number.is_finite())?;
        Some((parameter.tensor.name.to_string(), index))
    });
    let mismatch = Mismatch {
        path: path.map(ToString::to_string),
        not_finite: not_finite.collect(),
        ..Mismatch::default()
    };
    if !mismatch.is_empty() {
        return Err(Error::Weights(Box::new(mismatch)));
    }
    // PyTorch's own tools refuse files that do not say so.
    let metadata = [("format".to_string(), "pt".to_string())]
        .into_iter()
        .collect();
    let named = parameters
        .iter()
        .map(|parameter| (parameter.tensor.name, parameter));
    safetensors::serialize(named, Some(metadata)).map_err(|error| Error::NotSafetensors {
        path: path.map(ToString::to_string),
        reason: error.to_string(),
    })
}

/// What [`encode`] wrote, with more metadata behind its own, in this order: safetensors would write them in another each
/// time. Neither key nor text needs an escape.
#[cfg(feature = "std")]
pub fn with_metadata(bytes: Vec<u8>, metadata: &[(String, String)]) -> Vec<u8> {
    const START: &[u8] = br#"{"__metadata__":{"format":"pt""#;
    let parts = bytes.split_first_chunk().and_then(|(length, rest)| {
        let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
        let (header, content) = rest.split_at_checked(length)?;
        Some((header.strip_prefix(START)?.trim_ascii_end(), content))
    });
    let (false, Some((end, content))) = (metadata.is_empty(), parts) else {
        return bytes;
    };
    let mut header = START.to_vec();
    for (key, text) in metadata {
        header.extend(alloc::format!(r#","{key}":"{text}""#).bytes());
    }
    header.extend(end);
    // Tensors begin at a multiple of eight, as safetensors writes them.
    header.resize(header.len().next_multiple_of(8), b' ');
    [&(header.len() as u64).to_le_bytes(), &header[..], content].concat()
}

/// A parameter's numbers in row-major order; the two of a count.
struct Parameter<'a> {
    tensor: &'a Tensor,
    numbers: Vec<f32>,
}

impl View for &Parameter<'_> {
    fn dtype(&self) -> Dtype {
        match self.tensor.role {
            Role::Count => Dtype::I64,
            Role::Learnt { .. } | Role::Frozen | Role::Statistic { .. } => Dtype::F32,
        }
    }

    fn shape(&self) -> &[usize] {
        self.tensor.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        if let (Role::Count, &[low, high]) = (self.tensor.role, &self.numbers[..]) {
            let count = joined_count([low, high]).to_le_bytes();
            return count.to_vec().into();
        }
        self.numbers
            .iter()
            .flat_map(|number| number.to_le_bytes())
            .collect()
    }

    fn data_len(&self) -> usize {
        // The two numbers of a count are as long as one of 64 bits.
        self.numbers.len() * size_of::<f32>()
    }
}
