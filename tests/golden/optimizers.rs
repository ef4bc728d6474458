//! Ten steps of every optimizer: in a loop of one's own, where gradients go through memory, and in the trainer, where
//! they never do.

use kiln::{
    Adam, CrossEntropy, Descent, Loss, Model, Mse, Optimizer, Seed, Sgd, Trainer, Training,
    data::Samples,
};

use crate::{assert_close, file::Golden, on_every_instruction_set};

kiln::model! {
    struct Mlp(x: [6]) -> [4] {
        Dense(21),
        Tanh,
        Dense(4),
    }
}

/// Steps of a run.
const STEPS: usize = 10;

#[test]
fn squared_error() {
    let golden = Golden::open("train_mse");
    let targets: Vec<[f32; 4]> = golden.get("targets");
    check_all(&golden, Mse, &targets);
}

#[test]
fn cross_entropy() {
    let golden = Golden::open("train_cross_entropy");
    let targets = golden.classes("targets");
    check_all(&golden, CrossEntropy, &targets);
}

fn check_all<L: Loss<[f32; 4]> + Copy>(golden: &Golden, loss: L, targets: &[L::Target]) {
    let run = Run {
        golden,
        loss,
        targets,
    };
    run.check("sgd", Sgd::new(0.1));
    run.check("sgd_momentum", Sgd::new(0.1).momentum(0.9));
    run.check("sgd_nesterov", Sgd::new(0.1).momentum(0.9).nesterov());
    run.check("sgd_weight_decay", Sgd::new(0.1).weight_decay(0.01));
    run.check("adam", Adam::default());
    run.check("adam_weight_decay", Adam::new(0.01).weight_decay(0.01));
}

/// One batch and its loss.
struct Run<'a, L: Loss<[f32; 4]>> {
    golden: &'a Golden,
    loss: L,
    targets: &'a [L::Target],
}

impl<L: Loss<[f32; 4]> + Copy> Run<'_, L> {
    fn check<O: Optimizer + Copy>(&self, name: &str, optimizer: O) {
        on_every_instruction_set(name, |set| {
            let (losses, net) = self.by_hand(optimizer);
            self.compare(name, &losses, &net, &format!("{name}, by hand, on {set:?}"));
            let (losses, net) = self.by_trainer(optimizer);
            self.compare(
                name,
                &losses,
                &net,
                &format!("{name}, by the trainer, on {set:?}"),
            );
        });
    }

    /// The network as PyTorch had it in the beginning.
    fn network(&self) -> Mlp {
        let mut net = Mlp::new(Seed(0));
        for (name, _) in net.parameters().names() {
            let values: Vec<f32> = self.golden.get(&format!("weights.{name}"));
            net.parameters_mut().set(name, &values).expect(name);
        }
        net
    }

    fn inputs(&self) -> Vec<[f32; 6]> {
        self.golden.get("inputs")
    }

    fn by_hand<O: Optimizer>(&self, optimizer: O) -> (Vec<f32>, Mlp) {
        let (mut net, inputs) = (self.network(), self.inputs());
        let mut training = Training::new(&net, inputs.len()).expect("a batch");
        let mut descent = Descent::new(&net, optimizer).unwrap();
        let mut step = || {
            let loss = training
                .backward(&net, &inputs, self.targets, &self.loss)
                .expect("finite numbers");
            descent.apply(&mut net, training.gradients());
            loss as f32
        };
        let losses = (0..STEPS).map(|_| step()).collect();
        (losses, net)
    }

    /// An epoch is one step here, for all data are one batch.
    fn by_trainer<O: Optimizer>(&self, optimizer: O) -> (Vec<f32>, Mlp) {
        let (mut net, inputs) = (self.network(), self.inputs());
        let data = Samples::new(inputs, self.targets).expect("as many targets as inputs");
        let trainer = Trainer::new(optimizer, self.loss)
            .epochs(STEPS)
            .batch(data.len());
        let history = trainer
            .shuffle(false)
            .quiet()
            .fit(&mut net, &data)
            .expect("finite numbers");
        (
            history
                .epochs
                .iter()
                .map(|epoch| epoch.loss as f32)
                .collect(),
            net,
        )
    }

    fn compare(&self, name: &str, losses: &[f32], net: &Mlp, here: &str) {
        assert_close(
            losses,
            &self.golden.get::<f32>(&format!("{name}.losses")),
            here,
        );
        for (parameter, _) in net.parameters().names() {
            let found = net.parameters().get(parameter).expect(parameter);
            let expected: Vec<f32> = self.golden.get(&format!("{name}.{parameter}"));
            assert_close(&found, &expected, &format!("{parameter}, {here}"));
        }
    }
}
