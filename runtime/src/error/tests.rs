//! The wording of errors, and what they owe their callers.
#![cfg(feature = "std")]

use super::{Error, Found};
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
        found: Found::Count(0),
        expected: "at least 1, such as 32",
    };
    assert_eq!(
        error.to_string(),
        "`batch` is 0, but must be at least 1, such as 32"
    );
}

#[test]
fn actions_and_distributions_say_what_they_may_be() {
    let action = |row| Error::ActionOutOfRange {
        row,
        action: -1,
        actions: 2,
    };
    let tail = "action -1, but 2 actions are counted from 0 and below 2; count actions from 0, or give the last layer \
                an output for each action";
    assert_eq!(action(None).to_string(), tail);
    assert_eq!(
        action(Some(4)).to_string(),
        std::format!("row 4 of the dataset: {tail}")
    );
    assert_eq!(
        Error::NoAction { actions: 3 }.to_string(),
        "none of 3 actions is allowed, but at least one must be; allow one, or end the episode before"
    );
    let logit = Error::Distribution {
        parameter: "logits",
        index: 1,
        found: f32::NAN,
        expected: "finite",
    };
    assert_eq!(
        logit.to_string(),
        "number 1 of the logits is NaN, but must be finite"
    );
}

#[test]
fn wrong_lengths_come_with_a_repair() {
    let workspace = Error::Lent {
        what: "blocks of a workspace",
        expected: 12,
        found: 3,
    };
    assert_eq!(
        workspace.to_string(),
        "there is room for 3 blocks of a workspace, but 12 are needed; lend as many as `kiln::memory` says"
    );
    let length = Error::ParameterLength {
        name: "fc.bias",
        expected: 10,
        found: 9,
    };
    assert_eq!(
        length.to_string(),
        "parameter `fc.bias` holds 10 numbers, but was given 9; \
         give all of the shape that `names()` lists, in row-major order"
    );
}

/// As `?` does in a user's `main`.
#[test]
fn errors_of_the_system_are_taken() {
    use core::error::Error as _;
    let read = || -> super::Result<alloc::vec::Vec<u8>> { Ok(std::fs::read("nowhere")?) };
    let error = read().unwrap_err();
    assert!(
        matches!(&error, Error::System(source) if source.kind() == std::io::ErrorKind::NotFound)
    );
    assert_eq!(error.to_string(), error.source().unwrap().to_string());
}

#[test]
fn a_missing_file_is_looked_for() {
    let message = |path: &str| {
        let source = std::io::ErrorKind::NotFound.into();
        super::io("open", path.as_ref())(source).to_string()
    };
    assert!(message("a/b").ends_with("check the path, which counts from the working directory"));
    assert!(cfg!(windows) || message("/a/b").ends_with("; check the path"));
}

#[test]
fn near_names_of_parameters_are_suggested() {
    let error = |nearest| Error::UnknownParameter {
        name: "a.weigth".into(),
        nearest,
    };
    assert_eq!(
        error(Some("a.weight")).to_string(),
        "no parameter is named `a.weigth`; did you mean `a.weight`?"
    );
    assert_eq!(
        error(None).to_string(),
        "no parameter is named `a.weigth`; `names()` lists them"
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
