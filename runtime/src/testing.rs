//! What tests of data and files are made of: a folder of its own for each, and a tensor.

#[cfg(feature = "files")]
use crate::{
    layout::{Axis, Layout},
    tensor::{Init, Penalty, Role, Tensor},
};
use alloc::format;
use core::sync::atomic::{AtomicU32, Ordering};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process,
};

/// An empty folder that goes with its value.
pub struct Folder(PathBuf);

impl Folder {
    /// A new one among the system's temporary files.
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("kiln-test-{}-{count}", process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Puts a file into it.
    pub fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.0.join(name), bytes).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A tensor that is learnt.
#[cfg(feature = "files")]
pub const fn tensor(
    name: &'static str,
    shape: &'static [usize],
    offset: usize,
    axes: &'static [Axis],
) -> Tensor {
    Tensor {
        name,
        shape,
        layout: Layout { offset, axes },
        blocks: 0,
        init: Init::Constant(0.0),
        role: Role::Learnt {
            rate: 1.0,
            penalty: Penalty::NONE,
            cost: 1,
            pass: 0,
        },
    }
}
