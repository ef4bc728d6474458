//! A plug-in with neural amplifiers: an audio thread plays a network, and another thread exchanges it for others, of other
//! weights or other architectures, without a lock.
//!
//!     cargo run --release --example plugin -- lstm-40-1 gru-16-3=amp.safetensors
//!
//! Each argument is an architecture, and perhaps a file of weights. The audio thread plays as fast as it can and prints what a
//! sample takes, and its slowest block.
#![forbid(unsafe_code)]

mod shapes;

use shapes::{Player, Shape, player};
use std::error::Error;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// Samples that the host gives at once.
const BLOCK: usize = 64;

/// Samples of a second.
const RATE: f32 = 48_000.0;

/// Blocks that each network plays: twenty seconds of sound.
const BLOCKS: usize = 15_000;

/// What playing a network took.
struct Played {
    nanoseconds: f64,
    slowest: Duration,
    loudest: f32,
}

/// What an audio thread does: it neither waits, nor allocates, nor frees. Networks come through a channel with room for one, and
/// go back through another.
fn play(
    mut now: Player,
    arriving: &Receiver<Player>,
    returning: &SyncSender<Player>,
) -> Vec<Played> {
    let mut times = Vec::with_capacity(64);
    let (mut frames, mut sound) = ([[0.0; 3]; BLOCK], [[0.0; 1]; BLOCK]);
    loop {
        let (mut total, mut slowest, mut loudest) = (Duration::ZERO, Duration::ZERO, 0.0_f32);
        for block in 0..BLOCKS {
            for (index, frame) in frames.iter_mut().enumerate() {
                let time = (block * BLOCK + index) as f32 / RATE;
                *frame = [
                    0.5 * (220.0 * std::f32::consts::TAU * time).sin(),
                    0.25,
                    0.75,
                ];
            }
            let start = Instant::now();
            now.process(&frames, &mut sound)
                .expect("as many samples as frames");
            let took = start.elapsed();
            (total, slowest) = (total + took, slowest.max(took));
            loudest = sound
                .as_flattened()
                .iter()
                .fold(loudest, |most, y| most.max(y.abs()));
        }
        let nanoseconds = total.as_secs_f64() * 1e9 / (BLOCKS * BLOCK) as f64;
        times.push(Played {
            nanoseconds,
            slowest,
            loudest,
        });
        // Until the next one is there, a plug-in would play on.
        now = match next(arriving) {
            Some(next) => {
                let old = std::mem::replace(&mut now, next);
                // The other thread has taken the one before: there is room.
                let _ = returning.try_send(old);
                now
            }
            None => return times,
        };
    }
}

/// The next network, or nothing if there will be none.
fn next(arriving: &Receiver<Player>) -> Option<Player> {
    loop {
        match arriving.try_recv() {
            Ok(player) => return Some(player),
            Err(TryRecvError::Disconnected) => return None,
            Err(TryRecvError::Empty) => std::hint::spin_loop(),
        }
    }
}

/// An argument: an architecture, and the file of its weights.
fn parse(argument: &str) -> Result<(Shape, Option<&Path>), String> {
    Ok(match argument.split_once('=') {
        Some((shape, file)) => (shape.parse()?, Some(Path::new(file))),
        None => (argument.parse()?, None),
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.is_empty() {
        arguments = ["lstm-40-1", "gru-16-3", "lstm-8-1"]
            .map(String::from)
            .to_vec();
    }
    let wanted = arguments.iter().map(|argument| parse(argument));
    let wanted = wanted.collect::<Result<Vec<_>, _>>()?;
    let mut players = wanted
        .iter()
        .map(|&(shape, weights)| player(shape, weights));
    let first = players.next().ok_or("there is no network to play")??;
    let (sending, arriving) = sync_channel(1);
    let (returning, old) = sync_channel(1);
    let audio = thread::spawn(move || play(first, &arriving, &returning));
    for player in players {
        // The file is read and its memory taken here, and what comes back is freed here.
        sending.send(player?)?;
        while let Err(TryRecvError::Empty) = old.try_recv() {
            thread::sleep(Duration::from_millis(5));
        }
    }
    drop(sending);
    let times = audio.join().map_err(|_| "the audio thread has panicked")?;
    for (
        (shape, _),
        Played {
            nanoseconds,
            slowest,
            loudest,
        },
    ) in wanted.iter().zip(times)
    {
        let share = nanoseconds * f64::from(RATE) / 1e7;
        println!(
            "{shape}: {nanoseconds:.0} ns a sample ({share:.2} % of a core at 48 kHz), slowest block {slowest:?}, peak {loudest:.3}"
        );
    }
    Ok(())
}
