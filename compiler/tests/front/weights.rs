//! Weights that a model is compiled with: what a file must hold, and what is said of one that does not.

use kiln_compiler::{compile, facade::Facade, graph::Graph, read, report::Report, weights};
use kiln_weights::tensor::{Dtype, TensorView, serialize};
use quote::quote;
use std::{env, fs, path::PathBuf, process};

/// A tensor of a file: name, type, shape, bytes.
type Tensor = (&'static str, Dtype, &'static [usize], Vec<u8>);

/// A folder of a test's own, which goes with it.
struct Folder(PathBuf);

impl Folder {
    fn of(test: &str, bytes: &[u8]) -> Self {
        let folder = env::temp_dir().join(format!("kiln-{}-{test}", process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("net.safetensors"), bytes).expect("a file");
        Self(folder)
    }

    /// A facade whose user's Cargo.toml is in the folder.
    fn facade(&self) -> Facade {
        Facade {
            folder: Some(self.0.clone()),
            ..Facade::owning(quote!(::kiln))
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn graph(body: &str) -> Graph {
    let source = format!("#[kiln(weights = \"net.safetensors\")] struct Net{body}");
    super::graph(&source)
}

/// What is said of a file of these bytes.
fn said_of_bytes(test: &str, body: &str, bytes: &[u8]) -> Vec<String> {
    let (folder, mut report) = (Folder::of(test, bytes), Report::default());
    weights::read(&graph(body), &folder.facade(), &mut report);
    report.take_messages()
}

/// What is said of a file of these tensors.
fn said(test: &str, body: &str, tensors: &[Tensor]) -> Vec<String> {
    said_of_bytes(test, body, &file(tensors))
}

fn file(tensors: &[Tensor]) -> Vec<u8> {
    let view = |(name, dtype, shape, bytes): &Tensor| {
        let view = TensorView::new(*dtype, shape.to_vec(), bytes).expect("bytes of the shape");
        (*name, view.dtype(), view.shape().to_vec(), bytes.clone())
    };
    let owned: Vec<_> = tensors.iter().map(view).collect();
    let views = owned.iter().map(|(name, dtype, shape, bytes)| {
        let view = TensorView::new(*dtype, shape.clone(), bytes).expect("as before");
        (*name, view)
    });
    serialize(views, None).expect("a file")
}

fn floats(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|it| it.to_le_bytes()).collect()
}

/// A small network, and the tensors that it has.
const NET: &str = "(x: [2]) -> [2] { fc: Dense(2), norm: BatchNorm }";

fn right() -> Vec<Tensor> {
    vec![
        (
            "fc.weight",
            Dtype::F32,
            &[2, 2],
            floats(&[1.0, 2.0, 3.0, 1e-30]),
        ),
        ("fc.bias", Dtype::F32, &[2], floats(&[5.0, 6.0])),
        ("norm.weight", Dtype::F32, &[2], floats(&[1.0, 1.0])),
        ("norm.bias", Dtype::F32, &[2], floats(&[0.0, 0.0])),
        ("norm.running_mean", Dtype::F32, &[2], floats(&[0.5, 0.5])),
        ("norm.running_var", Dtype::F32, &[2], floats(&[2.0, 2.0])),
        (
            "norm.num_batches_tracked",
            Dtype::I64,
            &[],
            7_i64.to_le_bytes().to_vec(),
        ),
    ]
}

/// The right tensors, but for one.
fn but(index: usize, tensor: Tensor) -> Vec<Tensor> {
    let mut tensors = right();
    tensors[index] = tensor;
    tensors
}

#[test]
fn a_file_that_fits_is_read() {
    let (folder, mut report) = (Folder::of("fits", &file(&right())), Report::default());
    let read = weights::read(&graph(NET), &folder.facade(), &mut report).expect("a file");
    assert_eq!(report.take_messages(), [""; 0]);
    assert_eq!(read["fc.weight"], [1.0, 2.0, 3.0, 1e-30]);
    assert_eq!(read["norm.num_batches_tracked"], [7.0, 0.0]);
    assert_eq!(read.len(), 7);
}

#[test]
fn a_file_that_is_not_there_is_told_at_its_name() {
    let mut report = Report::default();
    let nowhere = Facade {
        folder: Some(env::temp_dir().join("kiln-nowhere")),
        ..Facade::owning(quote!(::kiln))
    };
    weights::read(&graph(NET), &nowhere, &mut report);
    let messages = report.take_messages();
    assert!(
        messages[0].starts_with("`net.safetensors` cannot be read ("),
        "{messages:?}"
    );
    assert_eq!(messages.len(), 1);
}

#[test]
fn what_is_no_whole_file_is_told() {
    let whole = file(&right());
    for (bytes, expected) in [
        (
            &whole[..whole.len() - 1],
            "the header's tensors should take all bytes behind it",
        ),
        (&whole[..100], "the header should be"),
        (&b""[..], "the file ends after 0 bytes"),
        (
            b"PK\x03\x04 a file of torch.save",
            "expected safetensors, found a zip file",
        ),
    ] {
        let said = said_of_bytes("damaged", NET, bytes);
        assert_eq!(said.len(), 1);
        assert!(
            said[0].starts_with("`net.safetensors` is not a valid file of weights; "),
            "{said:?}"
        );
        assert!(said[0].contains(expected), "{said:?}");
    }
}

#[test]
fn every_mistake_is_told() {
    let cases: [(&str, Vec<Tensor>, &str); 9] = [
        (
            "typo",
            but(0, ("fc.wieght", Dtype::F32, &[2, 2], floats(&[0.0; 4]))),
            "`net.safetensors` has no `fc.weight` [2, 2]; is `fc.wieght` the same by another name?",
        ),
        (
            "prefix",
            but(1, ("module.fc.bias", Dtype::F32, &[2], floats(&[0.0; 2]))),
            "`net.safetensors` has no `fc.bias` [2]; is `module.fc.bias` the same by another name?",
        ),
        (
            "shape",
            but(0, ("fc.weight", Dtype::F32, &[3, 2], floats(&[0.0; 6]))),
            "`fc.weight` is [2, 2] here, but [3, 2] in `net.safetensors`; declare the layer as it was trained, or train it anew",
        ),
        (
            "double",
            but(1, ("fc.bias", Dtype::F64, &[2], vec![0; 16])),
            "`fc.bias` is F64 in `net.safetensors`, but should be F32, F16 or BF16; save it as `tensor.float()`",
        ),
        (
            "integer",
            but(1, ("fc.bias", Dtype::I32, &[2], vec![0; 8])),
            "`fc.bias` is I32 in `net.safetensors`, but should be F32, F16 or BF16; save it as `tensor.float()`",
        ),
        (
            "fraction",
            but(6, ("norm.num_batches_tracked", Dtype::F32, &[], vec![0; 4])),
            "`norm.num_batches_tracked` is F32 in `net.safetensors`, but should be I64; a count of batches is a whole number",
        ),
        (
            "diverged",
            but(1, ("fc.bias", Dtype::F32, &[2], floats(&[0.0, f32::NAN]))),
            "number 1 of `fc.bias` is not finite in `net.safetensors`; the training has diverged",
        ),
        (
            "variance",
            but(
                5,
                ("norm.running_var", Dtype::F32, &[2], floats(&[1.0, -1.0])),
            ),
            "number 1 of `norm.running_var` is -1 in `net.safetensors`; a variance is 0 or more",
        ),
        (
            "count",
            but(
                6,
                (
                    "norm.num_batches_tracked",
                    Dtype::I64,
                    &[],
                    (-2_i64).to_le_bytes().to_vec(),
                ),
            ),
            "`norm.num_batches_tracked` is -2 in `net.safetensors`; a count of batches is a whole number below 2^48",
        ),
    ];
    for (test, tensors, expected) in cases {
        let said = said(test, NET, &tensors);
        assert_eq!(said, [expected]);
    }
}

#[test]
fn what_no_layer_has_is_told_at_once() {
    let mut tensors = right();
    tensors.push(("head.bias", Dtype::F32, &[1], floats(&[0.0])));
    tensors.push(("head.weight", Dtype::F32, &[1], floats(&[0.0])));
    let expected = "`net.safetensors` holds `head.bias`, `head.weight`, which no layer has; save the weights of this model alone";
    assert_eq!(said("more", NET, &tensors), [expected]);
}

#[test]
fn weights_of_another_model_are_one_mistake() {
    let tensors: [Tensor; 1] = [("gru.bias", Dtype::F32, &[1], floats(&[0.0]))];
    let expected = "`net.safetensors` has no tensor of this model; expected `fc.bias`, `fc.weight`, found `gru.bias`";
    assert_eq!(
        said("other", "(x: [2]) -> [2] { fc: Dense(2) }", &tensors),
        [expected]
    );
    let nothing = said("nothing", "(x: [2]) -> [2] { fc: Dense(2) }", &[]);
    assert!(
        nothing[0].ends_with("expected `fc.bias`, `fc.weight`, found nothing"),
        "{nothing:?}"
    );
}

const DENSE: &str = "(x: [2]) -> [2] { fc: Dense(2) }";

/// The tensors of `DENSE` under other names.
fn dense(weight: &'static str, bias: &'static str) -> [Tensor; 2] {
    [
        (weight, Dtype::F32, &[2, 2], floats(&[0.0; 4])),
        (bias, Dtype::F32, &[2], floats(&[0.0; 2])),
    ]
}

/// As Lightning and `DataParallel` save a module.
#[test]
fn a_prefix_of_all_names_is_one_mistake() {
    let expected = "every name in `net.safetensors` begins with `model.`; save it without, as \
                    `{k.removeprefix(\"model.\"): v for k, v in state.items()}`, or name the layers so, as in \
                    `fc: Dense(10, name = \"model.fc\")`";
    let tensors = dense("model.fc.weight", "model.fc.bias");
    assert_eq!(said("wrapped", DENSE, &tensors), [expected]);
    let twice = said(
        "twice",
        DENSE,
        &dense("module.model.fc.weight", "module.model.fc.bias"),
    );
    assert!(
        twice[0].contains("begins with `module.model.`;"),
        "{twice:?}"
    );
    // Where only some have it, each is told at its layer.
    let some = said("some", DENSE, &dense("model.fc.weight", "ema.fc.bias"));
    assert_eq!(some.len(), 2, "{some:?}");
    assert!(
        some[0].ends_with("is `model.fc.weight` the same by another name?"),
        "{some:?}"
    );
}

#[test]
fn a_misspelt_layer_is_told_its_nearest_name() {
    let said = said("misspelt", DENSE, &dense("cf.weight", "cf.bias"));
    let expected = [
        "`net.safetensors` has no `fc.weight` [2, 2]; is `cf.weight` the same by another name?",
        "`net.safetensors` has no `fc.bias` [2]; is `cf.bias` the same by another name?",
    ];
    assert_eq!(said, expected);
}

#[test]
fn a_mistake_in_a_block_is_told_once() {
    let source = "block Unit(x) { fc: Dense(2) }
        #[kiln(weights = \"net.safetensors\")] struct Net(x: [2]) -> [2] { units: [Unit; 2], out: Dense(2) }";
    let mut report = Report::default();
    let (_, graphs) = read(source.parse().expect("it lexes"), &mut report);
    let tensors: [Tensor; 2] = [
        ("out.weight", Dtype::F32, &[2, 2], floats(&[0.0; 4])),
        ("out.bias", Dtype::F32, &[2], floats(&[0.0; 2])),
    ];
    let folder = Folder::of("block", &file(&tensors));
    weights::read(&graphs[0], &folder.facade(), &mut report);
    let expected = "`net.safetensors` has no `units.0.fc.weight` [2, 2]; it may be of another model (in units.0 and 1 more)";
    assert_eq!(report.take_messages(), [expected]);
}

/// Changing the file rebuilds the crate: rustc is told of it by `include_bytes!` of the file that the macro has read.
#[test]
fn the_expansion_includes_the_file() {
    let folder = Folder::of("included", &file(&dense("fc.weight", "fc.bias")));
    let expansion = |facade: &Facade, path: &str| {
        let source = format!("#[kiln(weights = {path:?})] struct Net{DENSE}");
        compile(facade, source.parse().expect("it lexes")).to_string()
    };
    let within = expansion(&folder.facade(), "net.safetensors");
    let path = quote!(::core::include_bytes!(::core::concat!(
        ::core::env!("CARGO_MANIFEST_DIR"),
        "/",
        "net.safetensors"
    )));
    assert!(within.contains(&path.to_string()));
    // Without Cargo a path begins in the working directory; here it is absolute.
    let absolute = folder.0.join("net.safetensors");
    let absolute = absolute.to_str().expect("a path in UTF-8");
    let alone = Facade {
        folder: None,
        ..Facade::owning(quote!(::kiln))
    };
    let path = quote!(::core::include_bytes!(#absolute)).to_string();
    for facade in [&folder.facade(), &alone] {
        assert!(expansion(facade, absolute).contains(&path));
    }
    let working = env::current_dir().expect("a folder");
    assert_eq!(alone.file("net"), working.join("net"));
    let working = working.join("net");
    let working = working.to_str().expect("a path in UTF-8");
    assert_eq!(
        alone.included("net").to_string(),
        quote!(#working).to_string()
    );
}
