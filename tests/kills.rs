//! A process that saves is killed at random moments: the file is whole each time, and the next save removes what is left.
//! One that trains is killed, too, and resumed until it ends: with the bits of one that was left alone.
//!
//! The process is this program, started once more. `KILN_KILLS` says how often it is killed in each way, a hundred times
//! by default.

mod again;

use again::again;
use kiln::{Checkpoints, EarlyStopping, Error, data::Samples, prelude::*};
use std::{
    env, fs,
    io::{BufRead, BufReader, Write, stdout},
    path::{Path, PathBuf},
    process::{self, Stdio},
    thread,
    time::Duration,
};

model! {
    struct Net(x: [128]) -> [128] { fc: Dense(128) }

    struct Taught(x: [2]) -> [3] { hidden: Dense(8), BatchNorm, Relu, Dropout(0.2), out: Dense(3) }
}

/// Tells the process that saves which file it saves to.
const PATH: &str = "KILN_KILLS_PATH";

/// Tells the process that trains its folder, and on how many threads it works.
const FOLDER: &str = "KILN_KILLS_FOLDER";
const THREADS: &str = "KILN_KILLS_THREADS";

/// Tells it that it trains in a loop by hand.
const BY_HAND: &str = "KILN_KILLS_BY_HAND";

fn samples() -> Result<Samples<[f32; 2], u8>, Error> {
    let inputs: Vec<[f32; 2]> = (0..60)
        .map(|i| [(i as f32).sin(), (i as f32 * 0.7).cos()])
        .collect();
    let labels: Vec<_> = inputs
        .iter()
        .map(|[a, b]| u8::from(a > b) + u8::from(*a > 0.0))
        .collect();
    Samples::new(inputs, labels)
}

/// What a run leaves: the weights, and the loss of every step.
fn teach(trainer: &mut Trainer<Adam, CrossEntropy>, net: &mut Taught) -> Result<Vec<u8>, Error> {
    let history = trainer.fit(net, &samples()?)?;
    let losses = history.epochs.iter().flat_map(|epoch| &epoch.steps);
    let losses = losses.flat_map(|loss| loss.to_le_bytes());
    Ok(net.to_bytes()?.into_iter().chain(losses).collect())
}

fn teacher(threads: usize) -> Trainer<Adam, CrossEntropy> {
    let trainer = Trainer::new(Adam::new(0.02), CrossEntropy)
        .epochs(8)
        .batch(8);
    let stopping = EarlyStopping::new(3);
    trainer
        .validation_split(0.2)
        .early_stopping(stopping)
        .threads(threads)
        .keep_steps()
        .quiet()
}

/// Trains from where the last process was killed to the end.
fn train_on(folder: &Path) -> Result<(), Error> {
    let threads = env::var(THREADS)
        .ok()
        .and_then(|threads| threads.parse().ok());
    let checkpoints = Checkpoints::new(folder).every_steps(1).keep_last(2);
    let mut trainer = teacher(threads.unwrap_or(1)).checkpoints(checkpoints);
    let mut net = Taught::new(Seed(1));
    if let Some(path) = Checkpoints::latest(folder)? {
        trainer.resume(path, &mut net)?;
    }
    let end = teach(&mut trainer, &mut net)?;
    fs::write(folder.join("end"), end)?;
    Ok(())
}

/// Trains in a loop by hand, which saves network and descent as one file after each step, from where that file is, if there
/// is one. What it leaves are the weights.
fn loop_on(file: Option<&Path>) -> Result<Vec<u8>, Error> {
    let (mut net, data) = (Taught::new(Seed(1)), samples()?);
    let mut descent = Descent::new(&net, AdamW::new(0.02))?;
    if let Some(file) = file.filter(|file| file.exists()) {
        descent.load_with(file, &mut net)?;
    }
    let mut training = Training::new(&net, 8)?.from_step(descent.steps());
    while descent.steps() < 48 {
        match descent.steps() {
            10 => descent.freeze("hidden")?,
            20 => descent.thaw("hidden")?,
            30 => descent.rate("out", 0.5)?,
            _ => {}
        }
        let first = descent.steps() as usize * 7 % 52;
        let (inputs, labels) = (&data.inputs()[first..][..8], &data.targets()[first..][..8]);
        training.backward(&net, inputs, labels, &CrossEntropy)?;
        descent.apply(&mut net, training.gradients())?;
        if let Some(file) = file {
            descent.save_with(file, &net)?;
        }
    }
    let parameters = net.parameters();
    let names = parameters.names();
    let numbers = names.flat_map(|(name, _)| parameters.get(name).unwrap_or_default());
    Ok(numbers.flat_map(f32::to_le_bytes).collect())
}

/// Kills training, in a loop by hand or by a trainer, until it was killed `count` times. Returns how many runs came to their
/// end.
fn fit_kills(count: u64, by_hand: bool) -> Result<u64, Error> {
    let folder = env::temp_dir().join(format!("kiln-kills-fit-{}", process::id()));
    let expected = match by_hand {
        true => loop_on(None)?,
        false => teach(&mut teacher(1), &mut Taught::new(Seed(1)))?,
    };
    let (mut ends, mut killed, mut number) = (0, 0, 0_u64);
    fs::create_dir(&folder)?;
    // Also the last run comes to its end.
    while killed < count || folder.read_dir()?.next().is_some() {
        number += 1;
        let mut command = again()?;
        let command = command
            .env(FOLDER, &folder)
            .env(THREADS, (1 + number % 2).to_string())
            .env(BY_HAND, if by_hand { "1" } else { "" });
        let mut child = command.spawn()?;
        if killed < count {
            // All moments of the first steps, and of the process's beginning.
            let moment = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 49;
            thread::sleep(Duration::from_micros(moment));
            child.kill()?;
        }
        let status = child.wait()?;
        if !status.success() {
            assert_eq!(
                status.code(),
                None,
                "kill {killed}: the process failed by itself"
            );
            killed += 1;
            continue;
        }
        assert!(
            fs::read(folder.join("end"))? == expected,
            "after {killed} kills: not the bits of an undisturbed run"
        );
        ends += 1;
        fs::remove_dir_all(&folder)?;
        fs::create_dir(&folder)?;
    }
    fs::remove_dir_all(folder)?;
    Ok(ends)
}

/// Overwrites all parameters by one number, by which a file shows that it is of one save.
fn fill(net: &mut Net, number: f32) -> Result<(), Error> {
    let mut parameters = net.parameters_mut();
    parameters.set("fc.weight", &[number; 128 * 128])?;
    parameters.set("fc.bias", &[number; 128])
}

/// Saves for as long as it may.
fn save_for_ever(path: &str) -> Result<(), Error> {
    let mut net = Net::new(Seed(0));
    for count in 1.. {
        fill(&mut net, count as f32)?;
        net.save(path)?;
        if count == 1 {
            println!("begun");
            stdout().flush()?;
        }
    }
    Ok(())
}

/// A process that has saved once, and goes on until it is killed after `moment`.
fn kill(path: &Path, moment: Duration) -> Result<(), Error> {
    let mut command = again()?;
    let mut child = command.env(PATH, path).stdout(Stdio::piped()).spawn()?;
    let mut line = String::new();
    if let Some(output) = child.stdout.take() {
        BufReader::new(output).read_line(&mut line)?;
    }
    assert_eq!(line, "begun\n");
    thread::sleep(moment);
    child.kill()?;
    child.wait()?;
    Ok(())
}

/// Whether a file is of one save.
fn is_whole(net: &Net) -> bool {
    let parameters = net.parameters();
    let numbers = |name| parameters.get(name).unwrap_or_default();
    let bias = numbers("fc.bias");
    bias[0] >= 1.0
        && [bias.clone(), numbers("fc.weight")]
            .concat()
            .iter()
            .all(|number| *number == bias[0])
}

/// The names in a folder.
fn names(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
    let mut names = entries.collect::<Result<Vec<_>, Error>>()?;
    names.sort();
    Ok(names)
}

/// Kills saves to a file, which has two names if it is `linked`. Returns how many left something behind.
fn kills(count: u64, linked: bool) -> Result<u64, Error> {
    let folder = env::temp_dir().join(format!("kiln-kills-{}", process::id()));
    fs::create_dir(&folder)?;
    let (path, other) = (folder.join("weights"), folder.join("other"));
    let mut own = Net::new(Seed(0));
    fill(&mut own, 1.0)?;
    own.save(&path)?;
    if linked {
        fs::hard_link(&path, &other)?;
    }
    let expected = names(&folder)?;
    let mut left = 0;
    for number in 0..count {
        // All moments of several saves.
        kill(
            &path,
            Duration::from_micros(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 50),
        )?;
        left += u64::from(names(&folder)? != expected);
        // A file that is written over is not valid until it is whole, but then there is a whole copy.
        let net = match Net::open(&path) {
            Err(Error::Interrupted { copy, .. }) if linked => {
                assert!(Net::open(&other).is_err(), "kill {number}");
                Net::open(copy)?
            }
            net => net?,
        };
        assert!(is_whole(&net), "kill {number}: two saves are mixed");
        own.save(&path)?;
        assert_eq!(names(&folder)?, expected, "kill {number}");
        assert!(is_whole(&Net::open(if linked { &other } else { &path })?));
    }
    fs::remove_dir_all(folder)?;
    Ok(left)
}

fn main() -> Result<(), Error> {
    if let Ok(path) = env::var(PATH) {
        return save_for_ever(&path);
    }
    if let Ok(folder) = env::var(FOLDER) {
        let folder = Path::new(&folder);
        if env::var(BY_HAND).is_ok_and(|by_hand| !by_hand.is_empty()) {
            let end = loop_on(Some(&folder.join("run")))?;
            fs::write(folder.join("end"), end)?;
            return Ok(());
        }
        return train_on(folder);
    }
    let count = env::var("KILN_KILLS")
        .ok()
        .and_then(|count| count.parse().ok());
    let count = count.unwrap_or(100);
    for (linked, how) in [(false, "replaced"), (true, "written over")] {
        let left = kills(count, linked)?;
        println!(
            "{count} kills of saves to a file that is {how}: whole each time; {left} left a file, the next save none"
        );
    }
    for (by_hand, how) in [(false, "by a trainer"), (true, "in a loop by hand")] {
        let ends = fit_kills(count, by_hand)?;
        println!(
            "{count} kills of training {how}: {ends} runs were resumed to their end, each with the bits of an undisturbed one"
        );
    }
    Ok(())
}
