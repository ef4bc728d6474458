//! Several arrays in a file: `numpy.savez` and `numpy.savez_compressed`.

use super::{content::Npy, zip::Archive};
use crate::error::{Error, Fault, Result, io, nearest::nearest};
use alloc::{
    boxed::Box,
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::fmt;
use std::{
    fs::File,
    io::{BufReader, Cursor},
    path::{Path, PathBuf},
};

/// An archive of arrays, each of which is read when it is asked for.
pub struct Npz {
    path: PathBuf,
    archive: Archive,
}

impl Npz {
    /// Opens a file and reads the list of its arrays.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if it cannot be read, [`Error::Data`] with the byte if it is no valid zip file.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let file = File::open(path).map_err(io("open", path))?;
        Self::of(path, Archive::open(path, Box::new(BufReader::new(file))))
    }

    /// The bytes of a file; `name` stands for its path in errors.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] with the byte if they are no valid zip file.
    pub fn parse(name: impl AsRef<Path>, bytes: impl Into<Vec<u8>>) -> Result<Self> {
        let path = name.as_ref();
        Self::of(
            path,
            Archive::open(path, Box::new(Cursor::new(bytes.into()))),
        )
    }

    fn of(path: &Path, archive: Result<Archive>) -> Result<Self> {
        Ok(Self {
            path: path.into(),
            archive: archive?,
        })
    }

    /// Names of the arrays, in the order of the file.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let entries = self.archive.entries.iter();
        entries.filter_map(|entry| entry.name.strip_suffix(".npy"))
    }

    /// Reads an array by its name: `savez(path, images=array)` calls it `images`, `savez(path, array)` calls it `arr_0`.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] if there is no array of this name, it is packed in a way that NumPy does not know, its checksum is
    /// wrong, or it is no valid `.npy` file, whose bytes are counted from its own first then; [`Error::Io`] if the file
    /// cannot be read.
    pub fn array(&mut self, name: &str) -> Result<Npy> {
        let file = format!("{name}.npy");
        let entries = &self.archive.entries;
        let Some(index) = entries.iter().position(|entry| entry.name == file) else {
            return Err(self.unknown(name));
        };
        let path = self.path.join(&file);
        let size = entries[index].size;
        let mut reader = self.archive.reader(&self.path, index)?;
        // The size is the archive's word: nothing is given memory for it before it is unpacked.
        let array = Npy::read(&path, &mut reader, None)?;
        if reader.ends_well() {
            return Ok(array);
        }
        let reason =
            "the checksum of the array is wrong; the file is damaged, so save or fetch it again";
        Err(Error::Data {
            path,
            offset: size,
            fault: Fault::Zip {
                reason: reason.into(),
            },
        })
    }

    fn unknown(&self, name: &str) -> Error {
        let names = self
            .names()
            .map(ToString::to_string)
            .collect::<Vec<String>>();
        let mut reason = format!("the file has no array `{}`; ", name.escape_debug());
        reason += &match (nearest(name, names.iter().map(String::as_str)), &names[..]) {
            (Some(nearest), _) => format!("did you mean `{}`?", nearest.escape_debug()),
            (None, []) => "it has none at all".into(),
            (None, names) => {
                let shown = names
                    .iter()
                    .take(20)
                    .map(|name| format!("`{}`", name.escape_debug()));
                format!("it has {}", shown.collect::<Vec<_>>().join(", "))
            }
        };
        Error::Data {
            path: self.path.clone(),
            offset: 0,
            fault: Fault::Zip { reason },
        }
    }
}

impl fmt::Debug for Npz {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Npz")
            .field("path", &self.path)
            .field("names", &self.names().collect::<Vec<_>>())
            .finish()
    }
}
