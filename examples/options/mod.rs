//! The options that all examples share.

use lexopt::prelude::*;
use std::{error::Error, path::PathBuf, process};

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
    /// Reads the command line over an example's own defaults; prints the usage and ends where it is asked for.
    pub fn parse(epochs: usize, batch: usize) -> Result<Self, Box<dyn Error>> {
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
                Long("epochs") => options.epochs = arguments.value()?.parse()?,
                Long("batch") => options.batch = arguments.value()?.parse()?,
                Long("threads") => options.threads = arguments.value()?.parse()?,
                Long("seed") => options.seed = arguments.value()?.parse()?,
                Long("save") => options.save = Some(arguments.value()?.into()),
                Long("limit") => options.limit = arguments.value()?.parse()?,
                Long("help") => {
                    println!(
                        "options: --data DIR --epochs {epochs} --batch {batch} --threads 1 --seed 7 \
                         --save FILE --limit SAMPLES"
                    );
                    process::exit(0);
                }
                _ => return Err(argument.unexpected().into()),
            }
        }
        Ok(options)
    }
}
