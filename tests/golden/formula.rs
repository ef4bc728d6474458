//! The formula behind what golden files do not store; `make.py` has the same.

use kiln::Model;

/// The stream of the networks' inputs.
pub const INPUT_STREAM: u64 = 1000;

/// Numbers from -1 to 1: SplitMix64 whose state begins at a multiple of 2^32, its upper 24 bits as a fraction.
pub fn numbers(stream: u64, count: usize) -> Vec<f32> {
    let number = |index: u64| {
        let x = (stream << 32).wrapping_add(index.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let x = x ^ (x >> 31);
        (x >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
    };
    (1..=count as u64).map(number).collect()
}

/// Parameter number i gets the numbers of stream i, scaled by the power of two near 1 / sqrt(fan_in); running statistic
/// number i those of stream 500 + i, means about 0 and variances about 1.
pub fn fill_parameters<N: Model>(net: &mut N) {
    let followed = |name: &&str| name.contains(".running_");
    let names = || net.parameters().names().map(|(name, _)| name);
    let statistics: Vec<&str> = names().filter(followed).collect();
    for (index, name) in (0_u64..).zip(statistics) {
        let mut values = net.parameters().get(name).expect(name);
        let fresh = numbers(500 + index, values.len());
        for (value, fresh) in values.iter_mut().zip(fresh) {
            *value = fresh / 2.0 + (index % 2) as f32;
        }
        net.parameters_mut().set(name, &values).expect(name);
    }
    let learnt = |(name, _): &(&str, &[usize])| {
        !name.contains(".running_") && !name.ends_with("num_batches_tracked")
    };
    for (index, (name, shape)) in (0_u64..).zip(net.parameters().names().filter(learnt)) {
        let fan_in: usize = shape[1..].iter().product();
        let scale = 0.5_f32.powi((usize::BITS - fan_in.leading_zeros()) as i32 / 2);
        let mut values = numbers(index, shape.iter().product());
        values.iter_mut().for_each(|value| *value *= scale);
        net.parameters_mut().set(name, &values).expect(name);
    }
}

/// At most about 512 numbers of a tensor, an odd number of places apart.
pub fn thinned(values: &[f32]) -> Vec<f32> {
    let stride = if values.len() <= 512 {
        1
    } else {
        values.len().div_ceil(512) | 1
    };
    values.iter().copied().step_by(stride).collect()
}

/// Rows as columns.
pub fn transposed(values: &[f32], columns: usize) -> Vec<f32> {
    (0..columns)
        .flat_map(|column| values[column..].iter().copied().step_by(columns))
        .collect()
}
