//! The blob area: what is put is there, what nobody names is swept, what is under way is not.

use crate::engines;
use crate::fixture::{Fixture, commit, key, note};
use bytes::Bytes;
use std::collections::HashSet;
use std::fs;
use std::io::{self, Read};
use std::path::Path;
use store::{BlobId, StoreError, Transaction};

fn count(dir: &Path) -> usize {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { count(&path) } else { 1 }).sum()
}

#[tokio::test]
async fn blobs_of_all_sizes_survive() {
    let fixture = Fixture::sqlite();
    let store = fixture.open();
    let mut put = Vec::new();
    for length in [0, 1, 1000, 256 << 10, (256 << 10) + 1, 3_000_000] {
        let bytes = Bytes::from((0..length).map(|i| (i % 249) as u8).collect::<Vec<_>>());
        put.push((store.blobs().put(bytes.clone()).await.unwrap().id(), bytes));
    }
    drop(store);
    let store = fixture.open();
    for (id, bytes) in put {
        assert!(store.blobs().get(id).await.unwrap() == bytes);
    }
}

#[tokio::test]
async fn a_deleted_blob_is_gone_and_may_be_deleted_again() {
    let store = Fixture::opened(engines::sqlite);
    let id = store.blobs().put(Bytes::from_static(b"x")).await.unwrap().id();
    for _ in 0..2 {
        store.blobs().delete(id).await.unwrap();
        assert!(matches!(store.blobs().get(id).await, Err(StoreError::NoBlob(_))));
    }
}

/// Gives some bytes and then fails, as a client that goes away does.
struct Breaking(usize);

impl Read for Breaking {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.0 == 0 {
            return Err(io::Error::other("gone"));
        }
        let count = into.len().min(self.0);
        self.0 -= count;
        Ok(count)
    }
}

#[tokio::test]
async fn a_put_that_breaks_off_leaves_nothing() {
    let fixture = Fixture::sqlite();
    let store = fixture.open();
    assert!(store.blobs().put_from(Breaking(600_000)).await.is_err());
    assert_eq!(count(&fixture.path().join("blobs")), 0);
}

#[tokio::test]
async fn what_was_never_finished_is_removed_at_the_next_start() {
    let fixture = Fixture::sqlite();
    drop(fixture.open());
    fs::write(fixture.path().join("blobs/new/0123"), "half a blob").unwrap();
    drop(fixture.open());
    assert_eq!(count(&fixture.path().join("blobs")), 0);
}

#[tokio::test]
async fn a_sweep_takes_what_nobody_names() {
    let store = Fixture::opened(engines::sqlite);
    let put =
        async |text: &'static str| store.blobs().put(Bytes::from_static(text.as_bytes())).await.unwrap();
    let (named, lost, fresh) = (put("named").await.id(), put("lost").await.id(), put("fresh").await);
    let sweep = store.blobs().begin_sweep().await.unwrap();
    let late = put("late").await.id();
    assert_eq!(sweep.finish(HashSet::from([named])).await.unwrap(), 1);
    assert!(matches!(store.blobs().get(lost).await, Err(StoreError::NoBlob(_))));
    for kept in [named, fresh.id(), late] {
        assert!(store.blobs().get(kept).await.is_ok());
    }
}

#[tokio::test]
async fn a_blob_is_safe_from_put_to_commit() {
    let store = Fixture::opened(engines::sqlite);
    let fresh = store.blobs().put(Bytes::from_static(b"code")).await.unwrap();
    let id = fresh.id();
    let mut transaction = Transaction::new();
    transaction.insert(&key("f"), &note(id.to_string())).hold(fresh);
    let nothing = HashSet::new;
    assert_eq!(store.blobs().begin_sweep().await.unwrap().finish(nothing()).await.unwrap(), 0);
    store.commit(transaction).await.unwrap();
    assert!(store.blobs().get(id).await.is_ok());
    assert_eq!(store.blobs().begin_sweep().await.unwrap().finish(nothing()).await.unwrap(), 1);
}

#[tokio::test]
async fn a_blob_of_a_refused_transaction_is_swept() {
    let store = Fixture::opened(engines::sqlite);
    commit!(store, insert(&key("f"), &note("first"))).unwrap();
    let fresh = store.blobs().put(Bytes::from_static(b"code")).await.unwrap();
    commit!(store, insert(&key("f"), &note("second")).hold(fresh)).unwrap_err();
    let sweep = store.blobs().begin_sweep().await.unwrap();
    assert_eq!(sweep.finish(HashSet::new()).await.unwrap(), 1);
}

#[test]
fn only_an_id_names_a_blob() {
    for bad in ["", "..", "../../lambent.db", "0123", &"0".repeat(33), &"A".repeat(32), &"g".repeat(32)] {
        assert!(bad.parse::<BlobId>().is_err(), "{bad}");
    }
    let id = "0123456789abcdef0123456789abcdef";
    assert_eq!(id.parse::<BlobId>().unwrap().to_string(), id);
}
