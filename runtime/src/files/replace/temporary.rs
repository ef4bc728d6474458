//! Files that are being written, beside those that they will replace.
//!
//! Whoever writes one holds a lock on it, which the system releases when the process ends, however it ends. So a file whose
//! lock can be taken is one that nobody writes, left by a process that was killed.

use super::identity::{self, Identity};
use alloc::format;
use core::sync::atomic::{AtomicU64, Ordering};
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{Error, ErrorKind},
    path::{Path, PathBuf},
    process,
};

/// A file that goes with its value, unless it is renamed.
pub struct Temporary {
    path: PathBuf,
    file: File,
    renamed: bool,
}

impl Temporary {
    /// A new one, locked, by a name that no other save has, in this process or another; `identity` is that of the file
    /// it will replace, and nobody whom that file is closed to can open it, not even for a moment.
    pub fn create(directory: &Path, identity: Option<&Identity>) -> Result<Self, Error> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        loop {
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let path = directory.join(format!(".kiln-{}-{count}.tmp", process::id()));
            let mut options = OpenOptions::new();
            options.write(true).create_new(true);
            if let Some(identity) = identity {
                identity.restrict(&mut options);
            }
            let file = match options.open(&path) {
                Ok(file) => file,
                // Of a process of the same number, such as another machine's on a shared disk.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(error),
            };
            // Between the two calls, another save may have taken it for an abandoned file.
            if is_locked(&file) || !identity::is_at(&file, &path) {
                continue;
            }
            let temporary = Self {
                path,
                file,
                renamed: false,
            };
            if let Some(identity) = identity {
                identity.give_to(&temporary.file)?;
            }
            return Ok(temporary);
        }
    }

    pub fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Takes the name `target`, and gives itself back if it cannot.
    pub fn rename(self, target: &Path) -> Result<(), (Self, Error)> {
        self.keep_as(target).map(drop)
    }

    /// Takes the name `target`, by which it stays; its lock is held for as long as the value that is returned.
    pub fn keep_as(mut self, target: &Path) -> Result<Self, (Self, Error)> {
        match fs::rename(&self.path, target) {
            Ok(()) => {
                self.renamed = true;
                Ok(self)
            }
            Err(error) => Err((self, error)),
        }
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.renamed {
            // Nothing is left to be told about a file that cannot be removed.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Takes the lock of a file; whether another has it. On a system without locks nobody has.
pub fn is_locked(file: &File) -> bool {
    matches!(file.try_lock(), Err(TryLockError::WouldBlock))
}

/// Removes what killed saves left in a folder. What cannot be looked at or removed stays: it is not what was asked for.
pub fn sweep(directory: &Path) {
    let Ok(entries) = fs::read_dir(directory) else {
        return;
    };
    for entry in entries.flatten() {
        if entry.file_name().to_str().is_some_and(is_ours) {
            remove_abandoned(&entry.path());
        }
    }
}

/// Whether [`Temporary`] gives such names.
fn is_ours(name: &str) -> bool {
    let numbers = name
        .strip_prefix(".kiln-")
        .and_then(|name| name.strip_suffix(".tmp")?.split_once('-'));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    numbers.is_some_and(|(process, count)| is_number(process) && is_number(count))
}

/// Removes a file whose lock can be taken.
pub fn remove_abandoned(path: &Path) {
    // Not what a link leads to, and no pipe, on which opening would wait.
    if !fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file()) {
        return;
    }
    let Ok(file) = OpenOptions::new().write(true).open(path) else {
        return;
    };
    // Where there are no locks, nobody can tell.
    if file.try_lock().is_ok() && identity::is_at(&file, path) {
        let _ = fs::remove_file(path);
    }
}

#[cfg(test)]
mod tests {
    use super::is_ours;

    #[test]
    fn only_names_of_temporary_files_are_taken_for_them() {
        assert!(is_ours(".kiln-1-0.tmp") && is_ours(".kiln-4194304-18446744073709551615.tmp"));
        for name in [
            "kiln-1-0.tmp",
            ".kiln-1-0.tmp~",
            ".kiln-1.tmp",
            ".kiln--0.tmp",
            ".kiln-1-.tmp",
            ".kiln-1-0-0.tmp",
            ".kiln-a-0.tmp",
            ".kiln-+1-0.tmp",
            ".kiln-notes.tmp",
            "weights.kiln-copy",
        ] {
            assert!(!is_ours(name), "{name}");
        }
    }
}
