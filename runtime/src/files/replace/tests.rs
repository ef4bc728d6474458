//! An old file stays whole, and stays what it was: its links, owner and permissions.

#[cfg(unix)]
mod unix;

use super::replace;
use crate::{error::Error, testing::Folder};
use alloc::{format, string::ToString, vec, vec::Vec};
use std::{fs, io, io::Write, panic, thread};

fn names(folder: &Folder) -> Vec<std::string::String> {
    let entries = fs::read_dir(folder.path()).unwrap();
    let mut names = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect::<Vec<_>>();
    names.sort();
    names
}

#[test]
fn the_old_file_stays_whole_until_the_new_one_is() {
    let folder = Folder::new();
    folder.write("weights", b"the old file");
    let path = folder.path().join("weights");
    let new = b"the new file, which is longer";
    replace(&path, |file| {
        for byte in new {
            file.write_all(&[*byte])?;
            assert_eq!(fs::read(&path)?, b"the old file");
        }
        Ok(())
    })
    .unwrap();
    assert_eq!(fs::read(&path).unwrap(), new);
    assert_eq!(names(&folder), ["weights"]);
}

#[test]
fn a_failure_leaves_the_old_file_alone() {
    let folder = Folder::new();
    folder.write("weights", b"old");
    let path = folder.path().join("weights");
    let error = replace(&path, |file| {
        file.write_all(b"ne")?;
        Err(io::ErrorKind::StorageFull.into())
    });
    let message = error.unwrap_err().to_string();
    assert!(
        message.starts_with("cannot write `") && message.contains("weights"),
        "{message}"
    );
    let crash = panic::catch_unwind(|| {
        replace(&path, |file| {
            file.write_all(b"ne")?;
            panic!("on purpose")
        })
    });
    assert!(crash.is_err());
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(names(&folder), ["weights"]);
}

#[test]
fn names_that_are_no_files_are_refused() {
    let folder = Folder::new();
    let nowhere = folder.path().join("nowhere").join("weights");
    for path in [
        folder.path(),
        &nowhere,
        "".as_ref(),
        "/".as_ref(),
        "..".as_ref(),
    ] {
        let result = replace(path, |file| file.write_all(b"new"));
        assert!(
            matches!(result, Err(Error::Io { .. })),
            "{}",
            path.display()
        );
    }
    #[cfg(unix)]
    {
        let result = replace("/dev/null".as_ref(), |file| file.write_all(b"new"));
        assert!(matches!(result, Err(Error::Io { .. })));
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }
    assert!(names(&folder).is_empty());
}

#[cfg(unix)]
#[test]
fn links_and_permissions_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = Folder::new();
    folder.write("weights", b"old");
    let (path, link) = (folder.path().join("weights"), folder.path().join("link"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("weights", &link).unwrap();
    replace(&link, |file| file.write_all(b"new")).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read(&path).unwrap(), b"new");
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o640
    );
}

#[cfg(unix)]
#[test]
fn links_to_nothing_yet_are_followed() {
    use std::os::unix::fs::symlink;
    let folder = Folder::new();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("models")).unwrap();
    symlink("second", path("first")).unwrap();
    symlink("models/weights", path("second")).unwrap();
    replace(&path("first"), |file| file.write_all(b"new")).unwrap();
    assert_eq!(fs::read(path("models/weights")).unwrap(), b"new");
    for link in ["first", "second"] {
        assert!(fs::symlink_metadata(path(link)).unwrap().is_symlink());
    }

    symlink("round", path("about")).unwrap();
    symlink("about", path("round")).unwrap();
    let result = replace(&path("round"), |file| file.write_all(b"new"));
    assert!(matches!(result, Err(Error::Io { .. })));
    assert!(fs::symlink_metadata(path("round")).unwrap().is_symlink());
}

#[test]
fn read_only_files_stay() {
    let folder = Folder::new();
    folder.write("weights", b"old");
    let path = folder.path().join("weights");
    let before = fs::metadata(&path).unwrap().permissions();
    let mut permissions = before.clone();
    permissions.set_readonly(true);
    fs::set_permissions(&path, permissions).unwrap();
    let error = replace(&path, |file| file.write_all(b"new")).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "cannot write `{}`: the file is read-only; check its permissions",
            path.display()
        )
    );
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(names(&folder), ["weights"]);
    fs::set_permissions(&path, before).unwrap();
}

#[test]
fn saves_at_once_do_not_mix() {
    let folder = Folder::new();
    let path = folder.path().join("weights");
    let contents = (b'a'..b'i')
        .map(|byte| vec![byte; 4096])
        .collect::<Vec<_>>();
    thread::scope(|scope| {
        for content in &contents {
            scope.spawn(|| {
                for _ in 0..4 {
                    replace(&path, |file| {
                        content
                            .chunks(512)
                            .try_for_each(|part| file.write_all(part))
                    })
                    .unwrap();
                    assert!(contents.contains(&fs::read(&path).unwrap()));
                }
            });
        }
    });
    assert_eq!(names(&folder), ["weights"]);
}
