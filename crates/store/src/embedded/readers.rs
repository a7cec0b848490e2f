//! What is read from `lambent.db`.

use crate::engine::{Entries, Order, Range, Row};
use crate::{Key, Revision, StoreError};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row as SqlRow, params};

/// Turns SQLite's error into the store's; `what` completes "the database could not …".
fn doing(what: &'static str) -> impl Fn(rusqlite::Error) -> StoreError + Copy {
    move |error| sqlite::doing(what)(error).into()
}

pub(super) fn get(connection: &Connection, table: &'static str, key: Key) -> Result<Option<Row>, StoreError> {
    let reading = doing("read a record");
    let mut statement = connection
        .prepare_cached("SELECT revision, value FROM records WHERE tbl = ?1 AND key = ?2")
        .map_err(reading)?;
    let found = statement
        .query_row(params![table, key.as_str()], |row| Ok((revision(row, 0)?, row.get(1)?)))
        .optional()
        .map_err(reading)?;
    Ok(found.map(|(revision, value)| Row { key, revision, value }))
}

/// A scan between two keys, whose comparison with the lower one and whose order are given.
macro_rules! between {
    ($lower:literal, $order:literal) => {
        concat!(
            "SELECT key, revision, value FROM records WHERE tbl = ?1 AND key ",
            $lower,
            " ?2 AND key < ?3 ORDER BY key ",
            $order,
            " LIMIT ?4"
        )
    };
}

pub(super) fn scan(
    connection: &Connection,
    table: &'static str,
    range: &Range,
) -> Result<Vec<Row>, StoreError> {
    let scanning = doing("scan a table");
    // One bound at each end: of two, the database would take any, and perhaps pass over every key between them.
    let (prefix, end) = (range.prefix.as_str(), range.prefix.end());
    let beyond = range.beyond.as_ref().map(Key::as_str);
    let above = |key: &str| end.as_ref().is_some_and(|end| key >= end.as_str());
    let (sql, from, to) = match (range.order, beyond) {
        (Order::Ascending, Some(key)) if key >= prefix => (between!(">", ""), key, end.as_deref()),
        (Order::Ascending, _) => (between!(">=", ""), prefix, end.as_deref()),
        (Order::Descending, Some(key)) if !above(key) => (between!(">=", "DESC"), prefix, Some(key)),
        (Order::Descending, _) => (between!(">=", "DESC"), prefix, end.as_deref()),
    };
    let to = to.map_or_else(after_every_text, |text| Value::Text(text.to_owned()));
    let mut statement = connection.prepare_cached(sql).map_err(scanning)?;
    let rows = statement
        .query_map(params![table, from, to, count(range.limit)], |row| {
            Ok(Row { key: Key::kept(row.get(0)?), revision: revision(row, 1)?, value: row.get(2)? })
        })
        .map_err(scanning)?;
    rows.collect::<Result<_, _>>().map_err(scanning)
}

pub(super) fn read_log(
    connection: &Connection,
    log: &'static str,
    after: u64,
    limit: usize,
) -> Result<Entries, StoreError> {
    let reading = doing("read a log");
    let mut statement = connection
        .prepare_cached(
            "SELECT position, value FROM entries WHERE log = ?1 AND position > ?2 ORDER BY position LIMIT ?3",
        )
        .map_err(reading)?;
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let entries = statement
        .query_map(params![log, after, count(limit)], |row| {
            Ok((row.get::<_, i64>(0)?.unsigned_abs(), row.get(1)?))
        })
        .map_err(reading)?;
    entries.collect::<Result<_, _>>().map_err(reading)
}

/// SQLite sorts every blob after every text.
fn after_every_text() -> Value {
    Value::Blob(Vec::new())
}

fn revision(row: &SqlRow<'_>, column: usize) -> rusqlite::Result<Revision> {
    row.get::<_, i64>(column).map(|number| Revision(number.unsigned_abs()))
}

fn count(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
