//! Applying one batch within the writer's transaction.

use crate::engine::{Batch, Entry, Expect, Operation};
use crate::{Change, Key, Prefix, Revision, StoreError};
use rusqlite::{Connection, OptionalExtension, params};
use seal::SealError;

/// Why a batch was not applied.
pub(super) enum Refusal {
    /// The batch's own fault: the others of its group go on.
    Own(StoreError),
    /// SQLite failed: the whole group fails.
    Database(rusqlite::Error),
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

impl From<SealError> for Refusal {
    fn from(error: SealError) -> Self {
        Self::Own(error.into())
    }
}

/// Applies the operations in order as commit `number` and gives the changes. After a refusal, the caller rolls back.
pub(super) fn apply(
    connection: &Connection,
    number: Revision,
    batch: &mut Batch,
) -> Result<Vec<Change>, Refusal> {
    let mut changes = Vec::with_capacity(batch.operations.len());
    for operation in batch.operations.drain(..) {
        changes.extend(step(connection, number, operation)?);
    }
    Ok(changes)
}

fn step(connection: &Connection, number: Revision, operation: Operation) -> Result<Vec<Change>, Refusal> {
    let change = |table, key, deleted| vec![Change { commit: number, table, key, deleted }];
    Ok(match operation {
        Operation::Write { table, key, expect, value } => {
            check(connection, table, &key, expect)?;
            write(connection, table, &key, number, &value)?;
            change(table, key, false)
        }
        Operation::Delete { table, key, expect } => {
            check(connection, table, &key, expect)?;
            if delete(connection, table, &key)? { change(table, key, true) } else { Vec::new() }
        }
        Operation::DeleteAll { table, prefix } => {
            let keys = delete_all(connection, table, &prefix)?;
            keys.into_iter().flat_map(|key| change(table, key, true)).collect()
        }
        Operation::Require { table, key, expect } => {
            check(connection, table, &key, expect)?;
            Vec::new()
        }
        Operation::Append { log, entry } => {
            append(connection, log, entry)?;
            Vec::new()
        }
    })
}

fn check(connection: &Connection, table: &'static str, key: &Key, expect: Expect) -> Result<(), Refusal> {
    if expect == Expect::Anything {
        return Ok(());
    }
    let found: Option<i64> = connection
        .prepare_cached("SELECT revision FROM records WHERE tbl = ?1 AND key = ?2")?
        .query_row(params![table, key.as_str()], |row| row.get(0))
        .optional()?;
    if expect.holds(found.map(|number| Revision(number.unsigned_abs()))) {
        Ok(())
    } else {
        Err(Refusal::Own(StoreError::Conflict { table, key: key.as_str().to_owned() }))
    }
}

fn write(
    connection: &Connection,
    table: &'static str,
    key: &Key,
    number: Revision,
    value: &[u8],
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO records (tbl, key, revision, value) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET revision = excluded.revision, value = excluded.value",
        )?
        .execute(params![table, key.as_str(), number.0.cast_signed(), value])
        .map(drop)
}

fn delete(connection: &Connection, table: &'static str, key: &Key) -> rusqlite::Result<bool> {
    let mut statement = connection.prepare_cached("DELETE FROM records WHERE tbl = ?1 AND key = ?2")?;
    Ok(statement.execute(params![table, key.as_str()])? > 0)
}

/// Where the prefix has no end, nothing sorts behind its keys: all that follow its beginning are its own.
fn delete_all(connection: &Connection, table: &'static str, prefix: &Prefix) -> rusqlite::Result<Vec<Key>> {
    let mut statement = connection.prepare_cached(
        "DELETE FROM records WHERE tbl = ?1 AND key >= ?2 AND (?3 IS NULL OR key < ?3) RETURNING key",
    )?;
    let keys = statement
        .query_map(params![table, prefix.as_str(), prefix.end()], |row| Ok(Key::kept(row.get(0)?)))?;
    keys.collect()
}

fn append(connection: &Connection, log: &'static str, entry: Entry) -> Result<(), Refusal> {
    let position: i64 = connection
        .prepare_cached(
            "INSERT INTO heads VALUES (?1, 1) ON CONFLICT DO UPDATE SET position = position + 1 RETURNING position",
        )?
        .query_row([log], |row| row.get(0))?;
    let value = entry(position.unsigned_abs())?;
    connection
        .prepare_cached("INSERT INTO entries (log, position, value) VALUES (?1, ?2, ?3)")?
        .execute(params![log, position, value])?;
    Ok(())
}
