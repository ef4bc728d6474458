//! What the files hold, and which are refused.

use super::run::{Folder, Net, Other, Run, numbers, samples, told, trainer};
use kiln::{Checkpoints, EarlyStopping, Error, Monitor, Result, prelude::*};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A checkpoint in the midst of the second epoch.
fn written(folder: &Folder) -> Result<PathBuf> {
    let mut net = Net::new(Seed(1));
    let every = Checkpoints::new(&folder.0).every_steps(1).keep_last(1000);
    trainer(Adam::new(0.02))
        .checkpoints(every)
        .fit(&mut net, &samples(47))?;
    Ok(folder.0.join("checkpoint-00000007.safetensors"))
}

#[test]
fn tensors_have_pytorchs_names() -> Result<()> {
    let folder = Folder::new("names");
    let path = written(&folder)?;
    let bytes = fs::read(&path)?;
    let file = safetensors::SafeTensors::deserialize(&bytes).expect("safetensors");
    for (name, shape) in Net::new(Seed(1)).parameters().names() {
        assert_eq!(
            file.tensor(&format!("model.{name}")).expect(name).shape(),
            shape
        );
        assert_eq!(
            file.tensor(&format!("best.{name}")).expect(name).shape(),
            shape
        );
        let learnt = !name.contains("running") && !name.contains("tracked");
        for state in ["exp_avg", "exp_avg_sq_root"] {
            let found = file.tensor(&format!("optimizer.{state}.{name}"));
            assert_eq!(
                found.ok().map(|found| found.shape().to_vec()),
                learnt.then(|| shape.to_vec()),
                "{name}"
            );
        }
    }
    // Its weights alone.
    let mut weights = Net::new(Seed(2));
    weights.load_renamed(&path, |name| name.strip_prefix("model.").map(Into::into))?;
    let mut resumed = Net::new(Seed(3));
    trainer(Adam::new(0.02)).resume(&path, &mut resumed)?;
    assert_eq!(numbers(&weights), numbers(&resumed));
    Ok(())
}

#[test]
fn a_checkpoint_of_another_run_is_refused() -> Result<()> {
    let folder = Folder::new("other");
    let path = written(&folder)?;
    let mut other = Other::new(Seed(1));
    let start = numbers(&other);
    let error = trainer(Sgd::new(0.1).momentum(0.9))
        .resume(&path, &mut other)
        .expect_err("another");
    let Error::Checkpoint {
        differences, more, ..
    } = &error
    else {
        panic!("{error}");
    };
    assert_eq!(*more, 0);
    let message = error.to_string();
    for line in [
        "is a checkpoint of another run:\n  network: expected `Other`, found `Net`\n",
        "\n  optimizer: expected `Sgd with momentum`, found `Adam`\n",
        "\n  tensor `model.hidden.weight`: expected F32 [9, 2], found F32 [8, 2]\n",
        "\n  tensor `model.fc.weight`: expected F32 [3, 9], found nothing\n",
        "\n  tensor `optimizer.momentum_buffer.fc.bias`: expected F32 [3], found nothing\n",
        "\n  repair: resume with the model and the optimizer that wrote it",
    ] {
        assert!(message.contains(line), "{line} in {message}");
    }
    assert!(differences.len() > 10);
    assert_eq!(numbers(&other), start);

    // Weights alone, another version, no file, an empty folder.
    let message = |path: &Path| {
        let mut net = Net::new(Seed(1));
        let error = trainer(Adam::new(0.02))
            .resume(path, &mut net)
            .expect_err("no checkpoint");
        assert_eq!(numbers(&net), numbers(&Net::new(Seed(1))));
        error.to_string()
    };
    let weights = folder.0.join("weights");
    Net::new(Seed(1)).save(&weights)?;
    assert!(
        message(&weights)
            .contains("expected a checkpoint, found weights alone; load them by `load`")
    );
    let mut bytes = fs::read(&path)?;
    let mark = b"\"kiln.checkpoint\":\"1\"";
    let at = bytes
        .windows(mark.len())
        .position(|window| window == mark)
        .expect("the version");
    bytes[at + mark.len() - 2] = b'7';
    fs::write(&weights, &bytes)?;
    assert!(
        message(&weights).contains("expected a checkpoint of version 1, found one of version 7")
    );
    assert!(message(&folder.0.join("none")).contains("cannot open"));
    let empty = Folder::new("empty");
    assert!(message(&empty.0).contains("the folder has no checkpoint"));
    assert_eq!(Checkpoints::latest(&empty.0)?, None);
    assert_eq!(Checkpoints::latest(empty.0.join("none"))?, None);

    // Settings that decide which samples a step has.
    type Change = fn(Run<Adam>) -> Run<Adam>;
    let settings: [(&str, Change); 4] = [
        ("accumulate", |trainer| trainer.accumulate(2)),
        ("batch", |trainer| trainer.batch(7)),
        ("seed", |trainer| trainer.seed(6)),
        ("shuffle", |trainer| trainer.shuffle(false)),
    ];
    for (name, change) in settings {
        let mut net = Net::new(Seed(1));
        let mut trainer = change(trainer(Adam::new(0.02)));
        trainer.resume(&path, &mut net)?;
        let at_checkpoint = numbers(&net);
        match trainer.fit(&mut net, &samples(47)) {
            Err(Error::Setting { setting, .. }) => assert_eq!(setting, name),
            other => panic!("{name}: {other:?}"),
        }
        assert_eq!(numbers(&net), at_checkpoint);
    }
    Ok(())
}

#[test]
fn damaged_files_are_errors() -> Result<()> {
    let folder = Folder::new("damaged");
    let path = written(&folder)?;
    let bytes = fs::read(&path)?;
    let damaged = folder.0.join("damaged");
    let fresh = numbers(&Net::new(Seed(9)));
    let refused = |bytes: &[u8]| -> Result<bool> {
        fs::write(&damaged, bytes)?;
        let mut net = Net::new(Seed(9));
        let found = trainer(Adam::new(0.02)).resume(&damaged, &mut net);
        assert_eq!(numbers(&net) == fresh, found.is_err());
        Ok(found.is_err())
    };
    assert!(!refused(&bytes)?);
    for length in (0..bytes.len()).step_by(31) {
        assert!(refused(&bytes[..length])?, "cut to {length} bytes");
    }
    let mut harmless = 0;
    for at in (0..bytes.len()).step_by(3) {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1 << (at % 8);
        harmless += usize::from(!refused(&bytes)?);
    }
    // What a header has between its values may change without a change of meaning.
    assert!(harmless < 8, "{harmless} of {}", bytes.len());
    Ok(())
}

#[test]
fn folders_are_kept_in_order() -> Result<()> {
    let (folder, data) = (Folder::new("order"), samples(47));
    let checkpoints = || {
        Checkpoints::new(&folder.0)
            .every_epochs(2)
            .keep_last(2)
            .best(Monitor::Largest("f1_macro".into()))
    };
    let fresh = || {
        trainer(Adam::new(0.02))
            .early_stopping(EarlyStopping::new(100))
            .epochs(7)
            .checkpoints(checkpoints())
    };
    let mut net = Net::new(Seed(1));
    let history = fresh().fit(&mut net, &data)?;
    // After epochs 6 and 7 of five steps.
    let names = [
        "best.safetensors",
        "checkpoint-00000030.safetensors",
        "checkpoint-00000035.safetensors",
    ];
    assert_eq!(folder.names(), names);
    let f1 = |epoch: &kiln::Epoch| {
        epoch
            .validation
            .as_ref()
            .and_then(|found| found.metrics.get("f1_macro"))
    };
    let mut best = (0, f64::NEG_INFINITY);
    for (number, epoch) in (1..).zip(&history.epochs) {
        if f1(epoch) > Some(best.1) {
            best = (number, f1(epoch).unwrap_or(0.0));
        }
    }
    let mut resumed = Net::new(Seed(1));
    let mut trainer = fresh().epochs(best.0);
    trainer.resume(folder.0.join(names[0]), &mut resumed)?;
    let found = Trainer::evaluate(&trainer, &resumed, &data.clone().split_at(37)?.1)?;
    assert_eq!(found.metrics.get("f1_macro"), Some(best.1));

    // Another run would take them for its own.
    let error = fresh()
        .fit(&mut Net::new(Seed(1)), &data)
        .expect_err("later ones")
        .to_string();
    assert!(
        error.contains("a folder with a checkpoint of 35 steps"),
        "{error}"
    );
    // The same one goes on, for more epochs.
    let mut trainer = fresh().epochs(8);
    trainer.resume(&folder.0, &mut resumed)?;
    assert_eq!(trainer.fit(&mut resumed, &data)?.epochs.len(), 8);
    assert_eq!(folder.names()[2], "checkpoint-00000040.safetensors");

    let refused = |checkpoints: Checkpoints| {
        let error = fresh()
            .checkpoints(checkpoints)
            .fit(&mut Net::new(Seed(1)), &data);
        assert!(matches!(error, Err(Error::Setting { .. })), "{error:?}");
    };
    refused(checkpoints().every_epochs(0));
    refused(checkpoints().every_steps(0));
    refused(checkpoints().keep_last(0));
    // Not of a network that was changed since.
    let error = trainer
        .save_checkpoint(folder.0.join("none"), &Net::new(Seed(4)))
        .expect_err("another");
    assert!(
        matches!(error, Error::Setting { setting: "net", .. }),
        "{error}"
    );
    Ok(())
}

#[test]
fn what_cannot_be_written_ends_the_fit() -> Result<()> {
    let (folder, data) = (Folder::new("unwritten"), samples(47));
    let path = written(&folder)?;
    fs::write(folder.0.join("a file"), "in the way")?;
    let mut net = Net::new(Seed(1));
    let mut resumed = trainer(Adam::new(0.02))
        .checkpoints(Checkpoints::new(folder.0.join("a file").join("folder")));
    resumed.resume(&path, &mut net)?;
    let error = resumed.fit(&mut net, &data).expect_err("no folder");
    assert!(
        matches!(
            error,
            Error::Io {
                action: "create",
                ..
            }
        ),
        "{error}"
    );
    Ok(())
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_the_checkpoint_before() -> Result<()> {
    use std::process::Command;
    let (folder, data) = (Folder::new("full"), samples(47));
    let size = fs::metadata(written(&folder)?)?.len();
    let disk = folder.0.join("disk");
    fs::create_dir(&disk)?;
    // Room for one, and for half of another.
    let options = format!("size={}k", (size + size / 2).div_ceil(4096) * 4);
    let mount = Command::new("mount")
        .args(["-t", "tmpfs", "-o", &options, "tmpfs"])
        .arg(&disk)
        .output();
    if !mount.is_ok_and(|output| output.status.success()) {
        eprintln!("not tested: nothing can be mounted here");
        return Ok(());
    }
    let every = Checkpoints::new(&disk).every_steps(1);
    let mut net = Net::new(Seed(1));
    let error = trainer(Adam::new(0.02))
        .checkpoints(every)
        .fit(&mut net, &data);
    let names: Vec<_> = fs::read_dir(&disk)?
        .map(|entry| entry.map(|entry| entry.file_name()))
        .collect();
    let mut resumed = Net::new(Seed(2));
    let mut trainer = trainer(Adam::new(0.02));
    let opened = trainer.resume(&disk, &mut resumed);
    let history = trainer.fit(&mut resumed, &data);
    Command::new("umount").arg(&disk).output()?;
    let full = |source: &std::io::Error| source.kind() == std::io::ErrorKind::StorageFull;
    assert!(
        matches!(&error, Err(Error::Io { source, .. }) if full(source)),
        "{error:?}"
    );
    assert_eq!(names.len(), 1, "{names:?}");
    opened?;
    let mut net = Net::new(Seed(1));
    let expected = super::run::trainer(Adam::new(0.02)).fit(&mut net, &data)?;
    assert_eq!(told(&history?), told(&expected));
    assert_eq!(numbers(&resumed), numbers(&net));
    Ok(())
}
