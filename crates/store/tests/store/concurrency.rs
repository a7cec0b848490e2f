//! Many writers at once: nothing is lost, nothing is done twice, numbers only grow.

use crate::fixture::{Counter, Fixture, Note, commit, commit_filled, key, note};
use std::sync::{Arc, Mutex};
use store::{Prefix, Revision, Store, StoreError, Transaction};

/// Adds one to the counter, reading again as often as somebody else was faster.
async fn increment(store: &Store) -> Revision {
    loop {
        let found = store.get::<Counter>(&key("shared")).await.unwrap().unwrap();
        let mut transaction = Transaction::new();
        transaction.replace(&key("shared"), &Counter(found.value.0 + 1), found.revision);
        match store.commit(transaction).await {
            Ok(done) => return done.revision,
            Err(StoreError::Conflict { .. }) => {}
            Err(other) => panic!("{other}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_increment_is_lost() {
    let fixture = Fixture::sqlite();
    let store = Arc::new(fixture.open());
    commit!(store, insert(&key("shared"), &Counter(0))).unwrap();
    let writers: Vec<_> = (0..8)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let mut last = Revision(0);
                for _ in 0..10 {
                    let revision = increment(&store).await;
                    assert!(revision > last);
                    last = revision;
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(store.get::<Counter>(&key("shared")).await.unwrap().unwrap().value, Counter(80));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn commits_in_one_group_are_judged_one_by_one() {
    let fixture = Fixture::sqlite();
    let store = Arc::new(fixture.open());
    let seen: Arc<Mutex<Vec<Revision>>> = Arc::default();
    store.subscribe("notes", {
        let seen = Arc::clone(&seen);
        move |change| seen.lock().unwrap().push(change.commit)
    });
    // Two hundred writers for fifty names: each name has one winner.
    let writers: Vec<_> = (0..200)
        .map(|writer| {
            let store = Arc::clone(&store);
            let name = format!("{}", writer % 50);
            tokio::spawn(async move {
                let done = commit_filled(&store, |tx| {
                    tx.append("log", &writer).insert(&key(&name), &note(writer.to_string()));
                });
                done.await.ok().map(|done| (name, writer, done.revision))
            })
        })
        .collect();
    let mut winners = Vec::new();
    for writer in writers {
        winners.extend(writer.await.unwrap());
    }
    assert_eq!(winners.len(), 50);
    for (name, writer, revision) in &winners {
        let stored = store.get::<Note>(&key(name)).await.unwrap().unwrap();
        assert_eq!((stored.value.text, stored.revision), (writer.to_string(), *revision));
    }
    winners.sort_by_key(|(_, _, revision)| *revision);
    let order: Vec<_> = winners.iter().map(|(_, _, revision)| *revision).collect();
    assert_eq!(*seen.lock().unwrap(), order, "the feed has the order of the commits");
    assert_eq!(order, (1..=50).map(Revision).collect::<Vec<_>>());
    let log: Vec<_> = store.read_log::<u64>("log", 0, 500).await.unwrap();
    let log: Vec<_> = log.into_iter().map(|(_, writer)| writer).collect();
    assert_eq!(log, winners.iter().map(|(_, writer, _)| *writer).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_scan_sees_whole_transactions() {
    let fixture = Fixture::sqlite();
    let store = Arc::new(fixture.open());
    let writer = {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            for round in 0..60u64 {
                let write = |tx: &mut Transaction| {
                    for name in ["a", "b", "c"] {
                        tx.put(&key(name), &Counter(round));
                    }
                };
                commit_filled(&store, write).await.unwrap();
            }
        })
    };
    while !writer.is_finished() {
        let found = store.scan::<Counter>(&Prefix::all(), None, 9).await.unwrap();
        assert!(
            found
                .windows(2)
                .all(|pair| pair[0].value == pair[1].value && pair[0].revision == pair[1].revision)
        );
    }
    writer.await.unwrap();
}
