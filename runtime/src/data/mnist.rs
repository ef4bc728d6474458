//! MNIST, and the sets that come in the same four files (Fashion-MNIST, KMNIST).

use super::{
    idx,
    samples::{Images, Samples},
};
use crate::error::{Error, Fault, Result, io};
use alloc::{format, string::String, vec::Vec};
use std::{
    fs, io as std_io,
    path::{Path, PathBuf},
};

/// Classes of MNIST.
const CLASSES: usize = 10;

/// Where MNIST can be had.
const DOWNLOAD: &str = "https://ossci-datasets.s3.amazonaws.com/mnist/";

/// Reads MNIST's 60,000 training images and 10,000 test images from a folder, pixels scaled to 0 to 1.
///
/// The folder contains the four files `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte`
/// and `t10k-labels-idx1-ubyte`, each plain or as `.gz`, also by the names `train-images.idx3-ubyte` and so on. Other
/// sets of 28 x 28 images in ten classes with these names are read as well. For sequences of rows,
/// [`squeeze`](Samples::squeeze) the samples.
///
/// Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: "Gradient-based learning applied to document recognition", Proceedings
/// of the IEEE, 1998.
///
/// ```no_run
/// let (train, test) = kiln::data::mnist("data/mnist")?;
/// assert_eq!((train.len(), test.len()), (60_000, 10_000));
/// let ([image], digit) = (&train.inputs()[0], train.targets()[0]);
/// assert!(image[14][14] <= 1.0 && digit < 10);
/// # Ok::<(), kiln::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::MissingFiles`] naming all that are not there, [`Error::Io`] for one that cannot be read, [`Error::Data`] for
/// one that is damaged, has a label of 10 or more, or counts of images and labels that differ.
pub fn mnist(directory: impl AsRef<Path>) -> Result<(Images<28, 28>, Images<28, 28>)> {
    let directory = directory.as_ref();
    let files = [
        ("train", "images", 3),
        ("train", "labels", 1),
        ("t10k", "images", 3),
        ("t10k", "labels", 1),
    ];
    let (mut paths, mut missing) = (Vec::new(), Vec::new());
    for (part, content, rank) in files {
        let names = names(part, content, rank);
        match find(directory, &names)? {
            Some(path) => paths.push(path),
            None => missing.push(names),
        }
    }
    let [train_images, train_labels, test_images, test_labels] = &paths[..] else {
        return Err(Error::MissingFiles {
            directory: directory.into(),
            missing,
            download: DOWNLOAD,
        });
    };
    Ok((
        pair(train_images, train_labels)?,
        pair(test_images, test_labels)?,
    ))
}

/// The names a file goes by.
fn names(part: &str, content: &str, rank: usize) -> Vec<String> {
    let stems = ["-", "."].map(|separator| format!("{part}-{content}{separator}idx{rank}-ubyte"));
    stems
        .into_iter()
        .flat_map(|stem| [format!("{stem}.gz"), stem])
        .collect()
}

/// The first of `names` that is a file in `directory`.
fn find(directory: &Path, names: &[String]) -> Result<Option<PathBuf>> {
    for name in names {
        let path = directory.join(name);
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_file() => return Ok(Some(path)),
            Ok(_) => {}
            // The folder's own name may be that of a file.
            Err(error)
                if matches!(
                    error.kind(),
                    std_io::ErrorKind::NotFound | std_io::ErrorKind::NotADirectory
                ) => {}
            Err(error) => return Err(io("open", &path)(error)),
        }
    }
    Ok(None)
}

/// Reads images and labels that belong together.
fn pair(images: &Path, labels: &Path) -> Result<Images<28, 28>> {
    let inputs = idx::images::<28, 28>(images)?;
    let targets = idx::labels(labels, CLASSES)?;
    if inputs.len() != targets.len() {
        let fault = Fault::Count {
            images: images.into(),
            expected: inputs.len(),
            found: targets.len(),
        };
        return Err(Error::Data {
            path: labels.into(),
            offset: 4,
            fault,
        });
    }
    Samples::new(inputs, targets)
}

#[cfg(test)]
mod tests {
    use super::{mnist, names};
    use crate::{
        data::idx::tests::{gzip, header},
        error::{Error, Fault},
        testing::Folder,
    };
    use alloc::{string::ToString, vec, vec::Vec};

    fn images(count: u32, pixel: u8) -> Vec<u8> {
        let mut bytes = header(8, &[count, 28, 28]);
        bytes.resize(bytes.len() + count as usize * 784, pixel);
        bytes
    }

    fn labels(labels: &[u8]) -> Vec<u8> {
        [&header(8, &[labels.len() as u32]), labels].concat()
    }

    #[test]
    fn the_four_files_are_found_by_all_their_names() {
        let folder = Folder::new();
        folder.write("train-images-idx3-ubyte", &images(3, 255));
        folder.write("train-labels.idx1-ubyte.gz", &gzip(&labels(&[0, 9, 5])));
        folder.write("t10k-images-idx3-ubyte.gz", &gzip(&images(2, 51)));
        folder.write("t10k-labels.idx1-ubyte", &labels(&[1, 2]));
        let (train, test) = mnist(folder.path()).unwrap();
        assert_eq!(train.targets(), [0, 9, 5]);
        assert_eq!(train.inputs(), vec![[[[1.0; 28]; 28]; 1]; 3]);
        assert_eq!(
            test.into_parts(),
            (vec![[[[0.2; 28]; 28]; 1]; 2], vec![1, 2])
        );
    }

    #[test]
    fn all_missing_files_are_named() {
        let folder = Folder::new();
        folder.write("train-images-idx3-ubyte", &images(1, 0));
        folder.write("t10k-labels-idx1-ubyte", &labels(&[1]));
        let error = mnist(folder.path()).unwrap_err();
        let Error::MissingFiles { missing, .. } = &error else {
            panic!("{error}")
        };
        assert_eq!(
            missing,
            &[names("train", "labels", 1), names("t10k", "images", 3)]
        );
        assert_eq!(
            missing[0],
            [
                "train-labels-idx1-ubyte.gz",
                "train-labels-idx1-ubyte",
                "train-labels.idx1-ubyte.gz",
                "train-labels.idx1-ubyte"
            ]
        );
        assert!(
            error.to_string().contains(missing[1][3].as_str()),
            "{error}"
        );
        let nowhere = mnist(folder.path().join("nowhere")).unwrap_err();
        assert!(
            matches!(&nowhere, Error::MissingFiles { missing, .. } if missing.len() == 4),
            "{nowhere}"
        );
    }

    #[test]
    fn images_and_labels_must_agree() {
        let folder = Folder::new();
        for part in ["train", "t10k"] {
            folder.write(&alloc::format!("{part}-images-idx3-ubyte"), &images(3, 0));
            folder.write(
                &alloc::format!("{part}-labels-idx1-ubyte"),
                &labels(&[1, 2]),
            );
        }
        let error = mnist(folder.path()).unwrap_err();
        let Error::Data {
            fault:
                Fault::Count {
                    expected: 3,
                    found: 2,
                    ..
                },
            ..
        } = &error
        else {
            panic!("{error}")
        };

        folder.write("train-labels-idx1-ubyte", &labels(&[1, 2, 10]));
        let error = mnist(folder.path()).unwrap_err();
        let Error::Data {
            offset: 10,
            fault:
                Fault::Label {
                    row: 2,
                    label: 10,
                    classes: 10,
                },
            ..
        } = &error
        else {
            panic!("{error}")
        };

        // Images where labels should be.
        folder.write("train-labels-idx1-ubyte", &images(3, 0));
        let error = mnist(folder.path()).unwrap_err();
        let Error::Data {
            offset: 3,
            fault:
                Fault::Rank {
                    expected: 1,
                    found: 3,
                },
            ..
        } = &error
        else {
            panic!("{error}")
        };
    }
}
