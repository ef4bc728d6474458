//! Two networks in one loop: a generator draws digits, and a discriminator tells them from real ones (Goodfellow et al. 2014).
//! Both are told which digit it is (Mirza and Osindero 2014). What the generator learns from are the discriminator's gradients
//! by its input.
//!
//! `cargo run --release --example gan -- --save gan.pgm`
#![forbid(unsafe_code)]

use kiln::{Draw, argmax, data::Samples, judge, prelude::*};
use lexopt::prelude::*;
use std::{
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

model! {
    /// Draws a digit: which one, and how, is what it is given.
    pub struct Generator(noise: [16], class: [10]) -> [1, 8, 8] {
        hidden: { Dense(128, bias = false), BatchNorm, Relu, Dense(128, bias = false), BatchNorm, Relu },
        pixels: { Dense(64), Sigmoid, Reshape(1, 8, 8) },

        forward { pixels(hidden(concat(noise, class))) }
    }

    /// The logit of an image being real, and of this class.
    #[kiln(input_gradients)]
    pub struct Discriminator(image: [1, 8, 8], class: [10]) -> [1] {
        body: { Dense(256), Relu, Dropout(0.3), Dense(128), Relu, Dropout(0.3), Dense(1) },

        forward { body(concat(flatten(image), class)) }
    }

    /// Says at the end whether what was drawn can be read; it has learnt from real digits alone.
    struct Reader(image: [1, 8, 8]) -> [10] { Flatten, Dense(128), Relu, Dropout(0.2), Dense(10) }
}

type Image = [[[f32; 8]; 8]; 1];
type Noise = [f32; 16];
/// One of ten, as a 1 among zeros.
type Class = [f32; 10];

const BATCH: usize = 64;

fn main() -> Result<(), Box<dyn Error>> {
    let (mut steps, mut seed, mut save) = (8_000, 7, env::temp_dir().join("gan.pgm"));
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("steps") => steps = arguments.value()?.parse()?,
            Long("seed") => seed = arguments.value()?.parse()?,
            Long("save") => save = PathBuf::from(arguments.value()?),
            Long("help") => {
                println!("options: --steps 8000 --seed 7 --save FILE");
                return Ok(());
            }
            _ => return Err(argument.unexpected().into()),
        }
    }
    let (train, test) = kiln::data::digits()?;
    let start = Instant::now();
    let generator = learn(&train, seed, steps)?;
    println!("{steps} steps in {:.1} s", start.elapsed().as_secs_f64());
    println!(
        "{:.1} % of what was drawn is read as what it should be",
        100.0 * readable(&generator, &train, seed)?
    );
    picture(&generator, &test, seed, &save)?;
    println!(
        "real digits, and drawn ones beside them: {}",
        save.display()
    );
    Ok(())
}

/// Teaches both networks, and gives the average of the generators of the last steps.
fn learn(data: &Samples<Image, usize>, seed: u64, steps: u64) -> kiln::Result<Generator> {
    let mut generator = Generator::new(Seed(seed));
    let mut discriminator = Discriminator::new(Seed(!seed));
    let mut average = generator.clone();
    let mut draws = Training::new(&generator, BATCH)?;
    let mut judges = Training::new(&discriminator, 2 * BATCH)?.seed(seed);
    let adam = Adam::new(1e-3).betas(0.5, 0.999);
    let mut descent = Descent::new(&generator, adam)?;
    let mut ascent = Descent::new(&discriminator, adam)?;
    // What the discriminator should say of a batch: half of it is real.
    let truth: [[f32; 1]; 2 * BATCH] =
        std::array::from_fn(|row| [if row < BATCH { 0.9 } else { 0.0 }]);

    for step in 0..steps {
        // Drawn digits, and as many real ones.
        let wishes: Vec<(Noise, Class)> = (0..BATCH)
            .map(|row| wish(Draw::new(seed, step, row)))
            .collect();
        let drawn = draws.forward(&generator, &wishes)?;
        let drawn: Vec<(Image, Class)> = drawn
            .iter()
            .copied()
            .zip(wishes.iter().map(|wish| wish.1))
            .collect();
        let real = (0..BATCH).map(|row| {
            let index = Draw::new(seed, step, BATCH + row).below(0, data.len());
            (data.inputs()[index], class(data.targets()[index]))
        });

        // The discriminator learns to tell them apart. Real ones are only nearly certain to be real, so that its logits stay
        // small (Salimans et al. 2016).
        let both: Vec<(Image, Class)> = real.chain(drawn.iter().copied()).collect();
        let apart = judges.backward(&discriminator, &both, &truth, &BinaryCrossEntropy)?;
        ascent.apply(&mut discriminator, judges.gradients())?;

        // The generator learns to draw what is taken for real: the gradients go through the discriminator, which stays as it
        // is, to the pixels, and from there through the generator.
        let logits = judges.forward(&discriminator, &drawn)?;
        let mut gradients = [[0.0]; BATCH];
        let alike = judge(&BinaryCrossEntropy, logits, &[[1.0]; BATCH], &mut gradients)?;
        let slopes = judges.input_gradients_from(&discriminator, &drawn, &gradients)?;
        let pixels: Vec<Image> = slopes.iter().map(|(image, _)| *image).collect();
        draws.backward_from(&generator, &wishes, &pixels)?;
        descent.apply(&mut generator, draws.gradients())?;

        // What wavers from step to step is averaged away.
        average.lerp_from(&generator, if step < 500 { 1.0 } else { 0.002 })?;
        if step % 1000 == 999 {
            println!(
                "step {:>5}: loss of the discriminator {apart:.3}, of the generator {alike:.3}",
                step + 1
            );
        }
    }
    Ok(average)
}

/// A digit of any class, drawn anyhow.
fn wish(draw: Draw) -> (Noise, Class) {
    (noise(draw), class(draw.below(100, 10)))
}

fn noise(draw: Draw) -> Noise {
    std::array::from_fn(|i| draw.normal(i as u64) as f32)
}

fn class(label: usize) -> Class {
    std::array::from_fn(|i| f32::from(u8::from(i == label)))
}

/// The share of drawn digits that a classifier of real ones takes for what they should be.
fn readable(generator: &Generator, data: &Samples<Image, usize>, seed: u64) -> kiln::Result<f64> {
    let mut reader = Reader::new(Seed(seed));
    Trainer::new(Adam::default(), CrossEntropy)
        .epochs(20)
        .quiet()
        .fit(&mut reader, data)?;
    const COUNT: usize = 1000;
    let right = (0..COUNT).filter(|&row| {
        let drawn = generator.forward(&(noise(Draw::new(!seed, 0, row)), class(row % 10)));
        argmax(&reader.forward(&drawn)) == row % 10
    });
    Ok(right.count() as f64 / COUNT as f64)
}

/// Writes a picture of a row for each digit: real ones, a gap, and drawn ones.
fn picture(
    generator: &Generator,
    data: &Samples<Image, usize>,
    seed: u64,
    file: &Path,
) -> Result<(), Box<dyn Error>> {
    const REAL: usize = 6;
    const DRAWN: usize = 12;
    // Dots of a pixel, and of a digit with its margin.
    const DOT: usize = 5;
    const CELL: usize = 9 * DOT;
    const MARGIN: usize = DOT / 2;
    const WIDTH: usize = (REAL + DRAWN + 1) * CELL;

    let mut dots = vec![255; WIDTH * 10 * CELL];
    let mut put = |row: usize, column: usize, [image]: &Image| {
        for y in 0..8 * DOT {
            for x in 0..8 * DOT {
                let ink = image[y / DOT][x / DOT].clamp(0.0, 1.0);
                dots[(row * CELL + MARGIN + y) * WIDTH + column * CELL + MARGIN + x] =
                    (255.0 * (1.0 - ink)) as u8;
            }
        }
    };
    for label in 0..10 {
        let pairs = data.inputs().iter().zip(data.targets());
        let real = pairs
            .filter(|pair| *pair.1 == label)
            .map(|(image, _)| image);
        real.take(REAL)
            .enumerate()
            .for_each(|(column, image)| put(label, column, image));
        for column in 0..DRAWN {
            let draw = Draw::new(!seed, 1, label * DRAWN + column);
            put(
                label,
                REAL + 1 + column,
                &generator.forward(&(noise(draw), class(label))),
            );
        }
    }
    // A portable graymap: a line of text, and a byte for each dot.
    let mut bytes = format!("P5 {WIDTH} {} 255\n", 10 * CELL).into_bytes();
    bytes.extend(dots);
    fs::write(file, bytes).map_err(|error| format!("--save {}: {error}", file.display()).into())
}
