//! Logs of fits that have other names than those before.
#![forbid(unsafe_code)]

use kiln::{
    CsvLog, Error, Result,
    data::Samples,
    metrics::{Mae, Rmse},
    prelude::*,
};
use std::{
    env, fs,
    path::PathBuf,
    process,
    sync::{Arc, Mutex},
};

model! {
    struct Line(x: [1]) -> [1] { Dense(1) }
}

type Log = Arc<Mutex<CsvLog>>;

/// A file of this test's own.
fn place(name: &str) -> PathBuf {
    env::temp_dir().join(format!("kiln-logs-{name}-{}.csv", process::id()))
}

/// Two epochs, validated or not.
fn fit<M: kiln::metrics::Metric<[f32; 1], [f32; 1]>>(
    log: &Log,
    validate: bool,
    metrics: M,
) -> Result<()> {
    let pairs = (0..16).map(|i| i as f32 / 16.0).map(|x| ([x], [3.0 * x]));
    let data = Samples::from_pairs(pairs)?;
    let mut trainer = Trainer::new(Sgd::new(0.1), Mse).epochs(2).quiet();
    trainer = trainer.callback(Arc::clone(log));
    let mut trainer = trainer.metrics(metrics);
    match validate {
        true => trainer.fit_and_validate(&mut Line::new(Seed(1)), &data, &data)?,
        false => trainer.fit(&mut Line::new(Seed(1)), &data)?,
    };
    Ok(())
}

/// The fields of all lines.
fn table(path: &PathBuf) -> Result<Vec<Vec<String>>> {
    let text = fs::read_to_string(path)?;
    let lines = text
        .lines()
        .map(|line| line.split(',').map(String::from).collect());
    Ok(lines.collect())
}

#[test]
fn names_that_come_up_later_are_columns_of_all_lines() -> Result<()> {
    let path = place("later");
    let log = Arc::new(Mutex::new(CsvLog::new(&path)));
    let names = [
        "epoch",
        "learning_rate",
        "loss",
        "accuracy",
        "seconds",
        "samples_per_second",
    ];
    fit(&log, false, ())?;
    assert_eq!(table(&path)?[0], names);
    fit(&log, true, Mae::default())?;
    let wider = ["val_loss", "val_accuracy", "val_mae"];
    assert_eq!(table(&path)?[0], [&names[..], &wider].concat());
    fit(&log, true, (Rmse::default(), Mae::default()))?;
    fit(&log, false, ())?;

    let table = table(&path)?;
    let expected = [&names[..], &wider, &["val_rmse"]].concat();
    assert_eq!(table[0], expected);
    assert_eq!(table.len(), 1 + 4 * 2);
    // Which of the last four columns each fit has; accuracy none.
    let has = [
        [false; 4],
        [true, false, true, false],
        [true, false, true, true],
        [false; 4],
    ];
    for (line, fields) in table[1..].iter().enumerate() {
        assert_eq!(fields.len(), expected.len());
        assert_eq!(fields[0], (line % 2 + 1).to_string());
        assert_eq!(fields[2].parse::<f64>().map(|loss| loss > 0.0), Ok(true));
        let found = fields[6..].iter().map(|field| !field.is_empty());
        assert!(found.eq(has[line / 2]), "line {line}: {fields:?}");
    }
    let beside = PathBuf::from(format!("{}.tmp", path.display()));
    assert!(!beside.exists());
    fs::remove_file(path)?;
    Ok(())
}

#[test]
fn a_log_that_others_changed_goes_on_under_its_new_names() -> Result<()> {
    let path = place("changed");
    let log = Arc::new(Mutex::new(CsvLog::new(&path)));
    fit(&log, false, ())?;
    fs::write(&path, "a note\n")?;
    fit(&log, true, ())?;
    let table = table(&path)?;
    assert_eq!(
        (&*table[0][0], &*table[1][0], table.len()),
        ("a note", "epoch", 4)
    );
    assert_eq!(table[1].len(), table[2].len());
    fs::remove_file(path)?;
    Ok(())
}

/// What could not be widened is under its own names, and is widened by the next fit.
#[test]
fn a_log_that_cannot_be_replaced_keeps_its_names() -> Result<()> {
    let path = place("kept");
    // What the new file is called before it takes its place.
    let mut beside = path.clone().into_os_string();
    beside.push(".tmp");
    fs::create_dir_all(&beside)?;
    let log = Arc::new(Mutex::new(CsvLog::new(&path)));
    fit(&log, false, ())?;
    let before = fs::read(&path)?;
    let error = fit(&log, true, ());
    assert!(matches!(error, Err(Error::Io { path, .. }) if *path == *beside));
    assert_eq!(fs::read(&path)?, before);
    fs::remove_dir(&beside)?;
    fit(&log, true, ())?;
    let table = table(&path)?;
    assert_eq!(table.len(), 5);
    assert!(table.iter().all(|line| line.len() == table[0].len()));
    fs::remove_file(path)?;
    Ok(())
}
