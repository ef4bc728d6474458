//! ResNet-20 of He et al. 2016 on MNIST: blocks, batch normalisation, and images that are shifted anew in every epoch.
//!
//! `cargo run --release --example resnet -- --data DIR`, where DIR holds the four files of MNIST. With `--torch FILE` it is not
//! trained but takes the weights of a PyTorch model whose modules have these names, saved by
//! `safetensors.torch.save_file(model.state_dict(), FILE)`.
#![forbid(unsafe_code)]

mod options;

use kiln::{
    data::{Dataset, Samples},
    prelude::*,
};
use options::Options;
use std::{borrow::Borrow, error::Error};

model! {
    /// Two convolutions around which the input passes.
    block Basic<const CHANNELS: usize>(x) {
        conv1: Conv2d(CHANNELS, 3, padding = 1, bias = false),
        bn1: BatchNorm,
        conv2: Conv2d(CHANNELS, 3, padding = 1, bias = false),
        bn2: BatchNorm,

        forward { relu(bn2(conv2(relu(bn1(conv1(x))))) + x) }
    }

    /// The same at half the height and width, the input passing through a projection.
    block Down<const CHANNELS: usize>(x) {
        conv1: Conv2d(CHANNELS, 3, stride = 2, padding = 1, bias = false),
        bn1: BatchNorm,
        conv2: Conv2d(CHANNELS, 3, padding = 1, bias = false),
        bn2: BatchNorm,
        downsample: { Conv2d(CHANNELS, 1, stride = 2, bias = false), BatchNorm },

        forward { relu(bn2(conv2(relu(bn1(conv1(x))))) + downsample(x)) }
    }

    /// Nineteen convolutions and a Dense.
    pub struct ResNet20(image: [1, 28, 28]) -> [10] {
        conv1: Conv2d(16, 3, padding = 1, bias = false),
        bn1: BatchNorm,
        Relu,
        layer1: [Basic<16>; 3],
        layer2: { Down<32>, Basic<32>, Basic<32> },
        layer3: { Down<64>, Basic<64>, Basic<64> },
        GlobalAvgPool,
        fc: Dense(10),
    }
}

type Image = [[[f32; 28]; 28]; 1];

/// Images moved by up to two pixels, by others in each epoch.
struct Shifted<'a> {
    samples: &'a Samples<Image, usize>,
    epoch: usize,
}

impl Dataset for Shifted<'_> {
    type Input = Image;
    type Target = usize;

    fn len(&self) -> usize {
        self.samples.len()
    }

    fn sample(&self, index: usize) -> kiln::Result<(impl Borrow<Image>, impl Borrow<usize>)> {
        let (image, label) = (&self.samples.inputs()[index], self.samples.targets()[index]);
        Ok((shifted(image, shift(self.epoch, index)), label))
    }

    fn target(&self, index: usize) -> kiln::Result<impl Borrow<usize>> {
        Ok(&self.samples.targets()[index])
    }
}

/// Rows and columns to move by, from 0 to 4, of which 2 is not at all.
fn shift(epoch: usize, index: usize) -> [usize; 2] {
    let hash = (epoch as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ index as u64;
    let hash = (hash ^ hash >> 31).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    [hash >> 40, hash >> 52].map(|bits| (bits % 5) as usize)
}

/// An image whose pixels come from `[rows, columns]` further on, less two; what comes from outside is black.
fn shifted(image: &Image, [rows, columns]: [usize; 2]) -> Image {
    let pixel = |row: usize, column: usize| {
        let (row, column) = (
            (row + rows).checked_sub(2)?,
            (column + columns).checked_sub(2)?,
        );
        image[0].get(row)?.get(column).copied()
    };
    let row = |row| std::array::from_fn(|column| pixel(row, column).unwrap_or(0.0));
    [std::array::from_fn(row)]
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut files = [("torch", None)];
    let options = Options::parse(9, 64, &mut files)?;
    let [(_, torch)] = files;
    let (train, test) = kiln::data::mnist(&options.data)?;
    let train = train.first(options.limit)?;

    if let Some(file) = torch {
        let net = ResNet20::open(file)?;
        println!("{}", options.trainer().evaluate(&net, &test)?);
        return Ok(());
    }
    let mut net = ResNet20::new(Seed(options.seed));
    println!("{}", net.summary());

    // A fit of one epoch each: the trainer goes on where it ended, and the images are moved anew.
    let mut trainer = options.trainer().epochs(1);
    for epoch in 0..options.epochs {
        let samples = &train;
        let history = trainer.fit(&mut net, &Shifted { samples, epoch })?;
        let evaluation = trainer.evaluate(&net, &test)?;
        println!("epoch {}: {}", epoch + 1, history.conclusion(&evaluation));
    }
    options.save(net, ResNet20::new(Seed(0)))?;
    Ok(())
}
