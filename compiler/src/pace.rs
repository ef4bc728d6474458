//! How values run in time, where a network answers a stream frame by frame.
//!
//! A sequence of a stream is never there as a whole. Each operator says by a rule ([`Operator::pace`](crate::ops::Operator))
//! how the steps of its result follow from those of its operands, or why they do not:
//!
//! ```text
//! x      [T, F]        Steps(1)    one frame for each of the input's
//! conv   [T / 2, 16]   Steps(2)    one frame for two of them
//! last   [16]          Newest      what the newest frame gives
//! knob   [3]           Still       the same for all frames
//! ```

/// What a value is to a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// A sequence, whose first axis is time: a frame for so many of the input's.
    Steps(usize),
    /// Something of the newest frame, without an axis of time.
    Newest,
    /// What does not depend on time.
    Still,
}

/// An operand as rules of time see it.
#[derive(Clone, Copy, Debug)]
pub struct Timed<'a> {
    /// What gives it: an input or a layer, as messages call it.
    pub from: &'a str,
    /// Its shape, of which time is the first axis if it is a sequence.
    pub shape: &'a [usize],
    /// How it runs.
    pub pace: Pace,
}

/// One application of an operator as rules of time see it; at least one operand is a sequence.
#[derive(Clone, Copy, Debug)]
pub struct Timing<'a> {
    /// What messages call the layer: its name, or its kind where it has none.
    pub layer: &'a str,
    /// Operands in order.
    pub inputs: &'a [Timed<'a>],
    /// The shape of the result.
    pub output: &'a [usize],
}

impl Timing<'_> {
    /// Why a layer is not causal: what it does, and what would repair it.
    pub fn refused(&self, what: &str, repair: &str) -> Result<Pace, String> {
        Err(format!(
            "`{}` {what}, but a stream gives each frame before the next one is there; {repair}, or drop `stream`",
            self.layer
        ))
    }

    /// The rule of what works on every step by itself: all sequences run alike, and what else there is stays the same for all
    /// steps.
    pub fn alike(&self) -> Result<Pace, String> {
        self.alike_as(self.output)
    }

    /// The same where the operands are stretched to another shape than the result's.
    pub fn alike_as(&self, shape: &[usize]) -> Result<Pace, String> {
        let rank = shape.len();
        let mut found: Option<Timed<'_>> = None;
        for input in self.inputs {
            match (input.pace, found) {
                (Pace::Steps(_), None) => found = Some(*input),
                (Pace::Steps(_), Some(first)) if first.pace == input.pace => {}
                (Pace::Steps(_), Some(first)) => {
                    let what = format!(
                        "takes the steps of `{}` and of `{}`, which do not run alike",
                        first.from, input.from
                    );
                    return self.refused(&what, "bring both to one pace");
                }
                (Pace::Newest, _) => {
                    let what = format!(
                        "takes `{}`, which is known after the last step alone, at every step",
                        input.from
                    );
                    return self.refused(&what, "take it after `Last` alone");
                }
                (Pace::Still, _) if input.shape.len() < rank || input.shape[0] == 1 => {}
                (Pace::Still, _) => {
                    let what = format!(
                        "takes `{}`, which has numbers of its own for each of {} steps",
                        input.from, input.shape[0]
                    );
                    return self.refused(&what, "give it as a sequence");
                }
            }
        }
        match found {
            // A sequence that was stretched in front has lost its place.
            Some(steps) if steps.shape.len() == rank => Ok(steps.pace),
            Some(steps) => {
                let what = format!("stretches the steps of `{}` along a new axis", steps.from);
                self.refused(&what, "keep time the first axis")
            }
            None => Ok(Pace::Still),
        }
    }

    /// The rule of what works on the features of every step by itself.
    pub fn features(&self) -> Result<Pace, String> {
        match self.inputs.iter().find(|input| input.shape.len() < 2) {
            Some(input) if matches!(input.pace, Pace::Steps(_)) => {
                let what = format!(
                    "takes all {} steps of `{}` as the features of one",
                    input.shape[0], input.from
                );
                let repair = format!("make each a step by `Reshape({}, 1)`", input.shape[0]);
                self.refused(&what, &repair)
            }
            _ => self.alike(),
        }
    }

    /// The rule of what works along one axis: on every step by itself, unless the axis is time; `what` says what it would do
    /// then.
    pub fn along(&self, axis: usize, what: &str) -> Result<Pace, String> {
        match axis {
            0 => self.refused(what, "take another axis than the first, which is time"),
            _ => self.alike(),
        }
    }
}
