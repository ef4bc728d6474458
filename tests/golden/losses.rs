//! Every loss with its arguments: the loss of a batch, its gradients by the outputs, and twenty steps of training.
//!
//! The outputs of sample i are column i of a layer's weights, which unit vectors choose to the bit; so the gradients of the
//! weights are those by the outputs, after all that training does with a loss.

use kiln::{
    BinaryCrossEntropy, CosineEmbedding, CrossEntropy, Hinge, HingeEmbedding, Huber, KlDiv, Loss,
    Mae, Model, Mse, MultiMargin, Nll, Quantile, Seed, Sgd, SmoothL1, Trainer, Training,
    data::Samples, evaluate,
};

use bytemuck::{AnyBitPattern, Pod};

use crate::{assert_close, file::Golden, formula::transposed, on_every_instruction_set};

kiln::model! {
    struct Vector(x: [5]) -> [19] { Dense(19, bias = false) }
    struct Single(x: [5]) -> [1] { Dense(1, bias = false) }
    struct Few(x: [5]) -> [5] { Dense(5, bias = false) }
    struct Far(x: [5]) -> [7] { Dense(7, bias = false) }
    struct Sequence(x: [5]) -> [4, 19] { Dense(76, bias = false), Reshape(4, 19) }
    struct Image(x: [5]) -> [2, 3, 7] { Dense(42, bias = false), Reshape(2, 3, 7) }

    struct Classes(x: [5]) -> [5, 3, 7] { Dense(105, bias = false), Reshape(5, 3, 7) }

    struct Pair(x: [5]) -> ([19], [19]) {
        fc: Dense(38, bias = false),
        forward {
            let both = fc(x);
            (both[..19], both[19..])
        }
    }

    struct Mlp(x: [6]) -> [4] { Dense(21), Tanh, Dense(4) }
}

/// Samples of a batch.
const BATCH: usize = 5;

/// The inputs that choose a column of the weights.
fn units() -> [[f32; BATCH]; BATCH] {
    core::array::from_fn(|i| core::array::from_fn(|j| f32::from(u8::from(i == j))))
}

/// A table of cases.
struct Table(Golden);

impl Table {
    fn open() -> Self {
        Self(Golden::open("losses"))
    }

    fn targets<T: AnyBitPattern + Pod>(&self, name: &str) -> Vec<T> {
        self.0.get(&format!("{name}.targets"))
    }

    fn weights(&self) -> [f32; 19] {
        let weights: Vec<f32> = self.0.get("weights");
        weights.try_into().expect("19 weights")
    }

    /// A case whose targets stand in the file as they are.
    fn check<N, T, L>(&self, name: &str, loss: L)
    where
        N: Model<Input = [f32; BATCH]>,
        T: Pod + Send + Sync,
        L: Loss<N::Output, T>,
    {
        self.check_with::<N, T, L>(name, loss, &self.targets(name));
    }

    fn check_with<N, T, L>(&self, name: &str, loss: L, targets: &[T])
    where
        N: Model<Input = [f32; BATCH]>,
        T: Clone + Send + Sync,
        L: Loss<N::Output, T>,
    {
        let golden = |key: &str| -> Vec<f32> { self.0.get(&format!("{name}.{key}")) };
        let columns = |key: &str| {
            let numbers = golden(key);
            transposed(&numbers, numbers.len() / BATCH)
        };
        let mut net = N::new(Seed(1));
        let weight = net.parameters().names().next().expect("a layer").0;
        net.parameters_mut()
            .set(weight, &columns("outputs"))
            .expect(name);
        let (expected, slopes) = (golden("loss"), columns("gradients"));
        let data = Samples::new(units(), targets).expect(name);
        on_every_instruction_set(name, |set| {
            let mut training = Training::new(&net, BATCH).expect("a batch");
            let found = training
                .backward(&net, &units(), targets, &loss)
                .expect(name);
            assert_close(&[found as f32], &expected, &format!("{name} on {set:?}"));
            let gradients = training.gradients().get(weight).expect(name);
            assert_close(&gradients, &slopes, &format!("slopes of {name} on {set:?}"));
            let evaluation = evaluate(&net, &data, &loss, 1).expect(name);
            assert_eq!(
                evaluation.loss, found,
                "{name} is evaluated otherwise on {set:?}"
            );
        });
    }
}

#[test]
fn classes() {
    let table = Table::open();
    let weights = table.weights();
    let plain = CrossEntropy;
    table.check::<Vector, i64, _>("cross_entropy.plain", plain);
    table.check::<Sequence, [i64; 4], _>("cross_entropy.plain.steps", plain);
    table.check::<Vector, [f32; 19], _>("cross_entropy.plain.soft", plain);
    table.check::<Sequence, [[f32; 19]; 4], _>("cross_entropy.plain.soft_steps", plain);
    for (name, smoothing) in [("smoothing", 0.1), ("smoothing_all", 1.0)] {
        let loss = plain.label_smoothing(smoothing);
        let name = format!("cross_entropy.{name}");
        table.check::<Vector, i64, _>(&name, loss);
        table.check::<Sequence, [i64; 4], _>(&format!("{name}.steps"), loss);
        table.check::<Vector, [f32; 19], _>(&format!("{name}.soft"), loss);
        table.check::<Sequence, [[f32; 19]; 4], _>(&format!("{name}.soft_steps"), loss);
    }
    for (name, loss) in [
        ("weight", plain.weight(weights)),
        (
            "weight_smoothing",
            plain.weight(weights).label_smoothing(0.25),
        ),
    ] {
        let name = format!("cross_entropy.{name}");
        table.check::<Vector, i64, _>(&name, loss);
        table.check::<Sequence, [i64; 4], _>(&format!("{name}.steps"), loss);
        table.check::<Vector, [f32; 19], _>(&format!("{name}.soft"), loss);
        table.check::<Sequence, [[f32; 19]; 4], _>(&format!("{name}.soft_steps"), loss);
    }
    for (name, label) in [("ignore", -100), ("ignore_class", 3)] {
        let loss = plain.ignore_index(label);
        let name = format!("cross_entropy.{name}");
        table.check::<Vector, i64, _>(&name, loss);
        table.check::<Sequence, [i64; 4], _>(&format!("{name}.steps"), loss);
    }
    let all = plain
        .ignore_index(-100)
        .label_smoothing(0.25)
        .weight(weights);
    table.check::<Vector, i64, _>("cross_entropy.all", all);
    table.check::<Sequence, [i64; 4], _>("cross_entropy.all.steps", all);
    let few = [0.5, 2.0, 0.0, 1.25, 4.0];
    let zero = plain.weight(&few).label_smoothing(0.25);
    table.check::<Few, i64, _>("cross_entropy.zero_weight", zero);

    table.check::<Classes, [[i64; 7]; 3], _>("cross_entropy.plain.image", plain);
    let all = zero.ignore_index(-100);
    table.check::<Classes, [[i64; 7]; 3], _>("cross_entropy.all.image", all);

    table.check::<Vector, i64, _>("nll.plain", Nll);
    table.check::<Sequence, [i64; 4], _>("nll.plain.steps", Nll);
    table.check::<Vector, i64, _>("nll.weight", Nll.weight(weights));
    table.check::<Sequence, [i64; 4], _>("nll.weight.steps", Nll.weight(weights));
    table.check::<Vector, i64, _>("nll.ignore", Nll.ignore_index(3_u8));
    table.check::<Sequence, [i64; 4], _>("nll.ignore.steps", Nll.ignore_index(3_u8));
    let all = Nll.ignore_index(-100).weight(weights);
    table.check::<Vector, i64, _>("nll.all", all);
    table.check::<Sequence, [i64; 4], _>("nll.all.steps", all);

    for margin in [0.5, 1.0] {
        let loss = MultiMargin::new(margin);
        table.check::<Vector, i64, _>(&format!("multi_margin.1.{margin:?}"), loss);
        table.check::<Vector, i64, _>(&format!("multi_margin.2.{margin:?}"), loss.squared());
    }
    let loss = MultiMargin::default().weight(weights);
    table.check::<Vector, i64, _>("multi_margin.1.weight", loss);
    table.check::<Vector, i64, _>("multi_margin.2.weight", loss.squared());
}

#[test]
fn numbers() {
    type Numbers = [[[f32; 7]; 3]; 2];
    let table = Table::open();
    table.check::<Image, Numbers, _>("mse", Mse);
    table.check::<Image, Numbers, _>("mae", Mae);
    for delta in [0.5, 1.0, 2.5] {
        table.check::<Image, Numbers, _>(&format!("huber.{delta:?}"), Huber::new(delta));
    }
    for beta in [0.0, 0.5, 1.0, 2.5] {
        table.check::<Image, Numbers, _>(&format!("smooth_l1.{beta:?}"), SmoothL1::new(beta));
    }
    for quantile in [0.1, 0.5, 0.9] {
        let loss = Quantile::new(quantile);
        table.check::<Image, Numbers, _>(&format!("quantile.{quantile:?}"), loss);
    }
    for margin in [0.5, 1.0, 2.0] {
        let loss = HingeEmbedding::new(margin);
        table.check::<Image, Numbers, _>(&format!("hinge_embedding.{margin:?}"), loss);
    }
    table.check::<Image, Numbers, _>("hinge", Hinge);
}

#[test]
fn probabilities() {
    type Numbers = [[[f32; 7]; 3]; 2];
    let table = Table::open();
    table.check::<Image, Numbers, _>("bce", BinaryCrossEntropy);
    table.check::<Image, Numbers, _>("bce.hard", BinaryCrossEntropy);
    table.check::<Far, [f32; 7], _>("bce.far", BinaryCrossEntropy);
    table.check::<Single, [f32; 1], _>("bce.single", BinaryCrossEntropy);
    let labels: Vec<u8> = table
        .targets::<f32>("bce.single")
        .iter()
        .map(|&t| t as u8)
        .collect();
    table.check_with::<Single, u8, _>("bce.single", BinaryCrossEntropy, &labels);
    table.check::<Image, Numbers, _>("bce.pos_weight", BinaryCrossEntropy.pos_weight(2.5));
    let each = BinaryCrossEntropy.pos_weight(table.weights());
    table.check::<Vector, [f32; 19], _>("bce.pos_weights", each);
    table.check::<Sequence, [[f32; 19]; 4], _>("bce.pos_weights.steps", each);
    table.check::<Sequence, [[f32; 19]; 4], _>("kl_div", KlDiv);
    let logarithms = KlDiv.log_target();
    table.check::<Sequence, [[f32; 19]; 4], _>("kl_div.log_target", logarithms);
}

#[test]
fn pairs() {
    let table = Table::open();
    for margin in [-0.5, 0.0, 0.25] {
        let loss = CosineEmbedding::new(margin);
        table.check::<Pair, i64, _>(&format!("cosine.{margin:?}"), loss);
    }
    table.check::<Pair, i64, _>("cosine.zeros", CosineEmbedding::default());
}

/// Steps of a run: batches of four and of two in turn.
const STEPS: usize = 20;

#[test]
fn twenty_steps() {
    let golden = Golden::open("losses");
    let weights: Vec<f32> = golden.get("weights");
    let few = [weights[0], weights[1], weights[2], weights[3]];
    let all = CrossEntropy
        .weight(few)
        .label_smoothing(0.1)
        .ignore_index(-100);
    train(
        &golden,
        "train.weighted",
        all,
        &golden.get::<i64>("train.weighted.targets"),
    );
    let soft = CrossEntropy.label_smoothing(0.1);
    train(
        &golden,
        "train.soft",
        soft,
        &golden.get::<[f32; 4]>("train.soft.targets"),
    );
    let huber = Huber::new(0.25);
    train(
        &golden,
        "train.huber",
        huber,
        &golden.get::<[f32; 4]>("train.huber.targets"),
    );
    let binary = BinaryCrossEntropy.pos_weight(few);
    train(
        &golden,
        "train.bce",
        binary,
        &golden.get::<[f32; 4]>("train.bce.targets"),
    );
    train(
        &golden,
        "train.mae",
        Mae,
        &golden.get::<[f32; 4]>("train.mae.targets"),
    );
}

fn train<T: Clone + Send + Sync, L: Loss<[f32; 4], T> + Copy>(
    golden: &Golden,
    name: &str,
    loss: L,
    targets: &[T],
) {
    let mut start = Mlp::new(Seed(1));
    for (parameter, _) in start.clone().parameters().names() {
        let values: Vec<f32> = golden.get(&format!("{name}.weights.{parameter}"));
        start.parameters_mut().set(parameter, &values).expect(name);
    }
    let inputs: Vec<[f32; 6]> = golden.get(&format!("{name}.inputs"));
    let data = Samples::new(inputs, targets).expect(name);
    on_every_instruction_set(name, |set| {
        let here = format!("{name} on {set:?}");
        let mut net = start.clone();
        let trainer = Trainer::new(Sgd::new(0.125).momentum(0.5), loss);
        let mut trainer = trainer.shuffle(false).batch(4).epochs(STEPS / 2);
        trainer = trainer.keep_steps().quiet();
        let history = trainer.fit(&mut net, &data).expect(&here);
        let steps = history.epochs.iter().flat_map(|epoch| &epoch.steps);
        let steps: Vec<f32> = steps.map(|&loss| loss as f32).collect();
        assert_close(&steps, &golden.get::<f32>(&format!("{name}.losses")), &here);
        for (parameter, _) in net.parameters().names() {
            let found = net.parameters().get(parameter).expect(parameter);
            let expected: Vec<f32> = golden.get(&format!("{name}.after.{parameter}"));
            assert_close(&found, &expected, &format!("{parameter}, {here}"));
        }
    });
}
