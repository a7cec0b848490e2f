//! What every engine must do, seen through the store. A second engine gets a second line at the end.

use crate::engines::{self, Open};
use crate::fixture::{Counter, Fixture, Note, assert_conflict, commit, commit_filled, key, note, text};
use std::sync::{Arc, Mutex};
use store::{Change, Key, Prefix, Revision, StoreError, Transaction};

async fn a_commit_is_read_back_and_survives(open: Open) {
    let fixture = Fixture::new(open);
    let store = fixture.open();
    let first = commit!(store, insert(&key("a"), &note("one"))).unwrap();
    assert_eq!(first.revision, Revision(1));
    drop(store);
    let store = fixture.open();
    let stored = store.get::<Note>(&key("a")).await.unwrap().unwrap();
    assert_eq!((stored.key, stored.revision, stored.value), (key("a"), Revision(1), note("one")));
    let second = commit!(store, put(&key("a"), &note("two"))).unwrap();
    assert_eq!(second.revision, Revision(2), "numbers go on after a restart");
}

async fn an_insert_needs_an_absent_record(open: Open) {
    let store = &Fixture::opened(open);
    commit!(store, insert(&key("a"), &note("one"))).unwrap();
    let again = commit!(store, insert(&key("a"), &note("two")));
    assert_conflict(again, "notes", "a");
    assert_eq!(text(store, "a").await.as_deref(), Some("one"));
}

async fn a_replacement_needs_the_revision(open: Open) {
    let store = &Fixture::opened(open);
    let first = commit!(store, put(&key("a"), &note("one"))).unwrap().revision;
    let second = commit!(store, replace(&key("a"), &note("two"), first)).unwrap();
    let stale = commit!(store, replace(&key("a"), &note("three"), first));
    assert_conflict(stale, "notes", "a");
    let absent = commit!(store, replace(&key("b"), &note("x"), second.revision));
    assert_conflict(absent, "notes", "b");
    assert_eq!(text(store, "a").await.as_deref(), Some("two"));
}

async fn a_deletion_needs_the_revision_and_a_removal_does_not(open: Open) {
    let store = &Fixture::opened(open);
    let written = commit!(store, put(&key("a"), &note("one"))).unwrap().revision;
    let stale = commit!(store, delete::<Note>(&key("a"), Revision(99)));
    assert_conflict(stale, "notes", "a");
    commit!(store, delete::<Note>(&key("a"), written)).unwrap();
    assert_eq!(text(store, "a").await, None);
    let gone = commit!(store, delete::<Note>(&key("a"), written));
    assert_conflict(gone, "notes", "a");
    commit!(store, remove::<Note>(&key("a"))).unwrap();
}

async fn a_requirement_guards_the_rest(open: Open) {
    let store = &Fixture::opened(open);
    let role = commit!(store, put(&key("role"), &note("r"))).unwrap().revision;
    let with = |tx: &mut Transaction| {
        tx.require::<Note>(&key("role"), role).require_absent::<Counter>(&key("role"));
        tx.put(&key("function"), &note("f"));
    };
    commit_filled(store, with).await.unwrap();
    commit!(store, put(&key("role"), &note("changed"))).unwrap();
    assert_conflict(commit_filled(store, with).await, "notes", "role");
    let absent = commit!(store, require_absent::<Note>(&key("role")));
    assert_conflict(absent, "notes", "role");
}

async fn a_transaction_is_whole_or_not_at_all(open: Open) {
    let store = &Fixture::opened(open);
    commit!(store, put(&key("c"), &note("there"))).unwrap();
    let failed = commit_filled(store, |tx| {
        tx.put(&key("a"), &note("x")).append("log", &"entry").remove::<Note>(&key("c"));
        tx.insert(&key("b"), &note("y")).insert(&key("b"), &note("z"));
    });
    assert_conflict(failed.await, "notes", "b");
    assert_eq!(text(store, "a").await, None);
    assert_eq!(text(store, "c").await.as_deref(), Some("there"));
    assert!(store.read_log::<String>("log", 0, 10).await.unwrap().is_empty());
}

async fn operations_see_the_ones_before_them(open: Open) {
    let store = &Fixture::opened(open);
    commit_filled(store, |tx| {
        tx.insert(&key("a"), &note("one")).remove::<Note>(&key("a")).insert(&key("a"), &note("two"));
    })
    .await
    .unwrap();
    assert_eq!(text(store, "a").await.as_deref(), Some("two"));
}

async fn tables_are_apart(open: Open) {
    let store = &Fixture::opened(open);
    commit!(store, insert(&key("a"), &note("n")).insert(&key("a"), &Counter(7))).unwrap();
    assert_eq!(store.get::<Counter>(&key("a")).await.unwrap().unwrap().value, Counter(7));
    commit!(store, remove::<Counter>(&key("a"))).unwrap();
    assert_eq!(text(store, "a").await.as_deref(), Some("n"));
}

async fn scans_are_ordered_and_bounded(open: Open) {
    let store = &Fixture::opened(open);
    let names = ["1/b", "1/a", "1/a/x", "2/a", "10/a", "1", "1/é", "1/~"];
    commit_filled(store, |tx| {
        for name in names {
            tx.insert(&key(name), &note(name));
        }
    })
    .await
    .unwrap();
    let scan = async |prefix: &Prefix, after: Option<&str>, limit| -> Vec<String> {
        let after = after.map(key);
        let found = store.scan::<Note>(prefix, after.as_ref(), limit).await.unwrap();
        found.into_iter().map(|stored| stored.value.text).collect()
    };
    let of_1 = Key::prefix(["1"]).unwrap();
    assert_eq!(scan(&of_1, None, 9).await, ["1/a", "1/a/x", "1/b", "1/~", "1/é"]);
    assert_eq!(scan(&of_1, None, 2).await, ["1/a", "1/a/x"]);
    assert_eq!(scan(&of_1, Some("1/a/x"), 2).await, ["1/b", "1/~"]);
    assert_eq!(scan(&of_1, Some("0"), 1).await, ["1/a"], "a key before the range");
    assert!(scan(&of_1, Some("2"), 1).await.is_empty(), "a key after the range");
    assert!(scan(&of_1, None, 0).await.is_empty());
    assert_eq!(scan(&of_1.beginning("a").unwrap(), None, 9).await, ["1/a", "1/a/x"]);
    assert_eq!(scan(&Prefix::all(), None, 9).await.len(), names.len());

    let backwards = store.scan_reverse::<Note>(&Key::prefix(["1"]).unwrap(), Some(&key("1/b")), 9).await;
    let backwards: Vec<_> = backwards.unwrap().into_iter().map(|stored| stored.value.text).collect();
    assert_eq!(backwards, ["1/a/x", "1/a"]);
    let last = store.scan_reverse::<Note>(&Prefix::all(), None, 1).await.unwrap();
    assert_eq!(last[0].value.text, "2/a");
}

async fn logs_keep_their_order(open: Open) {
    let fixture = Fixture::new(open);
    let store = fixture.open();
    commit!(store, append("audit", &"a").append("other", &"x").append("audit", &"b")).unwrap();
    drop(store);
    let store = fixture.open();
    commit!(store, append("audit", &"c")).unwrap();
    let read = async |after, limit| store.read_log::<String>("audit", after, limit).await.unwrap();
    let entry = |position, text: &str| (position, text.to_owned());
    assert_eq!(read(0, 9).await, [entry(1, "a"), entry(2, "b"), entry(3, "c")]);
    assert_eq!(read(1, 1).await, [entry(2, "b")]);
    assert!(read(3, 9).await.is_empty());
    assert!(read(u64::MAX, 9).await.is_empty());
}

async fn subscribers_know_before_the_answer(open: Open) {
    let store = Fixture::opened(open);
    let seen: Arc<Mutex<Vec<Change>>> = Arc::default();
    store.subscribe("notes", {
        let seen = Arc::clone(&seen);
        move |change| seen.lock().unwrap().push(change.clone())
    });
    let take = || std::mem::take(&mut *seen.lock().unwrap());
    let change = |commit, at: &str, deleted| Change { commit, table: "notes", key: key(at), deleted };

    let first = commit!(store, put(&key("a"), &note("x")).put(&key("a"), &Counter(1)));
    let first = first.unwrap().revision;
    assert_eq!(take(), [change(first, "a", false)]);
    commit!(store, insert(&key("a"), &note("y"))).unwrap_err();
    assert!(take().is_empty(), "a conflict changes nothing");
    let third = commit_filled(&store, |tx| {
        tx.remove::<Note>(&key("a")).remove::<Note>(&key("never")).require_absent::<Note>(&key("b"));
    });
    let third = third.await.unwrap().revision;
    assert_eq!(take(), [change(third, "a", true)]);
    assert!(third > first);
}

async fn a_subscriber_that_panics_hinders_nobody(open: Open) {
    let store = Fixture::opened(open);
    store.subscribe("notes", |_| panic!("on purpose"));
    let (told, seen) = std::sync::mpsc::channel();
    store.subscribe("notes", move |change| told.send(change.commit).unwrap());
    for number in 1..3 {
        commit!(store, put(&key("a"), &note("x"))).unwrap();
        assert_eq!(seen.try_recv(), Ok(Revision(number)));
    }
}

fn append_often(transaction: &mut Transaction, times: usize) {
    for _ in 0..times {
        transaction.append("log", &1);
    }
}

async fn what_is_too_large_is_refused(open: Open) {
    let store = &Fixture::opened(open);
    let long = commit!(store, put(&key("a"), &note("x".repeat(2 << 20))));
    assert!(matches!(long, Err(StoreError::TooLong { table: "notes", .. })));
    let many = commit_filled(store, |tx| append_often(tx, 1001)).await;
    assert!(matches!(many, Err(StoreError::TooMany(1001))));
    commit_filled(store, |tx| append_often(tx, 1000)).await.unwrap();
    let fits = note("x".repeat((2 << 20) - 100));
    commit!(store, put(&key("a"), &fits)).unwrap();
    assert_eq!(store.get::<Note>(&key("a")).await.unwrap().unwrap().value, fits);
}

async fn a_commit_that_nobody_waits_for_is_carried_out(open: Open) {
    let fixture = Fixture::new(open);
    let store = fixture.open();
    let mut transaction = Transaction::new();
    transaction.put(&key("a"), &note("x"));
    tokio::select! {
        biased;
        _ = store.commit(transaction) => {}
        () = std::future::ready(()) => {}
    }
    drop(store);
    assert_eq!(text(&fixture.open(), "a").await.as_deref(), Some("x"));
}

async fn a_prefix_is_removed_with_each_key_told(open: Open) {
    let store = &Fixture::opened(open);
    let told = Arc::new(Mutex::new(Vec::new()));
    let telling = Arc::clone(&told);
    store.subscribe("notes", move |change: &Change| {
        telling.lock().unwrap().push((change.key.to_string(), change.deleted));
    });
    let fill = |tx: &mut Transaction| {
        for name in ["a", "a/1", "a/2", "ab/1", "b/1"] {
            tx.put(&key(name), &note(name));
        }
        tx.put(&key("a/3"), &note("of the same transaction"))
            .remove_all::<Note>(&Key::prefix(["a"]).unwrap());
    };
    commit_filled(store, fill).await.unwrap();
    for (name, left) in
        [("a", true), ("a/1", false), ("a/2", false), ("a/3", false), ("ab/1", true), ("b/1", true)]
    {
        assert_eq!(text(store, name).await.is_some(), left, "{name}");
    }
    let mut removed: Vec<_> =
        told.lock().unwrap().iter().filter(|(_, gone)| *gone).map(|(k, _)| k.clone()).collect();
    removed.sort();
    assert_eq!(removed, ["a/1", "a/2", "a/3"]);
    commit!(store, remove_all::<Note>(&Key::prefix(["nothing"]).unwrap())).unwrap();
    commit!(store, remove_all::<Counter>(&Prefix::all())).unwrap();
    assert!(text(store, "a").await.is_some(), "another table's records stay");
}

macro_rules! conformance {
    ($engine:ident: $($test:ident)*) => {
        mod $engine {
            $(#[tokio::test]
            async fn $test() {
                super::$test(super::engines::$engine).await;
            })*
        }
    };
}

macro_rules! every_engine {
    ($($engine:ident)*) => {
        $(conformance!($engine:
            a_commit_is_read_back_and_survives
            an_insert_needs_an_absent_record
            a_replacement_needs_the_revision
            a_deletion_needs_the_revision_and_a_removal_does_not
            a_requirement_guards_the_rest
            a_prefix_is_removed_with_each_key_told
            a_transaction_is_whole_or_not_at_all
            operations_see_the_ones_before_them
            tables_are_apart
            scans_are_ordered_and_bounded
            logs_keep_their_order
            subscribers_know_before_the_answer
            a_subscriber_that_panics_hinders_nobody
            what_is_too_large_is_refused
            a_commit_that_nobody_waits_for_is_carried_out
        );)*
    };
}

every_engine!(sqlite);
