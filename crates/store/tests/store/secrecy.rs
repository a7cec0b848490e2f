//! No value reaches the disk in clear, in whatever file.

use crate::fixture::{Fixture, commit, commit_filled, key, note};
use bytes::Bytes;
use std::fs;
use std::path::{Path, PathBuf};

const MARKER: &str = "MARKER-OF-A-VALUE";

fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn with(dir: &Path, text: &str) -> Vec<PathBuf> {
    let holds =
        |path: &PathBuf| fs::read(path).unwrap().windows(text.len()).any(|window| window == text.as_bytes());
    files(dir).into_iter().filter(holds).collect()
}

#[tokio::test]
async fn no_file_holds_a_value_in_clear() {
    let fixture = Fixture::sqlite();
    let store = fixture.open();
    let blob = store.blobs().put(Bytes::from(MARKER.repeat(100_000))).await.unwrap();
    let long = note(MARKER.repeat(1000));
    let first = commit_filled(&store, |tx| {
        tx.append("log", &MARKER).insert(&key("KEY-IN-CLEAR"), &long).hold(blob);
    });
    let first = first.await.unwrap();
    commit!(store, replace(&key("KEY-IN-CLEAR"), &note(MARKER), first.revision)).unwrap();
    commit!(store, insert(&key("KEY-IN-CLEAR"), &note(MARKER))).unwrap_err();
    store.scan::<crate::fixture::Note>(&store::Prefix::all(), None, 9).await.unwrap();

    let open_files = files(fixture.path());
    assert!(open_files.iter().any(|path| path.ends_with("lambent.db-wal")), "the WAL is looked at too");
    assert!(!with(fixture.path(), "KEY-IN-CLEAR").is_empty(), "the search finds what is there");
    assert_eq!(with(fixture.path(), MARKER), Vec::<PathBuf>::new());
    drop(store);
    assert_eq!(with(fixture.path(), MARKER), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn every_file_is_private() {
    use std::os::unix::fs::MetadataExt;
    let fixture = Fixture::sqlite();
    let store = fixture.open();
    let blob = store.blobs().put(Bytes::from_static(b"blob")).await.unwrap();
    commit!(store, insert(&key("a"), &note("x")).hold(blob)).unwrap();
    for path in files(fixture.path()) {
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o600, "{}", path.display());
    }
}
