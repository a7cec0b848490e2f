//! What a transaction comes to for its lanes: the counts that it changes and who is to be woken. Counts are written once
//! per lane and transaction, in the transaction that changes them.

use super::row::{DELAYED, READY, kind};
use crate::{LaneKind, LaneName};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::HashMap;

/// Sequences that one write of `sequences` reserves.
const RESERVED: u64 = 1 << 16;

#[derive(Default)]
pub(super) struct Ledger {
    lanes: HashMap<i64, Change>,
    woken: Vec<LaneName>,
    highest: u64,
}

#[derive(Default)]
struct Change {
    ready: i64,
    delayed: i64,
    leased: i64,
    bytes: i64,
    quarantined: i64,
    wake: bool,
}

impl Change {
    fn of(&mut self, state: i64) -> &mut i64 {
        match state {
            READY => &mut self.ready,
            DELAYED => &mut self.delayed,
            _ => &mut self.leased,
        }
    }
}

/// A lane that is known to be there.
#[derive(Clone, Copy)]
pub(super) struct LaneId {
    pub(super) id: i64,
    pub(super) paused: bool,
}

impl Ledger {
    pub(super) fn added(&mut self, lane: i64, sequence: u64, state: i64, bytes: i64) {
        self.highest = self.highest.max(sequence);
        let change = self.lanes.entry(lane).or_default();
        *change.of(state) += 1;
        change.bytes += bytes;
    }

    pub(super) fn moved(&mut self, lane: i64, from: i64, to: i64) {
        let change = self.lanes.entry(lane).or_default();
        *change.of(from) -= 1;
        *change.of(to) += 1;
    }

    pub(super) fn removed(&mut self, lane: i64, state: i64, bytes: i64) {
        let change = self.lanes.entry(lane).or_default();
        *change.of(state) -= 1;
        change.bytes -= bytes;
    }

    pub(super) fn set_aside(&mut self, lane: i64) {
        self.lanes.entry(lane).or_default().quarantined += 1;
    }

    /// Something of this lane may be taken now, or sooner than before.
    pub(super) fn wake(&mut self, lane: i64) {
        self.lanes.entry(lane).or_default().wake = true;
    }

    /// Writes what came together. Gives the lanes to wake once it is durable, and the reserved sequences.
    pub(super) fn close(
        mut self,
        connection: &Connection,
        reserved: u64,
    ) -> rusqlite::Result<(Vec<LaneName>, u64)> {
        for (id, change) in std::mem::take(&mut self.lanes) {
            self.write(connection, id, &change)?;
        }
        if self.highest <= reserved {
            return Ok((self.woken, reserved));
        }
        let reserved = self.highest + RESERVED;
        connection.prepare_cached("UPDATE sequences SET reserved = ?1")?.execute([reserved.cast_signed()])?;
        Ok((self.woken, reserved))
    }

    fn write(&mut self, connection: &Connection, id: i64, change: &Change) -> rusqlite::Result<()> {
        let Change { ready, delayed, leased, bytes, quarantined, wake } = *change;
        if [ready, delayed, leased, bytes, quarantined] != [0; 5] {
            connection
                .prepare_cached(
                    "UPDATE lanes SET ready = ready + ?2, delayed = delayed + ?3, leased = leased + ?4,
                     bytes = bytes + ?5, quarantined = quarantined + ?6 WHERE id = ?1",
                )?
                .execute(params![id, ready, delayed, leased, bytes, quarantined])?;
        }
        if wake {
            let mut named = connection.prepare_cached("SELECT name, fifo FROM lanes WHERE id = ?1")?;
            self.woken.extend(
                named.query_row([id], |row| Ok(LaneName::kept(row.get(0)?, kind(row.get(1)?)))).optional()?,
            );
        }
        Ok(())
    }
}

pub(super) fn find(connection: &Connection, lane: &LaneName) -> rusqlite::Result<Option<LaneId>> {
    connection
        .prepare_cached("SELECT id, paused FROM lanes WHERE name = ?1 AND fifo = ?2")?
        .query_row(params![lane.as_str(), lane.kind() == LaneKind::Fifo], |row| {
            Ok(LaneId { id: row.get(0)?, paused: row.get(1)? })
        })
        .optional()
}

pub(super) fn find_or_make(connection: &Connection, lane: &LaneName) -> rusqlite::Result<LaneId> {
    if let Some(found) = find(connection, lane)? {
        return Ok(found);
    }
    connection
        .prepare_cached("INSERT INTO lanes (name, fifo) VALUES (?1, ?2)")?
        .execute(params![lane.as_str(), lane.kind() == LaneKind::Fifo])?;
    Ok(LaneId { id: connection.last_insert_rowid(), paused: false })
}
