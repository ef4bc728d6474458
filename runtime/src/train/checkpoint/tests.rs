//! Files that are well made, but of which something is not as a trainer writes it.

use super::Checkpoints;
use crate::{
    error::{Error, Result},
    files::record::{CHECKPOINT, Record},
    loss::CrossEntropy,
    optimizer::Adam,
    parameters::{Seed, initialized},
    testing::Folder,
    train::{
        Trainer,
        stopping::EarlyStopping,
        tests::{mlp::Mlp, samples},
    },
};
use alloc::{string::String, vec, vec::Vec};
use std::{fs, path::PathBuf};

fn trainer() -> Trainer<Adam, CrossEntropy> {
    Trainer::new(Adam::new(0.01), CrossEntropy)
        .batch(8)
        .epochs(3)
        .validation_split(0.2)
        .early_stopping(EarlyStopping::new(2))
        .keep_steps()
        .threads(1)
        .quiet()
}

fn net(seed: u64) -> Mlp<true> {
    initialized(Seed(seed))
}

/// A run's checkpoint in the midst of its second epoch.
fn checkpoint(folder: &Folder) -> Result<(PathBuf, Record)> {
    let every = Checkpoints::new(folder.path())
        .every_steps(1)
        .keep_last(100);
    trainer()
        .checkpoints(every)
        .fit(&mut net(1), &samples(40))?;
    let path = folder.path().join("checkpoint-00000006.safetensors");
    let file = Record::parse(&CHECKPOINT, None, &fs::read(&path).map_err(Error::System)?)?;
    Ok((path, file))
}

/// Resumes from a file and trains on; nothing panics. Whether it was resumed.
fn goes_on(folder: &Folder, file: &Record) -> Result<bool> {
    let path = folder.path().join("changed");
    fs::write(&path, file.clone().into_bytes(&CHECKPOINT, None)?)?;
    let (mut net, mut trainer) = (net(2), trainer());
    let before = net.arena().to_vec();
    match trainer.resume(&path, &mut net) {
        Ok(()) => {
            // It may diverge, or not fit the data; that is an error as well.
            let _ = trainer.fit(&mut net, &samples(40));
            Ok(true)
        }
        Err(Error::Checkpoint { .. } | Error::NotSafetensors { .. }) => {
            assert_eq!(net.arena(), before);
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

#[test]
fn a_file_is_read_as_it_was_written() -> Result<()> {
    let folder = Folder::new();
    let (_, file) = checkpoint(&folder)?;
    let bytes = file.clone().into_bytes(&CHECKPOINT, None)?;
    assert_eq!(Record::parse(&CHECKPOINT, None, &bytes)?, file);
    assert!(goes_on(&folder, &file)?);
    Ok(())
}

#[test]
fn words_may_say_anything() -> Result<()> {
    let folder = Folder::new();
    let (_, file) = checkpoint(&folder)?;
    let others = [
        "",
        "-1",
        "0",
        "1",
        "7",
        "NaN",
        "inf",
        "-1e308",
        "true",
        "Mlp",
        "\u{1f600}\"\\\n",
        "9007199254740991",
        "18446744073709551615",
        "99999999999999999999999",
    ];
    let mut refused = 0;
    for name in file.words.keys() {
        let mut without = file.clone();
        without.words.remove(name);
        refused += usize::from(!goes_on(&folder, &without)?);
        for other in others {
            let mut changed = file.clone();
            changed.words.insert(name.clone(), other.into());
            refused += usize::from(!goes_on(&folder, &changed)?);
        }
    }
    assert!(refused > 100, "{refused}");
    Ok(())
}

#[test]
fn tensors_are_what_they_should_be_or_refused() -> Result<()> {
    let folder = Folder::new();
    let (_, file) = checkpoint(&folder)?;
    let names: Vec<String> = file.tensors.keys().cloned().collect();
    // Weights, the best ones, both moments, and what was told of epochs and steps.
    assert!(names.len() >= 4 * 4 + 11, "{names:?}");
    for name in &names {
        let whole = name == "history.steps" || name == "open.steps";
        let mut without = file.clone();
        without.tensors.remove(name);
        assert!(!goes_on(&folder, &without)?, "{name}");
        let mut reshaped = file.clone();
        let mut longer = file.clone();
        for (changed, add) in [(&mut reshaped, false), (&mut longer, true)] {
            if let Some(stored) = changed.tensors.get_mut(name) {
                let count: usize = stored.shape.iter().product();
                let size = stored.bytes.len() / count.max(1);
                if add {
                    stored.bytes.extend(vec![0; size]);
                    stored.shape = vec![count + 1];
                } else {
                    stored.shape = vec![1, count];
                }
            }
        }
        // An empty one says nothing of its elements.
        if file
            .tensors
            .get(name)
            .is_some_and(|stored| !stored.bytes.is_empty())
        {
            assert!(!goes_on(&folder, &reshaped)?, "{name}");
            assert_eq!(goes_on(&folder, &longer)?, whole, "{name}");
        }
        for byte in [0xff, 0x7f] {
            let mut other = file.clone();
            if let Some(stored) = other.tensors.get_mut(name) {
                stored.bytes.fill(byte);
            }
            goes_on(&folder, &other)?;
        }
    }
    Ok(())
}
