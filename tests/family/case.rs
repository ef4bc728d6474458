//! A layer against PyTorch: outputs one by one and in a batch, gradients of inputs and parameters, on every instruction
//! set of the machine. Each family of layers has a table of cases here, and one of the same names in `tests/golden`.

use kiln::{
    InputGradients, Model, Training, Value,
    flat::{self, Floats},
};

use crate::{
    close::{assert_close, on_every_instruction_set},
    file::Golden,
};

/// Declares a model of a case, all of it but its name, and its test: `case!(conv2d: (x: [3, 6, 7]) -> [18, 4, 5] { layer:
/// Conv2d(18, 3) });`. The golden file is that of the module in which it stands: `GOLDEN`.
macro_rules! case {
    ($name:ident: $inputs:tt -> $output:tt $body:tt) => {
        mod $name {
            kiln::model! {
                #[kiln(input_gradients)]
                struct Case $inputs -> $output $body
            }

            #[test]
            fn agrees() {
                crate::case::check(super::GOLDEN, stringify!($name), Case::new(kiln::Seed(0)));
            }
        }
    };
}
pub(crate) use case;

/// Inputs or outputs as flat numbers, one tensor after another.
pub trait Tensors: Value {
    /// A batch of which each tensor's numbers are given, sample by sample.
    fn batch(tensors: &[Vec<f32>]) -> Vec<Box<Self>>;

    /// The numbers of each tensor.
    fn numbers(&self) -> Vec<Vec<f32>>;
}

impl<T: Floats, const N: usize> Tensors for [T; N]
where
    Self: Value + Floats,
{
    fn batch(tensors: &[Vec<f32>]) -> Vec<Box<Self>> {
        let samples: &[Self] = flat::rows(&tensors[0]).expect("whole samples");
        samples.iter().map(|sample| Box::new(*sample)).collect()
    }

    fn numbers(&self) -> Vec<Vec<f32>> {
        vec![flat::numbers(self).to_vec()]
    }
}

impl<A: Tensors + Copy, B: Tensors + Copy> Tensors for (A, B)
where
    Self: Value,
{
    fn batch(tensors: &[Vec<f32>]) -> Vec<Box<Self>> {
        let (a, b) = (A::batch(&tensors[..1]), B::batch(&tensors[1..]));
        a.into_iter()
            .zip(b)
            .map(|(a, b)| Box::new((*a, *b)))
            .collect()
    }

    fn numbers(&self) -> Vec<Vec<f32>> {
        [self.0.numbers(), self.1.numbers()].concat()
    }
}

impl<A: Tensors + Copy, B: Tensors + Copy, C: Tensors + Copy> Tensors for (A, B, C)
where
    Self: Value,
{
    fn batch(tensors: &[Vec<f32>]) -> Vec<Box<Self>> {
        let (a, b, c) = (
            A::batch(&tensors[..1]),
            B::batch(&tensors[1..2]),
            C::batch(&tensors[2..]),
        );
        let pairs = a.into_iter().zip(b).zip(c);
        pairs.map(|((a, b), c)| Box::new((*a, *b, *c))).collect()
    }

    fn numbers(&self) -> Vec<Vec<f32>> {
        [self.0.numbers(), self.1.numbers(), self.2.numbers()].concat()
    }
}

/// Checks the case `name` of a family's file.
pub fn check<N>(family: &str, name: &str, mut net: N)
where
    N: Model + InputGradients,
    N::Input: Tensors + Copy,
    N::Output: Tensors + Copy,
{
    let golden = Golden::open(family);
    let get = |key: &str| golden.get::<f32>(&format!("{name}/{key}"));
    let parts = |what: &str| {
        let key = |part: usize| format!("{name}/{what}.{part}");
        let parts = (0..).map(key).take_while(|key| golden.has(key));
        parts.map(|key| golden.get::<f32>(&key)).collect::<Vec<_>>()
    };
    let names: Vec<&str> = net.parameters().names().map(|(name, _)| name).collect();
    for parameter in &names {
        let stored = get(&format!("weights.{parameter}"));
        net.parameters_mut()
            .set(parameter, &stored)
            .expect(parameter);
    }
    let unboxed = |sample: Box<N::Input>| *sample;
    let inputs: Vec<N::Input> = N::Input::batch(&parts("inputs"))
        .into_iter()
        .map(unboxed)
        .collect();
    let deltas: Vec<N::Output> = N::Output::batch(&parts("deltas"))
        .into_iter()
        .map(|delta| *delta)
        .collect();
    let (outputs, slopes) = (parts("outputs"), parts("slopes"));

    on_every_instruction_set(name, |set| {
        let here = |what: &str| format!("{name}: {what} on {set:?}");
        let mut alone = kiln::zeroed_vec::<N::Output>(inputs.len()).expect("memory");
        for (input, output) in inputs.iter().zip(&mut alone) {
            net.forward_into(input, output);
        }
        assert_all(&joined(&alone), &outputs, &here("output"));
        let mut together = kiln::zeroed_vec::<N::Output>(inputs.len()).expect("memory");
        net.forward_batch(&inputs, &mut together)
            .expect("as many outputs");
        assert_bits(
            &joined(&alone),
            &joined(&together),
            &here("one sample and many"),
        );

        let training = Training::new(&net, inputs.len()).expect("a batch");
        let mut training = training.with_input_gradients().expect("memory");
        training
            .backward_from(&net, &inputs, &deltas)
            .expect("finite numbers");
        assert_all(
            &joined(training.input_gradients()),
            &slopes,
            &here("gradient of an input"),
        );
        for (parameter, _) in training.gradients().names() {
            let found = training.gradients().get(parameter).expect(parameter);
            assert_close(
                &found,
                &get(&format!("gradients.{parameter}")),
                &here(parameter),
            );
        }
    });
}

/// The numbers of each tensor of a batch.
fn joined<T: Tensors>(samples: &[T]) -> Vec<Vec<f32>> {
    let mut joined: Vec<Vec<f32>> = Vec::new();
    for sample in samples {
        let numbers = sample.numbers();
        joined.resize_with(numbers.len(), Vec::new);
        for (joined, numbers) in joined.iter_mut().zip(numbers) {
            joined.extend(numbers);
        }
    }
    joined
}

/// Holds tensors against others.
fn assert_all(found: &[Vec<f32>], expected: &[Vec<f32>], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (part, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert_close(found, expected, &format!("{what}, part {part}"));
    }
}

/// Holds bits against others.
fn assert_bits(found: &[Vec<f32>], expected: &[Vec<f32>], what: &str) {
    let bits = |parts: &[Vec<f32>]| -> Vec<Vec<u32>> {
        let bits = |part: &Vec<f32>| part.iter().map(|x| x.to_bits()).collect();
        parts.iter().map(bits).collect()
    };
    assert_eq!(bits(found), bits(expected), "{what}");
}
