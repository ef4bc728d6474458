//! What pools have in common: windows that slide along an axis or share it out, the shapes they give, and the calls.
//!
//! A sequence `[T, F]` is an image of one row, whose rows have a window of one.

use super::operator::{Application, Feed};
use super::{image, lower::Lower};
use crate::arguments::Arguments;
use crate::call::{Argument, Call, Form, Size, Slot};
use crate::rt::kernels;
use crate::site::{Operand, Pooling, Site};
use crate::storage;
use rule::Rule;
use sliding::Sliding;
pub use space::Space;

mod rule;
pub mod sliding;
mod space;

kernels! {
    MAX = max_pool::forward(s, x, out y, pixels, rules);
    MAX_WINNERS = max_pool::forward_winners(s, x, out y, out winners, pixels, rules);
    MAX_BACKWARD = max_pool::backward(s, dy, winners, add dx, pixels, rules, add);
    MEAN = avg_pool::forward(s, x, out y, pixels, rules, pad);
    MEAN_BACKWARD = avg_pool::backward(s, dy, add dx, pixels, rules, pad, add);
}

/// What becomes of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    /// Its largest number.
    Max,
    /// Its mean.
    Mean {
        /// Whether zeros of the padding count as numbers of the window.
        pad: bool,
    },
}

/// Where windows lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Windows {
    /// They slide.
    Sliding(Sliding),
    /// So many share rows and columns out: window i of m over n pixels is floor(i n / m)..ceil((i + 1) n / m).
    Adaptive((usize, usize)),
}

/// A pool of any kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Pool {
    /// Its kind without the number of dimensions, as in `MaxPool` of `MaxPool2d`.
    pub kind: &'static str,
    /// What it takes.
    pub space: Space,
    /// Where its windows lie.
    pub windows: Windows,
    /// What becomes of them.
    pub fold: Fold,
    /// Whether the result is a vector of channels.
    pub is_global: bool,
}

/// Declares a pool: all of it but how its arguments are read is [`Pool`]'s.
macro_rules! pool {
    ($(#[$doc:meta])* $name:ident = $declare:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name(pub crate::ops::pool::Pool);

        impl crate::ops::operator::Operator for $name {
            fn pace(&self, timing: &crate::pace::Timing<'_>) -> Result<crate::pace::Pace, String> {
                let repair = "take a `Conv1d` with a stride and `padding = Causal`";
                timing.refused("looks at steps after its own", repair)
            }

            fn declare(arguments: &mut crate::arguments::Arguments<'_>) -> Self {
                let declare: fn(&mut crate::arguments::Arguments<'_>) -> crate::ops::pool::Pool = $declare;
                Self(declare(arguments))
            }

            fn infer(&self, call: &crate::ops::operator::Application<'_>) -> Result<Vec<usize>, String> {
                self.0.shape(call)
            }

            fn arithmetic(&self, inputs: &[&[usize]], axis: usize) -> Option<String> {
                self.0.arithmetic(inputs[0], axis)
            }

            fn flops(&self, inputs: &[&[usize]], output: &[usize]) -> u64 {
                self.0.flops(inputs[0], output)
            }
        }

        impl crate::ops::lower::Lower for $name {
            fn as_pooling(&self) -> Option<crate::site::Pooling> {
                self.0.as_pooling()
            }

            fn accepts(&self, operand: crate::site::Operand<'_>) -> bool {
                self.0.accepts(operand)
            }

            fn infer(&self, site: &crate::site::Site<'_>) -> Vec<crate::call::Call<crate::call::Slot>> {
                self.0.infer(site)
            }

            fn forward(&self, site: &crate::site::Site<'_>) -> Vec<crate::call::Call<crate::call::Slot>> {
                self.0.forward(site)
            }

            fn backward(&self, site: &crate::site::Site<'_>) -> Vec<crate::call::Call<crate::call::Slot>> {
                self.0.backward(site)
            }
        }
    };
}
pub(super) use pool;

impl Pool {
    /// The pool of windows that slide.
    pub fn sliding(kind: &'static str, space: Space, sliding: Sliding, fold: Fold) -> Self {
        Self {
            kind,
            space,
            windows: Windows::Sliding(sliding),
            fold,
            is_global: false,
        }
    }

    /// The pool to a size that is declared.
    pub fn adaptive(
        kind: &'static str,
        space: Space,
        fold: Fold,
        arguments: &mut Arguments<'_>,
    ) -> Self {
        let size = match space {
            Space::Steps => (1, arguments.size("size")),
            _ => arguments.pair("size"),
        };
        Self {
            kind,
            space,
            windows: Windows::Adaptive(size),
            fold,
            is_global: false,
        }
    }

    /// The pool of a whole image or sequence to a vector.
    pub fn global(kind: &'static str, fold: Fold) -> Self {
        Self {
            kind,
            space: Space::Any,
            windows: Windows::Adaptive((1, 1)),
            fold,
            is_global: true,
        }
    }

    /// `[C, H, W]` gives `[C, H', W']`, and `[T, F]` gives `[T', F]`.
    pub fn shape(&self, call: &Application<'_>) -> Result<Vec<usize>, String> {
        let feed = call.inputs[0];
        let (channels, size) = self.operand(call.layer, feed)?;
        if self.is_global {
            return Ok(vec![channels]);
        }
        let (rows, columns) = match self.windows {
            Windows::Sliding(sliding) => sliding.places(call.layer, feed, size)?,
            Windows::Adaptive(parts) => parts,
        };
        Ok(match feed.shape.len() {
            2 => vec![columns, channels],
            _ => vec![channels, rows, columns],
        })
    }

    /// How many windows there are along an axis, if they slide.
    pub fn arithmetic(&self, shape: &[usize], axis: usize) -> Option<String> {
        match self.windows {
            Windows::Sliding(sliding) => sliding.arithmetic(shape, axis),
            Windows::Adaptive(_) => None,
        }
    }

    /// Channels, and rows and columns, of an operand.
    fn operand(&self, layer: &str, feed: Feed<'_>) -> Result<(usize, (usize, usize)), String> {
        match (self.space, feed.shape) {
            (Space::Image | Space::Any, &[channels, height, width]) => {
                Ok((channels, (height, width)))
            }
            (Space::Steps | Space::Any, &[steps, features]) => Ok((features, (1, steps))),
            _ => Err(self.misfit(layer, feed)),
        }
    }

    /// Why an operand has the wrong number of axes.
    fn misfit(&self, layer: &str, feed: Feed<'_>) -> String {
        let takes = match self.space {
            Space::Steps => "a sequence [time, features]",
            Space::Image => "an image [channels, height, width]",
            Space::Any => "an image [channels, height, width] or a sequence [time, features]",
        };
        let repair = match (self.space, feed.shape) {
            (Space::Image, &[steps, features]) => format!(
                "`{}1d` takes it as a sequence [time, features], and `Reshape(1, {steps}, {features})` makes an image of it",
                self.kind
            ),
            (Space::Steps, &[_, _, _]) => format!("`{}2d` takes images", self.kind),
            (_, &[features]) => format!("`Reshape({features}, 1)` makes steps of one feature"),
            _ => "put `Reshape` before it".to_string(),
        };
        format!(
            "`{layer}` takes {takes}, but `{}` gives {:?}; {repair}",
            feed.from, feed.shape
        )
    }

    /// One for each number of each window.
    pub fn flops(&self, input: &[usize], output: &[usize]) -> u64 {
        let size = |shape: &[usize]| match *shape {
            [_, height, width] => (height as u64, width as u64),
            [steps, _] => (1, steps as u64),
            _ => (1, 1),
        };
        let (height, width) = size(input);
        let positions = match self.windows {
            Windows::Sliding(Sliding { kernel, .. }) => {
                let (rows, columns) = size(output);
                let down = rows.saturating_mul(kernel.0 as u64);
                down.saturating_mul(columns.saturating_mul(kernel.1 as u64))
            }
            // Two windows side by side share a pixel unless one ends where the other begins.
            Windows::Adaptive((rows, columns)) => {
                let (rows, columns) = (rows as u64, columns as u64);
                let down = height + rows - greatest_divisor(height, rows);
                down.saturating_mul(width + columns - greatest_divisor(width, columns))
            }
        };
        let channels = match *input {
            [channels, _, _] => channels,
            _ => input.last().copied().unwrap_or(1),
        };
        positions.saturating_mul(channels as u64)
    }

    /// How the windows of rows and columns follow one another. Those that an adaptive pool cuts into equal parts slide.
    fn rules(&self, site: &Site<'_>) -> [Rule; 2] {
        let [_, height, width] = image::of(site.input(0)).shape;
        match self.windows {
            Windows::Sliding(sliding) => sliding.rules(),
            Windows::Adaptive((rows, columns)) => {
                [Rule::parts(height, rows), Rule::parts(width, columns)]
            }
        }
    }

    /// Blocks of the positions that have won.
    fn winners(&self, site: &Site<'_>) -> usize {
        let [_, height, width] = image::of(site.input(0)).shape;
        let [_, rows, columns] = image::of(site.output()).shape;
        let [down, across] = self.rules(site);
        image::winner_blocks(
            site.output(),
            (down.longest(height, rows), across.longest(width, columns)),
        )
    }
}

fn greatest_divisor(a: u64, b: u64) -> u64 {
    if b == 0 {
        a
    } else {
        greatest_divisor(b, a % b)
    }
}

/// Which position of each window won.
const WINNERS: Slot = Slot::Own("winners");

impl Lower for Pool {
    fn as_pooling(&self) -> Option<Pooling> {
        match (self.fold, self.windows) {
            (Fold::Max, Windows::Sliding(sliding)) => sliding.as_pooling(),
            _ => None,
        }
    }

    fn accepts(&self, operand: Operand<'_>) -> bool {
        let form = operand.storage.form;
        operand.storage.shape == operand.shape
            && matches!(form, storage::Form::Image(_) | storage::Form::Steps)
    }

    fn infer(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let kernel = match self.fold {
            Fold::Max => &MAX,
            Fold::Mean { .. } => &MEAN,
        };
        let call = Call::of(kernel, [Size::Isa])
            .read("x", Slot::Input(0), Form::Blocks)
            .write("y", Slot::Output, Form::Blocks);
        let call = self.placed(call, [site.input(0), site.output()], site);
        vec![self.counted(call)]
    }

    /// Which position of each window won is kept for backward.
    fn forward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        if self.fold != Fold::Max {
            return self.infer(site);
        }
        let call = Call::of(&MAX_WINNERS, [Size::Isa])
            .read("x", Slot::Input(0), Form::Blocks)
            .write("y", Slot::Output, Form::Blocks)
            .write("winners", WINNERS, Form::Scratch(self.winners(site)));
        vec![self.placed(call, [site.input(0), site.output()], site)]
    }

    fn backward(&self, site: &Site<'_>) -> Vec<Call<Slot>> {
        let down = |add: bool| {
            let dx = Slot::InputDelta(0);
            let call = match self.fold {
                Fold::Max => Call::of(&MAX_BACKWARD, [Size::Isa])
                    .read("dy", Slot::Delta, Form::Blocks)
                    .read("winners", WINNERS, Form::Scratch(self.winners(site))),
                Fold::Mean { .. } => {
                    Call::of(&MEAN_BACKWARD, [Size::Isa]).read("dy", Slot::Delta, Form::Blocks)
                }
            };
            let call = call.add("dx", dx, add, Form::Blocks);
            let call = self.placed(call, [site.output(), site.input(0)], site);
            self.counted(call).with("add", Argument::Adds)
        };
        site.adds(0).map(down).into_iter().collect()
    }
}

impl Pool {
    /// A call that is told where the pixels of what it reads and of what it writes lie, and how windows follow one
    /// another.
    fn placed(
        &self,
        call: Call<Slot>,
        storages: [&storage::Storage; 2],
        site: &Site<'_>,
    ) -> Call<Slot> {
        let pixels = storages.map(image::neighbours);
        let rules = self.rules(site).map(Rule::argument);
        call.with("pixels", Argument::Tuple(pixels.into()))
            .with("rules", Argument::Tuple(rules.into()))
    }

    /// A mean is told what it divides by.
    fn counted(&self, call: Call<Slot>) -> Call<Slot> {
        match self.fold {
            Fold::Max => call,
            Fold::Mean { pad } => call.with("pad", Argument::Flag(pad)),
        }
    }
}
