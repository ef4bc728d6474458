//! A language model, character by character: an LSTM reads a text in pieces, each of which goes on with the state that the
//! one before left, and then writes some of its own, by a stream.
//!
//! `cargo run --release --example char_lm`; `-- --data FILE` reads a text of your own.
#![forbid(unsafe_code)]

#[allow(dead_code, reason = "its trainer is for classes")]
mod options;

use kiln::{First, data::Windows, metrics::Perplexity, prelude::*};
use options::Options;
use std::{
    env,
    error::Error,
    f64::consts::LN_2,
    fs,
    io::{self, Write},
    ops::Range,
};

/// Characters of a piece, different characters, and units.
const PIECE: usize = 64;
const CHARACTERS: usize = 96;
const UNITS: usize = 256;

model! {
    /// What learns: the state is given and handed back.
    #[kiln(carry(h, c))]
    struct Reader(text: u32[64], h: [1, 256], c: [1, 256]) -> ([64, 96], [1, 256], [1, 256]) {
        embed: Embedding(96, 32),
        lstm: Lstm(256),
        fc: Dense(96),
        forward {
            let (steps, hidden, cell) = lstm(embed(text), h, c);
            (fc(steps), hidden, cell)
        }
    }

    /// What writes, by the same weights.
    #[kiln(stream)]
    struct Writer(text: u32[64]) -> [64, 96] {
        embed: Embedding(96, 32),
        lstm: Lstm(256),
        fc: Dense(96),
    }
}

/// The characters of a text: the most frequent ones have a number each, and 0 is any other.
struct Alphabet(Vec<char>);

impl Alphabet {
    fn of(text: &str) -> Self {
        let mut counts = std::collections::BTreeMap::<char, usize>::new();
        text.chars()
            .for_each(|character| *counts.entry(character).or_default() += 1);
        let mut frequent: Vec<_> = counts.into_iter().collect();
        frequent.sort_by_key(|&(character, count)| (usize::MAX - count, character));
        frequent.truncate(CHARACTERS - 1);
        Self(
            frequent
                .into_iter()
                .map(|(character, _)| character)
                .collect(),
        )
    }

    fn token(&self, character: char) -> u32 {
        self.0
            .iter()
            .position(|&known| known == character)
            .map_or(0, |place| place as u32 + 1)
    }

    fn character(&self, token: usize) -> char {
        token
            .checked_sub(1)
            .and_then(|place| self.0.get(place))
            .copied()
            .unwrap_or('\u{fffd}')
    }
}

/// Pieces of a text, each with the characters that follow its own.
fn pieces(
    text: &[u32],
    parts: usize,
) -> kiln::Result<impl kiln::data::Dataset<Input = Piece, Target = [u32; PIECE]> + '_> {
    Windows::new(
        text.len().saturating_sub(1),
        PIECE,
        parts,
        |at: Range<usize>| {
            let cut = |first: usize| core::array::from_fn(|i| text[first + i]);
            (
                (cut(at.start), [[0.0; UNITS]], [[0.0; UNITS]]),
                cut(at.start + 1),
            )
        },
    )
}

/// What the reader is given.
type Piece = ([u32; PIECE], [[f32; UNITS]; 1], [[f32; UNITS]; 1]);

/// Draws a character at a temperature: low ones follow the likeliest, 1 the model's own chances. Only what is known is
/// drawn, which are tokens 1 to `known`.
fn draw(logits: &[f32; CHARACTERS], known: usize, temperature: f32, chance: f32) -> usize {
    let mut sharpened = [f32::NEG_INFINITY; CHARACTERS];
    for (sharpened, logit) in sharpened.iter_mut().zip(logits).skip(1).take(known) {
        *sharpened = logit / temperature;
    }
    let mut rest = chance;
    let drawn = kiln::softmax(&sharpened).iter().position(|chance| {
        rest -= chance;
        rest < 0.0
    });
    drawn.unwrap_or(1)
}

fn main() -> Result<(), Box<dyn Error>> {
    let is_own = env::args().any(|argument| argument.starts_with("--data"));
    let options = Options::parse(5, 32, &mut [])?;
    let text = match is_own {
        true => fs::read_to_string(&options.data)?,
        false => include_str!("data/shakespeare.txt").to_string(),
    };
    let alphabet = Alphabet::of(&text);
    let tokens: Vec<u32> = text
        .chars()
        .map(|character| alphabet.token(character))
        .take(options.limit.saturating_mul(PIECE))
        .collect();
    let (train, test) = tokens.split_at(tokens.len() / 20 * 19);
    let (train, test) = (pieces(train, options.batch)?, pieces(test, 1)?);

    let mut net = Reader::new(Seed(options.seed));
    println!(
        "{} characters, {} of them different\n{}",
        tokens.len(),
        alphabet.0.len(),
        net.summary()
    );
    let epochs = options.epochs as f64;
    let mut trainer = Trainer::new(Adam::new(2e-3), First(CrossEntropy))
        .metrics(First(Perplexity::default()))
        .epochs(options.epochs)
        .batch(options.batch)
        .threads(options.threads)
        .clip_norm(1.0)
        .schedule(move |epoch| 1.0 - 0.9 * epoch as f64 / epochs);
    trainer.fit(&mut net, &train)?;
    let judge = Trainer::new(Adam::default(), First(CrossEntropy)).batch(1);
    let evaluation = judge.evaluate(&net, &test)?;
    println!(
        "{:.3} bits per character of text that was not read",
        evaluation.loss / LN_2
    );
    let net = options.save(net, Reader::new(Seed(0)))?;

    let mut writer = Writer::new(Seed(0));
    writer.parameters_mut().copy_from(&net.parameters())?;
    for temperature in [0.5, 0.8] {
        println!("\nat a temperature of {temperature}:");
        let mut stream = writer.stream();
        let mut random = options.seed;
        let mut token = alphabet.token('\n') as usize;
        for _ in 0..400 {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let chance = (random >> 40) as f32 / (1 << 24) as f32;
            token = draw(
                &stream.step(&(token as u32)),
                alphabet.0.len(),
                temperature,
                chance,
            );
            print!("{}", alphabet.character(token));
        }
        println!();
        io::stdout().flush()?;
    }
    Ok(())
}
