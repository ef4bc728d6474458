//! Classification of text: a word becomes a vector, a GRU reads the vectors in both directions, and the strongest of each
//! of its numbers over time decide. By default it tells how a sentence of Shakespeare's ends: `.`, `?` or `!`.
//!
//! `cargo run --release --example text`, or with `-- --data FILE` on a table of your own, whose first column is a class and
//! whose second is a text.
#![forbid(unsafe_code)]

mod options;

use kiln::{
    data::{Dataset, Samples},
    prelude::*,
};
use options::Options;
use std::{
    borrow::Borrow,
    collections::BTreeMap,
    env,
    error::Error,
    io::{self, BufRead, IsTerminal, Write},
};

/// Words of a text that are read.
const WORDS: usize = 24;
/// Different words that are known: 0 fills up a text, and 1 is any other.
const VOCABULARY: usize = 4000;
/// Classes there may be.
const CLASSES: usize = 8;

model! {
    /// Words in their order.
    pub struct Reader(words: u32[24], length: u32) -> [8] {
        embed: Embedding(4000, 32, padding = 0),
        gru: Gru(32, bidirectional = true),
        fc: Dense(8),
        forward {
            let steps = gru(dropout(embed(words), 0.5), length = length);
            fc(dropout(max(steps, axis = 0, length = length), 0.5))
        }
    }

    /// The baseline: which words there are, in whatever order.
    pub struct Bag(counts: [4000]) -> [8] {
        fc: Dense(8, init = Zeros, l2 = 2e-5),
    }
}

/// A text as the network reads it.
type Text = ([u32; WORDS], u32);

/// Which words there are, and which classes.
struct Language {
    words: BTreeMap<String, u32>,
    classes: Vec<String>,
}

impl Language {
    /// The most frequent words of some texts, and all classes.
    fn of(texts: &[(String, String)]) -> Result<Self, Box<dyn Error>> {
        let mut counts = BTreeMap::<String, usize>::new();
        for word in texts.iter().flat_map(|(_, text)| words(text)) {
            *counts.entry(word).or_default() += 1;
        }
        let mut frequent: Vec<_> = counts.into_iter().collect();
        frequent.sort_by_key(|(word, count)| (usize::MAX - count, word.clone()));
        frequent.truncate(VOCABULARY - 2);
        let words = frequent
            .into_iter()
            .zip(2..)
            .map(|((word, _), token)| (word, token));
        let mut classes: Vec<_> = texts.iter().map(|(class, _)| class.clone()).collect();
        classes.sort();
        classes.dedup();
        if classes.len() > CLASSES {
            return Err(format!(
                "there are {} classes, and at most {CLASSES} are read",
                classes.len()
            )
            .into());
        }
        Ok(Self {
            words: words.collect(),
            classes,
        })
    }

    /// A text's words as tokens; `None` if it has none.
    fn read(&self, text: &str) -> Option<Text> {
        let mut tokens = [0; WORDS];
        let mut length = 0;
        for (token, word) in tokens.iter_mut().zip(words(text)) {
            *token = self.words.get(&word).copied().unwrap_or(1);
            length += 1;
        }
        (length > 0).then_some((tokens, length))
    }
}

/// The words of a text, in small letters.
fn words(text: &str) -> impl Iterator<Item = String> {
    let parts = text.split(|c: char| !(c.is_alphabetic() || c == '\''));
    parts.filter(|word| !word.is_empty()).map(str::to_lowercase)
}

/// Sentences of the plays, and the marks they end in.
fn sentences(plays: &str) -> Vec<(String, String)> {
    let mut sentences = Vec::new();
    for sentence in plays.split_inclusive(['.', '?', '!']) {
        let (text, mark) = sentence.split_at(sentence.len() - 1);
        if matches!(mark, "." | "?" | "!") && (3..=WORDS).contains(&words(text).count()) {
            sentences.push((mark.to_string(), text.trim().to_string()));
        }
    }
    sentences
}

/// The rows of a table: a class and a text.
fn table(file: &std::path::Path) -> Result<Vec<(String, String)>, Box<dyn Error>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_path(file)?;
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record?;
        match (record.get(0), record.get(1)) {
            (Some(class), Some(text)) => rows.push((class.to_string(), text.to_string())),
            _ => {
                return Err(format!(
                    "{}: a row is a class and a text, as in `good,\"I liked it\"`",
                    file.display()
                )
                .into());
            }
        }
    }
    Ok(rows)
}

/// Texts as the baseline sees them.
struct Bags<'a, D>(&'a D);

impl<D: Dataset<Input = Text, Target = u8>> Dataset for Bags<'_, D> {
    type Input = [f32; VOCABULARY];
    type Target = u8;

    fn len(&self) -> usize {
        self.0.len()
    }

    fn sample(&self, index: usize) -> kiln::Result<(impl Borrow<Self::Input>, impl Borrow<u8>)> {
        let (input, target) = self.0.sample(index)?;
        let (tokens, length): &Text = input.borrow();
        let mut counts = Box::new([0.0; VOCABULARY]);
        for &token in &tokens[..*length as usize] {
            counts[token as usize] = 1.0;
        }
        Ok((counts, *target.borrow()))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let is_own = env::args().any(|argument| argument.starts_with("--data"));
    let options = Options::parse(20, 32, &mut [])?;
    let texts = match is_own {
        true => table(&options.data)?,
        false => sentences(include_str!("data/shakespeare.txt")),
    };
    let language = Language::of(&texts)?;
    let pairs = texts.iter().filter_map(|(class, text)| {
        let class = language.classes.iter().position(|known| known == class)?;
        Some((language.read(text)?, class as u8))
    });
    let data = Samples::from_pairs(pairs)?.shuffle(Seed(options.seed));
    println!(
        "{} texts, {} classes, {} words",
        data.len(),
        language.classes.len(),
        language.words.len()
    );
    let (train, test) = data.split(0.9)?;
    let train = train.first(options.limit)?;

    let mut bag = Bag::new(Seed(options.seed));
    let mut trainer = options.trainer();
    trainer.fit(&mut bag, &Bags(&train))?;
    let words_alone = trainer.evaluate(&bag, &Bags(&test))?;

    let mut net = Reader::new(Seed(options.seed));
    println!("{}", net.summary());
    let mut trainer = options.trainer();
    let history = trainer.fit(&mut net, &train)?;
    let evaluation = trainer.evaluate(&net, &test)?;
    let net = options.save(net, Reader::new(Seed(0)))?;
    println!("a bag of words: {words_alone}");
    println!("words in their order: {evaluation}");
    println!("{}", history.conclusion(&evaluation));

    let examples = [
        "wherefore art thou Romeo",
        "the king is dead",
        "out upon thee villain",
    ];
    let typed = io::stdin().is_terminal();
    let mut lines: Box<dyn Iterator<Item = io::Result<String>>> = match typed {
        true => Box::new(io::stdin().lock().lines()),
        false => Box::new(examples.into_iter().map(|line| Ok(line.to_string()))),
    };
    loop {
        if typed {
            print!("a sentence, or nothing to end: ");
            io::stdout().flush()?;
        }
        let Some(line) = lines
            .next()
            .transpose()?
            .filter(|line| !line.trim().is_empty())
        else {
            return Ok(());
        };
        let Some(text) = language.read(&line) else {
            println!("there is no word in that");
            continue;
        };
        let chances = kiln::softmax(&net.forward(&text));
        let mut told: Vec<_> = language.classes.iter().zip(chances).collect();
        told.sort_by(|a, b| b.1.total_cmp(&a.1));
        let told: Vec<_> = told
            .iter()
            .map(|(class, chance)| format!("{class} {:.0} %", chance * 100.0))
            .collect();
        println!("{line}  ->  {}", told.join(", "));
    }
}
