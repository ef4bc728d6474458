//! Tensors of other names than the model's.

use super::{LINEAR, file, from_bytes, golden, golden_file, load};
use crate::{
    block::Block,
    error::Error,
    files::{Rename, load_bytes},
    testing::Folder,
};
use alloc::{
    string::{String, ToString},
    vec::Vec,
};

/// The golden file with its tensors by other names, or whatever else is done to its header.
fn with_header(change: impl Fn(&str) -> String) -> Vec<u8> {
    let whole = golden_file("f32");
    let (length, rest) = whole.split_first_chunk().unwrap();
    let (header, data) = rest.split_at(u64::from_le_bytes(*length) as usize);
    file(&change(core::str::from_utf8(header).unwrap()), data)
}

#[test]
fn tensors_of_other_names_are_loaded() {
    let bytes = with_header(|header| header.replace("\"0.", "\"module.fc."));
    let mut arena = [Block::ZERO; 6];
    let error = from_bytes(&bytes, &LINEAR, &mut arena).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the weights do not fit the model (2 tensors):\
         \n  other name: the file's `module.fc.weight` may be the model's `0.weight`, both [18, 2]\
         \n  other name: the file's `module.fc.bias` may be the model's `0.bias`, both [18]\
         \n  repair: give the file's tensors the model's names by `load_bytes_renamed(bytes, |name| ..)`, \
         where `..` makes \"0.weight\" of \"module.fc.weight\""
    );
    let mut load_as = |rename: Rename<'_>| load_bytes(&bytes, rename, &LINEAR, &mut arena);
    load_as(&mut |name| Some(name.replace("module.fc", "0").into())).unwrap();

    // What is left out is not missed in the file, but in the model.
    let error =
        load_as(&mut |name| name.ends_with("weight").then(|| "0.weight".into())).unwrap_err();
    let Error::Weights(mismatch) = error else {
        panic!("{error}")
    };
    assert_eq!(
        (&mismatch.missing[..], &mismatch.unexpected[..]),
        (&["0.bias".to_string()][..], &[][..])
    );

    assert!(
        mismatch.to_string().ends_with(
            "\n  repair: the closure that renames leaves out 1 of the file's 2 tensors, for it gives `None` for \
             their names; let it give those that are missing the model's names"
        ),
        "{mismatch}"
    );

    let error = load_as(&mut |_| None).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the weights do not fit the model (2 tensors):\
         \n  missing: `0.weight`\
         \n  missing: `0.bias`\
         \n  repair: the closure that renames leaves out all 2 tensors of the file, for it gives `None` for their names; \
         let it give those that are missing the model's names"
    );

    let error = load_as(&mut |_| Some("0.bias".into())).unwrap_err();
    let Error::Weights(mismatch) = error else {
        panic!("{error}")
    };
    assert_eq!(
        mismatch.repeated,
        [("0.bias".into(), "module.fc.weight".into())]
    );
    assert_eq!(arena, golden());
}

#[test]
fn a_prefix_is_said_with_the_line_that_takes_it_off() {
    let folder = Folder::new();
    folder.write(
        "net",
        &with_header(|header| header.replace("\"0.", "\"module.0.")),
    );
    let path = folder.path().join("net");
    let mut arena = [Block::ZERO; 6];
    let message = load(&path, &LINEAR, &mut arena).unwrap_err().to_string();
    let repair =
        "load it by `load_renamed(path, |name| name.strip_prefix(\"module.\").map(Into::into))`";
    assert!(message.ends_with(repair), "{message}");
    let rename: Rename<'_> = &mut |name| name.strip_prefix("module.").map(Into::into);
    crate::files::load(&path, rename, &LINEAR, &mut arena).unwrap();
    assert_eq!(arena, golden());
}
