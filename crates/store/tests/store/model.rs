//! Random transactions against the store and against a plain map that is known to be right, with restarts in between.

use crate::engines::{self, Open};
use crate::fixture::{Fixture, Note, key, note};
use proptest::prelude::*;
use std::collections::BTreeMap;
use store::{Key, Prefix, Revision, Store, StoreError, Stored, Transaction};

#[derive(Debug, Clone)]
enum Act {
    Insert(u8),
    Put(u8),
    /// With the revision that the record has, or one that it has not.
    Replace(u8, bool),
    Delete(u8, bool),
    Remove(u8),
    Require(u8, bool),
    RequireAbsent(u8),
    Append,
    /// Of the keys under one of the first segments, or of all.
    RemoveAll(u8),
}

#[derive(Debug, Clone)]
enum Round {
    Commit(Vec<Act>),
    Reopen,
    Scan { prefix: u8, beyond: Option<u8>, limit: usize },
}

fn acts() -> impl Strategy<Value = Act> {
    let at = 0..8u8;
    prop_oneof![
        at.clone().prop_map(Act::Insert),
        at.clone().prop_map(Act::Put),
        (at.clone(), prop::bool::weighted(0.8)).prop_map(|(at, right)| Act::Replace(at, right)),
        (at.clone(), prop::bool::weighted(0.8)).prop_map(|(at, right)| Act::Delete(at, right)),
        at.clone().prop_map(Act::Remove),
        (at.clone(), prop::bool::weighted(0.8)).prop_map(|(at, right)| Act::Require(at, right)),
        at.prop_map(Act::RequireAbsent),
        Just(Act::Append),
        (0..4u8).prop_map(Act::RemoveAll),
    ]
}

fn rounds() -> impl Strategy<Value = Round> {
    prop_oneof![
        8 => prop::collection::vec(acts(), 0..4).prop_map(Round::Commit),
        1 => Just(Round::Reopen),
        3 => (0..4u8, prop::option::of(0..8u8), 0..6usize)
            .prop_map(|(prefix, beyond, limit)| Round::Scan { prefix, beyond, limit }),
    ]
}

/// Eight keys under three first segments.
fn at(number: u8) -> Key {
    key(&format!("{}/{number}", number % 3))
}

/// The keys under one of the first segments; 3: all.
fn under(number: u8) -> Prefix {
    if number == 3 { Prefix::all() } else { Key::prefix([number.to_string()]).unwrap() }
}

#[derive(Clone, Default)]
struct Model {
    records: BTreeMap<Key, (Revision, Note)>,
    log: Vec<String>,
    last: Revision,
}

impl Model {
    fn revision(&self, key: &Key, right: bool) -> Revision {
        let found = self.records.get(key).map_or(Revision(0), |(revision, _)| *revision);
        if right { found } else { Revision(found.0 + 1000) }
    }

    /// Puts the acts into the transaction and gives the model after it, or the key that they conflict about.
    fn apply(&self, acts: &[Act], transaction: &mut Transaction) -> Result<Self, Key> {
        let mut after = self.clone();
        after.last = Revision(self.last.0 + 1);
        let mut conflict = None;
        for (step, act) in acts.iter().enumerate() {
            let text = format!("{}-{step}", after.last);
            let refused = self.act(&mut after, act, text, transaction);
            conflict = conflict.or(refused);
        }
        conflict.map_or(Ok(after), Err)
    }

    /// One act. The revisions that it names are those before the transaction, as a caller knows them.
    fn act(&self, after: &mut Self, act: &Act, text: String, tx: &mut Transaction) -> Option<Key> {
        let written = (after.last, note(text.clone()));
        let is = |after: &Self, key: &Key, revision| {
            after.records.get(key).is_some_and(|(found, _)| *found == revision)
        };
        let (key, holds) = match act {
            Act::Append => {
                tx.append("log", &text);
                after.log.push(text);
                return None;
            }
            Act::RemoveAll(number) => {
                let prefix = under(*number);
                tx.remove_all::<Note>(&prefix);
                after.records.retain(|key, _| !key.as_str().starts_with(prefix.as_str()));
                return None;
            }
            Act::Insert(number) | Act::RequireAbsent(number) => {
                (at(*number), !after.records.contains_key(&at(*number)))
            }
            Act::Put(number) | Act::Remove(number) => (at(*number), true),
            Act::Replace(number, right) | Act::Delete(number, right) | Act::Require(number, right) => {
                let key = at(*number);
                let revision = self.revision(&key, *right);
                let holds = is(after, &key, revision);
                (key, holds)
            }
        };
        self.add(act, &key, &written.1, tx);
        match act {
            Act::Insert(_) | Act::Put(_) | Act::Replace(..) => {
                after.records.insert(key.clone(), written);
            }
            Act::Delete(..) | Act::Remove(_) => {
                after.records.remove(&key);
            }
            Act::Require(..) | Act::RequireAbsent(_) | Act::Append | Act::RemoveAll(_) => {}
        }
        (!holds).then_some(key)
    }

    fn add(&self, act: &Act, key: &Key, value: &Note, tx: &mut Transaction) {
        match act {
            Act::Insert(_) => tx.insert(key, value),
            Act::Put(_) => tx.put(key, value),
            Act::Replace(_, right) => tx.replace(key, value, self.revision(key, *right)),
            Act::Delete(_, right) => tx.delete::<Note>(key, self.revision(key, *right)),
            Act::Remove(_) => tx.remove::<Note>(key),
            Act::Require(_, right) => tx.require::<Note>(key, self.revision(key, *right)),
            Act::RequireAbsent(_) => tx.require_absent::<Note>(key),
            Act::Append | Act::RemoveAll(_) => tx,
        };
    }

    fn range(&self, prefix: &Prefix) -> Vec<(Key, Revision, Note)> {
        let inside = self.records.iter().filter(|(key, _)| key.as_str().starts_with(prefix.as_str()));
        inside.map(|(key, (revision, note))| (key.clone(), *revision, note.clone())).collect()
    }
}

fn parts(found: Vec<Stored<Note>>) -> Vec<(Key, Revision, Note)> {
    found.into_iter().map(|stored| (stored.key, stored.revision, stored.value)).collect()
}

async fn check_whole(store: &Store, model: &Model) -> Result<(), TestCaseError> {
    let all = store.scan::<Note>(&Prefix::all(), None, 100).await.unwrap();
    prop_assert_eq!(parts(all), model.range(&Prefix::all()));
    let log = store.read_log::<String>("log", 0, 1000).await.unwrap();
    let expected: Vec<_> = (1..).zip(model.log.iter().cloned()).collect();
    prop_assert_eq!(log, expected);
    Ok(())
}

async fn check_scan(
    store: &Store,
    model: &Model,
    prefix: u8,
    beyond: Option<u8>,
    limit: usize,
) -> Result<(), TestCaseError> {
    let prefix = under(prefix);
    let beyond = beyond.map(at);
    let mut forward = model.range(&prefix);
    let mut backward: Vec<_> = forward.iter().rev().cloned().collect();
    if let Some(beyond) = &beyond {
        forward.retain(|(key, ..)| key > beyond);
        backward.retain(|(key, ..)| key < beyond);
    }
    forward.truncate(limit);
    backward.truncate(limit);
    prop_assert_eq!(parts(store.scan(&prefix, beyond.as_ref(), limit).await.unwrap()), forward);
    prop_assert_eq!(parts(store.scan_reverse(&prefix, beyond.as_ref(), limit).await.unwrap()), backward);
    Ok(())
}

async fn play(open: Open, rounds: Vec<Round>) -> Result<(), TestCaseError> {
    let fixture = Fixture::new(open);
    let (mut store, mut model) = (fixture.open(), Model::default());
    for round in rounds {
        match round {
            Round::Reopen => {
                drop(store);
                store = fixture.open();
            }
            Round::Scan { prefix, beyond, limit } => {
                check_scan(&store, &model, prefix, beyond, limit).await?;
            }
            Round::Commit(acts) => {
                let mut transaction = Transaction::new();
                let expected = model.apply(&acts, &mut transaction);
                match (store.commit(transaction).await, expected) {
                    (Ok(done), Ok(after)) => {
                        prop_assert_eq!(done.revision, after.last);
                        model = after;
                    }
                    (Err(StoreError::Conflict { key, .. }), Err(expected)) => {
                        prop_assert_eq!(key.as_str(), expected.as_str());
                    }
                    (found, expected) => {
                        let expected = expected.map(|after| after.last);
                        prop_assert!(false, "the store: {:?}, the model: {:?}", found, expected);
                    }
                }
            }
        }
        check_whole(&store, &model).await?;
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn the_store_does_what_a_map_does(rounds in prop::collection::vec(rounds(), 0..25)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(play(engines::sqlite, rounds))?;
    }
}
