//! Distributions and the loss of deep Q-learning against `torch.distributions` and torch's losses.

use crate::{assert_close, file::Golden, on_every_instruction_set};
use kiln::{ActionValue, Categorical, Huber, Loss, Mse, Normal, Squashed, SquashedNormal, judge};

#[test]
fn categorical() {
    let golden = Golden::open("distributions");
    let get = |key: &str| golden.get::<[f32; 5]>(&format!("categorical.{key}"));
    let laws: Vec<_> = get("logits")
        .iter()
        .map(|logits| Categorical::new(logits).expect("sound"))
        .collect();
    for (row, law) in laws.iter().enumerate() {
        let what = format!("row {row}");
        assert_close(&law.probabilities(), &get("probabilities")[row], &what);
        assert_close(
            &law.entropy_gradient(),
            &get("entropy_gradients")[row],
            &what,
        );
        let log_probs = get("log_probs")[row];
        for (action, &log_prob) in log_probs.iter().enumerate() {
            let found = law.log_prob(action).expect("an action");
            if log_prob == f32::NEG_INFINITY {
                assert_eq!(found, log_prob);
                continue;
            }
            assert_close(&[found], &[log_prob], &what);
            let gradient = law.log_prob_gradient(action).expect("an action");
            let expected = get("log_prob_gradients")[5 * row + action];
            assert_close(&gradient, &expected, &format!("{what}, action {action}"));
        }
    }
    let entropies: Vec<f32> = laws.iter().map(Categorical::entropy).collect();
    assert_close(&entropies, &golden.get("categorical.entropy"), "entropy");
}

/// Logits that are masked are those that were -infinity.
#[test]
fn masked() {
    let golden = Golden::open("distributions");
    for logits in golden.get::<[f32; 5]>("categorical.logits") {
        let allowed = logits.map(|logit| logit > f32::NEG_INFINITY);
        let anything = logits.map(|logit| {
            if logit > f32::NEG_INFINITY {
                logit
            } else {
                f32::NAN
            }
        });
        let masked = Categorical::masked(&anything, &allowed);
        assert_eq!(
            masked.expect("sound"),
            Categorical::new(&logits).expect("sound")
        );
    }
}

#[test]
fn normal() {
    let golden = Golden::open("distributions");
    let get = |key: &str| golden.get::<[f32; 3]>(&format!("normal.{key}"));
    let (mut log_probs, mut entropies) = (Vec::new(), Vec::new());
    for row in 0..get("means").len() {
        let law = Normal::new(&get("means")[row], &get("log_stds")[row]).expect("sound");
        let value = get("values")[row];
        let (by_mean, by_log_std) = law.log_prob_gradient(&value);
        assert_close(&by_mean, &get("by_mean")[row], &format!("row {row}, mean"));
        assert_close(
            &by_log_std,
            &get("by_log_std")[row],
            &format!("row {row}, log std"),
        );
        log_probs.push(law.log_prob(&value));
        entropies.push(law.entropy());
    }
    assert_close(&log_probs, &golden.get("normal.log_probs"), "log_prob");
    assert_close(&entropies, &golden.get("normal.entropy"), "entropy");
}

#[test]
fn squashed() {
    let golden = Golden::open("distributions");
    let get = |key: &str| golden.get::<[f32; 3]>(key);
    let mut log_probs = Vec::new();
    for row in 0..get("normal.means").len() {
        let (mean, log_std) = (get("normal.means")[row], get("normal.log_stds")[row]);
        let law = SquashedNormal::new(&mean, &log_std).expect("sound");
        let sample = Squashed::new(get("squashed.before")[row]);
        assert_close(&sample.action, &get("squashed.actions")[row], "action");
        log_probs.push(law.log_prob(&sample));
        let (by_mean, by_log_std) =
            law.sample_gradient(&sample, &get("squashed.slopes")[row], 0.25);
        assert_close(
            &by_mean,
            &get("squashed.by_mean")[row],
            &format!("row {row}, mean"),
        );
        assert_close(
            &by_log_std,
            &get("squashed.by_log_std")[row],
            &format!("row {row}, log std"),
        );
    }
    assert_close(&log_probs, &golden.get("squashed.log_probs"), "log_prob");
}

#[test]
fn value_of_an_action() {
    on_every_instruction_set("the loss of deep Q-learning", |_| {
        let golden = Golden::open("distributions");
        check(&golden, "squared", &ActionValue(Mse));
        check(&golden, "huber", &ActionValue(Huber::new(0.75)));
    });

    fn check<L: Loss<[f32; 4], (usize, f32)>>(golden: &Golden, name: &str, loss: &L) {
        let values: Vec<[f32; 4]> = golden.get("action.values");
        let actions = golden.classes("action.actions");
        let wanted: Vec<f32> = golden.get("action.targets");
        let targets: Vec<(usize, f32)> = actions.into_iter().zip(wanted).collect();
        let mut gradients = vec![[0.0; 4]; values.len()];
        let mean = judge(loss, &values, &targets, &mut gradients).expect("sound");
        let key = format!("action.{name}");
        assert_close(&[mean as f32], &[golden.number(&key)], &key);
        let expected: Vec<[f32; 4]> = golden.get(&format!("{key}.gradients"));
        assert_close(gradients.as_flattened(), expected.as_flattened(), &key);
    }
}
