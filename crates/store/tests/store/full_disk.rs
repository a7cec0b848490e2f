//! A disk that is really full: a small tmpfs.

use crate::engines;
use crate::fixture::{Fixture, Note, commit, key, note};
use bytes::Bytes;
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::StoreError;

/// A tmpfs of four megabytes that goes away with the test.
struct Small(PathBuf);

impl Small {
    fn mount(at: &Path) -> rustix::io::Result<Self> {
        mount("tmpfs", at, "tmpfs", MountFlags::NOSUID | MountFlags::NODEV, Some(c"size=4m,mode=0700"))?;
        Ok(Self(at.to_owned()))
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = unmount(&self.0, UnmountFlags::DETACH);
    }
}

#[tokio::test]
async fn a_full_disk_is_said_and_survived_needs_root() {
    let fixture = Fixture::sqlite();
    let _small = match Small::mount(fixture.path()) {
        Ok(small) => small,
        Err(error) => {
            eprintln!("SKIPPED a_full_disk_is_said_and_survived_needs_root: can't mount a tmpfs: {error}");
            return;
        }
    };
    let store = engines::sqlite(fixture.path(), Arc::clone(&fixture.sealer)).unwrap();
    let ballast = store.blobs().put(Bytes::from(vec![1; 2_000_000])).await.unwrap();
    let big = store.blobs().put(Bytes::from(vec![1; 3_000_000])).await;
    assert!(matches!(big, Err(StoreError::Full)));

    let mut written = 0;
    let refusal = loop {
        match commit!(store, insert(&key(&format!("{written:03}")), &note("x".repeat(50_000)))) {
            Ok(_) => written += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(refusal, StoreError::Full), "{refusal}");
    assert!(written > 5, "the disk was full after {written}");
    store.blobs().delete(ballast.id()).await.unwrap();
    commit!(store, insert(&key(&format!("{written:03}")), &note("room again"))).unwrap();
    drop(store);

    let store = fixture.open();
    let all = store.scan::<Note>(&store::Prefix::all(), None, 999).await.unwrap();
    assert_eq!(all.len(), written + 1);
    drop(store);
}
