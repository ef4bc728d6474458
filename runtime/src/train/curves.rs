//! Learning curves, as text.

#[cfg(feature = "plot")]
mod svg;

use super::{digits::Significant, history::History};
use alloc::{
    format,
    string::{String, ToString},
    vec,
    vec::Vec,
};
use core::fmt::{self, Display, Formatter};

/// What some curves show together, such as losses.
struct Panel {
    title: &'static str,
    curves: Vec<Curve>,
}

/// A number of each epoch. What is not finite, or beyond all use, is left out.
struct Curve {
    name: String,
    /// Epoch, counted from 1, and number.
    points: Vec<(f64, f64)>,
}

/// The largest number that is drawn.
const LARGEST: f64 = 1e100;

impl Curve {
    fn of(name: impl Into<String>, numbers: impl Iterator<Item = Option<f64>>) -> Self {
        let numbered = (1..).zip(numbers);
        let points = numbered.filter_map(|(epoch, number)| {
            let number = number.filter(|number| number.abs() <= LARGEST)?;
            Some((f64::from(epoch), number))
        });
        Self {
            name: name.into(),
            points: points.collect(),
        }
    }
}

impl Panel {
    /// The least and the largest number, some way apart so that a scale has steps between them.
    fn range(&self) -> (f64, f64) {
        let numbers = self.curves.iter().flat_map(|curve| &curve.points);
        let begin = (f64::INFINITY, f64::NEG_INFINITY);
        let (least, largest) = numbers.fold(begin, |(least, largest), (_, number)| {
            (number.min(least), number.max(largest))
        });
        let least_gap = (1e-6 * least.abs().max(largest.abs())).max(1e-12);
        match largest - least < least_gap {
            true => (least - least_gap, largest + least_gap),
            false => (least, largest),
        }
    }
}

/// Everything that there is to show.
fn panels(history: &History) -> Vec<Panel> {
    let epochs = &history.epochs;
    let validations = || epochs.iter().map(|epoch| epoch.validation.as_ref());
    let losses = vec![
        Curve::of("training", epochs.iter().map(|epoch| Some(epoch.loss))),
        Curve::of("validation", validations().map(|found| Some(found?.loss))),
    ];
    let accuracies = vec![
        Curve::of("training", epochs.iter().map(|epoch| epoch.accuracy)),
        Curve::of("validation", validations().map(|found| found?.accuracy)),
    ];
    let last = validations().flatten().next_back();
    let names = last.iter().flat_map(|last| last.metrics.iter());
    let metrics = names.map(|measure| {
        let numbers = validations().map(|found| found?.metrics.get(&measure.name));
        Curve::of(measure.name.to_string(), numbers)
    });
    let all = [
        ("loss", losses),
        ("accuracy", accuracies),
        ("metrics", metrics.collect()),
    ];
    let panels = all.into_iter().map(|(title, mut curves)| {
        curves.retain(|curve| !curve.points.is_empty());
        Panel { title, curves }
    });
    panels.filter(|panel| !panel.curves.is_empty()).collect()
}

impl History {
    /// The learning curves as plain text: loss, accuracy and metrics by epoch, a few lines each, for a terminal.
    ///
    /// ```
    /// use kiln::{data::Samples, prelude::*};
    ///
    /// model! {
    ///     struct Line(x: [1]) -> [1] { Dense(1) }
    /// }
    ///
    /// let inputs = (0..64).map(|i| [i as f32 / 64.0]).collect::<Vec<_>>();
    /// let targets = inputs.iter().map(|[x]| [3.0 * x - 1.0]).collect::<Vec<_>>();
    /// let data = Samples::new(inputs, targets)?;
    /// let mut trainer = Trainer::new(Sgd::new(0.1), Mse).epochs(30).quiet();
    /// let history = trainer.fit(&mut Line::new(Seed(1)), &data)?;
    /// println!("{}", history.curves());
    /// assert!(history.curves().to_string().starts_with("loss: * training\n"));
    /// # Ok::<(), kiln::Error>(())
    /// ```
    ///
    /// ```text
    /// loss: * training, o validation
    ///   2.141 |*
    ///         |o *
    ///         |  o *  *
    ///         |    o  o  *  *  *
    /// 0.07240 |          o  o  o  *  *
    ///         +-------------------------
    ///          epoch 1                10
    /// ```
    pub fn curves(&self) -> Curves<'_> {
        Curves {
            history: self,
            width: 60,
            height: 10,
        }
    }
}

/// Learning curves that `{}` prints: see [`History::curves`].
#[derive(Clone, Copy, Debug)]
pub struct Curves<'a> {
    history: &'a History,
    width: usize,
    height: usize,
}

impl Curves<'_> {
    /// Columns and lines of a drawing, without its scales; at first 60 and 10, at least 20 and 2, at most 1,000.
    pub fn size(mut self, width: usize, height: usize) -> Self {
        (self.width, self.height) = (width.clamp(20, 1000), height.clamp(2, 1000));
        self
    }
}

/// What curves are drawn with, one after another.
const MARKS: [char; 8] = ['*', 'o', 'x', '+', '#', '@', '%', '&'];

impl Display for Curves<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (width, height, count) = (self.width, self.height, self.history.epochs.len());
        for (index, panel) in panels(self.history).iter().enumerate() {
            if index > 0 {
                f.write_str("\n\n")?;
            }
            let marks = || MARKS.iter().cycle().zip(&panel.curves);
            let legend = marks().map(|(mark, curve)| format!("{mark} {}", curve.name));
            write!(
                f,
                "{}: {}",
                panel.title,
                legend.collect::<Vec<_>>().join(", ")
            )?;

            let (least, largest) = panel.range();
            let mut lines = vec![vec![' '; width]; height];
            // The first curves are drawn last, above the others.
            for (mark, curve) in marks().collect::<Vec<_>>().into_iter().rev() {
                for (epoch, number) in &curve.points {
                    let along = (epoch - 1.0) / (count.max(2) - 1) as f64;
                    let below = (largest - number) / (largest - least);
                    let column = (along * (width - 1) as f64 + 0.5) as usize;
                    let line = (below * (height - 1) as f64 + 0.5) as usize;
                    lines[line.min(height - 1)][column.min(width - 1)] = *mark;
                }
            }
            let scales = [largest, least].map(|number| Significant(number).to_string());
            let margin = scales.iter().map(String::len).max().unwrap_or(0);
            for (index, line) in lines.iter().enumerate() {
                let scale = match index {
                    0 => &*scales[0],
                    _ if index + 1 == height => &*scales[1],
                    _ => "",
                };
                let line = line.iter().collect::<String>();
                write!(f, "\n{scale:>margin$} |{}", line.trim_end())?;
            }
            write!(f, "\n{:margin$} +{:-<width$}", "", "")?;
            let rest = width.saturating_sub("epoch 1".len());
            let last = if count > 1 {
                count.to_string()
            } else {
                String::new()
            };
            write!(f, "\n{:margin$}  epoch 1{last:>rest$}", "")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
