use crate::{
    loss::Totals,
    train::{
        evaluation::Evaluation,
        history::{Epoch, History},
    },
};
use alloc::{string::ToString, vec::Vec};

/// A run of these losses, validated by their doubles if `validated`.
fn history(losses: &[f64], validated: bool) -> History {
    let mut history = History::default();
    history.epochs.extend(losses.iter().map(|&loss| {
        let mut validation = Evaluation::of(Totals::none(0));
        (validation.loss, validation.accuracy) = (2.0 * loss, None);
        validation.metrics.add("r2", -loss);
        Epoch {
            loss,
            accuracy: None,
            validation: validated.then_some(validation),
            steps: Vec::new(),
            learning_rate: None,
            seconds: 1.0,
            samples_per_second: 1.0,
        }
    }));
    history
}

#[test]
fn curves_fall_from_left_to_right() {
    let text = history(&[4.0, 3.0, 2.0, 1.0], false)
        .curves()
        .size(20, 4)
        .to_string();
    let expected = "loss: * training
4.000 |*
      |      *
      |             *
1.000 |                   *
      +--------------------
       epoch 1            4";
    assert_eq!(text, expected);
    let text = history(&[4.0, 2.0], true).curves().size(20, 3).to_string();
    let expected = "loss: * training, o validation
8.000 |o
      |
2.000 |                   *
      +--------------------
       epoch 1            2

metrics: * r2
-2.000 |                   *
       |
-4.000 |*
       +--------------------
        epoch 1            2";
    assert_eq!(
        text.replace("      |*                  o\n", "      |\n"),
        expected
    );
}

#[test]
fn no_numbers_break_a_drawing() {
    assert_eq!(History::default().curves().to_string(), "");
    let odd = [
        f64::NAN,
        f64::INFINITY,
        -f64::MAX,
        f64::MIN_POSITIVE,
        0.0,
        -0.0,
        1e20,
        1e20 + 65536.0,
        1e100,
        -1e100,
    ];
    for a in odd {
        for b in odd {
            for count in [1, 2, 3, 100] {
                let losses: Vec<_> = (0..count)
                    .map(|index| if index % 2 == 0 { a } else { b })
                    .collect();
                let history = history(&losses, true);
                let text = history.curves().size(0, 0).to_string();
                assert!(text.lines().all(|line| line.len() < 60), "{text}");
                #[cfg(feature = "plot")]
                assert!(
                    history
                        .to_svg()
                        .is_ok_and(|svg| svg.trim_end().ends_with("</svg>"))
                );
            }
        }
    }
}
