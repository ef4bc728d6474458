//! A guitar that needs no recording, and an amplifier to be learnt.

use kiln::data::{Dataset, Windows};
use kiln::{Causal, Stream};
use std::{
    error::Error,
    hint::black_box,
    ops::Range,
    path::Path,
    time::{Duration, Instant},
};

/// Samples of a second.
pub const RATE: u32 = 48_000;

/// Plucked strings (Karplus and Strong 1983): a burst of noise goes round a delay line, which forgets a little of it each
/// time. `seed` chooses notes and noise.
pub fn guitar(seconds: usize, seed: u64) -> Vec<f32> {
    let mut random = seed.wrapping_mul(2).wrapping_add(1);
    let mut draw = move || {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (random >> 40) as f32 / (1 << 24) as f32
    };
    let mut sound = vec![0.0; seconds * RATE as usize];
    let mut start = 0;
    while start < sound.len() {
        let frequency = 82.4 * 2_f32.powf((draw() * 30.0).floor() / 12.0);
        let loudness = 0.1 + 0.5 * draw();
        let mut string: Vec<f32> = (0..(RATE as f32 / frequency) as usize)
            .map(|_| draw() - 0.5)
            .collect();
        let length = (0.15 + 0.6 * draw()) * RATE as f32;
        for (i, sample) in sound[start..]
            .iter_mut()
            .take(3 * length as usize)
            .enumerate()
        {
            let (place, next) = (i % string.len(), (i + 1) % string.len());
            *sample += loudness * string[place];
            string[place] = 0.498 * (string[place] + string[next]);
        }
        start += length as usize;
    }
    sound
}

/// What is to be learnt: a stage that is driven into saturation, more on one side than on the other, and a power supply that
/// sags under load, between filters.
pub fn amplifier(dry: &[f32]) -> Vec<f32> {
    let (mut before, mut high, mut low, mut load) = (0.0_f32, 0.0_f32, 0.0_f32, 0.0_f32);
    let amplify = |&x: &f32| {
        high = 0.98 * (high + x - before);
        before = x;
        load += 0.002 * (high.abs() - load);
        let driven = 8.0 * high * (1.0 - 0.6 * load.min(1.0)) + 0.15;
        let bent = if driven > 0.0 {
            driven.tanh()
        } else {
            0.8 * (1.3 * driven).tanh()
        };
        low += 0.35 * (bent - 0.15 - low);
        0.8 * low
    };
    dry.iter().map(amplify).collect()
}

/// Windows of `T` samples, dry and amplified, read side by side in `parts` parts. `begin` makes an input of a window.
pub fn windows<'a, const T: usize, I: 'a>(
    (dry, wet): (&'a [f32], &'a [f32]),
    parts: usize,
    begin: impl Fn([[f32; 1]; T]) -> I + Sync + 'a,
) -> kiln::Result<impl Dataset<Input = I, Target = [[f32; 1]; T]>> {
    let cut = |sound: &[f32], first: usize| core::array::from_fn(|i| [sound[first + i]]);
    Windows::new(dry.len(), T, parts, move |at: Range<usize>| {
        (begin(cut(dry, at.start)), cut(wet, at.start))
    })
}

/// The share of a signal's energy that is wrong, from a sample on: those before have no past to go by.
pub fn error_to_signal(heard: &[f32], wet: &[f32], from: usize) -> f64 {
    let pairs = heard
        .iter()
        .zip(wet)
        .skip(from)
        .map(|(y, t)| (f64::from(*y), f64::from(*t)));
    let (mut wrong, mut energy) = (0.0, 0.0);
    for (y, t) in pairs {
        wrong += (y - t) * (y - t);
        energy += t * t;
    }
    wrong / energy.max(f64::MIN_POSITIVE)
}

/// The first channel of a recording, from -1 to 1.
pub fn read(file: &Path) -> Result<Vec<f32>, Box<dyn Error>> {
    let mut reader =
        hound::WavReader::open(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let spec = reader.spec();
    let channels = usize::from(spec.channels.max(1));
    let samples: Result<Vec<f32>, _> = match spec.sample_format {
        hound::SampleFormat::Float => reader.samples::<f32>().step_by(channels).collect(),
        hound::SampleFormat::Int => {
            let scale = 1.0 / (1_u64 << (spec.bits_per_sample - 1)) as f32;
            let samples = reader.samples::<i32>().step_by(channels);
            samples
                .map(|sample| sample.map(|sample| sample as f32 * scale))
                .collect()
        }
    };
    Ok(samples?)
}

/// Writes a recording of one channel.
fn write(file: &Path, sound: &[f32]) -> Result<(), Box<dyn Error>> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: RATE,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut writer = hound::WavWriter::create(file, spec)?;
    for &sample in sound {
        writer.write_sample(sample)?;
    }
    Ok(writer.finalize()?)
}

/// How long steps took.
#[derive(Default)]
struct Times {
    nanoseconds: Vec<u32>,
}

impl Times {
    /// Room for the times of so many steps.
    fn new(steps: usize) -> Self {
        Self {
            nanoseconds: Vec::with_capacity(steps),
        }
    }

    /// Adds a step.
    fn add(&mut self, time: Duration) {
        self.nanoseconds
            .push(u32::try_from(time.as_nanos()).unwrap_or(u32::MAX));
    }

    /// Prints the worst step and a histogram. To read the clock takes some time of every step.
    fn print(&mut self) {
        self.nanoseconds.sort_unstable();
        let Some(&worst) = self.nanoseconds.last() else {
            return;
        };
        let at =
            |share: f64| self.nanoseconds[((self.nanoseconds.len() - 1) as f64 * share) as usize];
        println!(
            "a step and a look at the clock: median {} ns, 99.99 % within {} ns, worst {worst} ns",
            at(0.5),
            at(0.9999)
        );
        let mut below = 0;
        for exponent in 5..32 {
            let limit = 1_u32 << exponent;
            let within = self.nanoseconds.partition_point(|&time| time < limit);
            if within > below {
                let share = (within - below) as f64 / self.nanoseconds.len() as f64;
                println!(
                    "  below {limit:>10} ns {:>9}  {}",
                    within - below,
                    "#".repeat((60.0 * share).ceil() as usize)
                );
            }
            below = within;
        }
    }
}

/// Plays a sound sample by sample, prints how long that takes, and writes it where that is wanted.
pub fn play<M>(net: &M, dry: &[f32], out: Option<&Path>) -> Result<Vec<f32>, Box<dyn Error>>
where
    M: Causal<InputFrame = [f32; 1], OutputFrame = [f32; 1]>,
{
    let mut stream = Stream::new(net);
    let (mut played, mut times) = (Vec::with_capacity(dry.len()), Times::new(dry.len()));
    for &x in dry {
        let start = Instant::now();
        let [y] = stream.step(&[x]);
        times.add(start.elapsed());
        played.push(y);
    }
    times.print();
    stream.reset();
    let start = Instant::now();
    for &x in dry {
        black_box(stream.step(black_box(&[x])));
    }
    let seconds = start.elapsed().as_secs_f64();
    let sounds = dry.len() as f64 / f64::from(RATE);
    println!(
        "{:.0} ns a sample, {:.0} times as fast as the sound itself",
        seconds * 1e9 / dry.len() as f64,
        sounds / seconds,
    );
    if let Some(file) = out {
        write(file, &played)?;
        println!("written to {}", file.display());
    }
    Ok(played)
}
