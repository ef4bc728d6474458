//! Layers of a user's own.
#![forbid(unsafe_code)]

use kiln::{CustomLayer, check_gradients, data::Samples, prelude::*};

#[path = "layers/gain.rs"]
mod gain;
#[path = "layers/linear.rs"]
mod linear;

mod layers {
    pub use super::{gain::Gain, linear::Linear};
    use kiln::CustomLayer;

    /// Bahdanau et al. 2015, simplified: steps weighed by the softmax of their products with a query. Keeps the weights.
    pub struct Attend;

    impl<const T: usize, const F: usize>
        CustomLayer<([[f32; F]; T], [f32; F]), (), [f32; F], [f32; T]> for Attend
    {
        fn forward(
            (steps, query): (&[[f32; F]; T], &[f32; F]),
            (): (),
            y: &mut [f32; F],
            shares: &mut [f32; T],
        ) {
            let mut sum = 0.0;
            for t in 0..T {
                let product: f32 = (0..F).map(|f| steps[t][f] * query[f]).sum();
                shares[t] = product.exp();
                sum += shares[t];
            }
            for t in 0..T {
                shares[t] /= sum;
                for f in 0..F {
                    y[f] += shares[t] * steps[t][f];
                }
            }
        }

        fn backward(
            ((steps, query), (), _, dy): ((&[[f32; F]; T], &[f32; F]), (), &[f32; F], &[f32; F]),
            shares: &[f32; T],
            (dsteps, dquery): (&mut [[f32; F]; T], &mut [f32; F]),
            (): (),
        ) {
            let slope = |t: usize| (0..F).map(|f| dy[f] * steps[t][f]).sum::<f32>();
            let mean: f32 = (0..T).map(|t| shares[t] * slope(t)).sum();
            for t in 0..T {
                let dproduct = shares[t] * (slope(t) - mean);
                for f in 0..F {
                    dsteps[t][f] = shares[t] * dy[f] + dproduct * query[f];
                    dquery[f] += dproduct * steps[t][f];
                }
            }
        }
    }
}

/// Scales an image's channels; its arrays are those of PyTorch, whatever lies around it.
struct Tint;

impl<const C: usize, const H: usize, const W: usize>
    CustomLayer<[[[f32; W]; H]; C], [f32; C], [[[f32; W]; H]; C]> for Tint
{
    fn forward(x: &[[[f32; W]; H]; C], weight: &[f32; C], y: &mut [[[f32; W]; H]; C], (): ()) {
        for c in 0..C {
            for h in 0..H {
                for w in 0..W {
                    y[c][h][w] = weight[c] * x[c][h][w];
                }
            }
        }
    }

    fn backward(
        (x, weight, _, dy): (
            &[[[f32; W]; H]; C],
            &[f32; C],
            &[[[f32; W]; H]; C],
            &[[[f32; W]; H]; C],
        ),
        (): (),
        dx: &mut [[[f32; W]; H]; C],
        dweight: &mut [f32; C],
    ) {
        for c in 0..C {
            for h in 0..H {
                for w in 0..W {
                    dx[c][h][w] = weight[c] * dy[c][h][w];
                    dweight[c] += x[c][h][w] * dy[c][h][w];
                }
            }
        }
    }
}

model! {
    struct Ours(x: [5]) -> [3] {
        hidden: layers::Linear(weight: [20, 5], bias: [20], l2 = 0.01) -> [20],
        Tanh,
        out: crate::layers::Linear(weight: [3, 20], bias: [3]) -> [3],
    }

    struct Theirs(x: [5]) -> [3] { hidden: Dense(20, l2 = 0.01), Tanh, out: Dense(3) }

    #[kiln(input_gradients)]
    struct Mixed(steps: [4, 6], image: [2, 5, 5]) -> [3] {
        lstm: Lstm(7),
        query: Dense(7),
        conv: Conv2d(3, 3, padding = 1),
        tint: self::Tint(weight: [3] = 0.5) -> [3, 5, 5],
        attend: layers::Attend(saved = [4]) -> [7],
        gain: [layers::Gain(weight: [7], init = KaimingNormal) -> [7]; 2],
        out: Dense(3),

        forward {
            let h = lstm(steps);
            let q = query(flatten(tanh(tint(relu(conv(image))))));
            out(gain(attend(h, q)) + attend(h, tanh(q)) + last(h))
        }
    }

    /// Chunks take each other's memory.
    struct Summed(image: [3, 20, 20]) -> [5] {
        Conv2d(20, kernel = 3, padding = 1),
        Relu,
        tint: self::Tint(weight: [20] = 1.0) -> [20, 20, 20],
        Conv2d(24, kernel = 3, padding = 1),
        Relu,
        MaxPool2d(2),
        Flatten,
        Dense(5),
    }
}

#[test]
fn gradients_are_those_of_differences() {
    for seed in 0..4 {
        let seed = Seed(seed);
        check_gradients::<layers::Gain, [f32; 7], [f32; 7], [f32; 7], ()>(seed).expect("right");
        check_gradients::<layers::Linear, [f32; 5], ([[f32; 5]; 20], [f32; 20]), [f32; 20], ()>(
            seed,
        )
        .expect("right");
        check_gradients::<layers::Attend, ([[f32; 7]; 4], [f32; 7]), (), [f32; 7], [f32; 4]>(seed)
            .expect("right");
        type Image = [[[f32; 5]; 5]; 3];
        check_gradients::<Tint, Image, [f32; 3], Image, ()>(seed).expect("right");
    }
}

/// A rectifier, whose kinks no difference may take for a mistake, and three mistakes.
struct Rectified<const MISTAKE: usize>;

impl<const MISTAKE: usize, const N: usize> CustomLayer<[f32; N], [f32; 2], [f32; N]>
    for Rectified<MISTAKE>
{
    fn forward(x: &[f32; N], [scale, shift]: &[f32; 2], y: &mut [f32; N], (): ()) {
        *y = x.map(|x| (scale * x + 0.2 * shift).max(0.0));
    }

    fn backward(
        (x, [scale, _], y, dy): (&[f32; N], &[f32; 2], &[f32; N], &[f32; N]),
        (): (),
        dx: &mut [f32; N],
        dp: &mut [f32; 2],
    ) {
        for i in (0..N).filter(|&i| y[i] > 0.0) {
            dx[i] = scale * dy[i] * if MISTAKE == 1 { 1.1 } else { 1.0 };
            dp[0] += x[i] * dy[i];
            dp[1] += if MISTAKE == 2 { 0.0 } else { 0.2 * dy[i] };
        }
        if MISTAKE == 3 {
            dp[0] = f32::NAN;
        }
    }
}

#[test]
fn a_wrong_gradient_is_found() {
    for seed in 0..20 {
        let seed = Seed(seed);
        check_gradients::<Rectified<0>, [f32; 40], [f32; 2], [f32; 40], ()>(seed).expect("right");
        let message = |result: kiln::Result<()>| result.expect_err("a mistake").to_string();
        let wrong = message(check_gradients::<
            Rectified<1>,
            [f32; 40],
            [f32; 2],
            [f32; 40],
            (),
        >(seed));
        assert!(wrong.starts_with("the gradient by number "), "{wrong}");
        assert!(wrong.contains(" of input 0 "), "{wrong}");
        let wrong = message(check_gradients::<
            Rectified<2>,
            [f32; 40],
            [f32; 2],
            [f32; 40],
            (),
        >(seed));
        assert!(wrong.contains("number 1 of parameter 0 "), "{wrong}");
        let wrong = message(check_gradients::<
            Rectified<3>,
            [f32; 40],
            [f32; 2],
            [f32; 40],
            (),
        >(seed));
        assert!(
            wrong.contains("number 0 of parameter 0 (in row-major order) is NaN"),
            "{wrong}"
        );
    }
}

fn wave<const N: usize>(sample: usize) -> [f32; N] {
    std::array::from_fn(|i| ((sample * N + i) as f32 * 1.7).sin())
}

fn close(found: &[f32], expected: &[f32], what: &str) {
    let scale = expected.iter().map(|x| x.abs()).fold(1e-3, f32::max);
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        let close = (found - expected).abs() <= 2e-5 * scale;
        assert!(close, "{what}: {found} is not {expected}");
    }
}

/// A layer of one's own is trained, penalised, saved and answered as one of kiln's.
#[test]
fn a_layer_of_ones_own_is_like_one_of_kilns() {
    let mut theirs = Theirs::new(Seed(1));
    let mut ours = Ours::new(Seed(2));
    assert_eq!((Ours::PARAMS, Ours::LAYERS.len()), (Theirs::PARAMS, 3));
    assert_eq!(Ours::LAYERS[0].kind, "layers::Linear");
    let names = |net: &Ours| net.parameters().names().collect::<Vec<_>>();
    assert_eq!(
        names(&ours),
        theirs.parameters().names().collect::<Vec<_>>()
    );
    ours.load_bytes(&theirs.to_bytes().expect("finite"))
        .expect("one's own");
    let inputs: Vec<[f32; 5]> = (0..40).map(wave).collect();
    let labels: Vec<usize> = (0..40).map(|i| i % 3).collect();
    for input in &inputs {
        close(&ours.forward(input), &theirs.forward(input), "an answer");
    }
    assert!((ours.penalty() - theirs.penalty()).abs() < 1e-9 && ours.penalty() > 0.0);

    let (mut a, mut b) = (
        Training::new(&ours, 40).expect("memory"),
        Training::new(&theirs, 40).expect("memory"),
    );
    let losses = [
        a.backward(&ours, &inputs, &labels, &CrossEntropy)
            .expect("sound"),
        b.backward(&theirs, &inputs, &labels, &CrossEntropy)
            .expect("sound"),
    ];
    assert!((losses[0] - losses[1]).abs() < 1e-6);
    for (name, _) in ours.parameters().names() {
        let found = a.gradients().get(name).expect("learnt");
        close(&found, &b.gradients().get(name).expect("learnt"), name);
    }

    let data = Samples::new(inputs, labels).expect("as many");
    let trainer = || {
        Trainer::new(Adam::new(0.01), CrossEntropy)
            .epochs(4)
            .batch(8)
            .quiet()
    };
    trainer().fit(&mut ours, &data).expect("sound");
    trainer().fit(&mut theirs, &data).expect("sound");
    for (name, _) in ours.parameters().names() {
        let (found, expected) = (ours.parameters().get(name), theirs.parameters().get(name));
        let (found, expected) = (found.expect("learnt"), expected.expect("learnt"));
        for (found, expected) in found.iter().zip(&expected) {
            assert!(
                (found - expected).abs() < 1e-4,
                "{name}: {found} is not {expected}"
            );
        }
    }
}

type Samplings = ([[f32; 6]; 4], [[[f32; 5]; 5]; 2]);

fn mixed(sample: usize) -> Samplings {
    let mut input: Samplings = Default::default();
    let numbers = input.0.as_flattened_mut().iter_mut();
    let numbers = numbers.chain(input.1.as_flattened_mut().as_flattened_mut());
    for (number, x) in numbers.zip(wave::<74>(sample)) {
        *number = x;
    }
    input
}

/// The mean over the batch of sum_i y_i^2 / 2.
fn energy(outputs: &[[f32; 3]]) -> f64 {
    let squares = outputs
        .iter()
        .flatten()
        .map(|&y| f64::from(y) * f64::from(y));
    squares.sum::<f64>() / 2.0 / outputs.len() as f64
}

/// Several inputs, what is kept, sums of deltas, two applications, and a chain of two: each gradient is that of differences.
#[test]
fn a_network_of_all_kinds() {
    let mut net = Mixed::new(Seed(4));
    let inputs: Vec<Samplings> = (0..11).map(mixed).collect();
    let mut answers = vec![[0.0; 3]; inputs.len()];
    net.forward_batch(&inputs, &mut answers).expect("as many");
    for (input, answer) in inputs.iter().zip(&answers) {
        assert_eq!(&net.forward(input), answer);
    }
    assert_eq!(net.parameters().get("tint.weight"), Some(vec![0.5; 3]));

    let gradients = |net: &Mixed, threads: usize| {
        let training = Training::with_threads(net, 11, threads).expect("memory");
        let mut training = training.with_input_gradients().expect("memory");
        let outputs = training.forward(net, &inputs).expect("sound").to_vec();
        assert_eq!(outputs, answers);
        let slopes: Vec<[f32; 3]> = outputs.iter().map(|y| y.map(|y| y / 11.0)).collect();
        training
            .backward_from(net, &inputs, &slopes)
            .expect("sound");
        training
    };
    let (one, three) = (gradients(&net, 1), gradients(&net, 3));
    let names: Vec<_> = net.parameters().names().map(|(name, _)| name).collect();
    let loss = |net: &Mixed, inputs: &[Samplings]| {
        let mut outputs = vec![[0.0; 3]; inputs.len()];
        net.forward_batch(inputs, &mut outputs).expect("as many");
        energy(&outputs)
    };
    const STEP: f32 = 1.0 / 64.0;
    for name in names {
        let found = one.gradients().get(name).expect("learnt");
        assert_eq!(Some(&found), three.gradients().get(name).as_ref(), "{name}");
        let scale = found.iter().map(|x| x.abs()).fold(1e-3, f32::max);
        let values = net.parameters().get(name).expect("a parameter");
        for index in (0..values.len()).step_by(values.len().div_ceil(12)) {
            let mut at = |way: f32| {
                let mut moved = values.clone();
                moved[index] += way;
                net.parameters_mut().set(name, &moved).expect("as many");
                loss(&net, &inputs)
            };
            let slope = (at(STEP) - at(-STEP)) / (2.0 * f64::from(STEP));
            at(0.0);
            let difference = (f64::from(found[index]) - slope).abs();
            assert!(
                difference <= 0.02 * f64::from(scale),
                "{name} {index}: {} is not {slope}",
                found[index]
            );
        }
    }
    let slopes = one.input_gradients();
    let scale = slopes[3]
        .0
        .as_flattened()
        .iter()
        .map(|x| x.abs())
        .fold(1e-3, f32::max);
    for (t, f) in [(0, 0), (1, 3), (3, 5)] {
        let at = |way: f32| {
            let mut moved = inputs.clone();
            moved[3].0[t][f] += way;
            loss(&net, &moved)
        };
        let slope = (at(STEP) - at(-STEP)) / (2.0 * f64::from(STEP));
        assert!((f64::from(slopes[3].0[t][f]) - slope).abs() <= 0.02 * f64::from(scale));
    }
}

/// Whether chunks are summed or a batch is kept, and on any number of threads.
#[test]
fn gradients_are_summed_chunk_by_chunk() {
    let net = Summed::new(Seed(5));
    let inputs: Vec<[[[f32; 20]; 20]; 3]> = (0..19)
        .map(|sample| {
            let mut image = [[[0.0; 20]; 20]; 3];
            let pixels = image.as_flattened_mut().as_flattened_mut();
            pixels.copy_from_slice(&wave::<1200>(sample));
            image
        })
        .collect();
    let labels: Vec<usize> = (0..19).map(|sample| sample % 5).collect();
    let gradients = |threads| {
        let mut training = Training::with_threads(&net, 19, threads).expect("memory");
        training
            .backward(&net, &inputs, &labels, &CrossEntropy)
            .expect("sound");
        training.gradients().get("tint.weight").expect("learnt")
    };
    let one = gradients(1);
    assert_eq!(one, gradients(3));
    // The sum of the gradients of single samples.
    let mut sum = vec![0.0; 20];
    let mut training = Training::new(&net, 1).expect("memory");
    for (input, label) in inputs.iter().zip(&labels) {
        let (input, label) = (std::slice::from_ref(input), std::slice::from_ref(label));
        training
            .backward(&net, input, label, &CrossEntropy)
            .expect("sound");
        let gradient = training.gradients().get("tint.weight").expect("learnt");
        sum.iter_mut()
            .zip(gradient)
            .for_each(|(sum, x)| *sum += x / 19.0);
    }
    close(&one, &sum, "tint.weight");
}
