//! Training that may be killed at any moment: the same command goes on from the last checkpoint, and ends with the bits
//! of a run that was left alone.
//!
//! `cargo run --release --features ctrl-c --example resume`, then Ctrl-C or `kill -9`, then the same again. With
//! `-- --demo` it starts itself, kills itself three times, and compares the weights with those of an undisturbed run.
#![forbid(unsafe_code)]

use kiln::{Checkpoints, Stopped, prelude::*};
use lexopt::prelude::*;
use std::{
    env,
    error::Error,
    fs,
    hash::{BuildHasher, RandomState},
    path::PathBuf,
    process::{self, Command},
    thread,
    time::{Duration, Instant},
};

model! {
    /// Tells which digit an 8 x 8 image shows. Its masks are counted and not drawn: they, too, are those of an
    /// undisturbed run.
    pub struct Digits(image: [1, 8, 8]) -> [10] {
        Flatten,
        hidden: Dense(128),
        Relu,
        Dropout(0.2),
        logits: Dense(10),
    }
}

/// How often the demonstration kills a run.
const KILLS: usize = 3;

/// What the trained weights are saved as.
const WEIGHTS: &str = "weights.safetensors";

/// What the command line says.
struct Options {
    folder: PathBuf,
    epochs: usize,
    threads: usize,
    seed: u64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut options = Options {
        folder: env::temp_dir().join("kiln-resume"),
        epochs: 100,
        threads: 1,
        seed: 7,
    };
    let mut demo = false;
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("folder") => options.folder = arguments.value()?.into(),
            Long("epochs") => options.epochs = arguments.value()?.parse()?,
            Long("threads") => options.threads = arguments.value()?.parse()?,
            Long("seed") => options.seed = arguments.value()?.parse()?,
            Long("demo") => demo = true,
            Long("help") => {
                println!("options: --folder DIR --epochs 100 --threads 1 --seed 7 --demo");
                return Ok(());
            }
            _ => return Err(argument.unexpected().into()),
        }
    }
    if demo {
        return demonstrate(options);
    }
    train(&options)?;
    Ok(())
}

/// Trains to the end, from the beginning or from where the last run of this folder was ended.
fn train(options: &Options) -> kiln::Result<()> {
    let (train, test) = kiln::data::digits()?;
    let epochs = options.epochs as f64;
    let checkpoints = Checkpoints::new(&options.folder).every_steps(20);
    let mut trainer = Trainer::new(Adam::default(), CrossEntropy)
        .epochs(options.epochs)
        .threads(options.threads)
        .seed(Seed(options.seed))
        .schedule(move |epoch| 2.0 * (1.0 - epoch as f64 / epochs))
        .checkpoints(checkpoints);
    #[cfg(feature = "ctrl-c")]
    {
        trainer = trainer.stop_on_ctrl_c();
    }

    let mut net = Digits::new(Seed(options.seed));
    match Checkpoints::latest(&options.folder)? {
        Some(path) => {
            trainer.resume(&path, &mut net)?;
            println!("resumed from {}", path.display());
        }
        None => println!(
            "a new run, with checkpoints in {}",
            options.folder.display()
        ),
    }
    let history = trainer.fit(&mut net, &train)?;
    if history.stopped == Some(Stopped::Interrupted) {
        println!(
            "interrupted after {} epochs; the same command goes on",
            history.epochs.len()
        );
        return Ok(());
    }
    net.save(options.folder.join(WEIGHTS))?;
    println!("{}", history.conclusion(&trainer.evaluate(&net, &test)?));
    Ok(())
}

/// Kills runs at random moments until one comes to its end; an error if that has other bits than an undisturbed run.
fn demonstrate(options: Options) -> Result<(), Box<dyn Error>> {
    let folder = env::temp_dir().join(format!("kiln-resume-{}", process::id()));
    let run = |name: &str, threads: usize| {
        let mut command = Command::new(env::current_exe()?);
        command.arg("--folder").arg(folder.join(name));
        command.args(["--epochs", &options.epochs.to_string()]);
        command.args(["--threads", &threads.to_string()]);
        command.args(["--seed", &options.seed.to_string()]);
        command.spawn()
    };
    let begun = Instant::now();
    if !run("undisturbed", 1)?.wait()?.success() {
        return Err("the undisturbed run failed".into());
    }
    let whole = begun.elapsed();

    let mut killed = 0;
    loop {
        // On one thread and on two, which makes no difference to the bits.
        let mut child = run("killed", 1 + killed % 2)?;
        if killed < KILLS {
            let moment = random_share() * whole.as_secs_f64() / KILLS as f64;
            thread::sleep(Duration::from_secs_f64(moment));
            child.kill()?;
        }
        let status = child.wait()?;
        if status.success() {
            break;
        }
        // Ended by a signal; on Windows there are none, and who is killed has a code of 1.
        let is_killed = status.code() == cfg!(windows).then_some(1);
        if !is_killed || killed == KILLS {
            return Err(format!("a run failed: {status}").into());
        }
        killed += 1;
        println!("killed ({status})");
    }
    let weights = |name: &str| fs::read(folder.join(name).join(WEIGHTS));
    let (expected, found) = (weights("undisturbed")?, weights("killed")?);
    fs::remove_dir_all(&folder)?;
    if expected != found {
        return Err(format!(
            "after {killed} kills: other weights than those of an undisturbed run"
        )
        .into());
    }
    println!(
        "after {killed} kills: the same {} bytes of weights as of an undisturbed run",
        found.len()
    );
    Ok(())
}

/// A number from 0 to 1 that nobody knows before.
fn random_share() -> f64 {
    let bits = RandomState::new().hash_one(());
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}
