//! Nothing of a message reaches the disk in clear, in whatever file.

use crate::fixture::{Fixture, fifo, message, put, settle, take, time};
use queue::{Deduplicate, NewMessage, Outcome};
use std::path::Path;

const MARKERS: [&str; 4] = ["MARKER-BODY", "MARKER-ATTRIBUTES", "MARKER-GROUP", "MARKER-KEY"];

fn holding(dir: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        if bytes.windows(text.len()).any(|window| window == text.as_bytes()) {
            found.push(path.file_name().unwrap().to_string_lossy().into_owned());
        }
    }
    found
}

#[tokio::test]
async fn no_file_holds_anything_of_a_message_in_clear() {
    let fixture = Fixture::new();
    let queue = fixture.open();
    let (lane, dead) = (fifo("LANE-IN-CLEAR"), fifo("dead"));
    let planted = || NewMessage {
        attributes: MARKERS[1].repeat(50).into(),
        group: Some(MARKERS[2].to_owned()),
        deduplicate: Some(Deduplicate { key: MARKERS[3].to_owned(), until: time(1) }),
        ..message(&MARKERS[0].repeat(500))
    };
    put(&queue, &lane, planted()).await;
    let taken = take(&queue, &lane, 1, 100).await.remove(0);
    settle(&queue, taken.lease, Outcome::Forward { to: dead.clone(), messages: vec![planted()] }).await;
    rusqlite::Connection::open(fixture.file())
        .unwrap()
        .execute("UPDATE bodies SET sealed = CAST(x'00' || sealed AS BLOB)", [])
        .unwrap();
    assert!(take(&queue, &dead, 1, 100).await.is_empty());
    assert_eq!(queue.quarantined(&dead, 1).await.unwrap().len(), 1);

    let dir = fixture.file().parent().unwrap().to_owned();
    assert!(dir.join("queue.db-wal").exists(), "the WAL is looked at too");
    assert!(!holding(&dir, "LANE-IN-CLEAR").is_empty(), "the search finds what is there");
    for marker in MARKERS {
        assert_eq!(holding(&dir, marker), Vec::<String>::new(), "{marker}");
    }
    drop(queue);
    for marker in MARKERS {
        assert_eq!(holding(&dir, marker), Vec::<String>::new(), "{marker}");
    }
}

#[tokio::test]
async fn every_file_is_private() {
    use std::os::unix::fs::MetadataExt;
    let fixture = Fixture::new();
    let queue = fixture.open();
    put(&queue, &crate::fixture::standard("a"), message("x")).await;
    for entry in std::fs::read_dir(fixture.file().parent().unwrap()).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o7777, 0o600, "{}", path.display());
    }
    drop(queue);
}
