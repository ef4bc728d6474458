//! Every mistake gets its own error at its own token, with a repair: one file in `tests/ui` for each rule.
#![forbid(unsafe_code)]

use safetensors::{
    serialize,
    tensor::{Dtype, TensorView},
};
use std::{fs, path::Path};

#[test]
fn mistakes_are_explained() {
    write_weights();
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}

/// Writes the files of weights that cases name, `weights/typo.safetensors` and others. Such a path begins beside the
/// Cargo.toml of the crate in which trybuild compiles all cases.
fn write_weights() {
    // The folder of all that is built, which holds one for each machine that is named to cargo.
    let built = Path::new(env!("CARGO_TARGET_TMPDIR")).ancestors();
    let built = built
        .filter(|path| path.join("CACHEDIR.TAG").exists())
        .last();
    let folder = built
        .expect("cargo's mark")
        .join("tests/trybuild/kiln/weights");
    fs::create_dir_all(&folder).expect("a folder");
    let write = |name: &str, bytes: &[u8]| {
        fs::write(folder.join(format!("{name}.safetensors")), bytes).expect("a file");
    };
    use Dtype::{F32, F64, I32};
    let whole = zeros(&[("fc.weight", F32, &[2, 4]), ("fc.bias", F32, &[2])]);
    write("whole", &whole);
    write("cut_off", &whole[..whole.len() - 8]);
    let typo = [("fc.wieght", F32, &[2, 4][..]), ("fc.bias", F32, &[2])];
    write("typo", &zeros(&typo));
    let other = [("gru.bias", F32, &[6][..])];
    write("other", &zeros(&other));
    let wrapped = [
        ("model.fc.weight", F32, &[2, 4][..]),
        ("model.fc.bias", F32, &[2]),
    ];
    write("wrapped", &zeros(&wrapped));
    let unfit = [
        ("wide.weight", F32, &[8, 4][..]),
        ("double.weight", F64, &[2, 2]),
        ("whole.weight", I32, &[2, 2]),
    ];
    write("unfit", &zeros(&unfit));
}

/// A file of tensors that are all zero.
fn zeros(tensors: &[(&str, Dtype, &[usize])]) -> Vec<u8> {
    let zeros = [0; 256];
    let view = |&(name, dtype, shape): &(_, Dtype, &[usize])| {
        let bytes = shape.iter().product::<usize>() * dtype.bitsize() / 8;
        let view = TensorView::new(dtype, shape.to_vec(), &zeros[..bytes]);
        (name, view.expect("bytes of the shape"))
    };
    serialize(tensors.iter().map(view), None).expect("a file")
}
