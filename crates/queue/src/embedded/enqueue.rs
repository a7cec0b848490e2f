//! Adding rows to a lane.

use super::groups;
use super::ledger::{self, Ledger};
use super::row::waiting;
use super::step::Apply;
use crate::engine::{Enqueue, NewRow};
use crate::{Enqueued, LaneName, Sequence};
use rusqlite::{Connection, OptionalExtension, params};
use types::Timestamp;

impl Apply for Enqueue {
    type Output = Vec<Enqueued>;

    fn weight(&self) -> usize {
        self.rows.iter().map(|row| row.sealed.len()).sum()
    }

    fn apply(&self, connection: &Connection, ledger: &mut Ledger) -> rusqlite::Result<Vec<Enqueued>> {
        add(connection, ledger, &self.lane, &self.rows, self.now)
    }
}

pub(super) fn add(
    connection: &Connection,
    ledger: &mut Ledger,
    lane: &LaneName,
    rows: &[NewRow],
    now: Timestamp,
) -> rusqlite::Result<Vec<Enqueued>> {
    let lane = ledger::find_or_make(connection, lane)?.id;
    ledger.wake(lane);
    rows.iter().map(|row| add_one(connection, ledger, lane, row, now)).collect()
}

fn add_one(
    connection: &Connection,
    ledger: &mut Ledger,
    lane: i64,
    row: &NewRow,
    now: Timestamp,
) -> rusqlite::Result<Enqueued> {
    if let Some((key, until)) = &row.deduplicate {
        if let Some(earlier) = seen(connection, lane, key, now)? {
            return Ok(Enqueued::Earlier(earlier));
        }
        remember(connection, lane, key, row.sequence, *until)?;
    }
    let due = row.expires.map_or(row.due, |expires| expires.min(row.due));
    let group =
        row.group.as_ref().map(|name| groups::find_or_make(connection, lane, name, due)).transpose()?;
    insert(connection, lane, row, group, now)?;
    ledger.added(lane, row.sequence.0, waiting(row.due, now), bytes(row));
    Ok(Enqueued::New(row.sequence))
}

fn bytes(row: &NewRow) -> i64 {
    i64::try_from(row.sealed.len()).unwrap_or(i64::MAX)
}

fn insert(
    connection: &Connection,
    lane: i64,
    row: &NewRow,
    group: Option<i64>,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let sequence = row.sequence.0.cast_signed();
    let expires = row.expires.map(|time| time.0);
    connection
        .prepare_cached(
            "INSERT INTO messages (seq, lane, state, visible, enqueued, expires, grp, bytes)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            sequence,
            lane,
            waiting(row.due, now),
            row.due.0,
            now.0,
            expires,
            group,
            bytes(row)
        ])?;
    connection
        .prepare_cached("INSERT INTO bodies (seq, sealed) VALUES (?1, ?2)")?
        .execute(params![sequence, row.sealed])?;
    Ok(())
}

fn seen(
    connection: &Connection,
    lane: i64,
    key: &[u8; 16],
    now: Timestamp,
) -> rusqlite::Result<Option<Sequence>> {
    connection
        .prepare_cached("SELECT seq FROM keys WHERE lane = ?1 AND key = ?2 AND until > ?3")?
        .query_row(params![lane, key, now.0], |row| super::row::unsigned(row, 0).map(Sequence))
        .optional()
}

fn remember(
    connection: &Connection,
    lane: i64,
    key: &[u8; 16],
    sequence: Sequence,
    until: Timestamp,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO keys (lane, key, seq, until) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET seq = excluded.seq, until = excluded.until",
        )?
        .execute(params![lane, key, sequence.0.cast_signed(), until.0])
        .map(drop)
}
