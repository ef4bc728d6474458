//! Arguments that are a word, which may take arguments of its own: `Zeros`, `Uniform(-0.1, 0.1)`,
//! `Orthogonal(gain = 1.4)`.

use syn::{Expr, spanned::Spanned};

use super::{
    Arguments, Standing,
    literal::{as_argument, bare, is_word, plain_name},
};

/// Words, and what each of them says.
type Words<T> = [(&'static str, T)];

/// The squared gains of `torch.nn.init.calculate_gain`.
const GAINS: &Words<Gain> = &[
    ("Linear", Gain::Square(1.0)),
    ("Sigmoid", Gain::Square(1.0)),
    ("Tanh", Gain::Square(25.0 / 9.0)),
    ("Relu", Gain::Square(2.0)),
    ("LeakyRelu", Gain::Leaky),
    ("Selu", Gain::Square(0.5625)),
];

/// What an activation leaves of its input, to be made up for.
#[derive(Clone, Copy)]
enum Gain {
    Square(f64),
    /// As the slope of what is negative says.
    Leaky,
}

impl Arguments<'_> {
    /// One of some words with its arguments, by name only; where it is not given, a signature shows `default`. What the
    /// arguments of a word say is read by `read`.
    pub fn form<W: Copy, T>(
        &mut self,
        name: &'static str,
        default: &str,
        words: &Words<W>,
        read: impl FnOnce(W, &mut Arguments<'_>) -> T,
    ) -> Option<T> {
        let value = self.take(name, format!("{name} = {default}"), Standing::Named);
        self.offer(words.iter().map(|word| word.0));
        self.form_of(name, value?, words, read)
    }

    fn form_of<W: Copy, T>(
        &mut self,
        name: &str,
        value: &Expr,
        words: &Words<W>,
        read: impl FnOnce(W, &mut Arguments<'_>) -> T,
    ) -> Option<T> {
        let (word, given) = match bare(value) {
            Expr::Call(call) => (
                bare(&call.func),
                call.args.iter().map(as_argument).collect(),
            ),
            word => (word, Vec::new()),
        };
        let indices = words
            .iter()
            .enumerate()
            .map(|(index, word)| (word.0, index));
        let (callee, meaning) = words[self.word_of(name, word, &indices.collect::<Vec<_>>())?];
        let mut arguments = Arguments::new(
            callee,
            value.span(),
            &given,
            (&[], self.constants),
            self.report,
        );
        let found = read(meaning, &mut arguments);
        let sound = arguments.finish();
        self.failed |= !sound;
        sound.then_some(found)
    }

    /// The square of a gain, which is a number above 0 or the activation that follows; a signature shows the default.
    pub fn squared_gain(&mut self, shown: &str, default: f64) -> f64 {
        let Some(value) = self.take("gain", format!("gain = {shown}"), Standing::Positional) else {
            return default;
        };
        let word = match bare(value) {
            Expr::Call(call) => plain_name(&call.func),
            word => plain_name(word),
        };
        if word.is_some_and(|word| is_word(word) && !self.constants.contains(word)) {
            let read = |gain, arguments: &mut Arguments<'_>| match gain {
                Gain::Square(square) => square,
                Gain::Leaky => {
                    let slope = arguments.number_or("slope", 0.01);
                    2.0 / (1.0 + slope * slope)
                }
            };
            return self.form_of("gain", value, GAINS, read).unwrap_or(default);
        }
        match self.number_of(value) {
            Some(gain) if gain as f32 > 0.0 => gain * gain,
            _ => {
                let message = "`gain` is a number above 0 that f32 can hold, such as `1.4`, or the activation that \
                               follows, such as `Tanh`";
                self.wrong(value, message);
                default
            }
        }
    }
}
