//! The groups of FIFO lanes: when the first message of each may be given.

use super::row::{time, time_or_none};
use rusqlite::{Connection, OptionalExtension, params};
use types::Timestamp;

/// The group's id. A new group is due when its first message is, or when that expires.
pub(super) fn find_or_make(
    connection: &Connection,
    lane: i64,
    name: &[u8; 16],
    due: Timestamp,
) -> rusqlite::Result<i64> {
    let found = connection
        .prepare_cached("SELECT id FROM groups WHERE lane = ?1 AND name = ?2")?
        .query_row(params![lane, name], |row| row.get(0))
        .optional()?;
    if let Some(id) = found {
        return Ok(id);
    }
    connection
        .prepare_cached("INSERT INTO groups (lane, name, due) VALUES (?1, ?2, ?3)")?
        .execute(params![lane, name, due.0])?;
    Ok(connection.last_insert_rowid())
}

/// Groups of the lane of which a message may be given, those first that have been so for longest.
pub(super) fn due(
    connection: &Connection,
    lane: i64,
    now: Timestamp,
    limit: usize,
) -> rusqlite::Result<Vec<i64>> {
    let mut statement = connection.prepare_cached(DUE)?;
    let ids = statement.query_map(params![lane, now.0, super::row::limit(limit)], |row| row.get(0))?;
    ids.collect()
}

/// Finds again when the group is due, after something happened to one of its messages: while any is leased, when the
/// last of these leases ends; otherwise when its first message is due. A group without messages is forgotten.
pub(super) fn settle(connection: &Connection, group: i64) -> rusqlite::Result<()> {
    match next(connection, group)? {
        Some(due) => connection
            .prepare_cached("UPDATE groups SET due = ?2 WHERE id = ?1")?
            .execute(params![group, due.0])?,
        None => connection.prepare_cached("DELETE FROM groups WHERE id = ?1")?.execute([group])?,
    };
    Ok(())
}

fn next(connection: &Connection, group: i64) -> rusqlite::Result<Option<Timestamp>> {
    let leased = connection.prepare_cached(LEASED_UNTIL)?.query_row([group], |row| time_or_none(row, 0))?;
    if leased.is_some() {
        return Ok(leased);
    }
    connection.prepare_cached(HEAD_DUE)?.query_row([group], |row| time(row, 0)).optional()
}

/// Groups of a lane that are due.
pub(super) const DUE: &str = "SELECT id FROM groups WHERE lane = ?1 AND due <= ?2 ORDER BY due LIMIT ?3";
/// When the last lease of a group's messages ends. What has expired holds nobody back.
pub(super) const LEASED_UNTIL: &str = "SELECT max(min(visible, ifnull(expires, visible))) FROM messages
    WHERE grp = ?1 AND grp IS NOT NULL AND state = 2";
/// When a group's first message is due.
pub(super) const HEAD_DUE: &str = "SELECT min(visible, ifnull(expires, visible)) FROM messages
    WHERE grp = ?1 AND grp IS NOT NULL ORDER BY seq LIMIT 1";
