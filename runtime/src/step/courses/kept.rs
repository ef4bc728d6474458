//! Courses in a file.
//!
//! ```text
//! courses.frozen     the step in which each learnt tensor was frozen, or NaN
//! courses.skipped    the steps that it was left out of before
//! courses.rates      factors of the learning rate
//! ```
//!
//! None stand there where no tensor was ever frozen, or has a rate of its own.

use super::{Course, Courses, Wish, learnt};
use crate::{
    files::record::{Reader, Record},
    tensor::Tensor,
};
use alloc::string::ToString;

impl Courses {
    /// Adds for how long tensors were left out: what a training run must know to go on.
    pub fn keep(&self, record: &mut Record) {
        let is_paused = |course: &Course| course.frozen_since.is_some() || course.skipped > 0;
        let own = match self.own.iter().any(is_paused) {
            true => &self.own[..],
            false => &[],
        };
        record.say("courses.frozen", own.len());
        let frozen = |course: &Course| course.frozen_since.map_or(f64::NAN, |step| step as f64);
        record.put("courses.frozen", own.iter().map(frozen));
        let skipped = |course: &Course| course.skipped as f64;
        record.put("courses.skipped", own.iter().map(skipped));
    }

    /// Reads what [`keep`](Self::keep) added, in a run of so many steps.
    pub fn kept(reader: &mut Reader<'_>, steps: u64) -> Self {
        let frozen = reader.counted("courses.frozen");
        let skipped = reader.series("courses.skipped", Some(frozen.len()));
        let at_most = |step: f64| (step as u64).min(steps);
        let own = frozen.iter().zip(&skipped).map(|(since, skipped)| Course {
            frozen_since: (!since.is_nan()).then(|| at_most(*since)),
            skipped: at_most(*skipped),
            ..Course::USUAL
        });
        Self {
            own: own.collect(),
            ..Self::default()
        }
    }

    /// Adds what a program asked for, where the file is all that knows.
    pub fn keep_wishes(&self, record: &mut Record) {
        record.say("courses.decay_matrices_only", self.spares_vectors);
        record.say("courses.rates", self.own.len());
        record.put("courses.rates", self.own.iter().map(|course| course.rate));
    }

    /// Reads what [`keep_wishes`](Self::keep_wishes) added, of a network with these tensors.
    pub fn take_wishes(&mut self, reader: &mut Reader<'_>, tensors: &'static [Tensor]) {
        let spares = reader.parsed("courses.decay_matrices_only", "true or false");
        self.spares_vectors = spares.unwrap_or_default();
        let (rates, all) = (reader.counted("courses.rates"), learnt(tensors).count());
        for (name, count) in [
            ("courses.frozen", self.own.len()),
            ("courses.rates", rates.len()),
        ] {
            if ![0, all].contains(&count) {
                reader.differs(name, all.to_string(), count.to_string());
                return;
            }
        }
        if let Some(rate) = rates
            .iter()
            .find(|rate| Wish::Rate(**rate).check().is_err())
        {
            let expected = "0 or more and finite as `f32`".to_string();
            reader.differs("courses.rates", expected, rate.to_string());
            return;
        }
        if self.own.is_empty() {
            self.own = rates.iter().map(|_| Course::USUAL).collect();
        }
        for (course, rate) in self.own.iter_mut().zip(rates) {
            course.rate = rate;
        }
    }
}
