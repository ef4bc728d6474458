//! What stands around the steps of a fit: splits, early stopping, callbacks, logs, interruptions.
#![forbid(unsafe_code)]

#[cfg(all(unix, feature = "ctrl-c"))]
mod again;
mod numbers;

use kiln::{
    ActionValue, Callback, CsvLog, EarlyStopping, Error, History, JsonLinesLog, Moment, Monitor,
    Result, Stopped,
    data::{Dataset, Samples},
    metrics::{Average, F1},
    prelude::*,
};
use numbers::numbers;
use std::{
    borrow::Borrow,
    env, fs,
    path::PathBuf,
    process,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

model! {
    struct Net(x: [2]) -> [3] { hidden: Dense(8), BatchNorm, Relu, Dropout(0.2), out: Dense(3) }
}

fn samples(count: usize) -> Samples<[f32; 2], u8> {
    let inputs: Vec<_> = (0..count)
        .map(|i| [(i as f32).sin(), (i as f32 * 0.7).cos()])
        .collect();
    let labels: Vec<_> = inputs
        .iter()
        .map(|[a, b]| u8::from(*a > *b) + u8::from(*a > 0.0))
        .collect();
    Samples::new(inputs, labels).expect("as many")
}

fn trainer() -> Trainer<Adam, CrossEntropy> {
    Trainer::new(Adam::new(0.01), CrossEntropy)
        .batch(16)
        .quiet()
}

/// What does not depend on the clock.
fn told(history: &History) -> Vec<(u64, Option<u64>)> {
    let bits = |epoch: &kiln::Epoch| {
        let validation = epoch.validation.as_ref();
        (
            epoch.loss.to_bits(),
            validation.map(|found| found.loss.to_bits()),
        )
    };
    history.epochs.iter().map(bits).collect()
}

#[test]
fn the_last_part_is_validated_on() -> Result<()> {
    let data = samples(103);
    let (mut split, mut given) = (Net::new(Seed(1)), Net::new(Seed(1)));
    let found = trainer()
        .epochs(3)
        .validation_split(0.2)
        .fit(&mut split, &data)?;
    // Keras: floor(103 * 0.8).
    let (first, rest) = data.clone().split_at(82)?;
    let expected = trainer()
        .epochs(3)
        .fit_and_validate(&mut given, &first, &rest)?;
    assert_eq!(told(&found), told(&expected));
    assert_eq!(numbers(&split), numbers(&given));
    assert!(found.epochs[0].validation.is_some());

    for fraction in [0.0, 1.0, -0.5, f64::NAN] {
        let error = trainer().validation_split(fraction).fit(&mut split, &data);
        assert!(matches!(
            error,
            Err(Error::Setting {
                setting: "validation_split",
                ..
            })
        ));
    }
    let error = trainer()
        .validation_split(0.01)
        .fit(&mut split, &samples(1));
    assert!(
        matches!(
            error,
            Err(Error::Split {
                samples: 1,
                first: 0
            })
        ),
        "{error:?}"
    );
    // Rows are the dataset's own.
    let (inputs, mut labels) = data.into_parts();
    labels[90] = 7;
    let data = Samples::new(inputs, labels)?;
    let error = trainer()
        .validation_split(0.2)
        .fit(&mut split, &data)
        .expect_err("a label");
    assert!(
        error
            .to_string()
            .starts_with("validation data: row 90 of the dataset"),
        "{error}"
    );
    let mut actions = vec![(0_u8, 1.0_f32); 103];
    actions[90].0 = 3;
    let data = Samples::new(data.inputs().to_vec(), actions)?;
    let error = Trainer::new(Adam::new(0.01), ActionValue(Mse))
        .quiet()
        .validation_split(0.2)
        .fit(&mut split, &data)
        .expect_err("an action");
    assert!(
        matches!(
            &error,
            Error::Validation(error) if matches!(**error, Error::ActionOutOfRange { row: Some(90), .. })
        ),
        "{error}"
    );
    Ok(())
}

/// Panics at a row, in its target or in its sample.
struct Panics {
    data: Samples<[f32; 2], u8>,
    row: usize,
    in_target: bool,
}

impl Dataset for Panics {
    type Input = [f32; 2];
    type Target = u8;

    fn len(&self) -> usize {
        self.data.len()
    }

    fn sample(&self, index: usize) -> Result<(impl Borrow<[f32; 2]>, impl Borrow<u8>)> {
        assert!(
            self.in_target || index != self.row,
            "a sample of the user's"
        );
        self.data.sample(index)
    }

    fn target(&self, index: usize) -> Result<impl Borrow<u8>> {
        assert!(
            !self.in_target || index != self.row,
            "a target of the user's"
        );
        self.data.target(index)
    }
}

#[test]
fn a_row_that_panics_is_one_of_the_whole_dataset() {
    for (row, in_target) in [(7, false), (7, true), (90, false), (90, true)] {
        let data = samples(103);
        let panics = Panics {
            data,
            row,
            in_target,
        };
        let error = trainer()
            .validation_split(0.2)
            .fit(&mut Net::new(Seed(1)), &panics)
            .expect_err("a panic");
        let inner = match &error {
            Error::Validation(inner) => inner,
            error => error,
        };
        assert!(
            matches!(inner, Error::Sample { row: found, .. } if *found == row),
            "{error}"
        );
        assert_eq!(matches!(error, Error::Validation(_)), row == 90);
    }
}

#[test]
fn early_stopping_gives_the_best_weights_back() -> Result<()> {
    let (train, test) = (samples(64), samples(200));
    // The undisturbed run, and every epoch's weights.
    let kept = Arc::new(Mutex::new(Vec::new()));
    let copies = Arc::clone(&kept);
    let mut net = Net::new(Seed(1));
    let history = trainer()
        .epochs(40)
        .each_epoch(move |moment| {
            let weights = moment
                .weights
                .names()
                .map(|(name, _)| moment.weights.get(name).expect(name));
            let bits = weights.flatten().map(f32::to_bits).collect::<Vec<_>>();
            copies.lock().expect("one thread").push(bits);
            Ok(())
        })
        .fit_and_validate(&mut net, &train, &test)?;
    let kept = kept.lock().expect("one thread");
    assert_eq!(kept.len(), 40);
    assert_eq!(kept[39], numbers(&net));
    let losses: Vec<f64> = history
        .epochs
        .iter()
        .map(|epoch| epoch.validation.as_ref().expect("validated").loss)
        .collect();

    for (patience, delta) in [(1, 0.0), (2, 0.0), (0, 0.0), (3, 0.02), (2, 0.05)] {
        // Keras' rule, by hand.
        let (mut best, mut at, mut waited, mut end) = (f64::INFINITY, 0, 0, losses.len());
        for (epoch, loss) in losses.iter().enumerate() {
            if *loss < best - delta {
                (best, at, waited) = (*loss, epoch, 0);
            } else {
                waited += 1;
            }
            if waited >= patience.max(1) {
                end = epoch + 1;
                break;
            }
        }
        let stopping = EarlyStopping::new(patience).min_delta(delta);
        let mut net = Net::new(Seed(1));
        let mut stopped = trainer().epochs(40).early_stopping(stopping.clone());
        let history = stopped.fit_and_validate(&mut net, &train, &test)?;
        assert_eq!(
            history.epochs.len(),
            end,
            "patience {patience}, delta {delta}"
        );
        assert_eq!(history.best, Some(at + 1));
        assert_eq!(history.stopped, (end < 40).then_some(Stopped::Early));
        assert_eq!(numbers(&net), kept[at]);

        let mut net = Net::new(Seed(1));
        let mut last = trainer().epochs(40).early_stopping(stopping.keep_last());
        last.fit_and_validate(&mut net, &train, &test)?;
        assert_eq!(numbers(&net), kept[end - 1]);
    }
    assert!(
        losses.windows(2).any(|pair| pair[0] < pair[1]),
        "nothing was tried: {losses:?}"
    );
    Ok(())
}

#[test]
fn what_cannot_be_monitored_is_refused() {
    let data = samples(40);
    let fit = |stopping: EarlyStopping, split: bool| {
        let mut trainer = trainer()
            .epochs(3)
            .metrics(F1::new(Average::Macro))
            .early_stopping(stopping);
        if split {
            trainer = trainer.validation_split(0.5);
        }
        trainer.fit(&mut Net::new(Seed(1)), &data)
    };
    let message = |history: Result<History>| history.expect_err("refused").to_string();
    let found = message(fit(EarlyStopping::new(1), false));
    assert!(
        found.starts_with("`monitor` is the validation loss, but nothing is validated"),
        "{found}"
    );
    let stopping = EarlyStopping::new(1).monitor(Monitor::Largest("f1".into()));
    let found = message(fit(stopping, true));
    assert!(
        found.starts_with("`monitor` is the metric `f1`, which epoch 1 does not have"),
        "{found}"
    );
    let found = message(fit(EarlyStopping::new(1).min_delta(-1.0), true));
    assert!(found.starts_with("`min_delta` is -1.0"), "{found}");
    for monitor in [
        Monitor::Loss,
        Monitor::Accuracy,
        Monitor::ValidationAccuracy,
        Monitor::Largest("f1_macro".into()),
    ] {
        assert!(fit(EarlyStopping::new(5).monitor(monitor), true).is_ok());
    }
    assert!(fit(EarlyStopping::new(5).monitor(Monitor::Loss), false).is_ok());
}

/// Notes what it is told.
#[derive(Default)]
struct Diary {
    lines: Vec<String>,
    stop_at: Option<u64>,
    fail_at: Option<u64>,
}

impl Diary {
    fn note(&mut self, what: &str, moment: &Moment<'_>) -> Result<()> {
        let line = format!("{what} {}/{} {}", moment.epoch, moment.epochs, moment.steps);
        self.lines.push(line);
        assert_eq!(
            moment.history.epochs.len(),
            moment.epoch - usize::from(what == "step")
        );
        if what == "step" {
            assert_eq!(
                moment.learning_rate,
                Some(0.01 * 0.5_f64.powi(moment.epoch as i32 - 1))
            );
            assert!(moment.loss.is_finite());
        }
        if self.stop_at == Some(moment.steps) {
            moment.stop();
        }
        if self.fail_at == Some(moment.steps) {
            return Err(std::io::Error::other("the disk is tired").into());
        }
        Ok(())
    }
}

impl Callback for Diary {
    fn fit_begins(&mut self, moment: &Moment<'_>) -> Result<()> {
        self.note("begin", moment)
    }

    fn step_ends(&mut self, moment: &Moment<'_>) -> Result<()> {
        self.note("step", moment)
    }

    fn epoch_ends(&mut self, moment: &Moment<'_>) -> Result<()> {
        self.note("epoch", moment)
    }

    fn fit_ends(&mut self, moment: &Moment<'_>) -> Result<()> {
        self.note("end", moment)
    }
}

fn diary(stop_at: Option<u64>, fail_at: Option<u64>) -> Arc<Mutex<Diary>> {
    Arc::new(Mutex::new(Diary {
        lines: Vec::new(),
        stop_at,
        fail_at,
    }))
}

#[test]
fn callbacks_are_told_in_order() -> Result<()> {
    let data = samples(40);
    let halved = |trainer: Trainer<Adam, CrossEntropy>| {
        trainer
            .epochs(2)
            .schedule(|epoch| 0.5_f64.powi(epoch as i32))
    };
    let diary_of = diary(None, None);
    let mut fitted = halved(trainer()).callback(Arc::clone(&diary_of));
    let history = fitted.fit(&mut Net::new(Seed(1)), &data)?;
    let expected = [
        "begin 0/2 0",
        "step 1/2 1",
        "step 1/2 2",
        "step 1/2 3",
        "epoch 1/2 3",
        "step 2/2 4",
        "step 2/2 5",
        "step 2/2 6",
        "epoch 2/2 6",
        "end 2/2 6",
    ];
    assert_eq!(diary_of.lock().expect("one thread").lines, expected);
    let rates: Vec<_> = history
        .epochs
        .iter()
        .map(|epoch| epoch.learning_rate)
        .collect();
    assert_eq!(rates, [Some(0.01), Some(0.005)]);

    // An error ends the fit, and is its result.
    let failing = diary(None, Some(2));
    let mut failed = halved(trainer()).callback(Arc::clone(&failing));
    let error = failed
        .fit(&mut Net::new(Seed(1)), &data)
        .expect_err("tired");
    assert_eq!(error.to_string(), "the disk is tired");
    assert_eq!(failing.lock().expect("one thread").lines.len(), 3);

    // After an epoch and before the first.
    for (at, epochs) in [(0, 0), (3, 1)] {
        let stopping = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&stopping);
        let stop_after = trainer().epochs(2).each_epoch(move |moment| {
            asked.store(true, Ordering::Relaxed);
            moment.stop();
            Ok(())
        });
        let mut stopped = if at == 0 {
            halved(trainer()).callback(diary(Some(0), None))
        } else {
            stop_after
        };
        let history = stopped.fit(&mut Net::new(Seed(1)), &data)?;
        assert_eq!(
            (history.epochs.len(), history.stopped),
            (epochs, Some(Stopped::ByCallback))
        );
        assert_eq!(stopping.load(Ordering::Relaxed), at == 3);
    }
    Ok(())
}

#[test]
fn an_interrupted_fit_goes_on_where_it_was() -> Result<()> {
    let data = samples(40);
    let fresh = || {
        trainer()
            .epochs(3)
            .keep_steps()
            .validation_split(0.2)
            .early_stopping(EarlyStopping::new(2))
    };
    let mut expected = Net::new(Seed(1));
    let whole = fresh().fit(&mut expected, &data)?;
    let steps: Vec<_> = whole
        .epochs
        .iter()
        .map(|epoch| epoch.steps.clone())
        .collect();
    for at in 1..=6 {
        for threads in [1, 2] {
            let mut net = Net::new(Seed(1));
            let stop = Arc::new(Mutex::new(Stop(at)));
            let mut stopped = fresh().threads(threads).callback(Arc::clone(&stop));
            let history = stopped.fit(&mut net, &data)?;
            assert_eq!(history.stopped, Some(Stopped::Interrupted));
            assert_eq!(history.epochs.len() as u64, (at - 1) / 2);
            assert!(at == 6 || numbers(&net) != numbers(&expected));
            let history = stopped.fit(&mut net, &data)?;
            assert_eq!(told(&history), told(&whole), "step {at}");
            assert_eq!((history.stopped, history.best), (whole.stopped, whole.best));
            let found: Vec<_> = history
                .epochs
                .iter()
                .map(|epoch| epoch.steps.clone())
                .collect();
            assert_eq!(found, steps);
            assert_eq!(numbers(&net), numbers(&expected));
        }
    }
    // Not with other samples, but then with its own.
    let mut net = Net::new(Seed(1));
    let mut stopped = fresh().callback(Stop(2));
    stopped.fit(&mut net, &data)?;
    let error = stopped
        .fit(&mut net, &samples(50))
        .expect_err("other data")
        .to_string();
    assert!(
        error.starts_with("`Dataset::len` is 40, where it was 32, but must be as it was"),
        "{error}"
    );
    assert_eq!(told(&stopped.fit(&mut net, &data)?), told(&whole));
    Ok(())
}

/// Stops once, after a step.
struct Stop(u64);

impl Callback for Stop {
    fn step_ends(&mut self, moment: &Moment<'_>) -> Result<()> {
        if moment.steps == self.0 {
            moment.stop();
        }
        Ok(())
    }
}

#[test]
fn a_flag_ends_a_fit_after_the_batch() -> Result<()> {
    let data = samples(40);
    let flag = Arc::new(AtomicBool::new(true));
    let mut net = Net::new(Seed(1));
    let start = numbers(&net);
    let mut flagged = trainer().epochs(2).stop_when(Arc::clone(&flag));
    let history = flagged.fit(&mut net, &data)?;
    assert_eq!(
        (history.epochs.len(), history.stopped),
        (0, Some(Stopped::Interrupted))
    );
    assert_eq!(numbers(&net), start);
    flag.store(false, Ordering::Relaxed);
    let history = flagged.fit(&mut net, &data)?;
    assert_eq!((history.epochs.len(), history.stopped), (2, None));
    let mut expected = Net::new(Seed(1));
    trainer().epochs(2).fit(&mut expected, &data)?;
    assert_eq!(numbers(&net), numbers(&expected));
    Ok(())
}

/// A folder of this test's own.
fn folder(name: &str) -> Result<PathBuf> {
    let folder = env::temp_dir().join(format!("kiln-fit-{name}-{}", process::id()));
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

#[test]
fn epochs_are_lines_of_files() -> Result<()> {
    let folder = folder("logs")?;
    let (csv, json) = (folder.join("epochs.csv"), folder.join("epochs.jsonl"));
    fs::write(&csv, "old\n")?;
    let data = samples(40);
    let mut logged = trainer()
        .epochs(2)
        .validation_split(0.2)
        .metrics(F1::new(Average::Macro))
        .callback(CsvLog::new(&csv))
        .callback(JsonLinesLog::new(&json));
    let mut net = Net::new(Seed(1));
    let mut epochs = logged.fit(&mut net, &data)?.epochs;
    epochs.extend(logged.fit(&mut net, &data)?.epochs);

    let text = fs::read_to_string(&csv)?;
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    let names = "epoch,learning_rate,loss,accuracy,val_loss,val_accuracy,val_f1_macro,seconds,samples_per_second";
    assert_eq!(lines[0].join(","), names);
    assert_eq!(lines.len(), 5);
    let objects = fs::read_to_string(&json)?;
    assert_eq!(objects.lines().count(), 4);
    for (index, epoch) in epochs.iter().enumerate() {
        let validation = epoch.validation.as_ref().expect("validated");
        let expected = [
            (index % 2 + 1) as f64,
            0.01,
            epoch.loss,
            epoch.accuracy.expect("classes"),
            validation.loss,
            validation.accuracy.expect("classes"),
            validation.metrics.get("f1_macro").expect("measured"),
            epoch.seconds,
            epoch.samples_per_second,
        ];
        // What is written is read back to the bit.
        let found: Vec<f64> = lines[index + 1]
            .iter()
            .map(|field| field.parse().expect("a number"))
            .collect();
        assert_eq!(found, expected);
        let members = names
            .split(',')
            .zip(expected)
            .map(|(name, number)| format!("\"{name}\":{number}"));
        let object = format!("{{{}}}", members.collect::<Vec<_>>().join(","));
        assert_eq!(objects.lines().nth(index), Some(&*object));
    }
    let nowhere = folder.join("none").join("epochs.csv");
    let error = trainer()
        .callback(CsvLog::new(nowhere))
        .fit(&mut net, &data)
        .expect_err("no folder");
    assert!(
        matches!(
            error,
            Error::Io {
                action: "create",
                ..
            }
        ),
        "{error}"
    );
    fs::remove_dir_all(folder)?;
    Ok(())
}

/// The child's part: trains until it is interrupted.
#[cfg(all(unix, feature = "ctrl-c"))]
fn train_for_ever(folder: &str) -> Result<()> {
    let data = samples(40);
    let mut interrupted = trainer()
        .epochs(usize::MAX)
        .stop_on_ctrl_c()
        .checkpoints(kiln::Checkpoints::new(folder).every_epochs(usize::MAX))
        .each_epoch(|moment| {
            if moment.epoch == 3 {
                println!("begun");
            }
            Ok(())
        });
    let history = interrupted.fit(&mut Net::new(Seed(1)), &data)?;
    assert_eq!(history.stopped, Some(Stopped::Interrupted));
    Ok(())
}

#[cfg(all(unix, feature = "ctrl-c"))]
#[test]
fn ctrl_c_leaves_a_checkpoint() -> Result<()> {
    use std::{
        io::{BufRead, BufReader},
        process::{Command, Stdio},
    };
    const FOLDER: &str = "KILN_CTRL_C";
    if let Ok(folder) = env::var(FOLDER) {
        return train_for_ever(&folder);
    }
    let folder = folder("ctrl-c")?;
    let mut command = again::again()?;
    let command = command.args(["ctrl_c_leaves_a_checkpoint", "--exact", "--nocapture"]);
    let mut child = command
        .env(FOLDER, &folder)
        .stdout(Stdio::piped())
        .spawn()?;
    let output = BufReader::new(child.stdout.take().expect("piped"));
    let mut lines = output.lines();
    assert!(lines.any(|line| line.is_ok_and(|line| line.contains("begun"))));
    let killed = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()?;
    assert!(killed.success());
    lines.for_each(drop);
    assert!(child.wait()?.success());
    let path = kiln::Checkpoints::latest(&folder)?.expect("a checkpoint");
    let mut net = Net::new(Seed(2));
    let mut resumed = trainer().epochs(1);
    resumed.resume(path, &mut net)?;
    let history = resumed.fit(&mut net, &samples(40))?;
    assert!(history.epochs.len() >= 3);
    // The undisturbed run of as many epochs, and one more.
    let epochs = history.epochs.len() + 1;
    let mut expected = Net::new(Seed(1));
    let whole = trainer().epochs(epochs).fit(&mut expected, &samples(40))?;
    let mut resumed = trainer().epochs(epochs);
    resumed.resume(
        kiln::Checkpoints::latest(&folder)?.expect("a checkpoint"),
        &mut net,
    )?;
    assert_eq!(told(&resumed.fit(&mut net, &samples(40))?), told(&whole));
    assert_eq!(numbers(&net), numbers(&expected));
    fs::remove_dir_all(folder)?;
    Ok(())
}
