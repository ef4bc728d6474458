//! A test that starts its own program once more.

use std::{env, io, process::Command};

/// This program; by `KILN_RUNNER`, where that names what runs programs of another machine, with its arguments.
pub fn again() -> io::Result<Command> {
    let program = env::current_exe()?;
    let runner = env::var("KILN_RUNNER").unwrap_or_default();
    let mut words = runner.split_whitespace();
    let Some(runner) = words.next() else {
        return Ok(Command::new(program));
    };
    let mut command = Command::new(runner);
    command.args(words).arg(program);
    Ok(command)
}
