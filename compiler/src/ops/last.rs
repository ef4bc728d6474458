//! `Last`: the last step of a sequence, Keras' `return_sequences=False`, PyTorch's `output[:, -1]`.

use super::copying::Region;
use super::lower::Lower;
use super::operator::{Application, Operator};
use crate::arguments::Arguments;
use crate::pace::{Pace, Timing};
use crate::site::Site;

/// Drops all steps but the last.
#[derive(Clone, Debug, PartialEq)]
pub struct Last;

impl Operator for Last {
    fn declare(_arguments: &mut Arguments<'_>) -> Self {
        Self
    }

    /// `[T, F]` gives `[F]`.
    fn infer(&self, call: &Application<'_>) -> Result<Vec<usize>, String> {
        let feed = call.inputs[0];
        match *feed.shape {
            [_, features] => Ok(vec![features]),
            _ => {
                let repair = match feed.shape.len() {
                    1 => "leave it out, for there is one step only",
                    _ => "`Reshape` makes two axes of them",
                };
                Err(format!(
                    "`{}` takes the last step of a sequence [time, features], but `{}` gives {:?}, which has no time; {repair}",
                    call.layer, feed.from, feed.shape
                ))
            }
        }
    }

    /// The newest step is the last of those that are there.
    fn pace(&self, _: &Timing<'_>) -> Result<Pace, String> {
        Ok(Pace::Newest)
    }

    fn flops(&self, _inputs: &[&[usize]], _output: &[usize]) -> u64 {
        0
    }
}

impl Lower for Last {
    /// Step T - 1 of [T, F].
    fn regions(&self, site: &Site<'_>) -> Vec<Region> {
        let (from, axes) = site.input(0).axes();
        let [steps, features] = axes[..] else {
            return Vec::new();
        };
        let axes = vec![(features.size, features.stride, 1)];
        vec![Region {
            from: from + (steps.size - 1) * steps.stride,
            to: 0,
            axes,
        }]
    }
}
