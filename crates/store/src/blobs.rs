//! The blob area: large values, each sealed in a file of its own.
//!
//! A blob is written under `new/`, made durable, and renamed to its place `ab/<id>` (the first two digits of its id);
//! then the folder is made durable. So a file at its place is whole. What is under `new/` when the area is opened was
//! never finished and is removed.

use crate::{BlobId, Damage, StoreError, Sweep};
use bytes::Bytes;
use seal::{Place, SealError, Sealer};
use std::collections::HashSet;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many blobs are written or read at the same time; others wait.
const AT_ONCE: usize = 4;

/// A blob that was just put. While this lives, no sweep takes the blob away: hand it to
/// [`crate::Transaction::hold`] of the transaction whose record names the blob.
#[must_use = "hand it to the transaction that names the blob"]
pub struct FreshBlob {
    id: BlobId,
    fresh: Fresh,
}

/// The ids of blobs that no committed record may name yet.
pub(crate) type Fresh = Arc<Mutex<HashSet<BlobId>>>;

/// The blob area of a store.
pub struct Blobs {
    area: Arc<Area>,
    slots: Arc<Semaphore>,
}

/// Where the blobs are; what runs on blocking threads needs no more.
pub(crate) struct Area {
    dir: PathBuf,
    sealer: Arc<Sealer>,
    fresh: Fresh,
}

impl Blobs {
    pub(crate) fn open(dir: &Path, sealer: Arc<Sealer>) -> Result<Self, StoreError> {
        let area = Area { dir: dir.to_owned(), sealer, fresh: Fresh::default() };
        make_dir(&area.dir)?;
        make_dir(&area.unfinished())?;
        area.remove_unfinished()?;
        Ok(Self { area: Arc::new(area), slots: Arc::new(Semaphore::new(AT_ONCE)) })
    }

    /// Keeps these bytes. When this returns, they are durable.
    ///
    /// # Errors
    /// [`StoreError::Full`] and what the disk says.
    pub async fn put(&self, bytes: Bytes) -> Result<FreshBlob, StoreError> {
        self.put_from(io::Cursor::new(bytes)).await
    }

    /// Keeps what `from` gives until its end, holding no more than a segment of it in memory.
    ///
    /// # Errors
    /// As for [`Blobs::put`], and what `from` says.
    pub async fn put_from(&self, from: impl Read + Send + 'static) -> Result<FreshBlob, StoreError> {
        self.run(move |area| area.put(from)).await
    }

    /// A blob's bytes.
    ///
    /// # Errors
    /// [`StoreError::NoBlob`], [`StoreError::Corrupt`] and what the disk says.
    pub async fn get(&self, id: BlobId) -> Result<Bytes, StoreError> {
        self.run(move |area| area.get(id)).await
    }

    /// Deletes a blob, if it is there.
    ///
    /// # Errors
    /// What the disk says.
    pub async fn delete(&self, id: BlobId) -> Result<(), StoreError> {
        self.run(move |area| area.delete(id)).await
    }

    /// Begins to remove blobs that no record names: first this, then collect the ids that records name, then
    /// [`Sweep::finish`].
    ///
    /// # Errors
    /// What the disk says.
    pub async fn begin_sweep(&self) -> Result<Sweep, StoreError> {
        self.run(|area| Sweep::begin(Arc::clone(area))).await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Arc<Area>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let slots = Arc::clone(&self.slots);
        let slot: OwnedSemaphorePermit = slots.acquire_owned().await.map_err(|_| StoreError::Closed)?;
        let area = Arc::clone(&self.area);
        let done = tokio::task::spawn_blocking(move || {
            let result = work(&area);
            drop(slot);
            result
        });
        done.await.map_err(|_| StoreError::Closed)?
    }
}

impl Area {
    fn put(&self, mut from: impl Read) -> Result<FreshBlob, StoreError> {
        let id = BlobId::new(seal::random_bytes()?);
        let blob = FreshBlob::new(id, &self.fresh);
        let unfinished = self.unfinished().join(id.to_string());
        let written = self.write(&unfinished, id, &mut from).and_then(|()| self.place(&unfinished, id));
        if written.is_err() {
            // Best effort: what stays is removed when the area is opened again.
            let _ = std::fs::remove_file(&unfinished);
        }
        written.map(|()| blob)
    }

    fn write(&self, path: &Path, id: BlobId, from: &mut impl Read) -> Result<(), StoreError> {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        let file = file.map_err(StoreError::io("create", path))?;
        let mut writer = self.sealer.writer(&Place { table: "blobs", key: &id.to_string() }, file)?;
        io::copy(from, &mut writer)
            .and_then(|_| writer.finish())
            .and_then(|file| file.sync_all())
            .map_err(StoreError::io("write", path))
    }

    fn place(&self, unfinished: &Path, id: BlobId) -> Result<(), StoreError> {
        let path = self.path(id);
        let folder = self.folder(id);
        if !folder.is_dir() {
            make_dir(&folder)?;
            sqlite::sync_dir(&self.dir)?;
        }
        std::fs::rename(unfinished, &path).map_err(StoreError::io("rename to", &path))?;
        Ok(sqlite::sync_dir(&folder)?)
    }

    fn get(&self, id: BlobId) -> Result<Bytes, StoreError> {
        let (mut reader, sealed) = self.reader(id)?;
        let length = seal::opened_len(sealed).and_then(|length| usize::try_from(length).ok());
        let mut bytes = Vec::with_capacity(length.ok_or_else(|| corrupt(id, SealError::Tampered))?);
        reader.read_to_end(&mut bytes).map_err(|error| self.failed(id, error))?;
        Ok(bytes.into())
    }

    fn reader(&self, id: BlobId) -> Result<(seal::Reader<File>, u64), StoreError> {
        let file = File::open(self.path(id)).map_err(|error| self.failed(id, error))?;
        let length = file.metadata().map_err(|error| self.failed(id, error))?.len();
        let place = id.to_string();
        let reader = self.sealer.reader(&Place { table: "blobs", key: &place }, file);
        Ok((reader.map_err(|error| self.failed(id, error))?, length))
    }

    pub(crate) fn delete(&self, id: BlobId) -> Result<(), StoreError> {
        match std::fs::remove_file(self.path(id)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(self.failed(id, error)),
            _ => Ok(()),
        }
    }

    /// All blobs at their places.
    pub(crate) fn ids(&self) -> Result<HashSet<BlobId>, StoreError> {
        let mut ids = HashSet::new();
        for folder in names(&self.dir)? {
            let path = self.dir.join(&folder);
            if folder.len() == 2 && path.is_dir() {
                ids.extend(names(&path)?.iter().filter_map(|name| name.parse::<BlobId>().ok()));
            }
        }
        Ok(ids)
    }

    pub(crate) fn fresh(&self) -> HashSet<BlobId> {
        self.fresh.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn remove_unfinished(&self) -> Result<(), StoreError> {
        let dir = self.unfinished();
        for name in names(&dir)? {
            let path = dir.join(name);
            std::fs::remove_file(&path).map_err(StoreError::io("remove", &path))?;
        }
        Ok(())
    }

    fn failed(&self, id: BlobId, error: io::Error) -> StoreError {
        if error.kind() == io::ErrorKind::NotFound {
            return StoreError::NoBlob(id);
        }
        match error.downcast::<SealError>() {
            Ok(damage) => corrupt(id, damage),
            Err(error) => StoreError::io("use", &self.path(id))(error),
        }
    }

    fn unfinished(&self) -> PathBuf {
        self.dir.join("new")
    }

    fn folder(&self, id: BlobId) -> PathBuf {
        self.dir.join(&id.to_string()[..2])
    }

    fn path(&self, id: BlobId) -> PathBuf {
        self.folder(id).join(id.to_string())
    }
}

fn corrupt(id: BlobId, damage: SealError) -> StoreError {
    StoreError::Corrupt { table: "blobs", key: id.to_string(), damage: Damage::Sealed(damage) }
}

fn make_dir(path: &Path) -> Result<(), StoreError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(StoreError::io("make the folder", path))
}

fn names(dir: &Path) -> Result<Vec<String>, StoreError> {
    let list = || std::fs::read_dir(dir)?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>();
    let names = list().map_err(StoreError::io("list", dir))?;
    Ok(names.into_iter().filter_map(|name| name.into_string().ok()).collect())
}

impl FreshBlob {
    fn new(id: BlobId, fresh: &Fresh) -> Self {
        fresh.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
        Self { id, fresh: Arc::clone(fresh) }
    }

    /// The blob's id.
    pub fn id(&self) -> BlobId {
        self.id
    }
}

impl Drop for FreshBlob {
    fn drop(&mut self) {
        self.fresh.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}
