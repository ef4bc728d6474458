//! Owners, permissions, hard links, mounts and full disks. What needs rights that the machine does not give says so.

use super::{names, replace};
use crate::{
    error::Error,
    files::replace::{UNFINISHED, copy_of, replace_by},
    testing::Folder,
};
use alloc::{format, string::ToString, vec};
use std::{
    eprintln,
    fs::{self, File, OpenOptions, Permissions},
    io::{self, ErrorKind, Write},
    os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink},
    path::Path,
    process::{Command, Stdio},
};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Runs `mount`, which few may; it is undone when the value goes.
struct Mount<'a>(&'a Path);

impl<'a> Mount<'a> {
    fn new(arguments: &[&str], at: &'a Path) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount.args(arguments).arg(at).stderr(Stdio::null());
        if mount.status().is_ok_and(|status| status.success()) {
            return Some(Self(at));
        }
        eprintln!("not tested: `mount` is not permitted here");
        None
    }
}

impl Drop for Mount<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0).status();
    }
}

#[test]
fn owner_and_permissions_stay() {
    let folder = Folder::new();
    folder.write("weights", b"old");
    let path = folder.path().join("weights");
    let owned = chown(&path, Some(1234), Some(5678)).is_ok();
    if !owned {
        eprintln!("not tested: files cannot be given to another owner here");
    }
    let before = fs::metadata(&path).unwrap();
    for (mode_before, mode_after) in [
        (0o600, 0o600),
        (0o6751, 0o751),
        (0o666, 0o666),
        (0o1204, 0o204),
    ] {
        set_mode(&path, mode_before);
        replace(&path, |file| file.write_all(b"new")).unwrap();
        let after = fs::metadata(&path).unwrap();
        assert_eq!((after.uid(), after.gid()), (before.uid(), before.gid()));
        assert_eq!(mode(&path), mode_after, "{mode_before:o}");
    }
}

#[test]
fn a_file_that_is_being_written_is_open_to_nobody_else() {
    let folder = Folder::new();
    let path = folder.path().join("weights");
    // A new file is as others of this process.
    drop(File::create(folder.path().join("other")).unwrap());
    let usual = mode(&folder.path().join("other"));
    replace(&path, |file| file.write_all(b"old")).unwrap();
    assert_eq!(mode(&path), usual);
    for target in [0o600, 0o640, 0o604, 0o622] {
        set_mode(&path, target);
        replace(&path, |file| {
            assert_eq!(file.metadata()?.mode() & 0o7777, target);
            file.write_all(b"new")
        })
        .unwrap();
        let identity = super::super::Identity::of(&fs::metadata(&path).unwrap());
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        identity.restrict(&mut options);
        let first = folder.path().join(format!("first moment {target:o}"));
        options.open(&first).unwrap();
        assert_eq!(mode(&first) & !(target & 0o700), 0, "{target:o}");
    }
}

#[test]
fn all_names_of_a_file_have_the_new_content() {
    let folder = Folder::new();
    folder.write("weights", b"old and longer");
    let (path, other) = (folder.path().join("weights"), folder.path().join("other"));
    fs::hard_link(&path, &other).unwrap();
    set_mode(&path, 0o4755);
    let number = fs::metadata(&path).unwrap().ino();
    for content in [&b"new"[..], b"new and longer again", b"12345678", b""] {
        replace(&path, |file| file.write_all(content)).unwrap();
        assert_eq!(fs::read(&path).unwrap(), content);
        assert_eq!(fs::read(&other).unwrap(), content);
    }
    assert_eq!(fs::metadata(&other).unwrap().ino(), number);
    assert_eq!(mode(&path), 0o755);
    assert_eq!(names(&folder), ["other", "weights"]);
}

#[test]
fn a_failure_to_write_over_names_the_copy() {
    let folder = Folder::new();
    folder.write("weights", b"old");
    let (path, other) = (folder.path().join("weights"), folder.path().join("other"));
    fs::hard_link(&path, &other).unwrap();
    let fail = |copy: &Path, file: &mut File| {
        file.write_all(&fs::read(copy)?[..1])?;
        Err(ErrorKind::StorageFull.into())
    };
    let error = replace_by(&path, |file| file.write_all(b"new"), fail).unwrap_err();
    let message = error.to_string();
    let Error::InPlace { copy, source, .. } = error else {
        panic!("{message}")
    };
    assert_eq!(source.kind(), ErrorKind::StorageFull);
    assert!(
        message.contains(&format!("whole in `{}`", copy.display())),
        "{message}"
    );
    assert_eq!(fs::read(&copy).unwrap(), b"new");
    assert_eq!(fs::read(&path).unwrap(), b"nld");
    assert_eq!(copy_of(&path), Some(copy.clone()));

    // Other files' saves leave it; the next of this one does not.
    replace(&folder.path().join("another"), |file| {
        file.write_all(b"another")
    })
    .unwrap();
    assert_eq!(fs::read(&copy).unwrap(), b"new");
    replace(&path, |file| file.write_all(b"newer")).unwrap();
    assert_eq!(fs::read(&other).unwrap(), b"newer");
    assert_eq!(names(&folder), ["another", "other", "weights"]);
}

/// Nothing was begun then.
#[test]
fn a_failure_to_write_the_copy_leaves_the_file_alone() {
    let folder = Folder::new();
    folder.write("weights", b"old");
    let (path, other) = (folder.path().join("weights"), folder.path().join("other"));
    fs::hard_link(&path, &other).unwrap();
    let error = replace(&path, |file| {
        file.write_all(b"ne")?;
        Err(ErrorKind::StorageFull.into())
    });
    assert!(matches!(error, Err(Error::Io { .. })));
    let held = File::open(&path).unwrap();
    held.lock().unwrap();
    let message = replace(&path, |file| file.write_all(b"new"))
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("another program holds a lock"),
        "{message}"
    );
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(names(&folder), ["other", "weights"]);
}

#[test]
fn a_mounted_file_is_written_over() {
    let folder = Folder::new();
    folder.write("inside", b"old");
    folder.write("outside", b"old");
    let (inside, outside) = (folder.path().join("inside"), folder.path().join("outside"));
    let Some(mount) = Mount::new(&["--bind", outside.to_str().unwrap()], &inside) else {
        return;
    };
    replace(&inside, |file| file.write_all(b"new")).unwrap();
    assert_eq!(fs::read(&outside).unwrap(), b"new");
    drop(mount);
    assert_eq!(fs::read(&inside).unwrap(), b"old");
    assert_eq!(names(&folder), ["inside", "outside"]);
}

#[test]
fn a_full_disk_leaves_the_old_file_whole() {
    let folder = Folder::new();
    let disk = folder.path().join("disk");
    fs::create_dir(&disk).unwrap();
    let Some(_mount) = Mount::new(&["-t", "tmpfs", "-o", "size=256k", "tmpfs"], &disk) else {
        return;
    };
    let (path, other) = (disk.join("weights"), disk.join("other"));
    let large = vec![1; 1 << 20];
    for linked in [false, true] {
        fs::write(&path, b"old").unwrap();
        if linked {
            fs::hard_link(&path, &other).unwrap();
        }
        let error = replace(&path, |file| file.write_all(&large)).unwrap_err();
        assert!(
            matches!(&error, Error::Io { source, .. } if source.kind() == ErrorKind::StorageFull),
            "{error}"
        );
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(
            fs::read_dir(&disk).unwrap().count(),
            1 + usize::from(linked)
        );
    }
    // Room for the copy, but not for the file beside it.
    let error = replace(&path, |file| file.write_all(&large[..200 << 10])).unwrap_err();
    let Error::InPlace { copy, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!(fs::read(copy).unwrap(), large[..200 << 10]);
    // Not valid by its other name, either.
    assert_eq!(fs::read(&other).unwrap()[..8], UNFINISHED);
}

#[test]
fn what_killed_saves_left_is_removed() {
    let folder = Folder::new();
    let path = folder.path().join("weights");
    for name in [".kiln-1-0.tmp", ".kiln-notes.tmp", "kiln-1-0.tmp", "a.tmp"] {
        folder.write(name, b"left");
    }
    fs::create_dir(folder.path().join(".kiln-1-1.tmp")).unwrap();
    symlink("a.tmp", folder.path().join(".kiln-1-2.tmp")).unwrap();
    folder.write(".kiln-1-3.tmp", b"being written");
    let held = File::open(folder.path().join(".kiln-1-3.tmp")).unwrap();
    held.lock().unwrap();
    let stays = [
        ".kiln-1-1.tmp",
        ".kiln-1-2.tmp",
        ".kiln-1-3.tmp",
        ".kiln-notes.tmp",
        "a.tmp",
        "kiln-1-0.tmp",
        "weights",
    ];
    replace(&path, |file| file.write_all(b"new")).unwrap();
    assert_eq!(names(&folder), stays);
    drop(held);
    // Also where the save itself fails.
    let failed = replace(&path, |_| Err(io::Error::other("on purpose")));
    assert!(failed.is_err());
    assert!(!names(&folder).iter().any(|name| name == ".kiln-1-3.tmp"));
    assert_eq!(fs::read(&path).unwrap(), b"new");
}
