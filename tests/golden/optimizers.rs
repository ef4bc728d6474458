//! Twenty steps of every optimizer: in a loop of one's own, where gradients go through memory, and in the trainer, where
//! they never do.

use kiln::{
    Adadelta, Adagrad, Adam, AdamW, CrossEntropy, Descent, Lion, Loss, Model, Mse, NAdam,
    Optimizer, RAdam, RmsProp, Seed, Sgd, Trainer, Training, data::Samples,
};

use crate::{assert_close, file::Golden, on_every_instruction_set};

kiln::model! {
    struct Mlp(x: [6]) -> [4] {
        Dense(21),
        Tanh,
        Dense(4),
    }

    struct Penalised(x: [6]) -> [4] {
        Dense(21, l1 = 0.03125, l2 = 0.0625),
        Tanh,
        Dense(4),
    }
}

/// A network of these sizes.
trait Small: Model<Input = [f32; 6], Output = [f32; 4]> {}

impl<N: Model<Input = [f32; 6], Output = [f32; 4]>> Small for N {}

#[test]
fn squared_error() {
    let golden = Golden::open("train_mse");
    let targets: Vec<[f32; 4]> = golden.get("targets");
    let run = Run {
        golden: &golden,
        loss: Mse,
        targets: &targets,
    };
    check_all(&run);
    let all = AdamW::new(0.01).betas(0.75, 0.875).epsilon(1e-3);
    run.check(Mlp::new, "adamw", AdamW::default());
    run.check(Mlp::new, "adamw_all", all.weight_decay(0.1));
    let momentum = Sgd::new(0.1).momentum(0.9);
    run.check(Penalised::new, "sgd_penalties", momentum);
    run.check(Penalised::new, "adam_penalties", Adam::default());
}

#[test]
fn cross_entropy() {
    let golden = Golden::open("train_cross_entropy");
    let targets = golden.classes("targets");
    check_all(&Run {
        golden: &golden,
        loss: CrossEntropy,
        targets: &targets,
    });
}

#[test]
fn twenty_steps() {
    let golden = Golden::open("train_optimizers");
    let targets: Vec<[f32; 4]> = golden.get("targets");
    let run = Run {
        golden: &golden,
        loss: Mse,
        targets: &targets,
    };
    run.check(Mlp::new, "adam_amsgrad", Adam::new(0.01).amsgrad());
    let all = Adam::new(0.02).betas(0.75, 0.875).epsilon(1e-3);
    let all = all.weight_decay(0.01).amsgrad();
    run.check(Mlp::new, "adam_amsgrad_all", all);
    let decayed = AdamW::new(0.01).weight_decay(0.1);
    run.check(Mlp::new, "adamw_amsgrad", decayed.amsgrad());

    let plain = RmsProp::new(1e-3);
    run.check(Mlp::new, "rms_prop", plain);
    run.check(Mlp::new, "rms_prop_momentum", plain.momentum(0.5));
    let all = RmsProp::new(2e-3).alpha(0.9).epsilon(1e-3);
    run.check(Mlp::new, "rms_prop_all", all.weight_decay(0.01));
    let centered = plain.alpha(0.95).epsilon(1e-3).centered();
    run.check(Mlp::new, "rms_prop_centered", centered);
    let all = centered.momentum(0.9).weight_decay(0.01);
    run.check(Mlp::new, "rms_prop_centered_momentum", all);

    run.check(Mlp::new, "adagrad", Adagrad::default());
    let all = Adagrad::new(0.05).lr_decay(0.1).initial_accumulator(0.1);
    let all = all.epsilon(1e-6).weight_decay(0.01);
    run.check(Mlp::new, "adagrad_all", all);
    run.check(Mlp::new, "adadelta", Adadelta::default());
    let all = Adadelta::new(0.5).rho(0.75).epsilon(1e-4);
    run.check(Mlp::new, "adadelta_all", all.weight_decay(0.01));
    run.check(Mlp::new, "lion", Lion::default());
    let all = Lion::new(0.01).betas(0.75, 0.875).weight_decay(0.1);
    run.check(Mlp::new, "lion_all", all);

    run.check(Mlp::new, "nadam", NAdam::default());
    let all = NAdam::new(0.002).betas(0.75, 0.875).epsilon(1e-3);
    let all = all.weight_decay(0.01).momentum_decay(0.125);
    run.check(Mlp::new, "nadam_all", all);
    let decayed = NAdam::new(0.01).weight_decay(0.1).decoupled_weight_decay();
    run.check(Mlp::new, "nadam_decoupled", decayed);
    run.check(Mlp::new, "radam", RAdam::new(0.01));
    let all = RAdam::new(0.002).betas(0.75, 0.875).epsilon(1e-3);
    run.check(Mlp::new, "radam_all", all.weight_decay(0.01));
    let decayed = RAdam::new(0.01).weight_decay(0.1).decoupled_weight_decay();
    run.check(Mlp::new, "radam_decoupled", decayed);
}

fn check_all<T: Clone + Send + Sync, L: Loss<[f32; 4], T> + Copy>(run: &Run<'_, T, L>) {
    let sgd = Sgd::new(0.1);
    let momentum = sgd.momentum(0.9);
    let nesterov = momentum.nesterov();
    run.check(Mlp::new, "sgd", sgd);
    run.check(Mlp::new, "sgd_weight_decay", sgd.weight_decay(0.01));
    run.check(Mlp::new, "sgd_momentum", momentum);
    run.check(Mlp::new, "sgd_dampening", momentum.dampening(0.25));
    run.check(Mlp::new, "sgd_nesterov", nesterov);
    run.check(Mlp::new, "sgd_all", nesterov.weight_decay(0.01));
    let adam = Adam::new(0.01);
    let all = adam.betas(0.75, 0.875).epsilon(1e-3);
    run.check(Mlp::new, "adam", Adam::default());
    run.check(Mlp::new, "adam_weight_decay", adam.weight_decay(0.01));
    run.check(Mlp::new, "adam_all", all.weight_decay(0.01));
}

/// One batch and its loss.
struct Run<'a, T, L> {
    golden: &'a Golden,
    loss: L,
    targets: &'a [T],
}

impl<T: Clone + Send + Sync, L: Loss<[f32; 4], T> + Copy> Run<'_, T, L> {
    fn check<N: Small, O: Optimizer + Copy>(&self, new: fn(Seed) -> N, name: &str, optimizer: O) {
        let start = self.network(new(Seed(0)));
        let steps = self.golden.get::<f32>(&format!("{name}.losses")).len();
        on_every_instruction_set(name, |set| {
            let (losses, net) = self.by_hand(start.clone(), optimizer, steps);
            self.compare(name, &losses, &net, &format!("{name}, by hand, on {set:?}"));
            let (losses, net) = self.by_trainer(start.clone(), optimizer, steps);
            self.compare(
                name,
                &losses,
                &net,
                &format!("{name}, by the trainer, on {set:?}"),
            );
        });
    }

    /// The network as PyTorch had it in the beginning.
    fn network<N: Small>(&self, mut net: N) -> N {
        for (name, _) in net.parameters().names() {
            let values: Vec<f32> = self.golden.get(&format!("weights.{name}"));
            net.parameters_mut().set(name, &values).expect(name);
        }
        net
    }

    fn inputs(&self) -> Vec<[f32; 6]> {
        self.golden.get("inputs")
    }

    fn by_hand<N: Small, O: Optimizer>(
        &self,
        mut net: N,
        optimizer: O,
        steps: usize,
    ) -> (Vec<f32>, N) {
        let inputs = self.inputs();
        let mut training = Training::new(&net, inputs.len()).expect("a batch");
        let mut descent = Descent::new(&net, optimizer).unwrap();
        let mut step = || {
            let loss = training
                .backward(&net, &inputs, self.targets, &self.loss)
                .expect("finite numbers");
            descent.apply(&mut net, training.gradients()).unwrap();
            loss as f32
        };
        let losses = (0..steps).map(|_| step()).collect();
        (losses, net)
    }

    /// An epoch is one step here, for all data are one batch.
    fn by_trainer<N: Small, O: Optimizer>(
        &self,
        mut net: N,
        optimizer: O,
        steps: usize,
    ) -> (Vec<f32>, N) {
        let inputs = self.inputs();
        let data = Samples::new(inputs, self.targets).expect("as many targets as inputs");
        let trainer = Trainer::new(optimizer, self.loss)
            .epochs(steps)
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

    fn compare(&self, name: &str, losses: &[f32], net: &impl Small, here: &str) {
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
