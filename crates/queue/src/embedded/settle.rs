//! What becomes of rows that were taken: settled by their takers, or set aside.

use super::enqueue::add;
use super::groups;
use super::ledger::Ledger;
use super::remove::{Gone, remove};
use super::row::{LEASED, waiting};
use super::step::Apply;
use crate::engine::{Quarantine, Settle, Settlement};
use crate::{LeaseToken, Settled};
use rusqlite::{Connection, OptionalExtension, params};
use types::Timestamp;

impl Apply for Settle {
    type Output = Vec<Settled>;

    fn weight(&self) -> usize {
        let rows = self.items.iter().filter_map(|(_, settlement)| match settlement {
            Settlement::Forward { rows, .. } => Some(rows),
            _ => None,
        });
        rows.flatten().map(|row| row.sealed.len()).sum()
    }

    fn apply(&self, connection: &Connection, ledger: &mut Ledger) -> rusqlite::Result<Vec<Settled>> {
        self.items
            .iter()
            .map(|(token, settlement)| one(connection, ledger, *token, settlement, self.now))
            .collect()
    }
}

/// The row that the token speaks of, unless it is stale.
fn held(connection: &Connection, token: LeaseToken) -> rusqlite::Result<Option<Gone>> {
    connection
        .prepare_cached("SELECT lane, state, bytes, grp FROM messages WHERE seq = ?1 AND fence = ?2")?
        .query_row(params![token.sequence.0.cast_signed(), token.fence], |row| {
            let (lane, state, bytes, group) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
            Ok(Gone { sequence: token.sequence, lane, state, bytes, group })
        })
        .optional()
}

fn one(
    connection: &Connection,
    ledger: &mut Ledger,
    token: LeaseToken,
    settlement: &Settlement,
    now: Timestamp,
) -> rusqlite::Result<Settled> {
    // The fence of a row that nobody ever took is 0.
    let Some(row) = held(connection, token)?.filter(|_| token.fence > 0) else { return Ok(Settled::Stale) };
    match settlement {
        Settlement::Done => remove(connection, ledger, &row)?,
        Settlement::Retry { due } => put_back(connection, ledger, &row, *due, now)?,
        Settlement::Extend { until } => extend(connection, ledger, &row, *until)?,
        Settlement::Forward { to, rows } => {
            remove(connection, ledger, &row)?;
            add(connection, ledger, to, rows, now)?;
        }
    }
    if let Some(group) = row.group {
        groups::settle(connection, group)?;
        ledger.wake(row.lane);
    }
    Ok(Settled::Applied)
}

fn put_back(
    connection: &Connection,
    ledger: &mut Ledger,
    row: &Gone,
    due: Timestamp,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let state = waiting(due, now);
    connection
        .prepare_cached("UPDATE messages SET state = ?2, visible = ?3, fence = fence + 1 WHERE seq = ?1")?
        .execute(params![row.sequence.0.cast_signed(), state, due.0])?;
    ledger.moved(row.lane, row.state, state);
    ledger.wake(row.lane);
    Ok(())
}

fn extend(
    connection: &Connection,
    ledger: &mut Ledger,
    row: &Gone,
    until: Timestamp,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE messages SET state = 2, visible = ?2 WHERE seq = ?1")?
        .execute(params![row.sequence.0.cast_signed(), until.0])?;
    ledger.moved(row.lane, row.state, LEASED);
    ledger.wake(row.lane);
    Ok(())
}

impl Apply for Quarantine {
    type Output = ();

    fn apply(&self, connection: &Connection, ledger: &mut Ledger) -> rusqlite::Result<()> {
        for (token, reason) in &self.rows {
            let Some(row) = held(connection, *token)? else { continue };
            connection
                .prepare_cached(
                    "INSERT INTO quarantine (seq, lane, reason, found, enqueued, attempts, sealed)
                     SELECT m.seq, m.lane, ?2, ?3, m.enqueued, m.attempts, b.sealed
                     FROM messages m LEFT JOIN bodies b ON b.seq = m.seq WHERE m.seq = ?1",
                )?
                .execute(params![token.sequence.0.cast_signed(), reason, self.now.0])?;
            remove(connection, ledger, &row)?;
            ledger.set_aside(row.lane);
            if let Some(group) = row.group {
                groups::settle(connection, group)?;
                ledger.wake(row.lane);
            }
        }
        Ok(())
    }
}
