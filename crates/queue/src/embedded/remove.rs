//! Removing rows: one, or a lane's in bounded steps.

use super::groups;
use super::ledger::{self, Ledger};
use super::row::{limit, unsigned};
use super::step::Apply;
use crate::engine::{Clear, Step};
use crate::{LaneName, Sequence};
use rusqlite::{Connection, params};
use std::collections::BTreeSet;

/// A row that goes.
pub(super) struct Gone {
    pub(super) sequence: Sequence,
    pub(super) lane: i64,
    pub(super) state: i64,
    pub(super) bytes: i64,
    pub(super) group: Option<i64>,
}

/// Removes a row. Its group, if it has one, is settled by the caller.
pub(super) fn remove(connection: &Connection, ledger: &mut Ledger, gone: &Gone) -> rusqlite::Result<()> {
    let sequence = gone.sequence.0.cast_signed();
    connection.prepare_cached("DELETE FROM messages WHERE seq = ?1")?.execute([sequence])?;
    connection.prepare_cached("DELETE FROM bodies WHERE seq = ?1")?.execute([sequence])?;
    ledger.removed(gone.lane, gone.state, gone.bytes);
    Ok(())
}

/// Removes rows and settles their groups.
pub(super) fn remove_all(
    connection: &Connection,
    ledger: &mut Ledger,
    rows: &[Gone],
) -> rusqlite::Result<()> {
    for gone in rows {
        remove(connection, ledger, gone)?;
    }
    let groups: BTreeSet<i64> = rows.iter().filter_map(|gone| gone.group).collect();
    for group in groups {
        groups::settle(connection, group)?;
    }
    for gone in rows.iter().filter(|gone| gone.group.is_some()).take(1) {
        ledger.wake(gone.lane);
    }
    Ok(())
}

/// The rows that a statement finds for these parameters; its columns are seq, state, bytes, grp.
pub(super) fn find(
    connection: &Connection,
    lane: i64,
    sql: &str,
    parameters: impl rusqlite::Params,
) -> rusqlite::Result<Vec<Gone>> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(parameters, |row| {
        let sequence = Sequence(unsigned(row, 0)?);
        Ok(Gone { sequence, lane, state: row.get(1)?, bytes: row.get(2)?, group: row.get(3)? })
    })?;
    rows.collect()
}

/// Rows of a lane that are ready, and those that are not: together all. The plus keeps SQLite from walking the sequences,
/// which are all lanes'.
pub(super) const OF_LANE: [&str; 2] = [
    "SELECT seq, state, bytes, grp FROM messages WHERE lane = ?1 AND state = 0 AND +seq <= ?2 LIMIT ?3",
    "SELECT seq, state, bytes, grp FROM messages WHERE lane = ?1 AND state != 0 AND +seq <= ?2 LIMIT ?3",
];

impl Apply for Clear {
    type Output = Step;

    fn apply(&self, connection: &Connection, ledger: &mut Ledger) -> rusqlite::Result<Step> {
        let Some(lane) = ledger::find(connection, &self.lane)? else {
            return Ok(Step { removed: 0, more: false });
        };
        let upto = i64::try_from(self.upto.0).unwrap_or(i64::MAX);
        let mut removed = 0;
        for sql in OF_LANE {
            let parameters = params![lane.id, upto, limit(self.limit - removed)];
            let rows = find(connection, lane.id, sql, parameters)?;
            remove_all(connection, ledger, &rows)?;
            removed += rows.len();
        }
        Ok(Step { removed: removed as u64, more: removed == self.limit })
    }
}

/// See [`crate::engine::Engine::forget_lane`].
pub(super) struct ForgetLane {
    pub(super) lane: LaneName,
    pub(super) limit: usize,
}

impl Apply for ForgetLane {
    type Output = Step;

    fn apply(&self, connection: &Connection, _: &mut Ledger) -> rusqlite::Result<Step> {
        let nothing = Step { removed: 0, more: false };
        let Some(lane) = ledger::find(connection, &self.lane)? else { return Ok(nothing) };
        let waiting: bool = connection
            .prepare_cached("SELECT ready + delayed + leased > 0 FROM lanes WHERE id = ?1")?
            .query_row([lane.id], |row| row.get(0))?;
        if waiting {
            return Ok(nothing);
        }
        for sql in [
            "DELETE FROM keys WHERE lane = ?1 AND key IN (SELECT key FROM keys WHERE lane = ?1 LIMIT ?2)",
            "DELETE FROM quarantine WHERE seq IN (SELECT seq FROM quarantine WHERE lane = ?1 LIMIT ?2)",
        ] {
            let removed = connection.prepare_cached(sql)?.execute(params![lane.id, limit(self.limit)])?;
            if removed > 0 {
                return Ok(Step { removed: removed as u64, more: true });
            }
        }
        connection.prepare_cached("DELETE FROM lanes WHERE id = ?1")?.execute([lane.id])?;
        Ok(nothing)
    }
}
