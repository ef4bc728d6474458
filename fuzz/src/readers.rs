//! Any bytes as a file: tables, arrays, archives, IDX and weights. Every reader answers, and what it gives keeps its word.

use kiln::{
    data::{Csv, Missing, Npy, Npz, idx::Idx},
    prelude::*,
};

model! {
    /// A network whose weights may be in the file.
    struct Small(x: [2]) -> [2] { fc: Dense(2) }
}

/// Reads bytes by every reader; panics if one does, or gives what it may not.
pub fn read(data: &[u8]) {
    table(data);
    array(data);
    if let Ok(idx) = Idx::parse("fuzzed", data) {
        let _ = (idx.images::<2, 3>(), idx.labels(3));
        assert_eq!(
            idx.values().count(),
            idx.dimensions().iter().product::<usize>()
        );
    }
    if let Ok(net) = Small::from_bytes(data) {
        assert!(net.parameters().norm().is_finite());
    }
}

fn table(data: &[u8]) {
    let csv = || Csv::parse("fuzzed", data);
    let tables = [
        csv().read::<2>().ok(),
        csv().missing(Missing::Median).read::<2>().ok(),
        csv().missing(Missing::DropRow).no_header().read::<2>().ok(),
        csv()
            .delimiter(b';')
            .decimal_comma()
            .one_hot(["a"])
            .read::<2>()
            .ok(),
    ];
    for table in tables.into_iter().flatten() {
        let numbers = table.samples.inputs().as_flattened();
        assert!(numbers.iter().all(|number| number.is_finite()));
        assert_eq!(
            (table.columns.len(), table.lines.len()),
            (2, table.samples.len())
        );
        assert!(table.lines.is_sorted());
    }
    if let Ok(table) = csv()
        .missing(Missing::Mean)
        .features(["a"])
        .class("b")
        .read::<1>()
    {
        let classes = table.samples.targets().iter();
        assert!(
            classes
                .max()
                .is_some_and(|&last| last + 1 == table.classes.len())
        );
    }
}

fn array(data: &[u8]) {
    if let Ok(array) = Npy::parse("fuzzed", data) {
        see(&array);
    }
    if let Ok(mut archive) = Npz::parse("fuzzed", data) {
        let names = archive.names().map(String::from).collect::<Vec<_>>();
        for name in names {
            if let Ok(array) = archive.array(&name) {
                see(&array);
            }
        }
    }
}

fn see(array: &Npy) {
    assert_eq!(
        array.values().count(),
        array.shape().iter().product::<usize>()
    );
    if let Ok(arrays) = array.arrays::<[f32; 3]>() {
        assert_eq!(array.shape(), [arrays.len(), 3]);
    }
    if let Ok(labels) = array.labels(3) {
        assert!(labels.iter().all(|&label| label < 3));
    }
}
