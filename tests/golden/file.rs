//! Golden files.

use std::{fs, path::Path};

use bytemuck::Pod;
use safetensors::SafeTensors;

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
}
