//! What is read from `queue.db` beside the writer.

use super::ledger::{self};
use super::row::{kind, limit, standing, time, time_or_none, unsigned};
use crate::engine::{Accuracy, LaneView, Lanes, Which};
use crate::{Counts, Flow, LaneKind, LaneName, Peeked, Quarantined, Sequence};
use rusqlite::{Connection, OptionalExtension, Row, params};
use types::Timestamp;

/// Whether a lane has rows that are asleep although their time (?1) has come.
macro_rules! ripe {
    () => {
        "EXISTS (SELECT 1 FROM messages WHERE lane = l.id AND state != 0 AND visible <= ?1)"
    };
}

/// Whether a lane has rows that have expired by ?1.
macro_rules! over {
    () => {
        "EXISTS (SELECT 1 FROM messages WHERE lane = l.id AND expires IS NOT NULL AND expires <= ?1)"
    };
}

macro_rules! view {
    ($which:expr) => {
        concat!(
            "SELECT l.name, l.fifo, l.paused, l.ready, l.delayed, l.leased, l.bytes, l.quarantined,
             (SELECT visible FROM messages WHERE lane = l.id AND state = 0 ORDER BY visible LIMIT 1),
             ",
            ripe!(),
            " OR ",
            over!(),
            " FROM lanes l WHERE ",
            $which
        )
    };
}

macro_rules! range {
    ($which:expr) => {
        view!(concat!(
            "l.name >= ?2 AND l.name < ?3 AND (l.name, l.fifo) > (?4, ?5) ",
            $which,
            " ORDER BY l.name, l.fifo LIMIT ?6"
        ))
    };
}

fn view(row: &Row<'_>) -> rusqlite::Result<LaneView> {
    let counts = Counts {
        ready: unsigned(row, 3)?,
        delayed: unsigned(row, 4)?,
        leased: unsigned(row, 5)?,
        bytes: unsigned(row, 6)?,
        quarantined: unsigned(row, 7)?,
        oldest: time_or_none(row, 8)?,
    };
    Ok(LaneView {
        lane: LaneName::kept(row.get(0)?, kind(row.get(1)?)),
        flow: if row.get(2)? { Flow::Paused } else { Flow::Running },
        counts,
        accuracy: if row.get(9)? { Accuracy::NeedsTidying } else { Accuracy::Exact },
    })
}

pub(super) fn lane(
    connection: &Connection,
    lane: &LaneName,
    now: Timestamp,
) -> rusqlite::Result<Option<LaneView>> {
    connection
        .prepare_cached(view!("l.name = ?2 AND l.fifo = ?3"))?
        .query_row(params![now.0, lane.as_str(), lane.kind() == LaneKind::Fifo], view)
        .optional()
}

pub(super) fn lanes(connection: &Connection, range: &Lanes) -> rusqlite::Result<Vec<LaneView>> {
    let sql = match range.which {
        Which::All => range!(""),
        Which::Due => range!(concat!("AND l.paused = 0 AND (l.ready > 0 OR ", ripe!(), ")")),
        Which::Expired => range!(concat!("AND ", over!())),
    };
    let after = range.after.as_ref();
    let parameters = params![
        range.now.0,
        range.prefix,
        end(&range.prefix),
        after.map_or("", LaneName::as_str),
        after.is_some_and(|lane| lane.kind() == LaneKind::Fifo),
        limit(range.limit),
    ];
    let mut statement = connection.prepare_cached(sql)?;
    statement.query_map(parameters, view)?.collect()
}

/// Sorts after every name with this beginning: no name holds a character beyond it.
fn end(prefix: &str) -> String {
    format!("{prefix}{}", char::MAX)
}

pub(super) fn next_due(connection: &Connection, lane: &LaneName) -> rusqlite::Result<Option<Timestamp>> {
    let Some(found) = ledger::find(connection, lane)?.filter(|lane| !lane.paused) else { return Ok(None) };
    let sql = match lane.kind() {
        LaneKind::Standard => {
            "SELECT min(visible) FROM (
                 SELECT * FROM (SELECT visible FROM messages WHERE lane = ?1 AND state = 0 ORDER BY visible LIMIT 1)
                 UNION ALL SELECT * FROM
                 (SELECT visible FROM messages WHERE lane = ?1 AND state != 0 ORDER BY visible LIMIT 1))"
        }
        LaneKind::Fifo => "SELECT min(due) FROM groups WHERE lane = ?1",
    };
    connection.prepare_cached(sql)?.query_row([found.id], |row| time_or_none(row, 0))
}

pub(super) fn peek(connection: &Connection, lane: &LaneName, count: usize) -> rusqlite::Result<Vec<Peeked>> {
    let Some(lane) = ledger::find(connection, lane)? else { return Ok(Vec::new()) };
    let mut peeked = Vec::new();
    for sql in [
        "SELECT seq, state, visible, attempts, enqueued, expires, bytes FROM messages
         WHERE lane = ?1 AND state = 0 ORDER BY visible, seq LIMIT ?2",
        "SELECT seq, state, visible, attempts, enqueued, expires, bytes FROM messages
         WHERE lane = ?1 AND state != 0 ORDER BY visible LIMIT ?2",
    ] {
        let mut statement = connection.prepare_cached(sql)?;
        let rows = statement.query_map(params![lane.id, limit(count - peeked.len())], peeked_row)?;
        peeked.extend(rows.collect::<rusqlite::Result<Vec<_>>>()?);
    }
    Ok(peeked)
}

fn peeked_row(row: &Row<'_>) -> rusqlite::Result<Peeked> {
    Ok(Peeked {
        sequence: Sequence(unsigned(row, 0)?),
        standing: standing(row.get(1)?),
        due: time(row, 2)?,
        attempts: row.get(3)?,
        enqueued: time(row, 4)?,
        expires: time_or_none(row, 5)?,
        bytes: unsigned(row, 6)?,
    })
}

pub(super) fn quarantined(
    connection: &Connection,
    lane: &LaneName,
    count: usize,
) -> rusqlite::Result<Vec<Quarantined>> {
    let Some(lane) = ledger::find(connection, lane)? else { return Ok(Vec::new()) };
    let mut statement = connection.prepare_cached(
        "SELECT seq, reason, found, enqueued, attempts FROM quarantine WHERE lane = ?1 ORDER BY seq LIMIT ?2",
    )?;
    let rows = statement.query_map(params![lane.id, limit(count)], |row| {
        Ok(Quarantined {
            sequence: Sequence(unsigned(row, 0)?),
            reason: row.get(1)?,
            found: time(row, 2)?,
            enqueued: time(row, 3)?,
            attempts: row.get(4)?,
        })
    })?;
    rows.collect()
}
