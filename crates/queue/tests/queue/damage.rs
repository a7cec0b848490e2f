//! Rows that can't be opened, a disk that is full, data of another key or version: said clearly, and nothing else lost.

use crate::fixture::{Fixture, bodies, counted, fifo, grouped, message, put, settle, standard, take};
use queue::{Outcome, QueueError};
use rusqlite::Connection;
use sqlite::DatabaseError;

fn database(fixture: &Fixture) -> Connection {
    Connection::open(fixture.file()).unwrap()
}

#[tokio::test]
async fn what_can_not_be_opened_is_set_aside_and_costs_no_other() {
    let fixture = Fixture::new();
    let queue = fixture.open();
    let lane = standard("a");
    let mut sequences = Vec::new();
    for body in ["one", "two", "three", "four", "five"] {
        sequences.push(put(&queue, &lane, message(body)).await);
    }
    let shell = database(&fixture);
    let spoil = "UPDATE bodies SET sealed = CAST(substr(sealed, 1, 60) || x'00' || substr(sealed, 62) AS BLOB) WHERE seq = ?1";
    shell.execute(spoil, [sequences[0].0.cast_signed()]).unwrap();
    shell.execute("DELETE FROM bodies WHERE seq = ?1", [sequences[1].0.cast_signed()]).unwrap();
    // A body that stands in another's place does not open either.
    let swap = "UPDATE bodies SET sealed = (SELECT sealed FROM bodies WHERE seq = ?1) WHERE seq = ?2";
    shell.execute(swap, [sequences[4].0.cast_signed(), sequences[2].0.cast_signed()]).unwrap();

    assert_eq!(bodies(&take(&queue, &lane, 9, 100).await), ["four", "five"]);
    let aside = queue.quarantined(&lane, 9).await.unwrap();
    assert_eq!(aside.iter().map(|one| one.sequence).collect::<Vec<_>>(), sequences[..3]);
    assert!(aside[0].reason.contains("changed, cut or moved"), "{aside:?}");
    assert_eq!(aside[1].reason, "its body is missing");
    let counts = queue.counts(&lane).await.unwrap();
    assert_eq!((counts.messages(), counts.quarantined), (2, 3));
    queue.remove(&lane).await.unwrap();
    assert!(queue.quarantined(&lane, 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_set_aside_does_not_hold_its_group_back() {
    let fixture = Fixture::new();
    let queue = fixture.open();
    let lane = fifo("a");
    for body in ["x1", "x2"] {
        put(&queue, &lane, grouped("x", body)).await;
    }
    database(&fixture).execute("UPDATE bodies SET sealed = x'00' WHERE seq = 1", []).unwrap();
    assert!(take(&queue, &lane, 1, 100).await.is_empty());
    assert_eq!(bodies(&take(&queue, &lane, 1, 100).await), ["x2"]);
}

/// The database may grow no further: what there is no room for is refused, what there is stays, settling goes on.
#[tokio::test]
async fn a_full_disk_is_said_and_loses_nothing() {
    let fixture = Fixture::new();
    let queue = fixture.open_with_pages(150);
    let lane = standard("a");
    let big = "x".repeat(20_000);
    let mut accepted = 0;
    let refusal = loop {
        match queue.enqueue(&lane, vec![message(&big)]).await {
            Ok(_) => accepted += 1,
            Err(error) => break error,
        }
    };
    assert!(refusal.is_full(), "{refusal}");
    assert!(refusal.to_string().contains("no space is left for the data directory"), "{refusal}");
    assert!(accepted > 5);
    assert_eq!(counted(&queue, &lane).await, (accepted, 0, 0));

    let taken = take(&queue, &lane, 2, 1000).await;
    let outcomes = taken.iter().map(|one| (one.lease, Outcome::Done)).collect();
    queue.settle(outcomes).await.unwrap();
    put(&queue, &lane, message(&big)).await;
    drop(queue);
    let queue = fixture.open();
    assert_eq!(take(&queue, &lane, 1000, 1000).await.len() as u64, accepted - 1);
}

/// A group of commands that does not fit as a whole is carried out as far as it fits.
#[tokio::test]
async fn one_for_which_there_is_no_room_takes_no_other_with_it() {
    let fixture = Fixture::new();
    let queue = fixture.open_with_pages(150);
    let lane = standard("a");
    put(&queue, &lane, message("small")).await;
    let taken = take(&queue, &lane, 1, 1000).await.remove(0);
    let large = queue.enqueue(&lane, vec![message(&"x".repeat(1 << 20))]);
    let small = queue.enqueue(&lane, vec![message("next")]);
    let (large, small, done) = tokio::join!(large, small, settle(&queue, taken.lease, Outcome::Done));
    assert!(large.unwrap_err().is_full());
    assert!(small.is_ok() && done == queue::Settled::Applied);
    assert_eq!(counted(&queue, &lane).await, (1, 0, 0));
}

#[tokio::test]
async fn another_root_key_and_a_newer_schema_are_refused_by_name() {
    let fixture = Fixture::new();
    drop(fixture.open());
    let other = Fixture::new();
    std::fs::copy(fixture.file(), other.file()).unwrap();
    let refused = other.try_open().err().unwrap();
    assert!(matches!(refused, QueueError::Database(DatabaseError::WrongRootKey { .. })), "{refused}");
    database(&fixture).execute("INSERT INTO schema_version VALUES (99)", []).unwrap();
    let refused = fixture.try_open().err().unwrap();
    assert!(
        matches!(refused, QueueError::Database(DatabaseError::NewerSchema { found: 99, .. })),
        "{refused}"
    );
}
