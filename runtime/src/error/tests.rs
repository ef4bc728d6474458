//! The wording of errors, and what they owe their callers.
#![cfg(feature = "std")]

use super::Error;
use alloc::{boxed::Box, format, string::ToString, vec};

#[test]
fn errors_are_small_and_travel_between_threads() {
    fn travels<T: Send + Sync + 'static>() {}
    travels::<Error>();
    assert!(size_of::<Error>() <= 96, "{}", size_of::<Error>());
}

#[test]
fn messages_read_as_sentences() {
    let error = Error::LabelOutOfRange {
        row: 7,
        label: 10,
        classes: 10,
    };
    assert_eq!(
        error.to_string(),
        "row 7 of the dataset: label 10, but 10 classes take labels below 10; \
         count classes from 0, or give the last layer an output for each class"
    );
    assert_eq!(format!("{error:?}"), error.to_string());

    let error = Error::MissingFiles {
        directory: "data".into(),
        missing: vec![vec!["a".into(), "a.gz".into()]],
        download: "https://example.org/",
    };
    assert_eq!(
        error.to_string(),
        "`data` lacks 1 file:\n  none of a, a.gz is there\n  repair: put them there, from https://example.org/"
    );

    let error = Error::Setting {
        setting: "batch",
        found: "0".into(),
        expected: "at least 1, such as 32",
    };
    assert_eq!(
        error.to_string(),
        "`batch` is 0, but must be at least 1, such as 32"
    );
}

#[test]
fn wrong_lengths_come_with_a_repair() {
    let workspace = Error::Workspace {
        expected: 12,
        found: 3,
    };
    assert_eq!(
        workspace.to_string(),
        "the workspace has 3 blocks of 64 bytes, but the network needs 12; give it `WORKSPACE_BYTES / 64` of them"
    );
    let length = Error::ParameterLength {
        name: "fc.bias",
        expected: 10,
        found: 9,
    };
    assert_eq!(
        length.to_string(),
        "parameter `fc.bias` holds 10 numbers, but 9 were given; \
         give all of the shape that `names()` lists, in row-major order"
    );
}

#[test]
fn causes_are_kept() {
    use core::error::Error as _;
    let error = Error::Sample {
        row: 3,
        source: Box::from("no such image"),
    };
    assert_eq!(
        error.source().map(|source| source.to_string()),
        Some("no such image".into())
    );
    assert!(Error::EmptyDataset.source().is_none());
}

#[test]
fn divergence_is_told_by_its_place() {
    let message = |error: Error| error.to_string();
    let calmer =
        "so training has diverged; lower the learning rate, or scale the inputs to about -1..1";
    let loss = |epoch| message(Error::NanLoss { epoch, step: 3 });
    assert_eq!(
        loss(Some(2)),
        format!("epoch 2, step 3: the loss is NaN or infinite, {calmer}")
    );
    assert_eq!(
        loss(None),
        format!("step 3: the loss is NaN or infinite, {calmer}")
    );
    let weight = |epoch| {
        message(Error::NanWeight {
            epoch,
            name: "fc.bias",
            index: 5,
        })
    };
    assert_eq!(
        weight(Some(2)),
        "after epoch 2: number 5 of parameter `fc.bias` (in row-major order) is NaN or infinite, \
         so training has diverged; begin again from other weights, and lower the learning rate, \
         or scale the inputs to about -1..1"
    );
    assert_eq!(
        weight(None),
        "number 5 of parameter `fc.bias` (in row-major order) is NaN or infinite, but must be finite; \
         load weights from before they were, or begin with a new network"
    );
    assert_eq!(
        message(Error::Validation(Box::new(Error::EmptyDataset))),
        format!("validation data: {}", Error::EmptyDataset)
    );
}
