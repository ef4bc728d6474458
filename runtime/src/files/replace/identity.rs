//! What a file is apart from its content: its owner, its permissions and how many names it has.

#[cfg(unix)]
pub use unix::{Identity, drop_set_id, is_at};

#[cfg(not(unix))]
pub use other::{Identity, drop_set_id, is_at};

#[cfg(unix)]
mod unix {
    use std::{
        fs::{self, File, Metadata, OpenOptions, Permissions},
        io::Result,
        os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown},
        path::Path,
    };

    /// Reading, writing and running, of the owner, the group and others; not running as the owner or the group.
    const PERMISSIONS: u32 = 0o777;

    /// Owner, group, permissions and number of names.
    pub struct Identity {
        user: u32,
        group: u32,
        mode: u32,
        links: u64,
    }

    impl Identity {
        pub fn of(metadata: &Metadata) -> Self {
            Self {
                user: metadata.uid(),
                group: metadata.gid(),
                mode: metadata.mode() & PERMISSIONS,
                links: metadata.nlink(),
            }
        }

        /// Whether the file has more than one name.
        pub fn is_linked(&self) -> bool {
            self.links > 1
        }

        /// Lets a file be created with the owner's permissions alone: its group is not yet the right one.
        pub fn restrict(&self, options: &mut OpenOptions) {
            options.mode(self.mode & 0o700);
        }

        /// Gives a file this owner and group, where this is permitted, and these permissions.
        pub fn give_to(&self, file: &File) -> Result<()> {
            let now = file.metadata()?;
            if (now.uid(), now.gid()) != (self.user, self.group) {
                // Who may not give a file away may still give it to another of their groups.
                let _ = fchown(file, Some(self.user), Some(self.group))
                    .or_else(|_| fchown(file, None, Some(self.group)));
            }
            // What a group may do is not for another group.
            let mode = if file.metadata()?.gid() == self.group {
                self.mode
            } else {
                self.mode & 0o707 | self.mode & self.mode << 3 & 0o070
            };
            // Where permissions are not kept at all, they cannot be set either.
            if file.metadata()?.mode() & PERMISSIONS == mode {
                return Ok(());
            }
            file.set_permissions(Permissions::from_mode(mode))
        }
    }

    /// A file of another content does not run as its owner or its group.
    pub fn drop_set_id(file: &File) -> Result<()> {
        let mode = file.metadata()?.mode();
        if mode & 0o6000 == 0 {
            return Ok(());
        }
        file.set_permissions(Permissions::from_mode(mode & PERMISSIONS))
    }

    /// Whether an open file is the one at `path`.
    pub fn is_at(file: &File, path: &Path) -> bool {
        match (file.metadata(), fs::symlink_metadata(path)) {
            (Ok(file), Ok(at)) => (file.dev(), file.ino()) == (at.dev(), at.ino()),
            _ => false,
        }
    }
}

#[cfg(not(unix))]
mod other {
    use std::{
        fs::{self, File, Metadata, OpenOptions, Permissions},
        io::Result,
        path::Path,
    };

    /// Permissions: the standard library tells no more here.
    pub struct Identity(Permissions);

    impl Identity {
        pub fn of(metadata: &Metadata) -> Self {
            Self(metadata.permissions())
        }

        /// Not told here.
        pub fn is_linked(&self) -> bool {
            false
        }

        /// A folder decides here who may open its files.
        pub fn restrict(&self, _: &mut OpenOptions) {}

        pub fn give_to(&self, file: &File) -> Result<()> {
            file.set_permissions(self.0.clone())
        }
    }

    /// There is nothing to drop here.
    pub fn drop_set_id(_: &File) -> Result<()> {
        Ok(())
    }

    /// Whether there is a file at `path`: names are not given twice.
    pub fn is_at(_: &File, path: &Path) -> bool {
        fs::symlink_metadata(path).is_ok()
    }
}
