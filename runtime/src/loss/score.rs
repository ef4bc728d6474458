//! What judging samples gives, and how the means of a batch are made of it.

/// Most parts of a loss: one for each output of a network.
pub const MOST: usize = 6;

/// What one part of a loss says of one sample. The parts of a tuple of losses have means of their own, as PyTorch's losses
/// have that are added up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Part {
    /// Loss of the sample.
    pub loss: f32,
    /// How much the sample counts in the mean loss.
    pub weight: f32,
    /// The share of right predictions, times `counted`.
    pub accuracy: f32,
    /// How much the sample counts in the mean accuracy; 0 where the loss knows of none.
    pub counted: f32,
}

impl Part {
    /// What counts for nothing.
    const ZERO: Self = Self {
        loss: 0.0,
        weight: 0.0,
        accuracy: 0.0,
        counted: 0.0,
    };
}

/// Loss and accuracy of one sample.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score {
    /// Those of each part of the loss.
    pub(crate) parts: [Part; MOST],
}

impl Score {
    /// That of no sample yet: what lent memory may begin with, as a `static` needs a constant.
    pub const ZERO: Self = Self {
        parts: [Part::ZERO; MOST],
    };

    /// Whether the loss is a finite number.
    pub fn is_finite(&self) -> bool {
        self.parts.iter().all(|part| part.loss.is_finite())
    }
}

/// How much the samples of a batch count in its mean loss, added up, for each part of a loss.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Weights(pub(crate) [f64; MOST]);

impl Weights {
    /// Of so many samples of which each counts 1.
    pub fn of_rows(rows: usize) -> Self {
        Self([rows as f64; MOST])
    }

    /// How much the samples count for a loss of so many parts, in the mean.
    pub fn mean(&self, parts: usize) -> f64 {
        let parts = parts.clamp(1, MOST);
        self.0[..parts].iter().sum::<f64>() / parts as f64
    }

    /// One over the weight of each part: what the sum of its losses is multiplied by. 0 where no sample counts.
    pub fn scales(&self) -> [f32; MOST] {
        self.0.map(|weight| {
            if weight == 0.0 {
                0.0
            } else {
                (1.0 / weight) as f32
            }
        })
    }
}

/// Sums of one part over some samples.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Sums {
    loss: f64,
    weight: f64,
    accuracy: f64,
    counted: f64,
}

/// Summed losses and accuracies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Totals {
    /// The first of these are the loss's.
    sums: [Sums; MOST],
    parts: usize,
    /// Samples.
    pub rows: usize,
}

impl Totals {
    /// Of no samples, for a loss of so many parts.
    pub fn none(parts: usize) -> Self {
        Self {
            sums: [Sums::default(); MOST],
            parts: parts.min(MOST),
            rows: 0,
        }
    }

    /// Sums scores in their order, so that the sum does not depend on threads.
    pub fn of(parts: usize, scores: &[Score]) -> Self {
        let mut totals = Self::none(parts);
        totals.extend(scores);
        totals
    }

    /// Of a batch of so many samples that was judged as a whole.
    pub fn of_batch(loss: f64, rows: usize) -> Self {
        let mut totals = Self::none(1);
        totals.sums[0].loss = loss * rows as f64;
        totals.sums[0].weight = rows as f64;
        totals.rows = rows;
        totals
    }

    /// Adds more scores in their order.
    pub fn extend(&mut self, scores: &[Score]) {
        for score in scores {
            for (sum, part) in self.sums[..self.parts].iter_mut().zip(&score.parts) {
                sum.loss += f64::from(part.loss);
                sum.weight += f64::from(part.weight);
                sum.accuracy += f64::from(part.accuracy);
                sum.counted += f64::from(part.counted);
            }
        }
        self.rows += scores.len();
    }

    /// Adds another batch.
    pub fn add(&mut self, other: Self) {
        self.parts = self.parts.max(other.parts);
        for (sum, other) in self.sums.iter_mut().zip(other.sums) {
            sum.loss += other.loss;
            sum.weight += other.weight;
            sum.accuracy += other.accuracy;
            sum.counted += other.counted;
        }
        self.rows += other.rows;
    }

    /// The sums of each part, to be kept: of losses, of weights, of accuracies and of what counts in them.
    pub fn numbers(&self) -> impl Iterator<Item = f64> {
        let sums = self.sums[..self.parts].iter();
        sums.flat_map(|sum| [sum.loss, sum.weight, sum.accuracy, sum.counted])
    }

    /// The totals that have these [`numbers`](Self::numbers).
    pub fn from_numbers(numbers: &[f64], rows: usize) -> Self {
        let (parts, _) = numbers.as_chunks();
        let mut totals = Self::none(parts.len());
        for (sum, &[loss, weight, accuracy, counted]) in totals.sums.iter_mut().zip(parts) {
            *sum = Sums {
                loss,
                weight,
                accuracy,
                counted,
            };
        }
        totals.rows = rows;
        totals
    }

    /// The mean loss: the sum of what the parts' means are. A part of which no sample counts adds 0.
    pub fn loss(&self) -> f64 {
        self.sums[..self.parts]
            .iter()
            .map(|sum| match sum.weight == 0.0 {
                // NaN stays.
                true => sum.loss * 0.0,
                false => sum.loss / sum.weight,
            })
            .sum()
    }

    /// The mean accuracy of the parts that have one, averaged.
    pub fn accuracy(&self) -> Option<f64> {
        let parts = self.sums.iter().filter(|sum| sum.counted > 0.0);
        let (sum, count) = parts.fold((0.0, 0.0), |(sum, count), part| {
            (sum + part.accuracy / part.counted, count + 1.0)
        });
        (count > 0.0).then(|| sum / count)
    }

    /// Whether something can be learnt from a batch: the loss is finite, and the samples count as was said before.
    pub fn teaches(&self, expected: &Weights) -> bool {
        self.loss().is_finite() && self.unexpected(expected).is_none()
    }

    /// What was expected and found, where the samples count otherwise than was said before they were judged.
    pub fn unexpected(&self, expected: &Weights) -> Option<[f64; 2]> {
        let pairs = self.sums[..self.parts].iter().zip(expected.0);
        let mut pairs = pairs.map(|(sum, expected)| [expected, sum.weight]);
        pairs.find(|[expected, found]| expected != found)
    }
}

#[cfg(test)]
mod tests {
    use super::{Part, Score, Totals, Weights};

    fn score(parts: &[[f32; 4]]) -> Score {
        let mut score = Score::default();
        for (to, &[loss, weight, accuracy, counted]) in score.parts.iter_mut().zip(parts) {
            *to = Part {
                loss,
                weight,
                accuracy,
                counted,
            };
        }
        score
    }

    /// (0.5 * 4 + 2 * 1) / 2.5 of the first part, and (3 + 5) / 2 of the second.
    #[test]
    fn every_part_has_a_mean_of_its_own() {
        let first = score(&[[2.0, 0.5, 1.0, 1.0], [3.0, 1.0, 0.0, 0.0]]);
        let second = score(&[[2.0, 2.0, 0.25, 0.5], [5.0, 1.0, 0.0, 0.0]]);
        let mut totals = Totals::of(2, &[first]);
        totals.add(Totals::of(2, &[second]));
        assert_eq!(totals, Totals::of(2, &[first, second]));
        assert_eq!(totals.loss(), 4.0 / 2.5 + 4.0);
        assert_eq!(totals.accuracy(), Some(1.25 / 1.5));
        let mut weights = Weights::of_rows(2);
        assert_eq!(totals.unexpected(&weights), Some([2.0, 2.5]));
        weights.0[0] = 2.5;
        assert_eq!(totals.unexpected(&weights), None);
        let numbers = [4.0, 2.5, 1.25, 1.5, 8.0, 2.0, 0.0, 0.0];
        assert!(totals.numbers().eq(numbers));
        assert_eq!(Totals::from_numbers(&numbers, 2), totals);
        let mut none = Totals::none(0);
        none.add(totals);
        assert_eq!(none, totals);
    }

    #[test]
    fn what_does_not_count_is_no_nan() {
        let nothing = score(&[[0.0; 4]]);
        assert_eq!(Totals::of(1, &[nothing; 3]).loss(), 0.0);
        assert_eq!(Totals::of(1, &[nothing; 3]).accuracy(), None);
        assert_eq!(Weights::default().scales(), [0.0; 6]);
        let unknown = score(&[[f32::NAN, 0.0, 0.0, 0.0]]);
        assert!(Totals::of(1, &[nothing, unknown]).loss().is_nan());
        assert!(!unknown.is_finite() && nothing.is_finite());
    }
}
