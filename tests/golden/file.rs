//! Golden files, and the formula behind what is not stored; `make.py` has the same.

use std::{fs, path::Path};

use bytemuck::Pod;
use kiln::Model;
use safetensors::SafeTensors;

/// The stream of the networks' inputs.
pub const INPUT_STREAM: u64 = 1000;

/// The numbers of one file.
pub struct Golden {
    name: String,
    bytes: Vec<u8>,
}

impl Golden {
    /// Reads `tests/golden/data/NAME.safetensors`.
    pub fn open(name: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(format!("tests/golden/data/{name}.safetensors"));
        let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self {
            name: name.into(),
            bytes,
        }
    }

    /// A tensor as one element of `T` after another, such as samples of a batch.
    pub fn get<T: Pod>(&self, key: &str) -> Vec<T> {
        let file = SafeTensors::deserialize(&self.bytes).expect(&self.name);
        let tensor = file
            .tensor(key)
            .unwrap_or_else(|error| panic!("{}: {error}", self.name));
        bytemuck::pod_collect_to_vec(tensor.data())
    }

    /// Whether there is a tensor of this name.
    pub fn has(&self, key: &str) -> bool {
        let file = SafeTensors::deserialize(&self.bytes).expect(&self.name);
        file.tensor(key).is_ok()
    }

    /// The only number of a tensor.
    pub fn number(&self, key: &str) -> f32 {
        self.get(key)[0]
    }

    /// A tensor of classes.
    pub fn classes(&self, key: &str) -> Vec<usize> {
        self.get::<i64>(key)
            .into_iter()
            .map(|class| usize::try_from(class).expect(key))
            .collect()
    }
}

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
