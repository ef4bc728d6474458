//! A model against a golden file: outputs, loss, and the gradients by parameters and by inputs.
//!
//! Each model is checked twice. As it is, it reads what the caller gives; the gradients are those of its parameters. And
//! every input may stand as the weights of a `Dense` without bias of the input's name, whose own input is one of the unit
//! vectors: what sample i is given is column i of the weights, to the bit, since all other products are zero. For the same
//! reason column i of the weights' gradient is the gradient by sample i's input, to the bit: nothing is added to it but
//! zeros.

use bytemuck::Pod;
use kiln::{Descent, Loss, Model, Sgd, Training, Value, Workspace};

use crate::{
    assert_close,
    file::Golden,
    formula::{thinned, transposed},
    on_every_instruction_set,
};

/// Samples of a golden batch.
const SAMPLES: usize = 3;

/// The inputs that choose a column of the weights behind which a model stands.
const UNITS: [[f32; SAMPLES]; SAMPLES] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];

impl Golden {
    /// The only number of a tensor.
    pub fn number(&self, key: &str) -> f32 {
        self.get(key)[0]
    }

    /// A tensor of classes.
    pub fn classes(&self, key: &str) -> Vec<usize> {
        self.get::<i64>(key)
            .into_iter()
            .map(|class| usize::try_from(class).expect(key))
            .collect()
    }
}

/// A file, and how outputs are judged.
pub struct Trial<'a, O, T, L> {
    pub golden: &'a Golden,
    pub targets: Vec<T>,
    pub loss: L,
    /// An output's numbers, one part after another.
    pub numbers: fn(&O) -> Vec<f32>,
}

impl<O: Value, T: Sync, L: Loss<O, T>> Trial<'_, O, T, L> {
    /// Checks a model whose inputs are the weights of its first layers.
    pub fn check_behind<N>(&self, net: N, label: &str)
    where
        N: Model<Input = [f32; SAMPLES], Output = O>,
    {
        self.check(net, &UNITS, label);
    }

    /// Checks a model on a batch.
    pub fn check<N: Model<Output = O>>(&self, mut net: N, inputs: &[N::Input], label: &str) {
        assert_eq!(inputs.len(), SAMPLES, "{label}");
        let golden = self.golden;
        let names: Vec<&str> = net.parameters().names().map(|(name, _)| name).collect();
        for name in &names {
            let values = match input(golden, name) {
                Some(input) => columns(&golden.get(&format!("inputs.{input}"))),
                None => golden.get(&format!("weights.{name}")),
            };
            net.parameters_mut().set(name, &values).expect(name);
        }
        let outputs: Vec<f32> = golden.get("outputs");

        on_every_instruction_set(label, |set| {
            let here = |what: &str| format!("{label}: {what} on {set:?}");
            let mut workspace = Workspace::new(1);
            for (input, expected) in inputs.iter().zip(outputs.chunks(outputs.len() / SAMPLES)) {
                let mut output = kiln::zeroed().expect("memory");
                workspace.forward_into(&net, input, &mut output);
                assert_close(&(self.numbers)(&output), expected, &here("output"));
            }
            let mut training = Training::new(&net, SAMPLES).expect("a batch");
            let loss = training
                .backward(&net, inputs, &self.targets, &self.loss)
                .expect("finite numbers");
            assert_close(&[loss as f32], &[golden.number("loss")], &here("loss"));
            for (name, _) in training.gradients().names() {
                let found = training.gradients().get(name).expect(name);
                let (found, expected) = match input(golden, name) {
                    Some(input) => (found, columns(&golden.get(&format!("gradients.{input}")))),
                    None => (thinned(&found), golden.get(&format!("gradients.{name}"))),
                };
                assert_close(&found, &expected, &here(name));
            }
        });
    }
}

impl<O: Value, T: Sync, L: Loss<O, T>> Trial<'_, O, T, L> {
    /// Checks what three steps of gradient descent on growing inputs leave of a model's parameters and statistics.
    pub fn check_statistics<N>(&self, fresh: N, inputs: &[N::Input], label: &str)
    where
        N: Model<Input: Pod, Output = O>,
    {
        let golden = self.golden;
        on_every_instruction_set(label, |set| {
            let here = |what: &str| format!("{label}: {what} on {set:?}");
            let mut net = fresh.clone();
            for (name, _) in fresh.parameters().names() {
                let values: Vec<f32> = golden.get(&format!("weights.{name}"));
                net.parameters_mut().set(name, &values).expect(name);
            }
            let mut training = Training::new(&net, SAMPLES).expect("a batch");
            let mut descent = Descent::new(&net, Sgd::new(0.125)).expect("a rate");
            for step in 0..3 {
                let mut inputs = inputs.to_vec();
                for number in bytemuck::cast_slice_mut::<_, f32>(&mut inputs) {
                    *number *= (1 + step) as f32;
                }
                training
                    .backward(&net, &inputs, &self.targets, &self.loss)
                    .expect("finite numbers");
                descent
                    .apply(&mut net, training.gradients())
                    .expect("its own gradients");
            }
            for (name, _) in net.parameters().names() {
                let found = net.parameters().get(name).expect(name);
                let expected: Vec<f32> = golden.get(&format!("after.{name}"));
                assert_close(&found, &expected, &here(name));
            }
            let outputs: Vec<f32> = golden.get("after.outputs");
            let mut workspace = Workspace::new(1);
            for (input, expected) in inputs.iter().zip(outputs.chunks(outputs.len() / SAMPLES)) {
                let mut output = kiln::zeroed().expect("memory");
                workspace.forward_into(&net, input, &mut output);
                assert_close(&(self.numbers)(&output), expected, &here("output"));
            }
        });
    }
}

/// The input that a parameter stands for, if it does.
fn input<'a>(golden: &Golden, parameter: &'a str) -> Option<&'a str> {
    let input = parameter.strip_suffix(".weight")?;
    golden.has(&format!("inputs.{input}")).then_some(input)
}

/// Samples as the columns of a matrix.
fn columns(samples: &[f32]) -> Vec<f32> {
    transposed(samples, samples.len() / SAMPLES)
}
