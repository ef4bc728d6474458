//! Data as others read and prepare it: NumPy's arrays, pandas' tables, scikit-learn's normalisation and splits, from files
//! that `tests/golden/data_files.py` writes; and the readers' fuzz corpus, replayed.
#![forbid(unsafe_code)]

#[path = "../fuzz/src/readers.rs"]
mod readers;

use kiln::{
    Result,
    data::{
        Augment, Csv, Missing, Normaliser, Npy, Npz, Parts, Samples, Subset, npy::Element,
        save_with,
    },
    prelude::*,
};
use safetensors::SafeTensors;
use std::{
    fs,
    path::{Path, PathBuf},
};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden/data/files")
        .join(name)
}

/// The tensors of a golden file.
struct Golden(Vec<u8>);

impl Golden {
    fn new(name: &str) -> Self {
        Self(fs::read(file(name)).unwrap())
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        let file = SafeTensors::deserialize(&self.0).unwrap();
        file.tensor(name).unwrap().data().to_vec()
    }

    fn floats(&self, name: &str) -> Vec<f32> {
        let bytes = self.bytes(name);
        bytes
            .as_chunks()
            .0
            .iter()
            .map(|&bytes| f32::from_le_bytes(bytes))
            .collect()
    }

    fn integers(&self, name: &str) -> Vec<usize> {
        let bytes = self.bytes(name);
        bytes
            .as_chunks()
            .0
            .iter()
            .map(|&bytes| i64::from_le_bytes(bytes) as usize)
            .collect()
    }
}

fn assert_close(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let bound = 1e-5 * expected.abs().max(1e-3);
        assert!(
            (found - expected).abs() <= bound,
            "{index}: {found} {expected}"
        );
    }
}

#[test]
fn arrays_of_every_type_and_order_are_read() -> Result<()> {
    let types = [
        ("b1", Element::Bool),
        ("u1", Element::Unsigned(1)),
        ("u2", Element::Unsigned(2)),
        ("u4", Element::Unsigned(4)),
        ("u8", Element::Unsigned(8)),
        ("i1", Element::Signed(1)),
        ("i2", Element::Signed(2)),
        ("i4", Element::Signed(4)),
        ("i8", Element::Signed(8)),
        ("f2", Element::Float(2)),
        ("f4", Element::Float(4)),
        ("f8", Element::Float(8)),
    ];
    for (code, element) in types {
        let number = |index: usize| match element {
            Element::Bool => (index % 2) as f32,
            Element::Unsigned(_) => index as f32,
            Element::Signed(_) => index as f32 - 6.0,
            Element::Float(_) => (index as f32 - 6.0) * 0.5,
        };
        for order in ["little", "big", "little_fortran", "big_fortran"] {
            let array = Npy::open(file(&format!("{code}_{order}.npy")))?;
            assert_eq!(
                (array.element(), array.shape()),
                (element, &[3, 2, 2][..]),
                "{code} {order}"
            );
            let rows = array.arrays::<[[f32; 2]; 2]>()?;
            let expected = (0..12).map(number).collect::<Vec<_>>();
            assert_eq!(
                rows.as_flattened().as_flattened(),
                expected,
                "{code} {order}"
            );
            assert!(
                array
                    .values()
                    .eq(expected.iter().map(|&number| f64::from(number)))
            );
        }
    }
    Ok(())
}

#[test]
fn other_files_of_numpy_are_read_or_refused() -> Result<()> {
    for version in 1..=3 {
        let array = Npy::open(file(&format!("version{version}.npy")))?;
        assert_eq!(
            array.arrays::<[f32; 3]>()?,
            [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
        );
    }
    let scalar = Npy::open(file("scalar.npy"))?;
    assert_eq!(
        (scalar.shape(), scalar.values().collect::<Vec<_>>()),
        (&[][..], vec![1.5])
    );
    assert_eq!(Npy::open(file("labels.npy"))?.labels(3)?, [2, 0, 1, 2]);
    assert_eq!(Npy::open(file("column.npy"))?.labels(3)?, [2, 0, 1, 2]);
    for (name, expected) in [
        ("words.npy", "words are no numbers"),
        ("complex.npy", "of complex numbers"),
        ("objects.npy", "objects are pickled"),
        ("records.npy", "the elements are records"),
    ] {
        let message = Npy::open(file(name)).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }
    for name in ["stored.npz", "deflated.npz"] {
        let mut archive = Npz::open(file(name))?;
        assert_eq!(archive.names().collect::<Vec<_>>(), ["images", "labels"]);
        assert_eq!(archive.array("labels")?.labels(2)?, [1, 0]);
        let images = archive.array("images")?.arrays::<[[f32; 4]; 3]>()?;
        let expected = (0..24).map(|index| (index % 7) as f32).collect::<Vec<_>>();
        assert_eq!(images.as_flattened().as_flattened(), expected);
    }
    Ok(())
}

#[test]
fn gaps_and_words_become_the_numbers_of_pandas() -> Result<()> {
    let golden = Golden::new("table.safetensors");
    let table = || Csv::open(file("table.csv"));
    for (missing, name) in [(Missing::Mean, "mean"), (Missing::Median, "median")] {
        let table = table()?
            .missing(missing)
            .one_hot(["port"])
            .class("alive")
            .read::<5>()?;
        assert_close(table.samples.inputs().as_flattened(), &golden.floats(name));
        assert_eq!(table.samples.targets(), golden.integers("alive"));
        assert_eq!(table.columns, ["age", "fare", "port=C", "port=Q", "port=S"]);
    }
    let dropped = table()?
        .missing(Missing::DropRow)
        .one_hot(["port"])
        .class("alive")
        .read::<5>()?;
    let numbers = dropped
        .samples
        .inputs()
        .iter()
        .flat_map(|row| row[..2].to_vec());
    assert_close(&numbers.collect::<Vec<_>>(), &golden.floats("dropped"));
    assert_eq!(dropped.dropped, 4);
    Ok(())
}

#[test]
fn normalisation_is_that_of_scikit_learn() -> Result<()> {
    let golden = Golden::new("normalisation.safetensors");
    let rows = Samples::<[f32; 4], _>::from_flat(&golden.floats("rows"), [0_u8; 50])?;
    for (normaliser, name) in [
        (Normaliser::fit(&rows)?, "standard"),
        (Normaliser::fit_min_max(&rows)?, "min_max"),
    ] {
        let normal = rows.clone().change(|row| normaliser.apply(row));
        assert_close(normal.inputs().as_flattened(), &golden.floats(name));
    }
    let images = Samples::<[[[f32; 4]; 3]; 2], _>::from_flat(&golden.floats("images"), [0_u8; 6])?;
    let normaliser = Normaliser::fit(&images)?;
    let normal = images.change(|image| normaliser.apply(image));
    assert_close(
        kiln::flat::all_numbers(normal.inputs()),
        &golden.floats("images.standard"),
    );
    Ok(())
}

fn bins(part: &[usize], labels: &[usize]) -> Vec<usize> {
    let count = |class| part.iter().filter(|&&at| labels[at] == class).count();
    (0..4).map(count).collect()
}

#[test]
fn splits_are_those_of_scikit_learn() -> Result<()> {
    let golden = Golden::new("splits.safetensors");
    let labels = golden.integers("labels");
    let data = Samples::new(vec![[0.0_f32]; labels.len()], labels.clone())?;
    for count in [2, 5] {
        let mut which = vec![0; labels.len()];
        for (fold, (_, validation)) in data.folds_in_order(count)?.enumerate() {
            validation.indices().iter().for_each(|&at| which[at] = fold);
        }
        assert_eq!(which, golden.integers(&format!("folds.{count}")));
        // Which samples those are is up to the seed; how many of each class is not.
        let folds = data.stratified_folds(count, Seed(1))?;
        let counts = folds.flat_map(|(_, validation)| bins(validation.indices(), &labels));
        assert_eq!(
            counts.collect::<Vec<_>>(),
            golden.integers(&format!("counts.{count}"))
        );
    }
    for size in [50, 71, 82] {
        let (train, _) = data.stratified_split(size as f64 / 103.0, Seed(1))?;
        assert_eq!(
            bins(train.indices(), &labels),
            golden.integers(&format!("train.{size}")),
            "{size}"
        );
    }
    assert_close(&data.class_weights::<4>()?, &golden.floats("weights"));
    Ok(())
}

model! {
    struct Line(x: [2]) -> [2] { fc: Dense(2) }
}

#[test]
fn a_normaliser_is_stored_with_the_weights() -> Result<()> {
    let folder = std::env::temp_dir().join(format!("kiln-data-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let path = folder.join("line.safetensors");
    let rows = (0..50)
        .map(|row| [row as f32 / 7.0, 1e4 - row as f32])
        .collect::<Vec<_>>();
    let train = Samples::new(rows, [[0.1_f32, 0.7]; 50])?;
    let (x, y) = (Normaliser::fit(&train)?, Normaliser::fit_targets(&train)?);
    let net = Line::new(Seed(1));
    save_with(&net, &path, &[("x", x.scaling()), ("y", y.scaling())])?;
    assert_eq!(Normaliser::open(&path, "x")?, x);
    assert_eq!(Normaliser::<[f32; 2]>::open(&path, "y")?, y);
    let bytes = fs::read(&path)?;
    save_with(&net, &path, &[("x", x.scaling()), ("y", y.scaling())])?;
    assert_eq!(bytes, fs::read(&path)?);
    // The tensors are those of the network alone, in any reader.
    let other = Line::open(&path)?;
    assert_eq!(
        other.parameters().get("fc.weight"),
        net.parameters().get("fc.weight")
    );
    let (length, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
    assert_eq!(length % 8, 0);
    let metadata = metadata.metadata().as_ref().unwrap();
    assert_eq!(metadata["format"], "pt");
    assert_eq!(metadata.len(), 5);
    assert_eq!(SafeTensors::deserialize(&bytes).unwrap().len(), 2);

    let refused = |found: Result<Normaliser<[f32; 2]>>| found.unwrap_err().to_string();
    let message = refused(Normaliser::open(&path, "z"));
    assert!(
        message.contains("no normaliser `z`, but `x`, `y`"),
        "{message}"
    );
    let message = Normaliser::<[f32; 3]>::open(&path, "x")
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("`kiln.normaliser.x.shift` should be 3 finite numbers"),
        "{message}"
    );
    net.save(&path)?;
    let message = refused(Normaliser::open(&path, "x"));
    assert!(message.contains("nor any other; store it"), "{message}");
    let found = save_with(&net, &path, &[("a\"b", x.scaling())]);
    assert!(matches!(found, Err(kiln::Error::Setting { .. })));
    fs::remove_dir_all(&folder)?;
    Ok(())
}

/// Training on augmented parts of data has the same bits on any number of threads.
#[test]
fn views_train_alike_on_any_number_of_threads() -> Result<()> {
    model! {
        struct Digits(image: [1, 8, 8]) -> [10] { Flatten, Dense(16), Relu, Dense(10) }
    }
    let (digits, _) = kiln::data::digits()?;
    let digits = digits.first(300)?;
    let (train, validation) = digits.stratified_split(0.8, Seed(1))?;
    let even: Subset<_> = train.oversampled(Seed(2))?;
    let moved = Augment::new(&even, Seed(3))
        .shift(1)
        .rotate(15.0)
        .noise(0.1);
    let fit = |threads| {
        let mut net = Digits::new(Seed(1));
        let mut trainer = Trainer::new(Adam::new(0.01), CrossEntropy)
            .epochs(3)
            .threads(threads)
            .quiet();
        let history = trainer.fit_and_validate(&mut net, &moved, &validation)?;
        let loss = history.last().map(|epoch| epoch.loss.to_bits());
        Ok::<_, kiln::Error>((loss, net.parameters().get("1.weight").unwrap_or_default()))
    };
    assert_eq!(fit(1)?, fit(2)?);
    Ok(())
}

/// The corpus of the target `read`, and what is near it: bytes changed, cut off and doubled, as a seed says.
#[test]
fn readers_answer_whatever_is_in_a_file() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/read");
    let mut paths = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect::<Vec<_>>();
    paths.sort();
    assert!(paths.len() > 30);
    let mut state = 7_u64;
    let mut below = move |count: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % count.max(1)
    };
    for path in paths {
        let bytes = fs::read(&path).unwrap();
        readers::read(&bytes);
        for _ in 0..200 {
            let mut near = bytes.clone();
            for _ in 0..=below(4) {
                if near.is_empty() {
                    break;
                }
                let at = below(near.len());
                match below(4) {
                    0 => near.truncate(at),
                    1 => near[at] = [0, 0xff, b'"', b',', b'\n', b'\r', b'9'][below(7)],
                    2 => near[at] ^= 1 << below(8),
                    _ => near.extend_from_within(at..near.len().min(at + 1 + below(16))),
                }
            }
            readers::read(&near);
        }
    }
}
