//! A process that saves is killed at random moments: the file is whole each time, and the next save removes what is left.
//!
//! The process is this program, started once more. `KILN_KILLS` says how often it is killed.

use kiln::{Error, prelude::*};
use std::{
    env, fs,
    io::{BufRead, BufReader, Write, stdout},
    path::{Path, PathBuf},
    process::{self, Command, Stdio},
    thread,
    time::Duration,
};

model! {
    struct Net(x: [128]) -> [128] { fc: Dense(128) }
}

/// Tells the process that saves which file it saves to.
const PATH: &str = "KILN_KILLS_PATH";

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
    let mut command = Command::new(env::current_exe()?);
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
    let count = env::var("KILN_KILLS")
        .ok()
        .and_then(|count| count.parse().ok());
    let count = count.unwrap_or(30);
    for (linked, how) in [(false, "replaced"), (true, "written over")] {
        let left = kills(count, linked)?;
        println!(
            "{count} kills of saves to a file that is {how}: whole each time; {left} left a file, the next save none"
        );
    }
    Ok(())
}
