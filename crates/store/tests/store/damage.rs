//! What was changed behind the store's back is found and named; the rest stays readable.

use crate::fixture::{Fixture, Note, commit, commit_filled, key, note, text};
use bytes::Bytes;
use rusqlite::{Connection, params};
use std::fs;
use std::path::PathBuf;
use store::{BlobId, Prefix, Store, StoreError};

fn database(fixture: &Fixture) -> Connection {
    Connection::open(fixture.path().join("lambent.db")).unwrap()
}

async fn with_three_notes(fixture: &Fixture) -> Store {
    let store = fixture.open();
    commit_filled(&store, |tx| {
        for at in ["1/a", "1/b", "1/c"] {
            tx.put(&key(at), &note(at));
        }
    })
    .await
    .unwrap();
    store
}

#[track_caller]
fn assert_corrupt<T>(result: Result<T, StoreError>, table: &str, at: &str) {
    match result.map(drop) {
        Err(StoreError::Corrupt { table: found, key: found_key, .. }) => {
            assert_eq!((found, found_key.as_str()), (table, key(at).as_str()));
        }
        other => panic!("not found to be corrupt: {other:?}"),
    }
}

#[tokio::test]
async fn a_changed_row_is_named_and_the_others_are_read() {
    let fixture = Fixture::sqlite();
    let store = with_three_notes(&fixture).await;
    let spoil = "UPDATE records SET value = CAST(substr(value, 1, 60) || x'00' || substr(value, 62) AS BLOB) WHERE key = ?1";
    assert_eq!(database(&fixture).execute(spoil, [key("1/b").as_str()]).unwrap(), 1);

    let result = store.get::<Note>(&key("1/b")).await;
    let message = result.as_ref().unwrap_err().to_string();
    assert!(message.starts_with("notes 1/b can't be read: "), "{message}");
    assert_corrupt(result, "notes", "1/b");
    assert_corrupt(store.scan::<Note>(&Prefix::all(), None, 9).await, "notes", "1/b");
    assert_eq!(text(&store, "1/a").await.as_deref(), Some("1/a"));
    let rest = store.scan::<Note>(&Prefix::all(), Some(&key("1/b")), 9).await.unwrap();
    assert_eq!(rest[0].value.text, "1/c");
    commit!(store, put(&key("1/b"), &note("mended"))).unwrap();
    assert_eq!(text(&store, "1/b").await.as_deref(), Some("mended"));
}

#[tokio::test]
async fn exchanged_values_are_found() {
    let fixture = Fixture::sqlite();
    let store = with_three_notes(&fixture).await;
    let copy = "UPDATE records SET value = (SELECT value FROM records WHERE key = ?1) WHERE key = ?2";
    database(&fixture).execute(copy, [key("1/a").as_str(), key("1/c").as_str()]).unwrap();
    assert_corrupt(store.get::<Note>(&key("1/c")).await, "notes", "1/c");
    let moved = "UPDATE records SET tbl = 'counters' WHERE key = ?1";
    database(&fixture).execute(moved, [key("1/a").as_str()]).unwrap();
    let elsewhere = store.get::<crate::fixture::Counter>(&key("1/a")).await;
    assert_corrupt(elsewhere, "counters", "1/a");
}

#[tokio::test]
async fn exchanged_log_entries_are_found() {
    let fixture = Fixture::sqlite();
    let store = fixture.open();
    commit!(store, append("audit", &"a").append("audit", &"b")).unwrap();
    let copy =
        "UPDATE entries SET value = (SELECT value FROM entries WHERE position = ?1) WHERE position = ?2";
    database(&fixture).execute(copy, params![1, 2]).unwrap();
    assert_corrupt(store.read_log::<String>("audit", 0, 9).await, "audit", "2");
    assert_eq!(store.read_log::<String>("audit", 0, 1).await.unwrap(), [(1, "a".to_owned())]);
}

async fn two_blobs(store: &Store) -> (BlobId, BlobId) {
    let (left, right) =
        (store.blobs().put(Bytes::from_static(b"left")), store.blobs().put(Bytes::from_static(b"right")));
    (left.await.unwrap().id(), right.await.unwrap().id())
}

fn file(fixture: &Fixture, id: BlobId) -> PathBuf {
    fixture.path().join(format!("blobs/{}/{id}", &id.to_string()[..2]))
}

#[tokio::test]
async fn changed_and_exchanged_blobs_are_found() {
    let fixture = Fixture::sqlite();
    let store = fixture.open();
    let (left, right) = two_blobs(&store).await;
    fs::copy(file(&fixture, left), file(&fixture, right)).unwrap();
    assert_corrupt(store.blobs().get(right).await, "blobs", &right.to_string());
    assert_eq!(store.blobs().get(left).await.unwrap(), "left");
    for length in [0, 40, 50, 70] {
        fs::OpenOptions::new().write(true).open(file(&fixture, right)).unwrap().set_len(length).unwrap();
        assert_corrupt(store.blobs().get(right).await, "blobs", &right.to_string());
    }
    fs::remove_file(file(&fixture, left)).unwrap();
    assert!(matches!(store.blobs().get(left).await, Err(StoreError::NoBlob(id)) if id == left));
}
