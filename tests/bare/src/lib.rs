//! Networks whose parameters, moments, values and gradients lie in arrays of fixed size, as in the statics of a
//! microcontroller. Built without the features of kiln that need an allocator, for a target that has none.
#![no_std]
#![forbid(unsafe_code)]

use kiln::{
    Adam, Block, CrossEntropy, Descent, Lent, Loss, Model, Mse, Optimizer, Parameters, Result,
    Score, Seed, Sgd, State, StreamState, TrainingIn, memory, model,
};

model! {
    /// Dense layers.
    pub struct Curve(x: [2]) -> [1] {
        Dense(16, l2 = 0.0001),
        Tanh,
        Dense(1),
    }

    /// Convolution, statistics of a batch, pooling, dropout.
    pub struct Marks(image: [1, 8, 8]) -> [3] {
        Conv2d(5, kernel = 3, padding = 1, bias = false),
        BatchNorm,
        Relu,
        MaxPool2d(2),
        Dropout(0.1),
        Flatten,
        Dense(3),
    }

    /// A recurrence with two outputs.
    pub struct Pulse(x: [6, 2]) -> ([2], [1]) {
        lstm: Lstm(9),
        class: Dense(2),
        level: Dense(1),
        forward {
            let state = last(lstm(x));
            (class(state), level(state))
        }
    }

    /// What is heard, frame by frame.
    #[kiln(stream)]
    pub struct Echo(x: [40, 2]) -> [40, 1] {
        Lstm(5),
        Conv1d(4, 3, padding = Causal, dilation = 2),
        Tanh,
        Dense(1),
    }

    /// Weights that are part of the program.
    #[kiln(weights = "../golden/data/weights_f16.safetensors")]
    pub struct Stored(x: [2]) -> [18] { Dense(18), Relu }

    /// Two numbers change places.
    pub struct Exchange(x: [2]) -> [2] { fc: Dense(2) }
}

/// Parameters that are there when the program begins: a block of weights for each input, then the bias.
pub static EXCHANGE: [Block; memory::parameters::<Exchange>()] = {
    let mut blocks = [Block::ZERO; memory::parameters::<Exchange>()];
    blocks[0].0[1] = 0.5;
    blocks[1].0[0] = 2.0;
    blocks[2].0[0] = 1.0;
    blocks[2].0[1] = -1.0;
    blocks
};

/// The answer to `x`, and the weights as PyTorch orders them.
pub fn exchange(x: &[f32; 2]) -> Result<([f32; 2], [f32; 4])> {
    let net = Parameters::<Exchange, &[Block]>::new(&EXCHANGE)?;
    let (mut answer, mut weight) = ([0.0; 2], [0.0; 4]);
    let mut workspace = [Block([f32::NAN; 16]); memory::workspace::<Exchange>(1)];
    net.forward_in(x, &mut answer, &mut workspace)?;
    net.read("fc.weight", &mut weight)?;
    Ok((answer, weight))
}

/// A network that nobody made.
pub static STORED: Stored = Stored::pretrained();

/// Its answer, twice: on the stack, and in a workspace; and its first bias.
pub fn stored(x: &[f32; 2]) -> Result<([f32; 18], [f32; 18], f32)> {
    let (mut answer, mut bias) = ([0.0; 18], [0.0; 18]);
    let mut workspace = [Block::ZERO; memory::workspace::<Stored>(1)];
    kiln::forward_in(&STORED, x, &mut answer, &mut workspace)?;
    STORED.parameters().read("0.bias", &mut bias)?;
    Ok((STORED.forward(x), answer, bias[0]))
}

/// Answers frames in parameters of the caller's: half of them one by one, and the others at once.
pub fn echo(
    parameters: &[Block],
    frames: &[[f32; 2]; 40],
    answers: &mut [[f32; 1]; 40],
) -> Result<()> {
    let net = Parameters::<Echo, _>::new(parameters)?;
    let mut state = StreamState::new();
    let (one_by_one, at_once) = frames.split_at(20);
    let (first, last) = answers.split_at_mut(20);
    for (frame, answer) in one_by_one.iter().zip(first) {
        net.step_in(&mut state, frame, answer)?;
    }
    net.process_in(&mut state, at_once, last)
}

/// Samples of a batch.
pub const BATCH: usize = 6;

/// Steps of training.
pub const STEPS: usize = 60;

/// A number in -1..1 that depends on its index alone.
pub fn number(index: usize) -> f32 {
    let bits = (index as u32).wrapping_add(1).wrapping_mul(0x9e37_79b9);
    let bits = (bits ^ (bits >> 15)).wrapping_mul(0x85eb_ca6b);
    (bits >> 8) as f32 / 8_388_608.0 - 1.0
}

/// Inputs and targets of a batch.
pub type Batch<I, T> = ([I; BATCH], [T; BATCH]);

/// Inputs of dense layers, and what they should become.
pub fn curve() -> Batch<[f32; 2], [f32; 1]> {
    let inputs = core::array::from_fn(|row| [number(row), number(row + BATCH)]);
    (inputs, inputs.map(|[x, y]: [f32; 2]| [x * y]))
}

/// Images, and their classes.
pub fn marks() -> Batch<[[[f32; 8]; 8]; 1], usize> {
    let pixel = |row, y, x| number(64 * row + 8 * y + x) + if x % 3 == row % 3 { 1.0 } else { 0.0 };
    let image = |row| core::array::from_fn(|y| core::array::from_fn(|x| pixel(row, y, x)));
    let inputs = core::array::from_fn(|row| [image(row)]);
    (inputs, core::array::from_fn(|row| row % 3))
}

/// Sequences, and what they should become.
pub fn pulse() -> Batch<[[f32; 2]; 6], Two> {
    let step = |row, t| core::array::from_fn(|i| number(12 * row + 2 * t + i));
    let inputs = core::array::from_fn(|row| core::array::from_fn(|t| step(row, t)));
    let target = |input: [[f32; 2]; 6]| ([input[5][0], input[5][1]], [input[4][0]]);
    (inputs, inputs.map(target))
}

/// Two outputs.
pub type Two = ([f32; 2], [f32; 1]);

/// The squared error of both outputs.
pub struct Both;

impl Loss<Two, Two> for Both {
    fn row<S: kiln::simd::Isa>(
        &self,
        s: S,
        output: &Two,
        target: &Two,
        scale: f32,
        delta: &mut Two,
    ) -> f32 {
        Mse.row(s, &output.0, &target.0, scale, &mut delta.0)
            + Mse.row(s, &output.1, &target.1, scale, &mut delta.1)
    }
}

/// Where a network's numbers lie.
struct Place<'m, N: Model, O: Optimizer> {
    parameters: &'m mut [Block],
    moments: &'m mut [State<O>],
    step: Lent<'m, N>,
    workspace: &'m mut [Block],
}

/// The mean loss of the first and of the last step.
pub type Losses = [f64; 2];

/// What comes of training: losses, and the answers to the batch.
pub type Learnt<O> = (Losses, [O; BATCH]);

/// Trains a network on one batch; its losses, and its answers.
fn learn<N: Model, O: Optimizer, T: Sync, L: Loss<N::Output, T>>(
    place: Place<'_, N, O>,
    (optimizer, loss): (O, L),
    (inputs, targets): (&[N::Input], &[T]),
    outputs: &mut [N::Output],
) -> Result<Losses> {
    let mut net = Parameters::<N, _>::new(place.parameters)?;
    net.initialize(Seed(1))?;
    let mut training = TrainingIn::new(BATCH, place.step)?.seed(2);
    let mut descent = Descent::lent(optimizer, place.moments)?;
    let mut losses = [0.0; 2];
    for step in 0..STEPS {
        let mean = training.learn(&mut net, inputs, targets, &loss, &mut descent)?;
        losses[usize::from(step > 0)] = mean;
    }
    net.forward_batch_in(inputs, outputs, place.workspace)?;
    Ok(losses)
}

/// Arrays for a network, which is trained in them. What a step and an answer work in holds no numbers to begin with: nothing
/// reads what it has not written.
macro_rules! learn_in_arrays {
    ($net:ty: $zero:expr, $optimizer:expr => $kind:ty, $loss:expr, $data:expr) => {{
        let (inputs, targets) = $data;
        let mut outputs = [$zero; BATCH];
        let mut scores = [Score::default(); BATCH];
        let place = Place::<$net, $kind> {
            parameters: &mut [Block::ZERO; memory::parameters::<$net>()],
            moments: &mut [<State<$kind>>::default(); memory::moments::<$net>()],
            step: Lent {
                blocks: &mut [Block([f32::NAN; 16]); memory::training::<$net>(BATCH)],
                scores: &mut scores,
                outputs: &mut [$zero; memory::outputs::<$net>()],
            },
            workspace: &mut [Block([f32::NAN; 16]); memory::workspace::<$net>(2)],
        };
        let losses = learn(
            place,
            ($optimizer, $loss),
            (&inputs, &targets),
            &mut outputs,
        )?;
        Ok((losses, outputs))
    }};
}

/// Trains dense layers by plain gradient descent.
pub fn learn_curve() -> Result<Learnt<[f32; 1]>> {
    learn_in_arrays!(Curve: [0.0; 1], Sgd::new(0.2) => Sgd, Mse, curve())
}

/// Trains a convolution by Adam.
pub fn learn_marks() -> Result<Learnt<[f32; 3]>> {
    learn_in_arrays!(Marks: [0.0; 3], Adam::new(0.02) => Adam, CrossEntropy, marks())
}

/// Trains a recurrence with two outputs by Adam.
pub fn learn_pulse() -> Result<Learnt<Two>> {
    learn_in_arrays!(Pulse: ([0.0; 2], [0.0; 1]), Adam::new(0.02) => Adam, Both, pulse())
}

/// The last losses of [`learn_curve`], [`learn_marks`] and [`learn_pulse`]. Machines round differently, but not so much that
/// [`alike`] could not tell that they learn the same.
pub const LAST_LOSSES: [f64; 3] = [0.012_277, 0.000_435_6, 0.001_565_5];

/// Whether a loss is one of these, but for roundings.
pub fn alike(loss: f64, expected: f64) -> bool {
    (loss - expected).abs() <= 1e-3 * expected
}
