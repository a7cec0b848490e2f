//! Keeping up with time: what came to be due is counted as ready, what has expired is removed, keys are forgotten.

use super::ledger::{self, Ledger};
use super::remove::{find, remove_all};
use super::row::{READY, limit};
use super::step::Apply;
use crate::engine::{Step, Tidied, Tidy};
use crate::{Flow, LaneName};
use rusqlite::{Connection, params};
use types::Timestamp;

/// Rows of a lane that are asleep although their time has come.
pub(super) const RIPE: &str = "SELECT seq, state FROM messages
    WHERE lane = ?1 AND state != 0 AND visible <= ?2 ORDER BY visible LIMIT ?3";
/// Rows of a lane that have expired.
pub(super) const EXPIRED: &str = "SELECT seq, state, bytes, grp FROM messages
    WHERE lane = ?1 AND expires IS NOT NULL AND expires <= ?2 LIMIT ?3";

/// Counts delayed rows that are due, and rows whose lease lapsed, as ready. Tokens stay as good as they are.
pub(super) fn ripen(
    connection: &Connection,
    ledger: &mut Ledger,
    lane: i64,
    now: Timestamp,
    count: usize,
) -> rusqlite::Result<usize> {
    let mut statement = connection.prepare_cached(RIPE)?;
    let ripe =
        statement.query_map(params![lane, now.0, limit(count)], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let ripe: Vec<(i64, i64)> = ripe.collect::<Result<_, _>>()?;
    for (sequence, state) in &ripe {
        connection.prepare_cached("UPDATE messages SET state = 0 WHERE seq = ?1")?.execute([sequence])?;
        ledger.moved(lane, *state, READY);
    }
    Ok(ripe.len())
}

impl Apply for Tidy {
    type Output = Tidied;

    fn apply(&self, connection: &Connection, ledger: &mut Ledger) -> rusqlite::Result<Tidied> {
        let Some(lane) = ledger::find(connection, &self.lane)? else {
            return Ok(Tidied { expired: 0, more: false });
        };
        let over = find(connection, lane.id, EXPIRED, params![lane.id, self.now.0, limit(self.limit)])?;
        remove_all(connection, ledger, &over)?;
        let ripened = ripen(connection, ledger, lane.id, self.now, self.limit)?;
        let more = over.len() == self.limit || ripened == self.limit;
        Ok(Tidied { expired: over.len() as u64, more })
    }
}

/// See [`crate::engine::Engine::forget_keys`].
pub(super) struct ForgetKeys {
    pub(super) now: Timestamp,
    pub(super) limit: usize,
}

impl Apply for ForgetKeys {
    type Output = Step;

    fn apply(&self, connection: &Connection, _: &mut Ledger) -> rusqlite::Result<Step> {
        let removed = connection
            .prepare_cached(
                "DELETE FROM keys WHERE (lane, key) IN (SELECT lane, key FROM keys WHERE until <= ?1 LIMIT ?2)",
            )?
            .execute(params![self.now.0, limit(self.limit)])?;
        Ok(Step { removed: removed as u64, more: removed == self.limit })
    }
}

/// See [`crate::engine::Engine::set_flow`].
pub(super) struct SetFlow {
    pub(super) lane: LaneName,
    pub(super) flow: Flow,
}

impl Apply for SetFlow {
    type Output = ();

    fn apply(&self, connection: &Connection, ledger: &mut Ledger) -> rusqlite::Result<()> {
        let lane = ledger::find_or_make(connection, &self.lane)?.id;
        connection
            .prepare_cached("UPDATE lanes SET paused = ?2 WHERE id = ?1")?
            .execute(params![lane, self.flow == Flow::Paused])?;
        ledger.wake(lane);
        Ok(())
    }
}
