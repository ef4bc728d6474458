//! Models with a `forward`: several inputs and outputs, shared layers, arithmetic, `concat` and slices.

use kiln::{CrossEntropy, Mse, Seed};

use crate::{file::Golden, trial::Trial};

/// Declares a model as it is, and behind weights: there, every input is what a `Dense` of its name gives.
macro_rules! dataflow {
    (
        $plain:ident, $behind:ident: ($($input:ident: [$($size:tt),*]),*) -> $outputs:tt
        { $($layers:tt)* }
        forward { $($body:tt)* }
    ) => {
        kiln::model! {
            struct $plain($($input: [$($size),*]),*) -> $outputs {
                $($layers)*
                forward { $($body)* }
            }
            struct $behind(unit: [3]) -> $outputs {
                $($input: Dense(1 $(* $size)*, bias = false),)*
                $($layers)*
                forward {
                    $(let $input = reshape($input(unit), $($size),*);)*
                    $($body)*
                }
            }
        }
    };
}

dataflow! {
    Siamese, SiameseBehind: (left: [7], right: [7]) -> ([19], [3])
    {
        embed: Dense(19, l1 = 0.03125, l2 = 0.0625),
        decide: Dense(3),
    }
    forward {
        let a = tanh(embed(left));
        let b = relu(embed(right));
        let both = concat(a * b, a - b);
        (a + b, decide(both))
    }
}

dataflow! {
    Images, ImagesBehind: (image: [3, 6, 5], mask: [2, 6, 5]) -> [4]
    {
        stem: Conv2d(6, kernel = 1),
        conv: Conv2d(6, kernel = 3, padding = 1),
        head: Dense(4),
    }
    forward {
        let joined = stem(concat(image, mask));
        let h = relu(conv(joined));
        let again = conv(h) + h * joined;
        let part = again[(.., 1..5, 2..5)];
        head(flatten(part))
    }
}

dataflow! {
    Sequences, SequencesBehind: (a: [4, 6], b: [4, 3]) -> ([5], [4, 9])
    {
        lstm: Lstm(6),
        each: Dense(9),
        head: Dense(5),
    }
    forward {
        let again = lstm(sigmoid(lstm(a)));
        let both = concat(again, b, axis = 1);
        let late = both[1..3];
        (head(last(both) - last(late)), log_softmax(each(both)))
    }
}

// The calls of a shared layer need not be alike: here one reads what nothing flows back to, one is pooled in its
// registers, and one has another size of image.
dataflow! {
    UnlikeImages, UnlikeImagesBehind: (image: [5, 6, 5]) -> [3]
    {
        conv: Conv2d(5, kernel = 3, padding = 1),
        pool: MaxPool2d(2),
        head: Dense(3),
    }
    forward {
        let h = tanh(conv(image));
        let pooled = pool(relu(conv(h)));
        let again = conv(pooled);
        head(concat(flatten(h), flatten(again)))
    }
}

// Two lengths of a sequence.
dataflow! {
    UnlikeSequences, UnlikeSequencesBehind: (steps: [7, 5]) -> [3]
    {
        lstm: Lstm(5),
        head: Dense(3),
    }
    forward {
        let h = lstm(steps);
        head(last(h) + last(lstm(h[0..4])))
    }
}

#[test]
fn unlike_images() {
    let golden = Golden::open("unlike_images");
    let trial = Trial {
        golden: &golden,
        targets: golden.classes("targets.0"),
        loss: CrossEntropy,
        numbers: |scores: &[f32; 3]| scores.to_vec(),
    };
    let inputs = golden.get("inputs.image");
    trial.check(UnlikeImages::new(Seed(0)), &inputs, "unlike images");
    trial.check_behind(
        UnlikeImagesBehind::new(Seed(0)),
        "unlike images, behind weights",
    );
}

#[test]
fn unlike_sequences() {
    let golden = Golden::open("unlike_sequences");
    let trial = Trial {
        golden: &golden,
        targets: golden.classes("targets.0"),
        loss: CrossEntropy,
        numbers: |scores: &[f32; 3]| scores.to_vec(),
    };
    let inputs = golden.get("inputs.steps");
    trial.check(UnlikeSequences::new(Seed(0)), &inputs, "unlike sequences");
    trial.check_behind(
        UnlikeSequencesBehind::new(Seed(0)),
        "unlike sequences, behind weights",
    );
}

#[test]
fn siamese() {
    let golden = Golden::open("siamese");
    let trial = Trial {
        golden: &golden,
        targets: pairs(&golden.get("targets.0"), &golden.classes("targets.1")),
        loss: (Mse, CrossEntropy),
        numbers: |(sum, scores): &([f32; 19], [f32; 3])| [&sum[..], scores].concat(),
    };
    let inputs = pairs(&golden.get("inputs.left"), &golden.get("inputs.right"));
    trial.check(Siamese::new(Seed(0)), &inputs, "siamese");
    trial.check_behind(SiameseBehind::new(Seed(0)), "siamese, behind weights");
}

#[test]
fn images() {
    let golden = Golden::open("images");
    let trial = Trial {
        golden: &golden,
        targets: golden.classes("targets.0"),
        loss: CrossEntropy,
        numbers: |scores: &[f32; 4]| scores.to_vec(),
    };
    let inputs = pairs(&golden.get("inputs.image"), &golden.get("inputs.mask"));
    trial.check(Images::new(Seed(0)), &inputs, "images");
    trial.check_behind(ImagesBehind::new(Seed(0)), "images, behind weights");
}

#[test]
fn sequences() {
    let golden = Golden::open("sequences");
    let steps = golden.classes("targets.1");
    let steps: Vec<[usize; 4]> = steps.as_chunks().0.to_vec();
    let trial = Trial {
        golden: &golden,
        targets: pairs(&golden.get("targets.0"), &steps),
        loss: (Mse, CrossEntropy),
        numbers: |(scores, steps): &([f32; 5], [[f32; 9]; 4])| {
            [&scores[..], steps.as_flattened()].concat()
        },
    };
    let inputs = pairs(&golden.get("inputs.a"), &golden.get("inputs.b"));
    trial.check(Sequences::new(Seed(0)), &inputs, "sequences");
    trial.check_behind(SequencesBehind::new(Seed(0)), "sequences, behind weights");
}

/// The parts of each sample together.
fn pairs<A: Copy, B: Copy>(a: &[A], b: &[B]) -> Vec<(A, B)> {
    a.iter().copied().zip(b.iter().copied()).collect()
}
