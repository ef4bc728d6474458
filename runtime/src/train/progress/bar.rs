//! The bar itself, where there is a terminal.

use crate::{
    loss::Totals,
    metrics::Measures,
    train::{evaluation::Evaluation, history::Epoch},
};
use alloc::{format, string::String};
use core::fmt::{self, Display, Formatter};
use indicatif::{ProgressBar, ProgressStyle};
use std::{
    io::{self, Write},
    time::{Duration, Instant},
};

/// Between two looks at the terminal.
const INTERVAL: Duration = Duration::from_millis(200);

pub struct Bar {
    bar: ProgressBar,
    label: String,
    samples: usize,
    shown: Instant,
}

/// What an epoch's training gave.
fn so_far(epoch: &Epoch) -> Evaluation {
    Evaluation {
        loss: epoch.loss,
        accuracy: epoch.accuracy,
        metrics: Measures::default(),
    }
}

/// Time that is left, in its two largest units.
struct Left(Duration);

impl Display for Left {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0.as_secs() {
            seconds @ 0..60 => write!(f, "{seconds} s"),
            seconds @ 60..3600 => write!(f, "{} min {:02} s", seconds / 60, seconds % 60),
            seconds => write!(f, "{} h {:02} min", seconds / 3600, seconds / 60 % 60),
        }
    }
}

impl Bar {
    pub fn new(epoch: usize, epochs: usize, samples: usize) -> Option<Self> {
        let bar = ProgressBar::new(samples as u64);
        if bar.is_hidden() {
            return None;
        }
        // The bar takes what the words leave of a line, so that a narrow terminal shows all of them.
        let template = "{prefix} [{wide_bar}] {msg}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        let label = format!("epoch {epoch}/{epochs}");
        bar.set_prefix(label.clone());
        Some(Self {
            bar,
            label,
            samples,
            shown: Instant::now(),
        })
    }

    pub fn update(&mut self, sum: &Totals, start: Instant) {
        let now = Instant::now();
        if now - self.shown < INTERVAL {
            return;
        }
        self.shown = now;
        let rate = sum.rows as f64 / (now - start).as_secs_f64();
        let so_far = Evaluation::of(*sum);
        self.bar.set_position(sum.rows as u64);
        let rest = self.samples.saturating_sub(sum.rows) as f64 / rate;
        let left = Left(Duration::try_from_secs_f64(rest.ceil()).unwrap_or(Duration::MAX));
        self.bar
            .set_message(format!("{so_far}, {rate:.0} samples/s, {left} left"));
    }

    pub fn validate(&mut self, epoch: &Epoch) {
        self.bar.set_position(self.samples as u64);
        self.bar
            .set_message(format!("{}, validating", so_far(epoch)));
    }

    pub fn finish(self, epoch: &Epoch) {
        let so_far = so_far(epoch);
        let validation = epoch
            .validation
            .as_ref()
            .map_or(String::new(), |validation| {
                format!("; validation: {validation}")
            });
        let line = format!(
            "{}: {so_far}{validation} ({:.1} s, {:.0} samples/s)",
            self.label, epoch.seconds, epoch.samples_per_second
        );
        self.bar.finish_and_clear();
        // A terminal that has gone away is no reason to end a training run, as `eprintln!` would.
        let _ = writeln!(io::stderr(), "{line}");
    }
}

#[cfg(test)]
mod tests {
    use super::Left;
    use alloc::string::ToString;
    use core::time::Duration;

    #[test]
    fn times_are_written_for_people() {
        let left = |seconds| Left(Duration::from_secs(seconds)).to_string();
        assert_eq!(
            [0, 59, 61, 3599, 3600, 90_061].map(left),
            [
                "0 s",
                "59 s",
                "1 min 01 s",
                "59 min 59 s",
                "1 h 00 min",
                "25 h 01 min"
            ]
        );
        assert!(!Left(Duration::MAX).to_string().is_empty());
    }
}
