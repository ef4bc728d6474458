//! Whatever a trainer is told to do goes on.

use super::run::{Folder, Net, Run, judged, numbers, resume_everywhere, samples, told};
use kiln::{
    Checkpoints, CrossEntropyWith, Error, Optimizer, Result, Trainer,
    data::Samples,
    prelude::*,
    schedule::{Cosine, ReduceOnPlateau, Schedule},
};

#[test]
fn schedules_of_steps_go_on() -> Result<()> {
    let schedule = || Cosine::new(15).warm_up(5);
    let change = |trainer: Run<NAdam>| trainer.accumulate(1).schedule(schedule());
    let told = resume_everywhere("cosine", || NAdam::new(0.02), change)?;
    // That of the last of five steps.
    let rate = told.epochs[0].learning_rate;
    assert_eq!(rate, Some(0.02 * schedule().factor(4)));
    Ok(())
}

/// The average goes on, and with it what was validated and which epoch was the best.
#[test]
fn an_average_goes_on() -> Result<()> {
    resume_everywhere("ema", || Adam::new(0.02), |trainer| trainer.ema(0.75))?;
    let change = |trainer: Run<Sgd>| trainer.ema(0.9).validate_ema().clip_norm(1.0);
    let told = resume_everywhere("validated_ema", || Sgd::new(1.0), change)?;
    assert!(told.best.is_some());
    let (folder, data) = (Folder::new("ema-names"), samples(47));
    let path = folder.0.join("here");
    let mut net = Net::new(Seed(1));
    let mut averaging = judged(Adam::new(0.02), CrossEntropy).ema(0.75);
    averaging.fit(&mut net, &data)?;
    averaging.save_checkpoint(&path, &net)?;
    // The average is in the file by its names, and goes with it, or is begun anew.
    let mut average = Net::new(Seed(2));
    average.load_renamed(&path, |name| name.strip_prefix("average.").map(Into::into))?;
    let averaged = averaging.averaged(&net).expect("an average");
    assert_eq!(numbers(&average), numbers(&averaged));
    let mut without = judged(Adam::new(0.02), CrossEntropy);
    without.resume(&path, &mut net)?;
    assert!(without.averaged(&net).is_none());
    Ok(())
}

/// Remembers what it was shown, in this fit and those before.
#[test]
fn schedules_that_watch_the_loss_go_on() -> Result<()> {
    // No loss but the first is better.
    let plateau = || ReduceOnPlateau::new().patience(1).absolute_threshold(1e3);
    let change = |trainer: Run<Adam>| trainer.epochs(3).schedule(plateau());
    let told = resume_everywhere("plateau", || Adam::new(0.02), change)?;
    let rates: Vec<_> = told
        .epochs
        .iter()
        .filter_map(|epoch| epoch.learning_rate)
        .collect();
    assert_eq!(rates, [0.02; 3]);

    // Its third epoch after the first is the first of the next fit.
    let (folder, data) = (Folder::new("plateau-fits"), samples(47));
    let path = folder.0.join("between");
    let fresh = || {
        judged(Adam::new(0.02), CrossEntropy)
            .epochs(3)
            .schedule(plateau())
    };
    let (mut net, mut other) = (Net::new(Seed(1)), Net::new(Seed(2)));
    let mut undisturbed = fresh();
    undisturbed.fit(&mut net, &data)?;
    undisturbed.save_checkpoint(&path, &net)?;
    let expected = undisturbed.fit(&mut net, &data)?;
    let mut resumed = fresh();
    resumed.resume(&path, &mut other)?;
    let found = resumed.fit(&mut other, &data)?;
    let first = found.epochs[0].learning_rate.unwrap_or(0.0);
    assert!((first - 0.002).abs() < 1e-9, "{first}");
    assert_eq!(
        found
            .epochs
            .iter()
            .map(|epoch| epoch.loss.to_bits())
            .collect::<Vec<_>>(),
        expected
            .epochs
            .iter()
            .map(|epoch| epoch.loss.to_bits())
            .collect::<Vec<_>>()
    );
    assert_eq!(numbers(&other), numbers(&net));
    Ok(())
}

type Weighed = CrossEntropyWith<[f32; 3]>;

/// Class weights, two batches for each step, and a schedule of steps.
fn fresh<O: Optimizer>(optimizer: O) -> Run<O, Weighed> {
    judged(optimizer, CrossEntropy.weight([1.0, 4.0, 0.5]))
        .epochs(2)
        .accumulate(2)
        .schedule(Cosine::new(12).warm_up(3))
}

/// A fit with a frozen layer and one in which it learns again, interrupted anywhere.
fn frozen_and_thawed<O: Optimizer>(name: &str, optimizer: impl Fn() -> O) -> Result<()> {
    let (folder, data) = (Folder::new(name), samples(47));
    let mut net = Net::new(Seed(1));
    let hidden = |net: &Net| net.parameters().get("hidden.weight").expect("a layer");
    let start = hidden(&net);
    let every = Checkpoints::new(&folder.0).every_steps(1).keep_last(1000);
    let mut undisturbed = fresh(optimizer()).checkpoints(every).threads(2);
    undisturbed.freeze("hidden");
    let first = undisturbed.fit(&mut net, &data)?;
    assert_eq!(hidden(&net), start);
    undisturbed.thaw("hidden");
    let second = undisturbed.fit(&mut net, &data)?;
    assert_ne!(hidden(&net), start);

    // 37 samples in two batches of 8 for each step are three steps.
    let names = folder.names();
    assert_eq!(names.len(), 2 * 2 * 3, "{names:?}");
    for (index, file) in names.iter().enumerate() {
        let mut resumed = Net::new(Seed(9));
        let mut trainer = fresh(optimizer()).threads(1 + index % 2);
        let was_frozen = index < 6;
        // Whether the program says again that the layer was frozen once does not matter.
        if was_frozen || index % 3 == 0 {
            trainer.freeze("hidden");
        }
        if !was_frozen && index % 3 == 0 {
            trainer.thaw("hidden");
        }
        trainer.resume(folder.0.join(file), &mut resumed)?;
        if was_frozen {
            let history = trainer.fit(&mut resumed, &data)?;
            assert_eq!(told(&history), told(&first), "{name}: {file}");
            trainer.thaw("hidden");
        }
        let history = trainer.fit(&mut resumed, &data)?;
        assert_eq!(told(&history), told(&second), "{name}: {file}");
        assert_eq!(numbers(&resumed), numbers(&net), "{name}: {file}");
    }
    Ok(())
}

#[test]
fn layers_that_were_frozen_go_on() -> Result<()> {
    frozen_and_thawed("frozen-nadam", || NAdam::new(0.02))?;
    frozen_and_thawed("frozen-radam", || RAdam::new(0.02))?;
    frozen_and_thawed("frozen-amsgrad", || Adam::new(0.02).amsgrad())
}

/// A loss of other parts sums other numbers.
#[test]
fn another_loss_is_refused_in_the_midst_of_an_epoch() -> Result<()> {
    model! {
        struct Two(x: [2]) -> ([1], [1]) {
            first: Dense(1),
            second: Dense(1),
            forward { (first(x), second(x)) }
        }
    }

    /// The sum of both errors, as one part.
    struct Both;

    impl kiln::Loss<([f32; 1], [f32; 1]), ([f32; 1], [f32; 1])> for Both {
        #[inline(always)]
        fn row<S: kiln::simd::Isa>(
            &self,
            _: S,
            (a, b): &([f32; 1], [f32; 1]),
            (s, t): &([f32; 1], [f32; 1]),
            scale: f32,
            (to, other): &mut ([f32; 1], [f32; 1]),
        ) -> f32 {
            let (x, y) = (a[0] - s[0], b[0] - t[0]);
            (to[0], other[0]) = (2.0 * scale * x, 2.0 * scale * y);
            x * x + y * y
        }
    }

    let folder = Folder::new("loss");
    let inputs: Vec<_> = (0..16).map(|i| [i as f32 / 16.0, 1.0]).collect();
    let data = Samples::new(inputs, vec![([1.0], [0.5]); 16])?;
    let every = Checkpoints::new(&folder.0).every_steps(1).keep_last(1000);
    let mut net = Two::new(Seed(1));
    Trainer::new(Sgd::new(0.1), (Mse, Mse))
        .batch(4)
        .quiet()
        .checkpoints(every)
        .fit(&mut net, &data)?;
    let mut trainer = Trainer::new(Sgd::new(0.1), Both).batch(4).quiet();
    trainer.resume(folder.0.join(&folder.names()[1]), &mut net)?;
    let error = trainer.fit(&mut net, &data).expect_err("another loss");
    assert!(
        matches!(
            error,
            Error::Setting {
                setting: "loss",
                ..
            }
        ),
        "{error}"
    );
    Ok(())
}
