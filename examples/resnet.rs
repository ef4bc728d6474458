//! ResNet-20 of He et al. 2016 on MNIST: blocks, batch normalisation, and images that are shifted anew in every epoch.
//!
//! `cargo run --release --example resnet -- --data DIR`, where DIR holds the four files of MNIST. With `--torch FILE` it is not
//! trained but takes the weights of a PyTorch model whose modules have these names, saved by
//! `safetensors.torch.save_file(model.state_dict(), FILE)`.
#![forbid(unsafe_code)]

mod options;

use kiln::{data::Augment, prelude::*};
use options::Options;
use std::error::Error;

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

    // Images moved by up to two pixels, by others in each epoch. A fit of one epoch each: the trainer goes on where it ended.
    let shifted = Augment::new(&train, options.seed).shift(2);
    let mut trainer = options.trainer().epochs(1);
    for epoch in 0..options.epochs {
        let history = trainer.fit(&mut net, &shifted)?;
        let evaluation = trainer.evaluate(&net, &test)?;
        println!("epoch {}: {}", epoch + 1, history.conclusion(&evaluation));
    }
    options.save(net, ResNet20::new(Seed(0)))?;
    Ok(())
}
