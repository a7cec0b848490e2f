//! The data directory: private to its owner, and used by one process at a time.

use crate::StoreError;
use std::fs::{DirBuilder, File, Metadata, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// A data directory that this process uses alone. The lock goes with it; the system takes it back when the process dies.
#[derive(Debug)]
pub struct DataDirectory {
    path: PathBuf,
    _lock: File,
}

impl DataDirectory {
    /// Takes the directory, which is made (mode 0700) where there is none. Whoever does anything to what belongs to a data
    /// directory, its cgroups for example, has it first.
    ///
    /// # Errors
    /// [`StoreError::InUse`], [`StoreError::WrongOwner`], [`StoreError::Exposed`], and what the disk says.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let making = StoreError::io("make the data directory", path);
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(making)?;
        let using = || StoreError::io("use the data directory", path);
        let path = path.canonicalize().map_err(using())?;
        check_owner(&path, &path.metadata().map_err(using())?)?;
        let lock = lock(&path)?;
        Ok(Self { path, _lock: lock })
    }

    /// Its absolute path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.path.join("lambent.db")
    }

    pub(crate) fn blobs(&self) -> PathBuf {
        self.path.join("blobs")
    }
}

/// Whoever else could put files into it could put other data in the place of ours.
fn check_owner(dir: &Path, metadata: &Metadata) -> Result<(), StoreError> {
    let runs_as = rustix::process::geteuid().as_raw();
    if metadata.uid() != runs_as {
        return Err(StoreError::WrongOwner { dir: dir.to_owned(), owner: metadata.uid(), runs_as });
    }
    let mode = metadata.mode() & 0o7777;
    if mode & 0o022 != 0 {
        return Err(StoreError::Exposed { dir: dir.to_owned(), mode });
    }
    Ok(())
}

fn lock(dir: &Path) -> Result<File, StoreError> {
    let path = dir.join("lambent.lock");
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(StoreError::io("open", &path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(StoreError::InUse { dir: dir.to_owned(), pid: holder(&mut file) });
        }
        Err(TryLockError::Error(error)) => return Err(StoreError::io("lock", &path)(error)),
    }
    note_holder(&mut file).map_err(StoreError::io("write", &path))?;
    Ok(file)
}

fn note_holder(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
