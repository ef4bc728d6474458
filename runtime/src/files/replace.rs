//! Replacing a file as a whole.
//!
//! The new file is written beside the old one under a name of its own, and takes the old one's name when it is whole and on
//! the disk. Some files cannot be replaced so: the other names of a hard link would keep the old content, and neither a
//! file that is mounted nor another's file in a folder like `/tmp` can be renamed over. They are written over, after a
//! whole copy is on the disk beside them.
//!
//! Owner and permissions are kept; access lists and extended attributes are not.

mod identity;
mod temporary;
#[cfg(test)]
mod tests;

use crate::error::{Error, Result, io};
use alloc::vec::Vec;
use identity::Identity;
use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{Error as IoError, ErrorKind, Read, Result as IoResult, Seek, Write, copy as stream},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};
use temporary::Temporary;

/// The first bytes of a file that is being written over: the length of a header that no file has.
pub const UNFINISHED: [u8; 8] = [0; 8];

/// What a whole copy's name has behind that of its file.
const COPY: &str = ".kiln-copy";

/// Writes a file that takes its name only when it is whole and on the disk. Until then, and on any error before, the name
/// stands for the old file, if there was one. A link goes on pointing to its file.
pub fn replace(path: &Path, write: impl FnOnce(&mut File) -> IoResult<()>) -> Result<()> {
    replace_by(path, write, copy_over)
}

/// [`replace`], where `over` writes the content of one file over another that cannot be replaced.
fn replace_by(
    path: &Path,
    write: impl FnOnce(&mut File) -> IoResult<()>,
    over: impl FnOnce(&Path, &mut File) -> IoResult<()>,
) -> Result<()> {
    let (target, identity) = resolve(path).map_err(io("write", path))?;
    let directory = folder_of(&target);
    temporary::sweep(directory);
    let mut temporary = Temporary::create(directory, identity.as_ref())
        .map_err(io("create a file in", directory))?;
    let fill = |file: &mut File| {
        write(file)?;
        file.sync_all()
    };
    fill(temporary.file()).map_err(io("write", path))?;
    let linked = identity.as_ref().is_some_and(Identity::is_linked);
    if linked {
        return write_over(path, &target, temporary, over);
    }
    match temporary.rename(&target) {
        Ok(()) => {}
        // Mounted, or another's file in a folder where everybody may replace their own alone, such as `/tmp`.
        Err((temporary, error))
            if identity.is_some()
                && matches!(
                    error.kind(),
                    ErrorKind::ResourceBusy | ErrorKind::PermissionDenied
                ) =>
        {
            return write_over(path, &target, temporary, over);
        }
        Err((_, error)) => return Err(io("replace", path)(error)),
    }
    sync_directory(directory).map_err(io("sync", directory))?;
    // Of a save over the file that was interrupted before.
    temporary::remove_abandoned(&copy_name(&target));
    Ok(())
}

/// Writes over `target`, whose new content stands whole in `temporary`, until it does in `target`, too.
fn write_over(
    path: &Path,
    target: &Path,
    temporary: Temporary,
    over: impl FnOnce(&Path, &mut File) -> IoResult<()>,
) -> Result<()> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let mut file = OpenOptions::new()
        .write(true)
        .open(target)
        .map_err(io("write", path))?;
    if temporary::is_locked(&file) {
        let reason = "the file can only be written over, and another program holds a lock on it, such as one that \
                      saves to it; try again when it has ended";
        return Err(io("write", path)(IoError::new(
            ErrorKind::ResourceBusy,
            reason,
        )));
    }
    let (copy, directory) = (copy_name(target), folder_of(target));
    // By this name no other save takes it for an abandoned file.
    let copy_held = temporary
        .keep_as(&copy)
        .map_err(|(_, error)| io("create", &copy)(error))?;
    sync_directory(directory).map_err(io("sync", directory))?;
    over(&copy, &mut file).map_err(|source| Error::InPlace {
        path: path.into(),
        copy: copy.clone(),
        source,
    })?;
    // A copy that cannot be removed is as good as one whose removal was interrupted.
    let _ = fs::remove_file(&copy);
    drop(copy_held);
    sync_directory(directory).map_err(io("sync", directory))
}

/// Writes the content of `copy` over a file. Its first bytes are [`UNFINISHED`] until all others are on the disk: a file
/// that is partly old and partly new is no valid one, by whichever of its names it is read.
fn copy_over(copy: &Path, file: &mut File) -> IoResult<()> {
    let mut copy = File::open(copy)?;
    file.write_all(&UNFINISHED)?;
    file.sync_all()?;
    let mut start = Vec::new();
    let length = (&copy)
        .take(UNFINISHED.len() as u64)
        .read_to_end(&mut start)?;
    let rest = stream(&mut copy, file)?;
    file.set_len(length as u64 + rest)?;
    identity::drop_set_id(file)?;
    file.sync_all()?;
    file.rewind()?;
    file.write_all(&start)?;
    file.sync_all()
}

/// The whole copy beside a file that was to be written over, if it is still there.
pub fn copy_of(path: &Path) -> Option<PathBuf> {
    let copy = copy_name(&fs::canonicalize(path).ok()?);
    copy.is_file().then_some(copy)
}

fn copy_name(target: &Path) -> PathBuf {
    let mut name = target.file_name().map(OsString::from).unwrap_or_default();
    name.push(COPY);
    target.with_file_name(name)
}

fn folder_of(target: &Path) -> &Path {
    match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// The file that `path` leads to through links, and what it is if it is there.
fn resolve(path: &Path) -> IoResult<(PathBuf, Option<Identity>)> {
    if path.as_os_str().is_empty() {
        return Err(IoError::new(
            ErrorKind::InvalidInput,
            "the path is empty; give the name of a file",
        ));
    }
    let target = match fs::canonicalize(path) {
        Ok(target) => target,
        Err(error) if error.kind() == ErrorKind::NotFound && path.file_name().is_some() => {
            return match fs::read_link(path) {
                // To a file that is not there yet. Links in a circle are another error.
                Ok(next) => resolve(&path.parent().unwrap_or(Path::new("")).join(next)),
                Err(_) => Ok((path.to_path_buf(), None)),
            };
        }
        Err(error) => return Err(error),
    };
    let metadata = fs::metadata(&target)?;
    if metadata.is_file() && metadata.permissions().readonly() {
        // Renaming asks the folder alone.
        return Err(IoError::new(
            ErrorKind::PermissionDenied,
            "the file is read-only",
        ));
    }
    if metadata.is_file() {
        return Ok((target, Some(Identity::of(&metadata))));
    }
    // Renaming would replace a device by a file.
    Err(IoError::new(
        ErrorKind::InvalidInput,
        "expected the name of a file, found a folder or a device; give another name",
    ))
}

/// Puts the new name on the disk, where the system keeps folders as files that can be synced.
fn sync_directory(directory: &Path) -> IoResult<()> {
    if !cfg!(unix) {
        return Ok(());
    }
    match File::open(directory).and_then(|directory| directory.sync_all()) {
        // Some file systems cannot, and a folder that may be written need not be readable.
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::InvalidInput | ErrorKind::Unsupported | ErrorKind::PermissionDenied
            ) =>
        {
            Ok(())
        }
        result => result,
    }
}
