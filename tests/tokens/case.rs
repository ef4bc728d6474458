//! Networks that take tokens against PyTorch: outputs one by one and in a batch, and gradients of parameters, on every
//! instruction set of the machine. The golden file holds tokens as numbers.

use kiln::{
    Model, Training, Value,
    flat::{self, Floats},
};

use crate::{
    close::{assert_close, on_every_instruction_set},
    file::Golden,
};

/// Declares a model of a case, all of it but its name, and its test: `case!(embed: (words: u32[7]) -> [7, 18] { embed:
/// Embedding(50, 18) });`.
macro_rules! case {
    ($name:ident: $inputs:tt -> $output:tt $body:tt) => {
        mod $name {
            kiln::model! {
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

/// A number, an index, or arrays of them.
pub trait Part: Copy {
    /// The next of some numbers.
    fn take(numbers: &mut impl Iterator<Item = f32>) -> Self;
}

impl Part for f32 {
    fn take(numbers: &mut impl Iterator<Item = f32>) -> Self {
        numbers.next().expect("a number")
    }
}

impl Part for u32 {
    fn take(numbers: &mut impl Iterator<Item = f32>) -> Self {
        numbers.next().expect("a number") as u32
    }
}

impl<T: Part, const N: usize> Part for [T; N] {
    fn take(numbers: &mut impl Iterator<Item = f32>) -> Self {
        core::array::from_fn(|_| T::take(numbers))
    }
}

/// What a network is given.
pub trait Inputs: Value + Copy {
    /// The first `count` samples, of which each part's numbers are given, sample by sample.
    fn batch(parts: &[Vec<f32>], count: usize) -> Vec<Self>;
}

/// As many parts as there are samples.
fn samples<T: Part>(numbers: &[f32], count: usize) -> impl Iterator<Item = T> {
    let mut numbers = numbers.iter().copied();
    (0..count).map(move |_| T::take(&mut numbers))
}

impl Inputs for u32 {
    fn batch(parts: &[Vec<f32>], count: usize) -> Vec<Self> {
        samples(&parts[0], count).collect()
    }
}

impl<T: Part, const N: usize> Inputs for [T; N]
where
    Self: Value,
{
    fn batch(parts: &[Vec<f32>], count: usize) -> Vec<Self> {
        samples(&parts[0], count).collect()
    }
}

impl<A: Part, B: Part> Inputs for (A, B)
where
    Self: Value,
{
    fn batch(parts: &[Vec<f32>], count: usize) -> Vec<Self> {
        let second = samples(&parts[1], count);
        samples(&parts[0], count).zip(second).collect()
    }
}

impl<A: Part, B: Part, C: Part> Inputs for (A, B, C)
where
    Self: Value,
{
    fn batch(parts: &[Vec<f32>], count: usize) -> Vec<Self> {
        let others = samples(&parts[1], count).zip(samples(&parts[2], count));
        let all = samples(&parts[0], count).zip(others);
        all.map(|(a, (b, c))| (a, b, c)).collect()
    }
}

impl<A: Part, B: Part, C: Part, D: Part> Inputs for (A, B, C, D)
where
    Self: Value,
{
    fn batch(parts: &[Vec<f32>], count: usize) -> Vec<Self> {
        let first = samples(&parts[0], count).zip(samples(&parts[1], count));
        let others = samples(&parts[2], count).zip(samples(&parts[3], count));
        let all = first.zip(others);
        all.map(|((a, b), (c, d))| (a, b, c, d)).collect()
    }
}

/// Samples of a golden batch.
pub const SAMPLES: usize = 5;

/// Checks the case `name` of a family's file.
pub fn check<N>(family: &str, name: &str, mut net: N)
where
    N: Model,
    N::Input: Inputs,
    N::Output: Value + Copy + Floats,
{
    let golden = Golden::open(family);
    let get = |key: &str| golden.get::<f32>(&format!("{name}/{key}"));
    let names: Vec<&str> = net.parameters().names().map(|(name, _)| name).collect();
    for parameter in &names {
        let stored = get(&format!("weights.{parameter}"));
        let mut parameters = net.parameters_mut();
        parameters.set(parameter, &stored).expect(parameter);
    }
    let keys = (0..).map(|part| format!("inputs.{part}"));
    let keys = keys.take_while(|key| golden.has(&format!("{name}/{key}")));
    let parts: Vec<_> = keys.map(|key| get(&key)).collect();
    let inputs = N::Input::batch(&parts, SAMPLES);
    let (outputs, deltas) = (get("outputs"), get("deltas"));
    let deltas: &[N::Output] = flat::rows(&deltas).expect("whole samples");

    on_every_instruction_set(name, |set| {
        let here = |what: &str| format!("{name}: {what} on {set:?}");
        let mut alone = kiln::zeroed_vec::<N::Output>(SAMPLES).expect("memory");
        for (input, output) in inputs.iter().zip(&mut alone) {
            net.forward_into(input, output);
        }
        assert_close(flat::all_numbers(&alone), &outputs, &here("output"));
        let mut together = kiln::zeroed_vec::<N::Output>(SAMPLES).expect("memory");
        net.forward_batch(&inputs, &mut together)
            .expect("as many outputs");
        let bits = |all: &[N::Output]| -> Vec<u32> {
            let numbers = flat::all_numbers(all).iter();
            numbers.map(|number| number.to_bits()).collect()
        };
        assert_eq!(bits(&alone), bits(&together), "{}", here("a batch"));

        let mut training = Training::new(&net, SAMPLES).expect("a batch");
        training
            .backward_from(&net, &inputs, deltas)
            .expect("sound inputs");
        for (parameter, _) in training.gradients().names() {
            let found = training.gradients().get(parameter).expect(parameter);
            let expected = get(&format!("gradients.{parameter}"));
            assert_close(&found, &expected, &here(parameter));
        }
    });
}
