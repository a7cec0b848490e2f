//! Opening a data directory: private, by one process, under its own root key, no newer than the program.

use crate::fixture::{Fixture, commit, key, note, text};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::sync::Arc;
use store::{DataDirectory, Store, StoreError};

#[tokio::test]
async fn another_root_key_is_refused_by_name() {
    let fixture = Fixture::sqlite();
    drop(fixture.open());
    let other = Fixture::sqlite();
    let refused = Store::open(fixture.path(), Arc::clone(&other.sealer)).err().unwrap();
    assert!(matches!(refused, StoreError::WrongRootKey { .. }));
    let message = refused.to_string();
    assert!(message.contains(&fixture.sealer.key_id().to_string()), "{message}");
    assert!(message.contains("load the root key that belongs to this data"), "{message}");
    assert!(fixture.try_open().is_ok(), "the right key still opens it");
}

#[tokio::test]
async fn a_directory_in_use_is_refused_and_its_user_named() {
    let fixture = Fixture::sqlite();
    let store = fixture.open();
    let refused = fixture.try_open().err().unwrap();
    assert!(matches!(refused, StoreError::InUse { pid: Some(pid), .. } if pid == std::process::id()));
    let message = refused.to_string();
    assert!(message.contains(&format!("is in use by process {}", std::process::id())), "{message}");
    drop(store);
    assert!(fixture.try_open().is_ok());
}

#[tokio::test]
async fn a_lock_file_without_a_pid_still_locks() {
    let fixture = Fixture::sqlite();
    let _store = fixture.open();
    fs::write(fixture.path().join("lambent.lock"), "not a number").unwrap();
    let refused = fixture.try_open().err().unwrap();
    assert!(matches!(refused, StoreError::InUse { pid: None, .. }));
    assert!(refused.to_string().contains("another process"), "{refused}");
}

#[tokio::test]
async fn the_directory_is_made_for_its_owner_alone() {
    let fixture = Fixture::sqlite();
    let dir = fixture.path().join("new/data");
    let _store = Store::open(&dir, Arc::clone(&fixture.sealer)).unwrap();
    for made in [&dir, &dir.join("blobs"), &dir.join("blobs/new")] {
        assert_eq!(fs::metadata(made).unwrap().mode() & 0o7777, 0o700, "{}", made.display());
    }
}

#[tokio::test]
async fn a_directory_is_taken_before_anything_is_opened_in_it() {
    let fixture = Fixture::sqlite();
    let taken = DataDirectory::open(fixture.path()).unwrap();
    assert!(matches!(fixture.try_open().err().unwrap(), StoreError::InUse { .. }));
    assert!(matches!(DataDirectory::open(fixture.path()).unwrap_err(), StoreError::InUse { .. }));
    assert!(!fixture.path().join("lambent.db").exists());
    let store = Store::open_in(taken, Arc::clone(&fixture.sealer)).unwrap();
    assert!(matches!(fixture.try_open().err().unwrap(), StoreError::InUse { .. }));
    drop(store);
    assert!(fixture.try_open().is_ok());
}

#[tokio::test]
async fn a_directory_that_others_may_write_to_is_refused() {
    let fixture = Fixture::sqlite();
    for mode in [0o770, 0o702, 0o1777] {
        fs::set_permissions(fixture.path(), fs::Permissions::from_mode(mode)).unwrap();
        let refused = DataDirectory::open(fixture.path()).unwrap_err();
        assert!(matches!(refused, StoreError::Exposed { mode: found, .. } if found == mode), "{refused}");
        assert!(refused.to_string().contains("run `chmod 700 "), "{refused}");
    }
    fs::set_permissions(fixture.path(), fs::Permissions::from_mode(0o755)).unwrap();
    assert!(DataDirectory::open(fixture.path()).is_ok());
}

#[tokio::test]
async fn another_users_directory_is_refused_as_root() {
    let fixture = Fixture::sqlite();
    if std::os::unix::fs::chown(fixture.path(), Some(65534), None).is_err() {
        eprintln!("SKIPPED another_users_directory_is_refused_as_root: only root gives directories away");
        return;
    }
    let refused = DataDirectory::open(fixture.path()).unwrap_err();
    assert!(matches!(refused, StoreError::WrongOwner { owner: 65534, .. }), "{refused}");
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_alone() {
    let fixture = Fixture::sqlite();
    drop(fixture.open());
    let database = rusqlite::Connection::open(fixture.path().join("lambent.db")).unwrap();
    database.execute("INSERT INTO schema_version VALUES (99)", []).unwrap();
    drop(database);
    let refused = fixture.try_open().err().unwrap();
    assert!(matches!(refused, StoreError::NewerSchema { found: 99, .. }), "{refused}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let fixture = Fixture::sqlite();
    fs::write(fixture.path().join("lambent.db"), "something else entirely, and long enough".repeat(100))
        .unwrap();
    let refused = fixture.try_open().err().unwrap();
    assert!(matches!(refused, StoreError::Database { .. }), "{refused}");
}

#[tokio::test]
async fn a_place_that_can_not_be_made_is_named() {
    let fixture = Fixture::sqlite();
    fs::write(fixture.path().join("file"), "").unwrap();
    let refused = Store::open(&fixture.path().join("file/data"), Arc::clone(&fixture.sealer)).err().unwrap();
    assert!(refused.to_string().contains("file/data"), "{refused}");
}

/// A database shell that holds the database makes a commit wait, and a writer that never ends makes it fail as busy.
#[tokio::test]
async fn a_commit_outlasts_another_program() {
    let fixture = Fixture::sqlite();
    let store = fixture.open();
    let shell = rusqlite::Connection::open(fixture.path().join("lambent.db")).unwrap();
    shell.execute_batch("BEGIN IMMEDIATE").unwrap();
    let busy = commit!(store, put(&key("a"), &note("x")));
    assert!(matches!(busy, Err(StoreError::Busy)), "{busy:?}");
    shell.execute_batch("ROLLBACK").unwrap();
    commit!(store, put(&key("a"), &note("y"))).unwrap();
    assert_eq!(text(&store, "a").await.as_deref(), Some("y"));
}
