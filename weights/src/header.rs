//! What a file must be before its header is parsed, and why a header cannot be used.
//!
//! ```text
//! nn nn nn nn nn nn nn nn     length of the header, little-endian
//! {"fc.bias":{"dtype":"F32","shape":[10],"data_offsets":[0,40]}, ..}
//! ...                         the tensors' numbers, one tensor behind another
//! ```

use alloc::{
    collections::BTreeSet,
    format,
    string::{String, ToString},
};
use safetensors::SafeTensorError;

/// Bytes of the header's length.
pub const PREFIX: usize = size_of::<u64>();

/// The largest header that is read or written, as safetensors has it.
pub const LARGEST: u64 = 100_000_000;

/// What is wrong with a header that gives one name to two tensors.
pub const TWICE: &str =
    "two tensors have the same name; the file was not written by safetensors, so save it again";

/// Recognizes what else weights are kept in, and judges the header's length by a file's first bytes.
pub fn check_start(start: &[u8]) -> Result<(), String> {
    let repair =
        "in Python, save the weights by `safetensors.torch.save_file(model.state_dict(), path)`";
    let (other, repair) = match start {
        [b'P', b'K', 3, 4, ..] => ("a zip file, as `torch.save` and Keras write it", repair),
        [0x80, 2..=5, b'}' | b'c' | b'.' | 0x8a, ..] => ("a pickle of `torch.save`", repair),
        [0x89, b'H', b'D', b'F', ..] => ("HDF5, as Keras saves it", repair),
        [b'G', b'G', b'U', b'F', ..] => ("GGUF", repair),
        [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => ("an array of NumPy", repair),
        [b'v', b'e', b'r', b's', b'i', b'o', b'n', b' ', ..] => (
            "a pointer of Git LFS",
            "fetch the file itself by `git lfs pull`",
        ),
        [b'{', b'"' | b' ' | b'\n' | b'\r', ..] => (
            "JSON, such as the index of a model that is kept in several files",
            "give a file of weights",
        ),
        [b'<', b'!' | b'h' | b'?', ..] => (
            "a web page",
            "fetch the file itself, by the link that downloads it",
        ),
        [0x1f, 0x8b, ..] => ("gzip", "unpack it first"),
        _ => return check_length(start),
    };
    Err(format!("expected safetensors, found {other}; {repair}"))
}

fn check_length(start: &[u8]) -> Result<(), String> {
    let Some(length) = start.first_chunk() else {
        return Err(format!(
            "the file ends after {} bytes, within its first number; fetch or save it again",
            start.len()
        ));
    };
    match u64::from_le_bytes(*length) {
        0 => Err("the file's first number is 0, as long as a save over it is not complete; \
                  load `NAME.kiln-copy`, which is beside one of the file's names, or fetch or save it again"
            .into()),
        2..=LARGEST => Ok(()),
        length => Err(format!(
            "the header should be {length} bytes by the file's first number, but headers have 2 to {LARGEST}; \
             the file is damaged or no safetensors file, so fetch or save it again"
        )),
    }
}

/// The header of a file whose start is well: no number outside of its strings is beyond memory, so that sums of sizes
/// cannot overflow, and no two tensors have the same name, of which one would be lost. Returns how many have one.
pub fn check(bytes: &[u8]) -> Result<usize, String> {
    let header = bytes.split_first_chunk().and_then(|(length, rest)| {
        let length = u64::from_le_bytes(*length);
        let header = rest.get(..usize::try_from(length).ok()?);
        Some(header.ok_or((length, rest.len())))
    });
    let header = match header {
        Some(Ok(header)) => header,
        Some(Err((length, left))) => {
            return Err(format!(
                "the header should be {length} bytes, but {left} are left in the file; it is cut off or no safetensors \
                 file, so fetch or save it again"
            ));
        }
        None => return Err("the header is beyond memory; fetch or save the file again".into()),
    };
    let mut names = BTreeSet::new();
    let (mut begin, mut escaped, mut number, mut depth) = (None, false, 0_usize, 0_usize);
    for (offset, &byte) in header.iter().enumerate() {
        if let Some(start) = begin {
            if byte == b'"' && !escaped {
                // Outermost, values are objects: a string is a name.
                let name = &header[start..offset];
                if depth == 1 && name != b"__metadata__" && !names.insert(name) {
                    return Err(format!("`{}`: {TWICE}", name.escape_ascii()));
                }
                begin = None;
            }
            escaped = byte == b'\\' && !escaped;
            continue;
        }
        match byte {
            b'"' => begin = Some(offset + 1),
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        number = match byte {
            b'0'..=b'9' => number
                .saturating_mul(10)
                .saturating_add(usize::from(byte - b'0')),
            _ => 0,
        };
        if isize::try_from(number).is_err() {
            let offset = offset + PREFIX;
            return Err(format!(
                "byte {offset}: a size is beyond all memory; the file is damaged, so fetch or save it again"
            ));
        }
    }
    Ok(names.len())
}

/// Why a file cannot be read.
pub fn explain(error: &SafeTensorError, bytes: &[u8]) -> String {
    match error {
        SafeTensorError::MetadataIncompleteBuffer => {
            let content = bytes.split_first_chunk().map_or(0, |(length, rest)| {
                (rest.len() as u64).saturating_sub(u64::from_le_bytes(*length))
            });
            format!(
                "the header's tensors should take all bytes behind it, but there are {content}, too few or too many; \
                 the file is cut off or damaged, so fetch or save it again"
            )
        }
        SafeTensorError::InvalidOffset(name) => format!(
            "tensor `{}` should begin where the one before it ends, but does not; \
             the file is damaged or was not written by safetensors, so fetch or save it again",
            name.escape_debug()
        ),
        SafeTensorError::TensorInvalidInfo => {
            "a tensor's shape and element type should take the bytes between its offsets, but take more or fewer; \
             the file is damaged or was not written by safetensors, so fetch or save it again"
                .to_string()
        }
        error => {
            format!("the file is damaged or no safetensors file ({error}); fetch or save it again")
        }
    }
}
