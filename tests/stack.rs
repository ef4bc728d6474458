//! Nothing large stands on a stack: threads of 2 MiB make, read, learn and answer samples that are larger than that, in a
//! debug build as in any other.
#![forbid(unsafe_code)]

use std::{borrow::Borrow, sync::mpsc, thread};

use kiln::{
    CrossEntropy, Loss, Mse, Workspace,
    data::{Dataset, Samples},
    evaluate, flat, predict,
    prelude::*,
};

/// Runs `work` in a thread whose stack has 2 MiB: where that is too little, the process ends.
fn on_a_small_stack(name: &str, work: impl FnOnce() -> kiln::Result<()> + Send + 'static) {
    on_a_stack(name, 2 << 20, work);
}

/// Runs `work` in a thread whose stack has so many bytes.
fn on_a_stack(name: &str, bytes: usize, work: impl FnOnce() -> kiln::Result<()> + Send + 'static) {
    let (sender, receiver) = mpsc::channel();
    let thread = thread::Builder::new().name(name.into()).stack_size(bytes);
    let thread = thread.spawn(move || sender.send(work().map_err(|error| error.to_string())));
    assert!(thread.is_ok(), "{name}");
    assert_eq!(receiver.recv(), Ok(Ok(())), "{name}");
}

/// 3 x 224 x 224, as ImageNet's images: 588 KiB.
type Image = [[[f32; 224]; 224]; 3];
/// 6.75 MiB.
type Huge = [[[f32; 768]; 768]; 3];

model! {
    /// Answers with 588 KiB, as many numbers as an image has.
    struct Smooth(image: [3, 224, 224]) -> [3, 224, 224] { Conv2d(3, kernel = 1) }

    /// Answers with 4 MiB, more than a stack has.
    struct Large(image: [1, 1024, 1024]) -> [1, 1024, 1024] { Conv2d(1, kernel = 1) }

    /// Two answers, of 588 KiB and of 10 numbers.
    struct Both(image: [3, 224, 224]) -> ([3, 224, 224], [10]) {
        smooth: Conv2d(3, kernel = 1, bias = false),
        small: Conv2d(1, kernel = 1, stride = 32),
        classes: Dense(10),

        forward { (smooth(image), classes(flatten(small(image)))) }
    }

    /// Wide recurrences.
    struct Recurrent(steps: [2, 1]) -> [1] { Lstm(1024), Last, Dense(1) }
}

/// Answers in every way.
fn answers<M: Model>() -> kiln::Result<()> {
    let net = M::try_new(Seed(1))?;
    let input = kiln::zeroed::<M::Input>()?;
    let mut output = kiln::zeroed()?;
    net.forward_into(&input, &mut output);
    Workspace::try_new(1)?.forward_into(&net, &input, &mut output);
    let inputs = kiln::zeroed_vec(2)?;
    let mut outputs = kiln::zeroed_vec(2)?;
    net.forward_batch(&inputs, &mut outputs)?;
    for threads in [1, 2] {
        assert_eq!(predict(&net, &inputs, threads)?.len(), 2);
    }
    Ok(())
}

#[test]
fn answers_are_written_in_place() {
    on_a_small_stack("588 KiB", answers::<Smooth>);
    on_a_small_stack("4 MiB", answers::<Large>);
    on_a_small_stack("two answers", answers::<Both>);
    on_a_small_stack("1024 units", answers::<Recurrent>);
}

/// A step of 24 samples through 2,000 units would keep 380 KiB between two steps.
#[test]
fn recurrences_take_no_more_stack_the_wider_they_are() {
    model! {
        struct Wide(steps: [2, 1]) -> [1] { Lstm(2000), Last, Dense(1) }
    }
    on_a_stack("2000 units", 512 << 10, || {
        let mut net = Wide::try_new(Seed(1))?;
        let inputs = vec![[[0.5], [0.25]]; 25];
        let mut outputs = vec![[0.0]; 25];
        outputs[0] = net.forward(&inputs[0]);
        let alone = outputs[0];
        net.forward_batch(&inputs, &mut outputs)?;
        assert_eq!(outputs, vec![alone; 25]);
        let mut training = kiln::Training::new(&net, 25)?;
        let loss = training.backward(&net, &inputs, &outputs, &Mse)?;
        assert!(loss.abs() < 1e-12);
        let mut descent = kiln::Descent::new(&net, Sgd::new(0.1))?;
        descent.apply(&mut net, training.gradients())
    });
}

#[test]
fn samples_are_made_in_place() {
    on_a_small_stack("images", || {
        let image = |index: usize| [[[index as f32; 224]; 224]; 3];
        let samples = Samples::from_pairs((0..2).map(|index| (image(index), index)))?;
        assert_eq!(samples.inputs()[1][2][223][223], 1.0);
        let halved = samples.map(|mut image| {
            image[0][0][0] /= 2.0;
            image
        });
        assert_eq!(halved.inputs()[1][0][0][0], 0.5);
        Ok(())
    });
    on_a_small_stack("huge images", || {
        let samples = Samples::<Huge, _>::fill(2, |index, image| {
            flat::numbers_mut(image).fill(index as f32);
            index
        })?;
        let samples = samples.change(|image| image[0][0][0] = 0.5);
        let means = samples.map_into(|image, mean: &mut [f32; 1]| {
            let numbers = flat::numbers(image);
            mean[0] = numbers.iter().sum::<f32>() / numbers.len() as f32;
        })?;
        assert!((means.inputs()[1][0] - 1.0).abs() < 1e-3);
        Ok(())
    });
}

#[test]
fn large_outputs_and_several_are_learnt_in_place() {
    on_a_small_stack("one output", || {
        let samples = Samples::<Image, Image>::new(kiln::zeroed_vec(2)?, kiln::zeroed_vec(2)?)?;
        let mut net = Smooth::try_new(Seed(1))?;
        let mut training = Training::new(&net, 2)?;
        training.backward(&net, samples.inputs(), samples.targets(), &Mse)?;
        let mut trainer = Trainer::new(Sgd::new(0.1), Mse).batch(2).threads(1).quiet();
        trainer.fit(&mut net, &samples)?;
        evaluate(&net, &samples, &Mse, 1).map(drop)
    });
    on_a_small_stack("two outputs", || {
        let mut net = Both::try_new(Seed(1))?;
        let inputs = kiln::zeroed_vec::<Image>(2)?;
        let targets = kiln::zeroed_vec::<(Image, u32)>(2)?;
        let mut training = Training::new(&net, 2)?;
        let mut descent = Descent::new(&net, Sgd::new(0.1))?;
        training.backward(&net, &inputs, &targets, &(Mse, CrossEntropy))?;
        descent.apply(&mut net, training.gradients())
    });
}

#[test]
fn wide_recurrences_are_learnt_on_a_small_stack() {
    on_a_small_stack("1024 units", || {
        let net = Recurrent::try_new(Seed(1))?;
        let mut training = Training::new(&net, 4)?;
        training
            .backward(&net, &[[[0.5]; 2]; 4], &[[1.0]; 4], &Mse)
            .map(drop)
    });
}

/// Inputs, answers and targets of 4 MiB are lent; a dataset may also make images by value.
#[test]
fn samples_larger_than_a_stack_are_learnt() {
    type Picture = [[[f32; 1024]; 1024]; 1];

    struct Gray;

    impl Dataset for Gray {
        type Input = Image;
        type Target = Image;

        fn len(&self) -> usize {
            1
        }

        fn sample(&self, _: usize) -> kiln::Result<(impl Borrow<Image>, impl Borrow<Image>)> {
            Ok(([[[0.5; 224]; 224]; 3], kiln::zeroed::<Image>()?))
        }
    }

    fn learns<M: Model, D: Dataset<Input = M::Input, Target = M::Output>>(
        data: &D,
    ) -> kiln::Result<()>
    where
        Mse: Loss<M::Output, M::Output>,
    {
        let mut net = M::try_new(Seed(1))?;
        for threads in [1, 2] {
            let mut trainer = Trainer::new(Sgd::new(0.1), Mse).threads(threads).quiet();
            trainer.fit_and_validate(&mut net, data, data)?;
        }
        Ok(())
    }
    on_a_small_stack("lent", || {
        let samples = Samples::<Picture, Picture>::new(kiln::zeroed_vec(1)?, kiln::zeroed_vec(1)?)?;
        learns::<Large, _>(&samples)
    });
    on_a_small_stack("made", || learns::<Smooth, _>(&Gray));
}
