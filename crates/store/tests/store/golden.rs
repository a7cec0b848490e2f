//! Stored forms stay readable: the check that other crates use for their records, and a whole data directory of each
//! schema version that ever existed.

use crate::fixture::{Note, key, note};
use bytes::Bytes;
use seal::{RootKey, Sealer};
use serde::{Deserialize, Serialize};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::{BlobId, Record, Store, Transaction, UpgradeError};

#[derive(Serialize, Deserialize)]
struct First {
    name: String,
}

#[derive(Serialize, Deserialize)]
struct Second {
    names: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct Careless {
    title: String,
}

impl Record for First {
    const TABLE: &'static str = "things";
    const VERSION: u16 = 1;
}

impl Record for Careless {
    const TABLE: &'static str = "things";
    const VERSION: u16 = 1;
}

impl Record for Second {
    const TABLE: &'static str = "things";
    const VERSION: u16 = 2;

    fn upgrade(from: u16, json: serde_json::Value) -> Result<Self, UpgradeError> {
        match from {
            1 => {
                let First { name } = serde_json::from_value(json)?;
                Ok(Self { names: vec![name] })
            }
            other => Err(UpgradeError::UnknownVersion(other)),
        }
    }
}

fn verdict<R: Record>(folder: &Path, example: &R) -> Result<(), String> {
    let checked = catch_unwind(AssertUnwindSafe(|| store::golden::check(folder, example)));
    checked.map_err(|panic| panic.downcast_ref::<String>().cloned().unwrap_or_default())
}

#[test]
fn a_form_is_written_once_and_then_held() {
    let dir = tempfile::tempdir().unwrap();
    let first = First { name: "a".to_owned() };
    let missing = verdict(dir.path(), &first).unwrap_err();
    assert!(missing.contains("things.v1.json was missing and has been written"), "{missing}");
    assert_eq!(verdict(dir.path(), &first), Ok(()));

    let changed = verdict(dir.path(), &First { name: "b".to_owned() }).unwrap_err();
    assert!(changed.contains("the stored form of things has changed"), "{changed}");
    let careless = verdict(dir.path(), &Careless { title: "a".to_owned() }).unwrap_err();
    assert!(careless.contains("can't be read any more"), "{careless}");

    let second = Second { names: vec!["a".to_owned()] };
    assert!(verdict(dir.path(), &second).unwrap_err().contains("things.v2.json was missing"));
    assert_eq!(verdict(dir.path(), &second), Ok(()));
    fs::remove_file(dir.path().join("things.v1.json")).unwrap();
    assert!(verdict(dir.path(), &second).is_err(), "an old form's file must stay");
}

#[tokio::test]
async fn an_old_record_is_read_as_the_new_type() {
    let dir = tempfile::tempdir().unwrap();
    let sealer = Arc::new(Sealer::new(RootKey::generate().unwrap()).unwrap());
    let store = Store::open(dir.path(), sealer).unwrap();
    let mut transaction = Transaction::new();
    transaction.insert(&key("old"), &First { name: "a".to_owned() });
    transaction.insert(&key("new"), &Second { names: vec![] });
    store.commit(transaction).await.unwrap();
    assert_eq!(store.get::<Second>(&key("old")).await.unwrap().unwrap().value.names, ["a"]);
    let error = store.get::<First>(&key("new")).await.err().unwrap().to_string();
    assert!(error.contains("things new") && error.contains("version 2 is not known"), "{error}");
}

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name())).unwrap();
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else {
            fs::copy(&path, to.join(name)).unwrap();
        }
    }
}

/// Opens a copy of a golden data directory, or makes it where there is none.
fn open(dir: &Path, kept: &str) -> Store {
    let root_key = dir.join("root.key");
    fs::copy(golden("root.key"), &root_key).unwrap();
    fs::set_permissions(&root_key, fs::Permissions::from_mode(0o600)).unwrap();
    let sealer = Arc::new(Sealer::new(RootKey::load(&root_key).unwrap()).unwrap());
    if golden(kept).is_dir() {
        copy(&golden(kept), &dir.join("data"));
    }
    Store::open(&dir.join("data"), sealer).unwrap()
}

async fn make(dir: &Path, store: Store, kept: &str) {
    let blob = store.blobs().put(Bytes::from_static(b"a blob")).await.unwrap();
    let mut transaction = Transaction::new();
    transaction.insert(&key("1/a"), &note("a note")).insert(&key("blob"), &note(blob.id().to_string()));
    transaction.append("audit", &"an entry").hold(blob);
    store.commit(transaction).await.unwrap();
    drop(store);
    fs::remove_file(dir.join("data/lambent.lock")).unwrap();
    copy(&dir.join("data"), &golden(kept));
}

#[tokio::test]
async fn a_data_directory_of_schema_1_opens() {
    let kept = "data.v1";
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), kept);
    if !golden(kept).is_dir() {
        make(dir.path(), store, kept).await;
        panic!("{kept} was missing and has been made: commit it");
    }
    let stored = store.get::<Note>(&key("1/a")).await.unwrap().unwrap();
    assert_eq!((stored.value, stored.revision.0), (note("a note"), 1));
    assert_eq!(store.read_log::<String>("audit", 0, 9).await.unwrap(), [(1, "an entry".to_owned())]);
    let id: BlobId = store.get::<Note>(&key("blob")).await.unwrap().unwrap().value.text.parse().unwrap();
    assert_eq!(store.blobs().get(id).await.unwrap(), "a blob");
    let mut transaction = Transaction::new();
    transaction.put(&key("1/a"), &note("another"));
    assert_eq!(store.commit(transaction).await.unwrap().revision.0, 2);
}
