//! What the page calls: a network that answers and learns, in memory that the page lends. Without `std`, without an
//! allocator, and safe but for the names of the functions.
#![no_std]

use core::panic::PanicInfo;
use kiln::{
    Block, CrossEntropy, Descent, Lent, Parameters, Result, Score, Sgd, TrainingIn, memory, model,
};

model! {
    /// Keras' quickstart classifier, trained on MNIST.
    #[kiln(weights = "mnist.safetensors", export_c, budget(params = 101_770))]
    pub struct Mnist(image: [1, 28, 28]) -> [10] {
        Flatten,
        hidden: Dense(128),
        Relu,
        Dropout(0.2),
        logits: Dense(10),
    }
}

type Image = [[[f32; 28]; 28]; 1];

/// The blocks of the weights, and of a training step of one sample.
const PARAMETERS: usize = memory::parameters::<Mnist>();
const TRAINING: usize = memory::training::<Mnist>(1);

/// Bytes of a training step.
#[unsafe(no_mangle)]
extern "C" fn training_bytes() -> usize {
    TRAINING * size_of::<Block>()
}

/// One step of gradient descent towards a label; gives the loss before it, or a negative number if something is missing.
#[unsafe(no_mangle)]
extern "C" fn learn(
    parameters: Option<&mut [Block; PARAMETERS]>,
    training: Option<&mut [Block; TRAINING]>,
    image: Option<&Image>,
    label: usize,
) -> f64 {
    match (parameters, training, image) {
        (Some(parameters), Some(training), Some(image)) => {
            step(parameters, training, image, label).unwrap_or(-1.0)
        }
        _ => -1.0,
    }
}

fn step(
    parameters: &mut [Block],
    training: &mut [Block],
    image: &Image,
    label: usize,
) -> Result<f64> {
    let mut net = Parameters::<Mnist, _>::new(parameters)?;
    let lent = Lent {
        blocks: training,
        scores: &mut [Score::ZERO],
        outputs: &mut [[0.0; 10]; memory::outputs::<Mnist>()],
    };
    let mut training = TrainingIn::new(1, lent)?;
    // Plain gradient descent remembers nothing.
    let mut descent = Descent::lent(Sgd::new(0.01), [(); memory::moments::<Mnist>()])?;
    training.learn(&mut net, &[*image], &[label], &CrossEntropy, &mut descent)
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
