//! Networks through whose first layers samples go in smaller groups than through the rest: large images first, and large
//! weights behind them. A batch has the bits of its samples one by one, in any workspace.
#![forbid(unsafe_code)]

use kiln::{Workspace, prelude::*};

model! {
    /// Inputs are copied into a border.
    struct Copied(image: [3, 40, 40]) -> [7] {
        Conv2d(48, 3, padding = 1), Relu, Conv2d(16, 3, padding = 1), Relu, MaxPool2d(8),
        Flatten, Dense(1024), Relu, Dense(512), Relu, Dense(7),
    }

    /// Inputs are read where they are.
    struct Direct(steps: [32, 32]) -> [7] {
        Dense(1000), Relu, Dense(8), Relu,
        Flatten, Dense(512), Relu, Dense(512), Relu, Dense(7),
    }

    /// An input that the last layers alone read, and a value that they read again.
    struct Skipped(image: [3, 40, 40], extra: [5]) -> [9] {
        first: Conv2d(48, 3, padding = 1),
        second: Conv2d(8, 3, padding = 1),
        hidden: Dense(1024),
        more: Dense(512),
        out: Dense(9),
        forward {
            let early = global_avg_pool(second(relu(first(image))));
            let late = relu(hidden(flatten(max_pool2d(second(relu(first(image))), 2))));
            out(concat(more(late), flatten(early), extra))
        }
    }
}

/// Numbers that look random.
fn number(index: usize) -> f32 {
    ((index * 7919 + 13) % 1021) as f32 / 510.0 - 1.0
}

fn image(sample: usize) -> [[[f32; 40]; 40]; 3] {
    let at = |c, r, k| number(((sample * 3 + c) * 40 + r) * 40 + k);
    std::array::from_fn(|c| std::array::from_fn(|r| std::array::from_fn(|k| at(c, r, k))))
}

/// Answers batches of some sizes, in memory of the thread's and in workspaces for fewer.
fn agrees<M, const N: usize>(net: &M, inputs: &[M::Input])
where
    M: kiln::Model<Output = [f32; N]>,
{
    let mut alone = vec![[0.0; N]; inputs.len()];
    for (input, output) in inputs.iter().zip(&mut alone) {
        net.forward_into(input, output);
    }
    assert!(alone.iter().flatten().any(|&y| y != 0.0));
    for count in [0, 1, 5, inputs.len()] {
        let mut outputs = vec![[f32::NAN; N]; count];
        net.forward_batch(&inputs[..count], &mut outputs).unwrap();
        assert_eq!(outputs, alone[..count], "{count} at once");
        for rows in [1, 7, 1000] {
            let mut workspace = Workspace::<M>::new(rows);
            outputs.fill([f32::NAN; N]);
            workspace
                .forward_batch(net, &inputs[..count], &mut outputs)
                .unwrap();
            assert_eq!(outputs, alone[..count], "{count} in room for {rows}");
        }
    }
}

#[test]
fn batches_have_the_bits_of_their_samples() {
    let images = (0..11).map(image).collect::<Vec<_>>();
    agrees(&Copied::new(Seed(1)), &images);
    let pairs = images.iter().enumerate();
    let pairs = pairs.map(|(sample, image)| (*image, std::array::from_fn(|i| number(sample + i))));
    agrees(&Skipped::new(Seed(2)), &pairs.collect::<Vec<_>>());
}

#[test]
fn inputs_that_are_read_in_place_are_rid_of_tiny_numbers() {
    let at = |sample: usize, t: usize, i: usize| number((sample * 32 + t) * 32 + i);
    let steps = |sample| std::array::from_fn(|t| std::array::from_fn(|i| at(sample, t, i)));
    let plain = (0..11).map(steps).collect::<Vec<[[f32; 32]; 32]>>();
    let net = Direct::new(Seed(3));
    agrees(&net, &plain);
    let mut tiny = plain;
    for (sample, input) in tiny.iter_mut().enumerate() {
        input[sample][3] = 1e-30;
    }
    agrees(&net, &tiny);
}
