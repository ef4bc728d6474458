//! The judgement: outputs, losses and gradients of an expansion against the interpreter.

use std::{collections::BTreeMap, ops::Range, sync::Mutex};

use kiln::{Seed, Training, simd};
use kiln_compiler::graph::{Graph, Init};
use kiln_oracle::{Reference, Slope, Step, slope};

use crate::{
    case::{Case, Functional, functional},
    dice::Dice,
    limits,
};

/// Samples of the batch: two register tiles and a rest.
const ROWS: usize = 13;

/// Coordinates of each tensor whose gradient is judged.
const COORDINATES: usize = 4;

/// How far outputs and losses may be off, relative to the largest of a tensor.
const FORWARD: f64 = 1e-5;

/// How far gradients may be off, relative to the largest of a tensor.
const BACKWARD: f64 = 1e-4;

/// A restriction to an instruction set holds for the whole process, so one model runs at a time.
pub(crate) static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Judges a model on every instruction set.
///
/// # Panics
///
/// If it is wrong.
pub fn judge<M: Case>() {
    let graph = graph::<M>();
    let trial = Trial::<M>::new(&graph);
    judge_file::<M>();
    let _guard = ONE_AT_A_TIME.lock();
    for set in simd::levels().map(simd::set_of) {
        assert!(simd::restrict(set), "{set:?} is one of this machine's");
        let here = format!("on {set:?}, seed {}:\n{}", M::SEED, M::SOURCE);
        trial.judge_names(&here);
        trial.judge_outputs(&here);
        trial.judge_gradients(&here);
        trial.judge_inputs(&here);
        eprintln!("seed {} is right on {set:?}", M::SEED);
    }
    simd::restrict(None);
}

/// Whatever a file may hold comes back as it was, wherever the model keeps it.
fn judge_file<M: Case>() {
    let mut dice = Dice::new(M::SEED);
    let mut net = M::new(Seed(M::SEED));
    let mut parameters = net.parameters_mut();
    for (name, shape) in parameters.names() {
        let count = shape.iter().product();
        let finite = (0..count).map(|_| finite(&mut dice));
        let values = if name.ends_with("num_batches_tracked") {
            vec![dice.below(1 << 24) as f32]
        } else if name.ends_with("running_var") {
            finite.map(f32::abs).collect()
        } else {
            finite.collect::<Vec<_>>()
        };
        parameters
            .set(name, &values)
            .expect("what a parameter may hold");
        assert_eq!(parameters.get(name), Some(values), "{name}");
    }
    let bytes = net.to_bytes().expect("all numbers are finite");
    let loaded = M::from_bytes(&bytes).expect("the file is the model's own");
    assert!(loaded.parameters().blocks() == net.parameters().blocks());
}

/// Any finite number that does not count as zero, or zero.
fn finite(dice: &mut Dice) -> f32 {
    let number = f32::from_bits(dice.bits() as u32);
    if number.is_finite() && number.abs() >= 2.0_f32.powi(-63) {
        number
    } else {
        dice.pick(&[
            0.0,
            f32::MAX,
            f32::MIN,
            2.0_f32.powi(-63),
            -2.0_f32.powi(-63),
        ])
    }
}

fn graph<M: Case>() -> Graph {
    let tokens = M::SOURCE.parse().expect("the build script has read it");
    kiln_compiler::graphs(tokens)
        .expect("the build script has checked it")
        .remove(0)
}

/// A model with a batch, and what the interpreter says of them.
struct Trial<'a, M: Case> {
    graph: &'a Graph,
    net: M,
    reference: Reference<'a>,
    inputs: Vec<M::Input>,
    targets: Vec<Vec<f64>>,
    wide_inputs: Vec<Vec<Vec<f64>>>,
    expected: Vec<Vec<Vec<f64>>>,
    slopes: BTreeMap<String, Slopes>,
    /// Sample, input and index of some numbers of the inputs, and the loss' slopes by them.
    inwards: Vec<([usize; 3], Slope)>,
    /// The slope by all numbers of each input that is numbers, moved alike.
    along: Vec<(usize, Slope)>,
}

/// What is known of a tensor's gradient.
struct Slopes {
    /// Some coordinates.
    coordinates: Vec<(usize, Slope)>,
    /// A direction of length 1, of all coordinates alike.
    direction: Vec<f64>,
    /// The gradient's product with it.
    along: Slope,
}

impl<'a, M: Case> Trial<'a, M> {
    fn new(graph: &'a Graph) -> Self {
        let mut dice = Dice::new(!M::SEED);
        let mut net = M::make(Seed(M::SEED));
        disturb(&mut net, &mut dice);
        let step = Step {
            seed: M::SEED,
            step: 0,
        };
        let mut reference = Reference::new(graph).at(step, ROWS);
        for (name, values) in &mut reference.parameters {
            *values = wide(&net.parameters().get(name).unwrap_or_default());
        }
        let (mut inputs, mut wide_inputs, mut expected, mut targets) =
            (vec![], vec![], vec![], vec![]);
        for _ in 0..ROWS {
            let mut parts = Vec::new();
            inputs.push(M::input(|part, indices| {
                part.fill_with(|| match indices {
                    Some([least, most]) => dice.between(least as usize, most as usize) as f32,
                    None => number(&mut dice),
                });
                parts.push(wide(part));
            }));
            let outputs = reference.forward(&parts);
            targets.push(
                (0..outputs.concat().len())
                    .map(|_| f64::from(number(&mut dice)))
                    .collect(),
            );
            wide_inputs.push(parts);
            expected.push(outputs);
        }
        let mut trial = Self {
            graph,
            net,
            reference,
            inputs,
            targets,
            wide_inputs,
            expected,
            slopes: BTreeMap::new(),
            inwards: Vec::new(),
            along: Vec::new(),
        };
        trial.slopes = trial.slopes(&mut dice);
        let parts = trial.numbers();
        trial.inwards = (0..2 * COORDINATES * parts.len().min(1))
            .map(|_| trial.inward(&parts, &mut dice))
            .collect();
        trial.along = parts
            .iter()
            .map(|&part| (part, trial.along(part)))
            .collect();
        trial
    }

    /// The inputs that are numbers, and no indices.
    fn numbers(&self) -> Vec<usize> {
        let inputs = self.graph.inputs.iter().enumerate();
        let inputs = inputs.filter(|(_, input)| !self.graph.values[input.0].element.is_token());
        inputs.map(|(part, _)| part).collect()
    }

    /// The slope by one number of one of these inputs.
    fn inward(&self, parts: &[usize], dice: &mut Dice) -> ([usize; 3], Slope) {
        let sample = dice.below(ROWS);
        let part = dice.pick(parts);
        let index = dice.below(self.wide_inputs[sample][part].len());
        let mut moved = self.wide_inputs.clone();
        let slope = slope(moved[sample][part][index], |x| {
            moved[sample][part][index] = x;
            self.loss_of(&self.reference, &moved)
        });
        ([sample, part, index], slope)
    }

    /// The slope by all numbers of an input in all samples, every other one moved the other way.
    fn along(&self, part: usize) -> Slope {
        slope(0.0, |way| {
            let mut moved = self.wide_inputs.clone();
            for (at, x) in moved
                .iter_mut()
                .flat_map(|sample| &mut sample[part])
                .enumerate()
            {
                *x += if at % 2 == 0 { way } else { -way };
            }
            self.loss_of(&self.reference, &moved)
        })
    }

    /// The batch's mean loss and the penalties.
    fn loss(&self, reference: &Reference<'_>) -> f64 {
        self.loss_of(reference, &self.wide_inputs)
    }

    /// The same of other inputs.
    fn loss_of(&self, reference: &Reference<'_>, inputs: &[Vec<Vec<f64>>]) -> f64 {
        let outputs = reference.forward_training(inputs);
        let samples = outputs.into_iter().zip(&self.targets);
        let losses =
            samples.map(|(outputs, target)| functional(outputs.into_iter().flatten(), target));
        losses.sum::<f64>() / ROWS as f64 + reference.penalty()
    }

    /// The numbers of a parameter that are not learnt: those of a padding token.
    fn still(&self, name: &str) -> Range<usize> {
        for layer in &self.graph.layers {
            for parameter in &layer.parameters {
                if let Init::Padded { row, rows, .. } = parameter.init
                    && format!("{}.{}", layer.name, parameter.name) == name
                {
                    let count = parameter.count() / rows;
                    return row * count..(row + 1) * count;
                }
            }
        }
        0..0
    }

    /// The slopes of every parameter: along some coordinates, and along a direction in which all have a part.
    fn slopes(&self, dice: &mut Dice) -> BTreeMap<String, Slopes> {
        let reference = &self.reference;
        let mut tensor = |name: &String| {
            let values = &reference.parameters[name];
            let still = self.still(name);
            let mut coordinate = || {
                let index = dice.below(values.len());
                if still.contains(&index) {
                    return None;
                }
                let slope = reference.parameter_slope(name, index, |moved| self.loss(moved));
                Some((index, slope))
            };
            let coordinates = (0..COORDINATES).filter_map(|_| coordinate()).collect();
            let part = 1.0 / (values.len() as f64).sqrt();
            let sign = |index| match dice.once_in(2) {
                _ if still.contains(&index) => 0.0,
                true => part,
                false => -part,
            };
            let direction: Vec<f64> = (0..values.len()).map(sign).collect();
            let along = reference.direction_slope(name, &direction, |moved| self.loss(moved));
            let slopes = Slopes {
                coordinates,
                direction,
                along,
            };
            (name.clone(), slopes)
        };
        reference.learnt().iter().map(&mut tensor).collect()
    }

    /// Parameters have the names and shapes of a `state_dict`, and what is written by name is all that there is.
    fn judge_names(&self, here: &str) {
        let parameters = self.net.parameters();
        let shapes: Vec<_> = parameters
            .names()
            .map(|(name, shape)| (name.to_string(), shape))
            .collect();
        assert_eq!(shapes, self.reference.shapes(), "{here}");
        let mut copy = M::make(Seed(!M::SEED));
        for (name, _) in parameters.names() {
            copy.parameters_mut()
                .set(name, &parameters.get(name).expect(here))
                .expect(here);
        }
        assert!(
            copy.parameters()
                .blocks()
                .iter()
                .map(|block| block.0)
                .eq(self.net.parameters().blocks().iter().map(|block| block.0)),
            "{here}"
        );
    }

    /// One sample at a time and all at once, with the same bits.
    fn judge_outputs(&self, here: &str) {
        let mut together = kiln::zeroed_vec(ROWS).expect("memory");
        M::answer_all(&self.net, &self.inputs, &mut together).expect(here);
        for (row, expected) in self.expected.iter().enumerate() {
            let alone = M::answer(&self.net, &self.inputs[row]);
            let bits = |output: &M::Output| M::parts(output).concat().into_iter().map(f32::to_bits);
            assert!(
                bits(&alone).eq(bits(&together[row])),
                "sample {row} alone and among {ROWS}, {here}"
            );
            for (how, output) in [("forward", &alone), ("forward_batch", &together[row])] {
                for (part, (found, expected)) in
                    M::parts(output).into_iter().zip(expected).enumerate()
                {
                    assert_close(
                        found,
                        expected,
                        &format!("{how}, sample {row}, output {part}, {here}"),
                    );
                }
            }
        }
    }

    /// Loss and gradients of the batch, with the same bits on any number of threads.
    fn judge_gradients(&self, here: &str) {
        let on = |threads, capacity| {
            let training = Training::with_threads(&self.net, capacity, threads).expect(here);
            let mut training = training.seed(Seed(M::SEED));
            let functional = Functional::<M>::default();
            let loss = training
                .backward(&self.net, &self.inputs, &self.targets, &functional)
                .expect(here);
            (loss, training)
        };
        let (loss, training) = on(1, ROWS);
        let expected = self.loss(&self.reference) - self.reference.penalty();
        assert!(
            (loss - expected).abs() <= FORWARD * expected.abs().max(0.1),
            "loss {loss} is not {expected}, {here}"
        );
        if !self.reference.meets() && !self.reference.is_random() {
            self.judge_training(loss, here);
        }
        for (name, slopes) in &self.slopes {
            self.judge_gradient(&training, name, slopes, here);
        }
        limits::judge(self.graph, &self.net, &training, here);
        let bits = |training: &Training<M>| -> Vec<[u32; 16]> {
            let bits = |block: &kiln::rt::Block| block.0.map(f32::to_bits);
            training.gradients().blocks().iter().map(bits).collect()
        };
        // What is summed chunk by chunk depends on the largest batch, too.
        let more = match <M::Network as kiln::rt::Network>::SUMS {
            true => 0,
            false => 3,
        };
        let (again, shared) = on(3, ROWS + more);
        assert_eq!(loss, again, "on three threads, {here}");
        assert!(
            bits(&training) == bits(&shared),
            "gradients on three threads, {here}"
        );
    }

    /// The gradients of inputs have the slopes of the interpreter, and keeping them changes no bit of those of the weights.
    fn judge_inputs(&self, here: &str) {
        for threads in [1, 3] {
            let training = Training::with_threads(&self.net, ROWS, threads).expect(here);
            let training = training.seed(Seed(M::SEED));
            let Some(mut training) = M::asked(training) else {
                return;
            };
            let functional = Functional::<M>::default();
            training
                .backward(&self.net, &self.inputs, &self.targets, &functional)
                .expect(here);
            let slopes = M::slopes(&training);
            for &(part, along) in &self.along {
                let numbers = slopes.iter().flat_map(|sample| sample[part]);
                let scale = numbers
                    .clone()
                    .map(|x| f64::from(x.abs()))
                    .fold(1e-3, f64::max);
                let close = |found: f64, Slope { value, doubt }: Slope| {
                    assert!(
                        (found - value).abs() <= BACKWARD * scale + doubt,
                        "gradient of input {part}: {found} is not {value} (doubt {doubt}), {here}"
                    );
                };
                for &([sample, _, index], slope) in self.inwards.iter().filter(|it| it.0[1] == part)
                {
                    close(f64::from(slopes[sample][part][index]), slope);
                }
                let signs = [1.0, -1.0].into_iter().cycle();
                let found = numbers.zip(signs).map(|(&x, sign)| f64::from(x) * sign);
                let count = (ROWS * slopes[0][part].len()) as f64;
                let found = found.sum::<f64>() / count.sqrt();
                let along = Slope {
                    value: along.value / count.sqrt(),
                    doubt: along.doubt / count.sqrt(),
                };
                close(found, along);
            }
            let plain = Training::new(&self.net, ROWS).expect(here);
            let mut plain = plain.seed(Seed(M::SEED));
            plain
                .backward(&self.net, &self.inputs, &self.targets, &functional)
                .expect(here);
            let (kept, plain) = (training.gradients(), plain.gradients());
            let mut blocks = kept.blocks().iter().zip(plain.blocks());
            assert!(
                blocks.all(|(a, b)| a.0 == b.0),
                "beside those of inputs, {here}"
            );
        }
    }

    /// To the last bit: what training computes is what inference answers.
    fn judge_training(&self, loss: f64, here: &str) {
        let answers = self.inputs.iter().zip(&self.targets);
        let losses = answers.map(|(input, target)| {
            let output = M::answer(&self.net, input);
            let numbers = M::parts(&output).concat();
            f64::from(functional(numbers.iter().map(|&y| f64::from(y)), target) as f32)
        });
        let answered = losses.sum::<f64>() / ROWS as f64;
        assert_eq!(loss, answered, "loss of training and of inference, {here}");
    }

    /// A tensor's gradient has the slopes of the interpreter.
    fn judge_gradient(&self, training: &Training<M>, name: &str, slopes: &Slopes, here: &str) {
        let found = training.gradients().get(name).expect(here);
        let scale = found
            .iter()
            .map(|x| f64::from(x.abs()))
            .fold(1e-2, f64::max);
        let judge = |found: f64, slope: Slope, what: &str| {
            let Slope { value, doubt } = slope;
            assert!(
                (found - value).abs() <= BACKWARD * scale + doubt,
                "gradient of {name} {what}: {found} is not {value} (doubt {doubt}), {here}"
            );
        };
        for &(index, slope) in &slopes.coordinates {
            judge(f64::from(found[index]), slope, &format!("at {index}"));
        }
        let products = found.iter().zip(&slopes.direction);
        let along = products.map(|(&x, along)| f64::from(x) * along).sum();
        judge(along, slopes.along, "along a direction");
    }
}

/// Gives statistics and what scales by them numbers of their own, for a fresh network's are 0 and 1.
fn disturb<M: Case>(net: &mut M, dice: &mut Dice) {
    let mut parameters = net.parameters_mut();
    for (name, _) in parameters.names() {
        let Some(norm) = name.strip_suffix(".running_var") else {
            continue;
        };
        for (part, least) in [
            ("running_mean", -1.0),
            ("running_var", 0.25),
            ("weight", -1.0),
            ("bias", -1.0),
        ] {
            let name = format!("{norm}.{part}");
            if let Some(mut values) = parameters.get(&name) {
                let fresh = |_: &f32| least + (1.0 - least) * (number(dice) + 1.0) / 2.0;
                values = values.iter().map(fresh).collect();
                parameters.set(&name, &values).expect("as many");
            }
        }
    }
}

/// A number from -1 to 1.
fn number(dice: &mut Dice) -> f32 {
    (dice.bits() >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
}

fn wide(numbers: &[f32]) -> Vec<f64> {
    numbers.iter().map(|&x| f64::from(x)).collect()
}

fn assert_close(found: &[f32], expected: &[f64], here: &str) {
    assert_eq!(found.len(), expected.len(), "{here}");
    let scale = expected.iter().map(|x| x.abs()).fold(0.1, f64::max);
    for (index, (&found, &expected)) in found.iter().zip(expected).enumerate() {
        let close = (f64::from(found) - expected).abs() <= FORWARD * scale;
        assert!(close, "{found} at {index} is not {expected}, {here}");
    }
}
