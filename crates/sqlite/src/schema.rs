//! The versions of a database's schema, and the root key that its data is under.
//!
//! Each step was the newest once and is never changed; a new one goes to the end. The table `schema_version` names the
//! steps that the database has been through.

use crate::{DatabaseError, doing};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};
use seal::KeyId;

/// Brings the database to the newest schema, or refuses one that is newer still.
///
/// # Errors
/// [`DatabaseError::NewerSchema`], and what SQLite says.
pub fn migrate(connection: &mut Connection, steps: &[&str]) -> Result<(), DatabaseError> {
    let migrating = doing("come to the newest schema");
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(migrating)?;
    transaction
        .execute_batch(
            "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL PRIMARY KEY) STRICT",
        )
        .map_err(migrating)?;
    let found: u32 = transaction
        .query_row("SELECT coalesce(max(version), 0) FROM schema_version", [], |row| row.get(0))
        .map_err(migrating)?;
    let known = u32::try_from(steps.len()).unwrap_or(u32::MAX);
    if found > known {
        return Err(DatabaseError::NewerSchema { found, known });
    }
    for (version, step) in (1u32..).zip(steps).filter(|(version, _)| *version > found) {
        transaction.execute_batch(step).map_err(migrating)?;
        transaction.execute("INSERT INTO schema_version VALUES (?1)", [version]).map_err(migrating)?;
    }
    transaction.commit().map_err(migrating)
}

/// Notes under which root key the data is, or refuses another. The schema has the table `root_key (one, id)`.
///
/// # Errors
/// [`DatabaseError::WrongRootKey`], and what SQLite says.
pub fn check_key(connection: &Connection, loaded: KeyId) -> Result<(), DatabaseError> {
    let checking = doing("check the root key's id");
    let kept: Option<[u8; 8]> =
        connection.query_row("SELECT id FROM root_key", [], |row| row.get(0)).optional().map_err(checking)?;
    match kept.map(KeyId::from_bytes) {
        Some(sealed_under) if sealed_under != loaded => {
            Err(DatabaseError::WrongRootKey { sealed_under, loaded })
        }
        Some(_) => Ok(()),
        None => connection
            .execute("INSERT INTO root_key VALUES (1, ?1)", [loaded.as_bytes()])
            .map(drop)
            .map_err(checking),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versions(connection: &Connection) -> Vec<u32> {
        let mut statement = connection.prepare("SELECT version FROM schema_version").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn each_step_is_taken_once() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, &["CREATE TABLE a (x)"]).unwrap();
        let steps = ["CREATE TABLE a (x)", "CREATE TABLE b (x)"];
        for _ in 0..2 {
            migrate(&mut connection, &steps).unwrap();
            assert_eq!(versions(&connection), [1, 2]);
        }
    }

    #[test]
    fn a_step_that_fails_changes_nothing() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, &["CREATE TABLE a (x)"]).unwrap();
        let steps = ["CREATE TABLE a (x)", "CREATE TABLE b (x); nonsense"];
        assert!(migrate(&mut connection, &steps).is_err());
        assert_eq!(versions(&connection), [1]);
        assert!(connection.prepare("SELECT * FROM b").is_err());
    }

    #[test]
    fn a_newer_schema_is_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, &["CREATE TABLE a (x)", "CREATE TABLE b (x)"]).unwrap();
        let refused = migrate(&mut connection, &["CREATE TABLE a (x)"]);
        assert!(matches!(refused, Err(DatabaseError::NewerSchema { found: 2, known: 1 })));
    }
}
