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
#[cfg(feature = "std")]
use kiln_weights::header::LARGEST;
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
/// time. Neither key nor text needs an escape. `path` is told in errors.
#[cfg(feature = "std")]
pub fn with_metadata(path: &str, bytes: Vec<u8>, metadata: &[(String, String)]) -> Result<Vec<u8>> {
    const START: &[u8] = br#"{"__metadata__":{"format":"pt""#;
    let parts = bytes.split_first_chunk().and_then(|(length, rest)| {
        let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
        let (header, content) = rest.split_at_checked(length)?;
        Some((header.strip_prefix(START)?.trim_ascii_end(), content))
    });
    let (false, Some((end, content))) = (metadata.is_empty(), parts) else {
        return Ok(bytes);
    };
    let texts = metadata
        .iter()
        .map(|(key, text)| key.len() + text.len() + r#","":"""#.len());
    let length = START.len() + texts.sum::<usize>() + end.len();
    check_length(Some(path), length)?;
    let mut header = Vec::with_capacity(length + 8);
    header.extend(START);
    for (key, text) in metadata {
        for part in [r#",""#, key, r#"":""#, text, r#"""#] {
            header.extend(part.as_bytes());
        }
    }
    header.extend(end);
    // Tensors begin at a multiple of eight, as safetensors writes them.
    header.resize(header.len().next_multiple_of(8), b' ');
    Ok([&(header.len() as u64).to_le_bytes(), &header[..], content].concat())
}

/// Refuses to write a header that nobody would read.
#[cfg(feature = "std")]
pub fn check_length(path: Option<&str>, length: usize) -> Result<()> {
    // What aligns it is a part of it.
    let length = length.next_multiple_of(8) as u64;
    if length <= LARGEST {
        return Ok(());
    }
    Err(Error::NotSafetensors {
        path: path.map(ToString::to_string),
        reason: alloc::format!(
            "the header would be {length} bytes, but no more than {LARGEST} can be read; keep what is stored beside \
             the weights, such as normalisers of many numbers, in a file of its own"
        ),
    })
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

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::{LARGEST, encode, with_metadata};
    use crate::{error::Error, files::decode};
    use alloc::{string::ToString, vec};

    #[test]
    fn no_header_is_written_that_cannot_be_read() {
        let plain = encode(None, &[], &[]).unwrap();
        let begun = plain.len() + r#","key":"""#.len() - 8;
        let most = LARGEST as usize - begun - 8;
        for (count, is_read) in [(most, true), (LARGEST as usize, false)] {
            let metadata = vec![("key".to_string(), "x".repeat(count))];
            match with_metadata("file", plain.clone(), &metadata) {
                Ok(bytes) => {
                    assert!(is_read);
                    let words = decode::metadata("file", &bytes).unwrap();
                    assert_eq!(words["key"].len(), count);
                }
                Err(Error::NotSafetensors { path, reason }) => {
                    assert!(!is_read && path.as_deref() == Some("file"));
                    assert!(reason.contains("no more than 100000000"), "{reason}");
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
}
