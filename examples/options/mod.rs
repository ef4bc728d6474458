//! What the examples share: the options of the command line, and what they ask for.

use kiln::{Adam, CrossEntropy, Model, Seed, Trainer};
use lexopt::prelude::*;
use std::{
    error::Error,
    fmt::Display,
    path::{Path, PathBuf},
    process,
    str::FromStr,
};

/// What the command line says.
#[derive(Clone, Debug)]
pub struct Options {
    /// Folder of the four MNIST files.
    pub data: PathBuf,
    /// Passes over the training data.
    pub epochs: usize,
    /// Samples of a step.
    pub batch: usize,
    /// Threads that train.
    pub threads: usize,
    /// Seed of everything random.
    pub seed: u64,
    /// Where the trained weights go.
    pub save: Option<PathBuf>,
    /// Samples to train on at most, for a short run.
    pub limit: usize,
}

impl Options {
    /// Reads the command line over an example's own defaults, and the files that it takes besides, by the names of their
    /// options; prints the usage and ends where it is asked for.
    pub fn parse(
        epochs: usize,
        batch: usize,
        files: &mut [(&str, Option<PathBuf>)],
    ) -> Result<Self, Box<dyn Error>> {
        let mut options = Self {
            data: PathBuf::from("data/mnist"),
            epochs,
            batch,
            threads: 1,
            seed: 7,
            save: None,
            limit: usize::MAX,
        };
        let mut arguments = lexopt::Parser::from_env();
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("data") => options.data = arguments.value()?.into(),
                Long("epochs") => options.epochs = number("--epochs", &mut arguments)?,
                Long("batch") => options.batch = number("--batch", &mut arguments)?,
                Long("threads") => options.threads = number("--threads", &mut arguments)?,
                Long("seed") => options.seed = number("--seed", &mut arguments)?,
                Long("save") => options.save = Some(arguments.value()?.into()),
                Long("limit") => options.limit = number("--limit", &mut arguments)?,
                Long("help") => {
                    print!(
                        "options: --data DIR --epochs {epochs} --batch {batch} --threads 1 --seed 7 \
                         --save FILE --limit SAMPLES"
                    );
                    files.iter().for_each(|(name, _)| print!(" --{name} FILE"));
                    println!();
                    process::exit(0);
                }
                Long(name) => match files.iter_mut().find(|(file, _)| *file == name) {
                    Some((_, file)) => *file = Some(arguments.value()?.into()),
                    None => return Err(argument.unexpected().into()),
                },
                _ => return Err(argument.unexpected().into()),
            }
        }
        if let Some(file) = &options.save {
            check_folder(file)?;
        }
        Ok(options)
    }

    /// Adam and cross-entropy with these options; the learning rate begins at twice Adam's default and falls to nothing,
    /// large steps first and small ones in the end.
    pub fn trainer(&self) -> Trainer<Adam, CrossEntropy> {
        let epochs = self.epochs as f64;
        Trainer::new(Adam::default(), CrossEntropy)
            .epochs(self.epochs)
            .batch(self.batch)
            .threads(self.threads)
            .seed(Seed(self.seed))
            .schedule(move |epoch| 2.0 * (1.0 - epoch as f64 / epochs))
    }

    /// Saves what was learnt, if that was asked for, and reads it back into `fresh`, which then answers instead.
    pub fn save<N: Model>(&self, net: N, mut fresh: N) -> kiln::Result<N> {
        let Some(file) = &self.save else {
            return Ok(net);
        };
        net.save(file)?;
        fresh.load(file)?;
        println!("saved to {} and loaded again", file.display());
        Ok(fresh)
    }
}

/// The value of an option.
fn number<T: FromStr<Err: Display>>(
    option: &str,
    arguments: &mut lexopt::Parser,
) -> Result<T, Box<dyn Error>> {
    let value = arguments.value()?;
    let value = value.to_string_lossy();
    value
        .parse()
        .map_err(|error| format!("{option} {value}: {error}").into())
}

/// Refuses a file in a folder that is not there: better before training than after.
fn check_folder(file: &Path) -> Result<(), Box<dyn Error>> {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => {
            Err(format!("--save {}: there is no such folder", file.display()).into())
        }
        _ => Ok(()),
    }
}
