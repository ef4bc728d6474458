//! How large `mnist` is, how soon it answers, and how much memory it takes; fails beyond the limits below.
#![forbid(unsafe_code)]

use std::{
    error::Error,
    fs,
    io::Read,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// Bytes of the weights as the program holds them: blocks of sixteen floats.
const WEIGHTS: u64 = 64 * (8 * 784 + 8 + 128 + 1);
/// The most bytes besides, the longest time to an answer, the most memory.
const CODE: u64 = 350 * 1024;
const ANSWER: Duration = Duration::from_micros(1200);
const MEMORY: u64 = 4 * 1024;

fn main() -> Result<(), Box<dyn Error>> {
    let program = env!("CARGO_BIN_EXE_mnist");
    let code = fs::metadata(program)?.len() - WEIGHTS;
    let (mut times, mut peak) = (Vec::new(), 0);
    for _ in 0..200 {
        let begun = Instant::now();
        let mut child = Command::new(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut answer = [0];
        child
            .stdout
            .take()
            .ok_or("no output")?
            .read_exact(&mut answer)?;
        times.push(begun.elapsed());
        if answer != *b"1" {
            return Err(format!("the image shows a 1, the network says {answer:?}").into());
        }
        // While it waits. Other systems than Linux do not say it here.
        let status = fs::read_to_string(format!("/proc/{}/status", child.id()));
        let kilobytes = status.ok().and_then(|status| {
            let line = status
                .lines()
                .find_map(|line| line.strip_prefix("VmHWM:"))?;
            line.split_whitespace().next()?.parse::<u64>().ok()
        });
        peak = peak.max(kilobytes.unwrap_or(0));
        drop(child.stdin.take());
        child.wait()?;
    }
    times.sort();
    // What any process takes here, which is the machine's.
    let empty = (0..200).filter_map(|_| {
        let begun = Instant::now();
        Command::new("true").status().ok()?;
        Some(begun.elapsed())
    });
    let empty = empty.min().unwrap_or_default();
    println!(
        "{} KiB beside {} KiB of weights",
        code / 1024,
        WEIGHTS / 1024
    );
    println!(
        "the first answer {:.2?} after the start at best, {:.2?} in the median",
        times[0], times[100]
    );
    println!("an empty program takes {empty:.2?} at best");
    println!("{peak} KiB of memory at most");
    // On a machine that is slow to start anything, twice as long as nothing takes.
    if code > CODE || times[0] > ANSWER.max(2 * empty) || peak > MEMORY {
        return Err(format!(
            "expected {} KiB, {ANSWER:.2?} and {MEMORY} KiB at most",
            CODE / 1024
        )
        .into());
    }
    Ok(())
}
